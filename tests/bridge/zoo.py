"""A WIT package with every kind of type in every place, and Rust that uses all of its API."""

WIT = """
package zoo:animals@1.2.0;

/// Types that others take.
interface names {
  record tag { id: u32, colour: colour }
  enum colour { dark-red, green }
  variant fault {
    not-supported,
    /// Something else went wrong.
    other(string),
    code(u16),
  }
  flags rights {
    /// May read.
    read, write-it, %type }
  resource keeper {
    constructor(name: string);
    get-name: func() -> string;
    /// Gives food. `when` is a time.
    ///
    /// Nothing is left.
    feed: func(food: list<u8>, when: option<string>) -> result<u64, fault>;
    hire: static func(names: list<string>) -> result<keeper, fault>;
  }
  /// What goes wrong.
  enum trouble {
    unsupported,
    /// It broke, and nobody knows why.
    broken,
  }
  record long-record-name {
    the-first-of-many-fields: u8, the-second-of-many-fields: string, the-third-of-many-fields: list<tag>,
  }
}

interface everything {
  use names.{tag, colour as hue, fault, rights, keeper, trouble, long-record-name};

  type bytes = list<u8>;
  type text = string;
  type pair = tuple<u8, string>;
  type maybe = option<tag>;
  type outcome = result<tag, fault>;
  type count = u64;
  record point { x: f32, y: f64, %type: s8, label: char }
  record lists { names: list<string>, points: list<point>, nested: list<list<u16>>, empty: option<bytes> }
  record held { by: keeper, since: u64 }
  record seen { by: borrow<keeper>, where: string }
  variant shape { none, round(point), many(list<point>), named(text), some-pair(pair), held(held) }
  variant plain { a, b(u8), c(f32) }

  primitives: func(a: bool, b: u8, c: u16, d: u32, e: u64, f: s8, g: s16, h: s32, i: s64, j: f32, k: f64, l: char);
  strings: func(a: string, b: list<string>, c: option<string>, d: tuple<string, u32>) -> string;
  aliases: func(a: bytes, b: text, c: pair, d: maybe, e: count) -> outcome;
  records: func(a: point, b: lists, c: list<point>, d: list<lists>, e: tag) -> lists;
  variants: func(a: shape, b: plain, c: list<plain>) -> shape;
  options: func(a: option<point>, b: option<lists>, c: option<list<string>>, d: option<option<u8>>) -> option<lists>;
  results: func(a: result<string, u8>, b: result, c: result<_, string>, d: result<list<u8>>) -> result<_, fault>;
  tuples: func(a: tuple<point, list<u8>, string>, b: tuple<u8>) -> tuple<u8>;
  flag: func(a: rights, b: list<rights>) -> rights;
  handles: func(a: borrow<keeper>, b: keeper, c: list<borrow<keeper>>, d: option<borrow<keeper>>, e: list<keeper>)
    -> result<keeper, trouble>;
  holders: func(a: held, b: seen) -> option<held>;
  colours: func(a: hue, b: list<hue>) -> result<hue, string>;
  long-name-of-a-function-with-many-parameters: func(first-parameter: string, second-parameter: list<u8>,
    third-parameter: long-record-name) -> result<long-record-name, trouble>;
  %match: func(%as: u8, %loop: string) -> u8;
  /** Never
   *  works.
   */
  fails: func() -> result<u8>;

  resource cage {
    constructor(size: u32) -> result<cage, fault>;
    %type: func() -> string;
    swap: func(other: borrow<cage>, %with: cage) -> cage;
    all: static func() -> list<cage>;
    closes-at: func(name: string) -> result<_, trouble>;
  }
  resource token;
  make-token: func() -> token;
}

world zoo {
  import names;
  import everything;
  use names.{tag};
  record visitor { name: string, tags: list<tag> }
  enter: func(visitor: visitor, ticket: option<u32>) -> result<tag, string>;
  import gate: interface {
    enum state { open, shut }
    turn: func(to: state) -> state;
  }
}
"""
# A world's function is an import or an export by name.
WIT = WIT.replace("  enter: func", "  import enter: func")

