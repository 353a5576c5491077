"""The Rust definitions of WIT types, with the traits that wit-bindgen implements for them.

Rules: wit-bindgen 0.48.1 and 0.63.0, ``crates/rust/src/interface.rs`` (``print_typedef_*``, ``type_flags``).
Left out is what only its runtime calls (``_lift``, ``from_handle``, ``take_handle``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.docs import Docs
from wasmdoctor.migrate.bridge.names import camel, flag_name, identifier, snake, type_name
from wasmdoctor.migrate.bridge.types import OWNED, Mode, Types, generics
from wasmdoctor.model.wit import Member, Type, TypeDef, TypeKind

_FORMATTER: Final = "(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {"


def definition(types: Types, interface: str, type_: TypeDef, docs: Docs) -> str:
    """The Rust text of one named type of an interface, or "" when no function uses it.

    A resource has no definition here: ``module`` makes it. Raises ValueError for a type that only an async
    runtime has.
    """
    match type_.kind:
        case TypeKind.ENUM:
            blocks = _enum(types, interface, type_, docs)
        case TypeKind.FLAGS:
            blocks = [_flags(type_, docs)]
        case TypeKind.RECORD:
            blocks = [
                block
                for name, mode in types.definitions(interface, type_.name)
                for block in _record(types, interface, type_, name, mode, docs)
            ]
        case TypeKind.VARIANT:
            blocks = [
                block
                for name, mode in types.definitions(interface, type_.name)
                for block in _variant(types, interface, type_, name, mode, docs)
            ]
        case _:
            blocks = [
                "\n".join((*rust.comment(docs(type_.location, "")), line))
                for line in _aliases(types, interface, type_)
            ]
    return "\n\n".join(blocks)


def _derives(types: Types, rust_name: str, own: Sequence[str]) -> list[str]:
    """The derive attribute: ``own`` traits, and those of ``additional_derives``."""
    ignored = "-".join(snake(rust_name).split("_")) in types.options.derives_ignore
    return rust.derive((*own, *(() if ignored else types.options.derives)))


def _own_derives(types: Types, interface: str, type_: TypeDef) -> tuple[str, ...]:
    info = types.named_info(interface, type_.name)
    return ("Clone", "Copy") if info.copy else ("Clone",) if info.clone else ()


def _record(types: Types, interface: str, type_: TypeDef, name: str, mode: Mode, docs: Docs) -> Iterator[str]:
    lines = [*rust.comment(docs(type_.location, ""))]
    lines += _derives(types, name, _own_derives(types, interface, type_))
    lines.append(f"pub struct {name}{generics(mode)} {{")
    for member in type_.members:
        lines += _member_docs(docs, type_, member)
        lines.append(f"    pub {identifier(member.name)}: {_part(types, interface, member, mode)},")
    yield "\n".join((*lines, "}")) if type_.members else "\n".join(lines) + "}"
    calls = [f"debug_struct({rust.string(name)})"]
    calls += [
        f"field({rust.string(member.name)}, &self.{identifier(member.name)})" for member in type_.members
    ]
    yield _debug(name, mode, rust.chain("f", (*calls, "finish()"), depth=2))
    if types.named_info(interface, type_.name).error:
        yield from _error(name, mode)


def _variant(
    types: Types, interface: str, type_: TypeDef, name: str, mode: Mode, docs: Docs
) -> Iterator[str]:
    lines = [*rust.comment(docs(type_.location, ""))]
    lines += _derives(types, name, _own_derives(types, interface, type_))
    lines.append(f"pub enum {name}{generics(mode)} {{")
    for member in type_.members:
        lines += _member_docs(docs, type_, member)
        payload = f"({_part(types, interface, member, mode)})" if member.type else ""
        lines.append(f"    {camel(member.name)}{payload},")
    yield "\n".join((*lines, "}"))
    yield _debug(name, mode, _debug_cases(name, type_.members))
    if types.named_info(interface, type_.name).error:
        yield from _error(name, mode)


def _enum(types: Types, interface: str, type_: TypeDef, docs: Docs) -> list[str]:
    name = type_name(type_.name)
    lines = [*rust.comment(docs(type_.location, ""))]
    count = len(type_.members)
    lines.append(f"#[repr({'u8' if count <= 1 << 8 else 'u16' if count <= 1 << 16 else 'u32'})]")
    own = ("Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord")
    lines += _derives(types, name, own)
    lines.append(f"pub enum {name} {{")
    for member in type_.members:
        lines += _member_docs(docs, type_, member)
        lines.append(f"    {camel(member.name)},")
    blocks = ["\n".join((*lines, "}"))]
    if not types.named_info(interface, type_.name).error:
        return [*blocks, _debug(name, OWNED, _debug_cases(name, type_.members))]
    names = [(camel(member.name), member.name) for member in type_.members]
    messages = [(camel(member.name), docs(type_.location, member.name).strip()) for member in type_.members]
    blocks.append(
        f"impl {name} {{\n{_text_of_case(name, 'name', names)}\n\n{_text_of_case(name, 'message', messages)}\n}}"
    )
    calls = [f"debug_struct({rust.string(name)})", 'field("code", &(*self as i32))']
    calls += ['field("name", &self.name())', 'field("message", &self.message())', "finish()"]
    blocks.append(_debug(name, OWNED, rust.chain("f", calls, depth=2)))
    line = '        write!(f, "{} (error {})", self.name(), *self as i32)'
    blocks.append(f"impl ::core::fmt::Display for {name} {{\n    fn fmt{_FORMATTER}\n{line}\n    }}\n}}")
    blocks.append(f"impl ::core::error::Error for {name} {{}}")
    return blocks


def _text_of_case(name: str, function: str, cases: Sequence[tuple[str, str]]) -> str:
    """A method that gives a text for each case."""
    lines = [f"    pub fn {function}(&self) -> &'static str {{", "        match self {"]
    for case, text in cases:
        lines += rust.arm(f"{name}::{case}", rust.string(text), depth=3)
    return "\n".join((*lines, "        }", "    }"))


def _debug_cases(name: str, members: Sequence[Member]) -> str:
    lines = ["        match self {"] if members else ["        match *self {"]
    for member in members:
        case = camel(member.name)
        label = rust.string(f"{name}::{case}")
        if member.type is None:
            lines += rust.arm(f"{name}::{case}", f"f.write_str({label})", depth=3)
            continue
        arm = f"f.debug_tuple({label}).field(e).finish()"
        if len(arm) <= rust.CHAIN_WIDTH:
            lines += rust.arm(f"{name}::{case}(e)", arm, depth=3)
        else:
            lines.append(f"            {name}::{case}(e) => f")
            lines += [f"                .debug_tuple({label})", "                .field(e)"]
            lines.append("                .finish(),")
    return "\n".join((*lines, "        }"))


def _debug(name: str, mode: Mode, body: str) -> str:
    written = f"{name}<'_>" if mode.lifetime else name
    return f"impl ::core::fmt::Debug for {written} {{\n    fn fmt{_FORMATTER}\n{body}\n    }}\n}}"


def _error(name: str, mode: Mode) -> Iterator[str]:
    """``Display`` and ``Error`` of a record or variant that some function gives as its error."""
    written = f"{name}<'_>" if mode.lifetime else name
    body = '        write!(f, "{:?}", self)'
    yield f"impl ::core::fmt::Display for {written} {{\n    fn fmt{_FORMATTER}\n{body}\n    }}\n}}"
    yield f"impl ::core::error::Error for {written} {{}}"


def _flags(type_: TypeDef, docs: Docs) -> str:
    count = len(type_.members)
    width = next(width for width in (8, 16, 32, 64, 128, count) if count <= width)
    if width > 128:
        raise ValueError(f"`{type_.name}` has {count} flags: wit-bindgen has no type for more than 128")
    lines = ["flags! {", *(f"    {line}" for line in rust.comment(docs(type_.location, "")))]
    lines.append(f"    pub struct {type_name(type_.name)}: u{width} {{")
    for index, member in enumerate(type_.members):
        lines += [f"    {line}" for line in _member_docs(docs, type_, member)]
        lines.append(f"        const {flag_name(member.name)} = 1 << {index};")
    return "\n".join((*lines, "    }", "}"))


def _aliases(types: Types, interface: str, type_: TypeDef) -> Iterator[str]:
    for name, mode in types.definitions(interface, type_.name):
        if type_.kind is TypeKind.USE:
            used = Type("name", name=type_.used_name)
            target = types.text(type_.used_from, used, mode, here=interface)
        elif type_.target is None:
            raise ValueError(f"`{type_.name}` stands for nothing")
        else:
            target = types.text(interface, type_.target, mode)
        yield f"pub type {name}{generics(mode)} = {target};"


def _part(types: Types, interface: str, member: Member, mode: Mode) -> str:
    assert member.type is not None
    return types.text(interface, member.type, types.inner(interface, member.type, mode))


def _member_docs(docs: Docs, type_: TypeDef, member: Member) -> list[str]:
    return [f"    {line}" for line in rust.comment(docs(type_.location, member.name))]


FLAGS_MACRO: Final = """/// A set of flags: the part of the `bitflags` crate's API that code with bindings uses.
macro_rules! flags {
    ($(#[$docs:meta])* pub struct $name:ident: $bits:ident {
        $($(#[$flag_docs:meta])* const $flag:ident = $value:expr;)*
    }) => {
        $(#[$docs])*
        #[derive(PartialEq, Eq, PartialOrd, Ord, Hash, Clone, Copy)]
        pub struct $name {
            bits: $bits,
        }

        impl $name {
            $($(#[$flag_docs])* pub const $flag: Self = Self { bits: $value };)*

            fn named() -> &'static [(&'static str, Self)] {
                &[$((stringify!($flag), Self::$flag)),*]
            }

            pub const fn empty() -> Self {
                Self { bits: 0 }
            }

            pub const fn all() -> Self {
                Self { bits: 0 $(| $value)* }
            }

            pub const fn bits(&self) -> $bits {
                self.bits
            }

            /// None when a bit is set that no flag has.
            pub const fn from_bits(bits: $bits) -> ::core::option::Option<Self> {
                if bits & !Self::all().bits == 0 {
                    ::core::option::Option::Some(Self { bits })
                } else {
                    ::core::option::Option::None
                }
            }

            pub const fn from_bits_truncate(bits: $bits) -> Self {
                Self { bits: bits & Self::all().bits }
            }

            pub const fn from_bits_retain(bits: $bits) -> Self {
                Self { bits }
            }

            pub fn from_name(name: &str) -> ::core::option::Option<Self> {
                let mut flags = Self::named().iter().filter(|(known, _)| *known == name);
                flags.next().map(|(_, flag)| *flag)
            }

            pub const fn is_empty(&self) -> bool {
                self.bits == 0
            }

            pub const fn is_all(&self) -> bool {
                self.bits & Self::all().bits == Self::all().bits
            }

            pub const fn contains(&self, other: Self) -> bool {
                self.bits & other.bits == other.bits
            }

            pub const fn intersects(&self, other: Self) -> bool {
                self.bits & other.bits != 0
            }

            pub fn insert(&mut self, other: Self) {
                self.bits |= other.bits;
            }

            pub fn remove(&mut self, other: Self) {
                self.bits &= !other.bits;
            }

            pub fn toggle(&mut self, other: Self) {
                self.bits ^= other.bits;
            }

            pub fn set(&mut self, other: Self, value: bool) {
                if value {
                    self.insert(other);
                } else {
                    self.remove(other);
                }
            }

            pub const fn intersection(self, other: Self) -> Self {
                Self { bits: self.bits & other.bits }
            }

            pub const fn union(self, other: Self) -> Self {
                Self { bits: self.bits | other.bits }
            }

            pub const fn difference(self, other: Self) -> Self {
                Self { bits: self.bits & !other.bits }
            }

            pub const fn symmetric_difference(self, other: Self) -> Self {
                Self { bits: self.bits ^ other.bits }
            }

            pub const fn complement(self) -> Self {
                Self::from_bits_truncate(!self.bits)
            }

            /// The flags that are set, one by one.
            pub fn iter(&self) -> impl ::core::iter::Iterator<Item = Self> {
                let flags = *self;
                Self::named().iter().map(|(_, flag)| *flag).filter(move |flag| flags.contains(*flag))
            }

            /// The flags that are set, with their names.
            pub fn iter_names(&self) -> impl ::core::iter::Iterator<Item = (&'static str, Self)> {
                let flags = *self;
                Self::named().iter().copied().filter(move |(_, flag)| flags.contains(*flag))
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                let mut rest = self.bits;
                let mut between = "";
                for (name, flag) in self.iter_names() {
                    write!(f, "{between}{name}")?;
                    rest &= !flag.bits;
                    between = " | ";
                }
                if rest != 0 || between.is_empty() {
                    write!(f, "{between}{rest:#x}")?;
                }
                f.write_str(")")
            }
        }

        impl ::core::ops::BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl ::core::ops::BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.insert(other);
            }
        }

        impl ::core::ops::BitAnd for $name {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                self.intersection(other)
            }
        }

        impl ::core::ops::BitAndAssign for $name {
            fn bitand_assign(&mut self, other: Self) {
                self.bits &= other.bits;
            }
        }

        impl ::core::ops::BitXor for $name {
            type Output = Self;
            fn bitxor(self, other: Self) -> Self {
                self.symmetric_difference(other)
            }
        }

        impl ::core::ops::BitXorAssign for $name {
            fn bitxor_assign(&mut self, other: Self) {
                self.toggle(other);
            }
        }

        impl ::core::ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                self.difference(other)
            }
        }

        impl ::core::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.remove(other);
            }
        }

        impl ::core::ops::Not for $name {
            type Output = Self;
            fn not(self) -> Self {
                self.complement()
            }
        }

        impl ::core::iter::Extend<Self> for $name {
            fn extend<T: ::core::iter::IntoIterator<Item = Self>>(&mut self, flags: T) {
                for flag in flags {
                    self.insert(flag);
                }
            }
        }

        impl ::core::iter::FromIterator<Self> for $name {
            fn from_iter<T: ::core::iter::IntoIterator<Item = Self>>(flags: T) -> Self {
                let mut all = Self::empty();
                ::core::iter::Extend::extend(&mut all, flags);
                all
            }
        }
    };
}
"""
"""The macro that flags are defined with. It takes the place of a dependency on ``bitflags``: a bridge is to
build from the workspace's lock file as it is, also without a network."""
