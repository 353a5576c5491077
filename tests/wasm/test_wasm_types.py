"""Types as structure: what binaries and WIT say of the same interface, and which resource a handle is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wasmdoctor.model.host import WitFacts, facts_of_externs
from wasmdoctor.model.types import COMPONENT_RULE, FunctionType, difference, handles
from wasmdoctor.model.wasm import Component
from wasmdoctor.model.wittypes import facts_of_world_items
from wasmdoctor.readers.wasm import BytesSource, read_component
from wasmdoctor.readers.wit import MemoryFiles, find_world, load_wit, resolve_wit

WIT = """\
package a:b@1.2.0;
interface base {
  resource thing { constructor(a: u8); rename: func(to: string) -> result; %list: static func() -> list<thing>; }
  type own-thing = thing;
  record pair { first: own-thing, second: option<u32> }
  flags bits { x, y }
  enum %stream { a, b }
  type size = u64;
}
interface more {
  use base.{thing, pair as couple, bits, %stream};
  resource other;
  variant any { none, some(couple), many(list<tuple<bits, %stream>>), back(result<_, string>) }
  f: func(a: borrow<thing>, b: other, c: any) -> result<thing>;
  g: func(x: list<u8>) -> option<future<couple>>;
  h: func() -> stream<u8>;
  plain: func();
}
world w { import base; import more; export run: func(); }
"""


def component(data: bytes) -> Component:
    found = read_component(BytesSource(data), "x.wasm")
    assert found.problems == ()
    return found


def same(one: str, other: str) -> bool:
    return one == other


def test_binaries_and_wit_say_the_same(dummy: Callable[..., bytes]) -> None:
    """The structure that is read from a component is that of the WIT it was made of, resources included."""
    built = facts_of_externs(component(dummy(WIT, "w")).imports, "x.wasm")
    resolution = resolve_wit(load_wit(MemoryFiles({"wit/main.wit": WIT.encode()}), ["wit"]))
    assert resolution.problems == ()
    world = find_world(resolution)
    assert not isinstance(world, str)
    written = facts_of_world_items(world.imports.values(), resolution.packages, "main.wit")
    assert set(built.interfaces) == set(written.interfaces) == {"a:b/base@1.2.0", "a:b/more@1.2.0"}
    compared = 0
    for name in built.interfaces:
        one, other = built.interfaces[name], written.interfaces[name]
        assert (one.functions, one.resources) == (other.functions, other.resources)
        for function in one.functions:
            assert (
                difference(typed(built, name, function), typed(written, name, function), COMPONENT_RULE, same)
                is None
            )
            compared += 1
    assert compared == 7


def typed(facts: WitFacts, interface: str, function: str) -> FunctionType:
    types = facts.interfaces[interface].types
    assert types is not None
    found = types.function(function)
    assert found is not None
    return found


RESOURCES = """(component
  (import "a:b/c@1.0.0" (instance $i
    (export "r" (type $r (sub resource)))
    (type $rec (record (field "h" (own $r)))) (export "holder" (type $h (eq $rec)))
    (export "own" (func (param "x" (own $r)) (result $h)))))
  (alias export $i "r" (type $r))
  (alias export $i "holder" (type $h))
  (import "d:e/f@1.0.0" (instance
    (alias outer 1 $r (type $q)) (export "same" (type $s (eq $q)))
    (alias outer 1 $h (type $k)) (export "holder" (type $l (eq $k)))
    (export "mine" (type $m (sub resource)))
    (export "again" (type $a (eq $m)))
    (export "f" (func (param "a" (borrow $s)) (param "b" (own $a)) (param "c" $l) (param "d" (own $q))))))
  (import "plain" (type $p (sub resource)))
  (import "g" (func (param "x" (own $p)))))"""


def test_which_resource_a_handle_is_for(wat: Callable[[str], bytes]) -> None:
    imports = component(wat(RESOURCES)).imports
    types = {
        f"{extern.name} {function.name}": function.type for extern in imports for function in extern.functions
    }

    def found(name: str) -> list[str]:
        type_ = types[name]
        assert type_ is not None
        return sorted({handle.resource for handle in handles(type_)})

    assert found("a:b/c@1.0.0 own") == ["#r"]
    # A record that is taken over brings the resource of its own interface with it.
    assert found("d:e/f@1.0.0 f") == ["#mine", "a:b/c@1.0.0#r"]
    assert found("g g") == ["$root#plain"]


def test_two_imports_of_one_type_are_two_resources(wat: Callable[[str], bytes]) -> None:
    text = """(component
      (type $t (instance (export "r" (type (sub resource)))))
      (import "a:b/one" (instance $one (type $t)))
      (import "a:b/two" (instance $two (type $t)))
      (alias export $two "r" (type $r))
      (import "a:b/user" (instance (alias outer 1 $r (type $q)) (export "f" (func (param "x" (own $q)))))))"""
    (function,) = component(wat(text)).imports[2].functions
    assert function.type is not None
    assert [handle.resource for handle in handles(function.type)] == ["a:b/two#r"]


def test_deep_types_are_not_known(wat: Callable[[str], bytes]) -> None:
    """A chain of a thousand options is read without recursion, moved out of its instance as unknown, and compared."""
    chain = "".join(f"(type $t{n} (option $t{n - 1}))" for n in range(1, 1000))
    text = f"""(component (import "a:b/c" (instance $i
        (type $r (record (field "x" u8))) (export "r" (type $t0 (eq $r)))
        {chain}
        (export "deep" (type $d (eq $t999)))
        (export "f" (func (param "x" $d)))))
        (alias export $i "deep" (type $out))
        (import "a:b/d" (instance (alias outer 1 $out (type $o)) (export "deep" (type $d (eq $o)))
            (export "f" (func (param "x" $d))))))"""
    first, second = component(wat(text)).imports
    one, other = first.functions[0].type, second.functions[0].type
    assert one is not None
    assert other is not None
    assert one.params[0][1] is not None
    assert other.params[0][1] is None
    assert difference(one, one, COMPONENT_RULE, same) is None
    assert difference(one, other, COMPONENT_RULE, same) is None


def test_committed_components_have_all_types() -> None:
    """Every function of the committed components is wholly known."""
    folder = Path(__file__).parents[2] / "fixtures"
    functions = [
        function
        for path in sorted(folder.rglob("*.wasm"))
        if path.read_bytes()[4:8] == b"\x0d\x00\x01\x00"
        for extern in component(path.read_bytes()).imports
        for function in extern.functions
    ]
    assert functions
    assert [
        function.name for function in functions if function.type is None or not function.type.complete
    ] == []
