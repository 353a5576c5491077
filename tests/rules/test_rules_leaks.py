"""WD106 and WD107: imports that a linked crate brings, and imports that nothing calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rules.rules_support import component, crate, facts_of, shown, written

from wasmdoctor.checks.facts import Facts
from wasmdoctor.checks.leaks import leaked, unused_custom_import
from wasmdoctor.model.rule import Severity

Project = Callable[..., Facts]

NET = """\
package shop:net@0.1.0;
interface tcp { open: func(); }
interface udp { send: func(); }
world net {
  import tcp;
  import udp;
}
"""
BINDINGS = 'wit_bindgen::generate!({ path: "wit", generate_all });\n'
APP = "package shop:app;\nworld app {\n  export run: func();\n}\n"
SHOP = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "net"]\n',
    "app/Cargo.toml": crate("app", dependencies='net = { path = "../net" }'),
    "app/src/lib.rs": component("app", "net::connect();"),
    "app/wit/world.wit": APP,
    "net/Cargo.toml": crate("net", '["rlib"]'),
    "net/src/lib.rs": BINDINGS + "pub fn connect() { shop::net::tcp::open() }\n",
    "net/wit/net.wit": NET,
}


# -- WD106


def test_an_import_that_a_linked_crate_brings(project: Project) -> None:
    [draft] = leaked(project(SHOP))
    assert draft.subject == "app/Cargo.toml"
    assert draft.interface == "shop:net/tcp@0.1.0"
    assert str(draft.location) == "net/wit/net.wit:5:3"
    assert draft.message == (
        "`shop:net/tcp@0.1.0` is not in `app`'s world `app`: the linked crate `net` brings it with its world `net`"
    )
    assert [(step.kind, step.name, str(step.location)) for step in draft.origin] == [
        ("crate", "app", "app/Cargo.toml:11:1"),
        ("crate", "net", "net/Cargo.toml:2:8"),
        ("binding", "generate! call", "net/src/lib.rs:1:1"),
        ("world", "net", "net/wit/net.wit:4:7"),
        ("import", "shop:net/tcp@0.1.0", "net/wit/net.wit:5:3"),
    ]
    assert [str(place) for place, _ in draft.related] == ["app/wit/world.wit:2:7"]
    assert "net/src/lib.rs:1:1" in draft.help


def test_it_rests_on_the_finished_component_when_there_is_one(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    written(tmp_path, SHOP)
    path = "target/wasm32-wasip2/release/app.wasm"
    for name in ("udp", "tcp"):
        # Of the two, sources are known to call tcp only; what the component has counts.
        world = APP.replace("export", f"import shop:net/{name}@0.1.0;\n  export")
        written(tmp_path, {path: dummy(world, "app", {"net.wit": NET})})
        [draft] = leaked(facts_of(tmp_path))
        assert (draft.subject, draft.interface) == (path, f"shop:net/{name}@0.1.0")
    written(tmp_path, {path: dummy(APP, "app")})
    assert shown(leaked(facts_of(tmp_path))) == []


def test_an_import_of_the_own_world_is_no_leak(project: Project) -> None:
    world = APP.replace("export", "import shop:net/tcp@0.1.0;\n  export")
    files = {**SHOP, "app/wit/world.wit": world, "app/wit/deps/net.wit": NET}
    assert shown(leaked(project(files))) == []


def test_a_world_that_only_the_metadata_names_counts_as_own(project: Project) -> None:
    metadata = '[package.metadata.component.target]\npath = "wit"\nworld = "app"\n'
    files = {
        **SHOP,
        "app/Cargo.toml": crate("app", dependencies='net = { path = "../net" }', more=metadata),
        "app/src/lib.rs": '#[no_mangle]\npub extern "C" fn run() { net::connect() }\n',
    }
    assert [draft.interface for draft in leaked(project(files))] == ["shop:net/tcp@0.1.0"]
    world = APP.replace("export", "import shop:net/tcp@0.1.0;\n  export")
    with_import = {**files, "app/wit/world.wit": world, "app/wit/deps/net.wit": NET}
    assert shown(leaked(project(with_import))) == []


def test_a_component_without_a_world_of_its_own_takes_its_librarys(project: Project) -> None:
    files = {**SHOP, "app/src/lib.rs": '#[no_mangle]\npub extern "C" fn run() { net::connect() }\n'}
    assert shown(leaked(project(files))) == []


def test_what_the_host_provides_and_what_nothing_calls_is_no_leak(project: Project) -> None:
    standard = (
        NET.replace("shop:net@0.1.0", "wasi:clocks@0.2.3")
        .replace("tcp", "monotonic-clock")
        .replace("open:", "now:")
    )
    files = {
        **SHOP,
        "net/wit/net.wit": standard,
        "net/src/lib.rs": BINDINGS + "pub fn connect() { wasi::clocks::monotonic_clock::now() }\n",
    }
    assert shown(leaked(project(files))) == []
    assert len(list(leaked(project(files, host="none")))) == 1
    silent = {**SHOP, "net/src/lib.rs": BINDINGS + "pub fn connect() {}\n"}
    assert shown(leaked(project(silent))) == []


def test_an_import_that_another_component_provides_is_a_note(project: Project) -> None:
    world = "package shop:server;\nworld server {\n  export shop:net/tcp@0.1.0;\n}\n"
    server = """\
