"""Hand-written components: what is lowered, lifted, handed on and put into tables, traced to its ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ComponentCode, FunctionId, RootKind
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

Wat = Callable[[str], bytes]


def read(data: bytes) -> ComponentCode:
    code = read_code(BytesSource(data), "it.wasm")
    assert not code.problems, code.problems
    return code


def names(code: ComponentCode, functions: object) -> set[str]:
    """Functions by the names of the name section."""
    assert isinstance(functions, tuple | list | set)
    return {code.modules[module].names.get(index, str(index)) for module, index in functions}


def roots(code: ComponentCode) -> dict[tuple[str, str, str], str]:
    """(kind, export, function in it): the name of the function that runs."""
    return {
        (root.kind.value, root.name, root.function): code.modules[root.at[0]].names.get(root.at[1], "")
        for root in code.roots
    }


def reached(code: ComponentCode, start: FunctionId) -> set[tuple[str, str]]:
    """The imported functions that a function reaches, for certain or possibly."""
    at = {place: (item.name, item.function) for item in code.imports for place in item.at}
    seen = {start}
    queue = [start]
    while queue:
        certain, possible = code.callees(queue.pop())
        new = {*certain, *possible} - seen
        seen |= new
        queue += new
    return {at[place] for place in seen if place in at}


def root(code: ComponentCode, name: str, function: str = "") -> FunctionId:
    """Where an export begins."""
    return next(item.at for item in code.roots if (item.name, item.function) == (name, function))


SHIM = """
(component
  (import "shop:net/tcp@0.1.0" (instance $tcp
    (export "connect" (func (param "host" string) (result u32)))
    (export "close" (func))
    (export "socket" (type (sub resource)))))
  (core module $front
    (type $t (func (param i32 i32) (result i32)))
    (table (export "slots") 2 2 funcref)
    (func $tramp0 (export "a") (param i32 i32) (result i32)
      local.get 0 local.get 1 i32.const 0 call_indirect (type $t))
    (func $tramp1 (export "b") (param i32 i32) (result i32)
      local.get 0 local.get 1 i32.const 1 call_indirect (type $t)))
  (core module $app
    (import "shop:net/tcp@0.1.0" "connect" (func $connect (param i32 i32) (result i32)))
    (import "shop:net/tcp@0.1.0" "close" (func $close))
    (import "shop:net/tcp@0.1.0" "[resource-drop]socket" (func $drop (param i32)))
    (import "old" "write" (func $write (param i32 i32) (result i32)))
    (memory (export "mem") 1)
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (call $close) i32.const 0)
    (func $run (export "run") (param i32) (result i32)
      (drop (call $connect (i32.const 0) (i32.const 0))) (call $helper) i32.const 0)
    (func $after (export "after") (param i32) (call $drop (i32.const 0)))
    (func $helper (drop (call $write (i32.const 0) (i32.const 0))))
    (func $end (export "end") (call $close)))
  (core module $compat
    (import "env" "memory" (memory 0))
    (import "shop:net/tcp@0.1.0" "close" (func $close))
    (func $write (export "write") (param i32 i32) (result i32) (call $close) i32.const 0))
  (core module $filler
    (import "" "slots" (table 2 2 funcref))
    (import "" "0" (func $zero (param i32 i32) (result i32)))
    (import "" "1" (func $one (param i32 i32) (result i32)))
    (elem (i32.const 0) func $zero $one))
  (core instance $s (instantiate $front))
  (alias core export $s "a" (core func $a))
  (alias core export $s "b" (core func $b))
  (alias export $tcp "close" (func $close))
  (core func $close_ (canon lower (func $close)))
  (alias export $tcp "socket" (type $socket))
  (core func $drop (canon resource.drop $socket))
  (core instance $tcp_ (export "connect" (func $a)) (export "close" (func $close_))
    (export "[resource-drop]socket" (func $drop)))
  (core instance $old (export "write" (func $b)))
  (core instance $m (instantiate $app (with "shop:net/tcp@0.1.0" (instance $tcp_)) (with "old" (instance $old))))
  (alias core export $m "mem" (core memory $mem))
  (alias core export $m "realloc" (core func $realloc))
  (core instance $env (export "memory" (memory $mem)))
  (core instance $tcp2 (export "close" (func $close_)))
  (core instance $c (instantiate $compat (with "env" (instance $env)) (with "shop:net/tcp@0.1.0" (instance $tcp2))))
  (alias export $tcp "connect" (func $connect))
  (core func $real (canon lower (func $connect) (memory $mem)))
  (alias core export $c "write" (core func $write))
  (alias core export $s "slots" (core table $slots))
  (core instance $fill (export "slots" (table $slots)) (export "0" (func $real)) (export "1" (func $write)))
  (core instance (instantiate $filler (with "" (instance $fill))))
  (alias core export $m "run" (core func $run))
  (alias core export $m "after" (core func $after))
  (alias core export $m "end" (core func $end))
  (type $run_type (func (param "n" u32) (result string)))
  (func $run_ (type $run_type)
    (canon lift (core func $run) (memory $mem) (realloc $realloc) (post-return $after)))
  (export "run" (func $run_))
  (func $end_ (canon lift (core func $end)))
  (instance $iface (export "end" (func $end_)))
  (export "shop:main/ends@1.0.0" (instance $iface))
)
"""


def test_a_shim_and_its_filler_are_looked_through(wat: Wat) -> None:
    code = read(wat(SHIM))
    assert [module.role for module in code.modules] == [
        ModuleRole.SHIM,
        ModuleRole.MAIN,
        ModuleRole.ADAPTER,
        ModuleRole.FIXUPS,
    ]
    assert {(item.name, item.function): names(code, item.at) for item in code.imports} == {
        ("shop:net/tcp@0.1.0", "connect"): {"connect"},
        ("shop:net/tcp@0.1.0", "close"): {"close"},
        ("shop:net/tcp@0.1.0", "[resource-drop]socket"): {"drop"},
    }
    assert {module for item in code.imports for module, _ in item.at} == {1, 2}  # no shim, no filler
    assert code.links[(1, 3)] == ((2, 1),)
    assert not code.links_possible


def test_neither_realloc_nor_post_return_is_a_root(wat: Wat) -> None:
    code = read(wat(SHIM))
    assert roots(code) == {
        ("export", "run", ""): "run",
        ("export", "shop:main/ends@1.0.0", "end"): "end",
    }
    assert reached(code, root(code, "run")) == {
        ("shop:net/tcp@0.1.0", "connect"),
        ("shop:net/tcp@0.1.0", "close"),  # by way of the adapter alone
    }


def test_names_do_not_matter(wat: Wat, wasm_tools: Callable[..., bytes]) -> None:
    named, stripped = read(wat(SHIM)), read(wasm_tools("strip", "--all", "-", stdin=wat(SHIM)))
    assert not stripped.modules[1].names
    assert (named.links, named.imports, named.roots) == (stripped.links, stripped.imports, stripped.roots)
    assert [module.role for module in named.modules] == [module.role for module in stripped.modules]


def test_a_slot_that_two_fill_is_possible(wat: Wat) -> None:
    text = SHIM.replace(
        "(elem (i32.const 0) func $zero $one)", "(elem (i32.const 0) func $zero $one $zero)"
    ).replace("2 2 funcref", "3 3 funcref")
    assert not read(wat(text)).links_possible
    text = SHIM.replace(
        "(elem (i32.const 0) func $zero $one)",
        "(elem (i32.const 0) func $zero $one) (elem (i32.const 1) func $zero)",
    )
    code = read(wat(text))
    assert code.links_possible[(1, 3)] == ((2, 1),)
    assert {place for item in code.imports if item.function == "connect" for place in item.at} == {
        (1, 0),
        (1, 3),
    }


def test_start_functions_and_constructors(wat: Wat) -> None:
    code = read(
        wat("""
        (component
          (core module $a (func $begin) (func $init (export "init")) (start $begin))
          (core module $b (import "" "i" (func $i)) (start $i))
          (core module $never (func $f) (start $f))
          (core instance $x (instantiate $a))
          (alias core export $x "init" (core func $init))
          (core instance $in (export "i" (func $init)))
          (core instance (instantiate $b (with "" (instance $in)))))
        """)
    )
    assert roots(code) == {("start", "", ""): "begin", ("constructor", "", ""): "init"}
    assert len(code.modules) == 3


NESTED = """
(component
  (import "net" (instance $net (export "go" (func)) (export "stop" (func))))
  (component $inner
    (import "x" (func $x))
    (core module $m (import "" "x" (func $x)) (func $f (export "f") (call $x)))
    (core func $x_ (canon lower (func $x)))
    (core instance $args (export "x" (func $x_)))
    (core instance $i (instantiate $m (with "" (instance $args))))
    (func (export "f") (canon lift (core func $i "f"))))
  (alias export $net "go" (func $go))
  (alias export $net "stop" (func $stop))
  (instance $one (instantiate $inner (with "x" (func $go))))
  (instance $two (instantiate $inner (with "x" (func $stop))))
  (alias export $one "f" (func $f1))
  (instance $three (instantiate $inner (with "x" (func $f1))))
  (export "one" (func $one "f"))
  (export "three" (func $three "f"))
  (export "again" (instance $two))
  (export "net2" (instance $net)))