CALLS = """
use super::api::zoo::animals::{everything as e, names as n};
use super::api::{enter, gate, Tag, Visitor};

fn keeper(name: &str) -> n::Keeper {
    n::Keeper::new(name)
}

/// What values of all kinds look like when they are printed.
pub fn types() -> Vec<String> {
    let mut said = Vec::new();
    let tag: Tag = n::Tag { id: 1, colour: n::Colour::DarkRed };
    let same: e::Tag = tag;
    let copied = (tag, same.id, tag.colour == e::Hue::Green, tag.colour < n::Colour::Green);
    said.push(format!("{:?} {:?}", copied, n::Colour::DarkRed));
    let fault = n::Fault::Other("x".to_string());
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(fault.clone());
    said.push(format!("{boxed} {fault:?}"));
    match fault {
        n::Fault::NotSupported => {}
        n::Fault::Other(text) => drop::<String>(text),
        n::Fault::Code(code) => said.push(code.to_string()),
    }
    let trouble = n::Trouble::Broken;
    let name: (&'static str, &'static str) = (trouble.name(), trouble.message());
    let error: &dyn std::error::Error = &trouble;
    said.push(format!("{name:?} {error} {trouble:?}"));
    let mut rights = n::Rights::READ | n::Rights::WRITE_IT;
    rights |= n::Rights::TYPE;
    rights.remove(n::Rights::READ);
    rights.set(n::Rights::READ, true);
    let bits: u8 = rights.bits();
    let back: Option<n::Rights> = n::Rights::from_bits(bits);
    let all = n::Rights::all() - n::Rights::empty();
    said.push(format!("{back:?} {} {} {}", rights.contains(all), rights.is_empty(), !rights == n::Rights::from_bits_truncate(0)));
    said.push(format!("{}", rights.iter().count() + rights.iter_names().count()));
    let point = e::Point { x: 1.0, y: 2.0, type_: -1, label: 'x' };
    let moved = point;
    let shape = e::Shape::Round(point);
    match shape {
        e::Shape::None => {}
        e::Shape::Round(p) => said.push(format!("{p:?} {moved:?}")),
        e::Shape::Many(points) => drop::<Vec<e::Point>>(points),
        e::Shape::Named(text) => drop::<e::Text>(text),
        e::Shape::SomePair((a, b)) => drop::<(u8, String)>((a, b)),
        e::Shape::Held(held) => drop::<n::Keeper>(held.by),
    }
    let lists = e::Lists { names: vec![], points: vec![point], nested: vec![vec![1]], empty: Some(vec![1]) };
    said.push(format!("{lists:?} {:#?} {:?} {:?}", e::Shape::Many(vec![]), e::Shape::None, e::Plain::B(1)));
    said.push(format!("{:?} {:?}", n::Rights::empty(), n::Rights::from_bits_retain(0x81)));
    said
}

pub fn functions() -> Result<(), n::Fault> {
    let point = e::Point { x: 1.0, y: 2.0, type_: -1, label: 'x' };
    let lists = e::Lists { names: vec![], points: vec![point], nested: vec![vec![1]], empty: Some(vec![1]) };
    let owned = vec!["a".to_string()];
    e::primitives(true, 1, 2, 3, 4, -1, -2, -3, -4, 1.0, 2.0, 'c');
    let text: String = e::strings("a", &owned, Some("b"), ("c", 1));
    let tag = Tag { id: 1, colour: e::Hue::Green };
    let outcome: Result<n::Tag, n::Fault> = e::aliases(&[1, 2], &text, &(1, "a".to_string()), Some(tag), 5);
    let got: e::Lists = e::records(point, &lists, &[point], std::slice::from_ref(&lists), outcome?);
    let shape: e::Shape = e::variants(e::Shape::Many(got.points), e::Plain::B(2), &[e::Plain::A]);
    let maybe: Option<e::Lists> = e::options(Some(point), Some(&lists), Some(&owned), Some(Some(1)));
    e::results(Ok("a"), Ok(()), Err("b"), Ok(&[1]))?;
    let (one,): (u8,) = e::tuples((&point, &[1], "c"), (1,));
    let rights: n::Rights = e::flag(n::Rights::READ, &[n::Rights::TYPE]);
    let (k1, k2) = (keeper("a"), keeper("b"));
    let made: Result<n::Keeper, n::Trouble> = e::handles(&k1, k2, &[&k1], Some(&k1), vec![keeper("c")]);
    let by = made.expect("a keeper");
    let seen = e::Seen { by: &k1, where_: "here".to_string() };
    let held: Option<e::Held> = e::holders(e::Held { by, since: 1 }, &seen);
    let hue: Result<n::Colour, String> = e::colours(e::Hue::DarkRed, &[e::Hue::Green]);
    let record = n::LongRecordName {
        the_first_of_many_fields: 1,
        the_second_of_many_fields: String::new(),
        the_third_of_many_fields: vec![tag],
    };
    let long = e::long_name_of_a_function_with_many_parameters("a", &[1], &record);
    let fails: Result<u8, ()> = e::fails();
    println!("{} {one} {rights:?} {:?} {hue:?} {long:?} {fails:?}", e::match_(1, "x"), held.map(|held| held.since));
    println!("{shape:?} {maybe:?}");
    Ok(())
}

pub fn resources() -> Result<(), n::Fault> {
    let hired: n::Keeper = n::Keeper::hire(&["a".to_string()])?;
    let fed: u64 = hired.feed(&[1], Some("noon"))?;
    println!("{hired:?} {} {fed}", hired.get_name());
    let cage = e::Cage::new(3)?;
    let other: e::Cage = cage.swap(&cage, e::Cage::new(4)?);
    let all: Vec<e::Cage> = e::Cage::all();
    let closed: Result<(), e::Trouble> = other.closes_at("five");
    let token: e::Token = e::make_token();
    println!("{} {} {closed:?} {token:?}", cage.type_(), all.len());
    Ok(())
}

pub fn world() -> Result<Tag, String> {
    let state: gate::State = gate::turn(gate::State::Open);
    println!("{state:?}");
    enter(&Visitor { name: "a".to_string(), tags: vec![] }, Some(1))
}
"""