wit_bindgen::generate!({ path: "wit", generate_all });
struct Server;
impl exports::shop::net::tcp::Guest for Server { fn open() {} }
export!(Server);
"""
    files = {
        **SHOP,
        "Cargo.toml": '[workspace]\nmembers = ["app", "net", "server"]\n',
        "server/Cargo.toml": crate("server"),
        "server/src/lib.rs": server,
        "server/wit/world.wit": world,
        "server/wit/deps/net.wit": NET,
    }
    [draft] = leaked(project(files))
    assert draft.severity is Severity.NOTE
    assert draft.help.startswith("compose it with server/Cargo.toml, which exports it; or ")


# -- WD107


def test_a_custom_import_that_nothing_calls(project: Project) -> None:
    [draft] = unused_custom_import(project(SHOP))
    assert draft.subject == "net/Cargo.toml"
    assert draft.interface == "shop:net/udp@0.1.0"
    assert str(draft.location) == "net/wit/net.wit:6:3"
    assert draft.message == (
        "world `net` of `net` imports `shop:net/udp@0.1.0`, and nothing that is kept in `app` calls it"
    )


def test_an_import_that_is_called_somewhere_is_used(project: Project) -> None:
    both = BINDINGS + "pub fn connect() { shop::net::tcp::open(); shop::net::udp::send() }\n"
    assert shown(unused_custom_import(project({**SHOP, "net/src/lib.rs": both}))) == []
    files = {
        **SHOP,
        "Cargo.toml": '[workspace]\nmembers = ["app", "net", "other"]\n',
        "net/src/lib.rs": BINDINGS
        + "pub fn connect() { shop::net::tcp::open() }\npub fn send() { shop::net::udp::send() }\n",
        "other/Cargo.toml": crate("other", dependencies='net = { path = "../net" }'),
        "other/src/lib.rs": component("app", "net::send();"),
        "other/wit/world.wit": APP,
    }
    assert shown(unused_custom_import(project(files))) == []


def test_types_and_standard_interfaces_are_no_unused_custom_imports(project: Project) -> None:
    types = NET.replace("interface udp { send: func(); }", "interface udp { type id = u8; }")
    assert shown(unused_custom_import(project({**SHOP, "net/wit/net.wit": types}))) == []
    standard = "package wasi:http@0.2.3;\ninterface handler { handle: func(); }\n"
    world = NET.replace("import udp", "import wasi:http/handler@0.2.3")
    files = {**SHOP, "net/wit/net.wit": world, "net/wit/deps/http.wit": standard}
    assert shown(unused_custom_import(project(files))) == []


def test_an_import_that_the_finished_component_has_is_used(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    written(tmp_path, SHOP)
    assert len(list(unused_custom_import(facts_of(tmp_path)))) == 1
    world = APP.replace("export", "import shop:net/udp@0.1.0;\n  export")
    written(tmp_path, {"target/wasm32-wasip2/release/app.wasm": dummy(world, "app", {"net.wit": NET})})
    assert shown(unused_custom_import(facts_of(tmp_path))) == []


def test_an_include_with_one_used_import_stays(project: Project) -> None:
    world = NET.replace("  import tcp;\n  import udp;", "  include sockets;").replace(
        "world net", "world sockets {\n  import tcp;\n  import udp;\n}\nworld net"
    )
    bindings = 'wit_bindgen::generate!({ path: "wit", world: "net", generate_all });\n'
    files = {**SHOP, "net/wit/net.wit": world}
    files["net/src/lib.rs"] = bindings + "pub fn connect() { shop::net::tcp::open() }\n"
    assert shown(unused_custom_import(project(files))) == []
    files["net/src/lib.rs"] = bindings + "pub fn connect() {}\n"
    assert shown(unused_custom_import(project(files))) == [
        "net/wit/net.wit:9:3: world `net` of `net` includes `sockets`, and nothing that is kept in `app` calls it"
    ]