"""


def test_components_in_components(wat: Wat) -> None:
    code = read(wat(NESTED))
    assert roots(code) == {
        ("export", name, function): "f" for name, function in [("one", ""), ("three", ""), ("again", "f")]
    }
    # One module that is instantiated three times: each of its imports leads to all that it is given.
    assert {(item.name, item.function): item.at for item in code.imports} == {
        ("net", "go"): ((0, 0),),
        ("net", "stop"): ((0, 0),),
    }
    assert code.links == {(0, 0): ((0, 1),)}


def test_resources_of_the_component_itself(wat: Wat) -> None:
    code = read(
        wat("""
        (component
          (import "gone" (func $gone))
          (core module $m
            (import "" "gone" (func $gone))
            (func $bye (export "bye") (param i32) (call $gone))
            (func $make (export "make") (result i32) (i32.const 0)))
          (core func $gone_ (canon lower (func $gone)))
          (core instance $in (export "gone" (func $gone_)))
          (core instance $i (instantiate $m (with "" (instance $in))))
          (type $r (resource (rep i32) (dtor (core func $i "bye"))))
          (core func $drop (canon resource.drop $r))
          (core module $late (import "" "drop" (func $drop (param i32))) (func $f (export "f") (call $drop (i32.const 1))))
          (core instance $in2 (export "drop" (func $drop)))
          (core instance $l (instantiate $late (with "" (instance $in2))))
          (component $wrap
            (import "r" (type $r (sub resource)))
            (import "make" (func $make (result (own $r))))
            (export $r2 "thing" (type $r))
            (export "[constructor]thing" (func $make) (func (result (own $r2)))))
          (func $make (result (own $r)) (canon lift (core func $i "make")))
          (instance $w (instantiate $wrap (with "r" (type $r)) (with "make" (func $make))))
          (export "shop:x/things" (instance $w))
          (func (export "drop-it") (canon lift (core func $l "f"))))
        """)
    )
    assert roots(code) == {
        ("export", "shop:x/things", "[dtor]thing"): "bye",
        ("export", "shop:x/things", "[constructor]thing"): "make",
        ("export", "drop-it", ""): "f",
    }
    # Dropping a handle runs the destructor.
    assert reached(code, root(code, "drop-it")) == {("gone", "")}


def test_asynchronous_functions_have_a_callback(wat: Wat) -> None:
    code = read(
        wat("""
        (component
          (import "wait" (func $wait))
          (core module $m
            (import "" "wait" (func $wait))
            (func $f (export "f") (result i32) i32.const 0)
            (func $back (export "back") (param i32 i32 i32) (result i32) (call $wait) i32.const 0))
          (core func $wait_ (canon lower (func $wait)))
          (core instance $in (export "wait" (func $wait_)))
          (core instance $i (instantiate $m (with "" (instance $in))))
          (func (export "f") async (canon lift (core func $i "f") async (callback (core func $i "back")))))
        """)
    )
    assert [(item.name, names(code, [item.at])) for item in code.roots] == [("f", {"f"}), ("f", {"back"})]


TABLE = """
(module
  (type $t (func (param i32)))
  (type $u (func))
  (import "shop:net/tcp@0.1.0" "send" (func $send (param i32)))
  (import "shop:net/tcp@0.1.0" "close" (func $close))
  (table $one 4 funcref)
  (table $two 4 funcref)
  %s
  (func $a (param i32) (call $send (local.get 0)))
  (func $b (call $close))
  (func $c (param i32))
  (func (export "run") (call_indirect $one (type $t) (i32.const 1) (i32.const 0)))
)
"""


@pytest.mark.parametrize(
    ("elements", "possible"),
    [
        ("(elem (table $one) (i32.const 0) func $a $b)", {"a"}),
        ("(elem (table $one) (i32.const 0) func $send)", {"send"}),
        ("(elem (table $two) (i32.const 0) func $a)", set()),
        ("(elem (table $one) (i32.const 0) funcref (ref.func $c) (ref.null func) (ref.func $b))", {"c"}),
        ("(elem func $a $c)", set()),
        ("(elem func $a $c) (func (table.init $one 0 (i32.const 0) (i32.const 0) (i32.const 1)))", {"a", "c"}),
        ("(elem (table $two) (i32.const 0) func $a) (func (table.copy $one $two (i32.const 0) (i32.const 0) (i32.const 1)))", {"a"}),
        ("(elem declare func $a) (func (table.set $one (i32.const 0) (ref.func $a)))", {"a"}),
        ("(elem declare func $a) (func (table.set $two (i32.const 0) (ref.func $a)))", set()),
        ("(elem declare func $a) (func (drop (table.grow $one (ref.func $a) (i32.const 1))))", {"a"}),
        ("(global $g funcref (ref.func $c)) (func (table.fill $one (i32.const 0) (global.get $g) (i32.const 1)))", {"c"}),
        ("(table $three 2 funcref (ref.func $a)) (func (table.copy $one $three (i32.const 0) (i32.const 0) (i32.const 1)))", {"a"}),
    ],
)  # fmt: skip
def test_calls_through_tables(wat: Wat, elements: str, possible: set[str]) -> None:
    code = read(wat(TABLE % elements))
    at = root(code, "run")
    assert code.callees(at)[0] == []
    assert names(code, code.callees(at)[1]) == possible


def test_references(wat: Wat) -> None:
    code = read(
        wat("""
        (module
          (type $t (func (param i32)))
          (elem declare func $a)
          (func $a (param i32))
          (func $b (param i32))
          (func $other)
          (global (ref $t) (ref.func $b))
          (elem (ref null func) (ref.func $other))
          (func (export "hand-on") (drop (ref.func $a)))
          (func (export "run") (param (ref $t)) (call_ref $t (i32.const 0) (local.get 0)))
          (func (export "tail") (param (ref $t)) (return_call_ref $t (i32.const 0) (local.get 0))))
        """)
    )
    for name in ("run", "tail"):
        assert names(code, code.callees(root(code, name))[1]) == {"a", "b"}
    assert names(code, code.callees(root(code, "hand-on"))[1]) == {"a"}


def test_a_table_of_two_modules(wat: Wat) -> None:
    """A library puts its functions where another one's base says, and the other calls them."""
    code = read(
        wat("""
        (component
          (import "net" (func $net))
          (core module $base (table (export "t") 8 funcref) (global (export "at") i32 (i32.const 3)))
          (core module $lib
            (import "env" "t" (table 8 funcref)) (import "env" "at" (global $at i32)) (import "env" "net" (func $net))
            (func $far (call $net))
            (elem (global.get $at) func $far))
          (core module $app
            (import "env" "t" (table 8 funcref)) (type $v (func))
            (func $go (export "go") (call_indirect (type $v) (i32.const 3))))
          (core func $net_ (canon lower (func $net)))
          (core instance $b (instantiate $base))
          (core instance $env (export "t" (table $b "t")) (export "at" (global $b "at")) (export "net" (func $net_)))
          (core instance (instantiate $lib (with "env" (instance $env))))
          (core instance $a (instantiate $app (with "env" (instance $env))))
          (func (export "go") (canon lift (core func $a "go"))))
        """)
    )
    assert code.callees(root(code, "go")) == ([], [(1, 1)])
    assert reached(code, root(code, "go")) == {("net", "")}


def test_a_core_module_has_its_exports_for_roots(wat: Wat) -> None:
    data = wat("""
    (module
      (import "shop:net/tcp@0.1.0" "send" (func $send (param i32)))
      (import "shop:net/tcp@0.1.0" "[resource-drop]socket" (func $drop (param i32)))
      (import "$root" "log" (func $log))
      (import "[export]shop:x/things" "[resource-new]thing" (func $new (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write))
      (func $run (export "run"))
      (func $get (export "shop:x/things@0.2.0#get"))
      (func $post (export "cabi_post_run"))
      (func $realloc (export "cabi_realloc"))
      (func $init (export "_initialize")))
    """)
    code = read(data)
    assert {(item.name, item.function) for item in code.imports} == {
        ("shop:net/tcp@0.1.0", "send"),
        ("shop:net/tcp@0.1.0", "[resource-drop]socket"),
        ("log", ""),
        ("wasi_snapshot_preview1", "fd_write"),
    }
    assert roots(code) == {
        ("export", "run", ""): "run",
        ("export", "shop:x/things@0.2.0", "get"): "get",
        ("constructor", "", ""): "init",
    }
    of_component = read_code(BytesSource(data), "it.wasm", ["shop:net/tcp@0.1.4", "log"])
    assert ("shop:net/tcp@0.1.4", "send") in {(item.name, item.function) for item in of_component.imports}


def test_root_kinds_are_all_used() -> None:
    assert set(RootKind) == {RootKind.EXPORT, RootKind.START, RootKind.CONSTRUCTOR}
