"""WD301 to WD305: manifests that make one crate two things, disagree, or name what is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from rules.rules_support import component, crate, shown

from wasmdoctor.checks import cargo
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.rule import Severity

Project = Callable[..., Facts]

NET = """\
package shop:net@0.1.0;
interface tcp { open: func(); }
world net {
  import tcp;
  export run: func();
}
"""
WORLD = "package shop:app;\nworld app {\n  export run: func();\n}\n"
LINKS = 'net = { path = "../net" }'


def shop(net_type: str = '["cdylib", "rlib"]', dependencies: str = LINKS) -> dict[str, str]:
    """Two crates with bindings; the first depends on the second."""
    return {
        "Cargo.toml": '[workspace]\nmembers = ["app", "net"]\n',
        "app/Cargo.toml": crate("app", dependencies=dependencies),
        "app/src/lib.rs": component("app", "net::connect();"),
        "app/wit/world.wit": WORLD,
        "net/Cargo.toml": crate("net", net_type),
        "net/src/lib.rs": component("net", "connect()") + "pub fn connect() { shop::net::tcp::open() }\n",
        "net/wit/net.wit": NET,
    }


# -- WD301


def test_a_component_that_another_one_links(project: Project) -> None:
    [draft] = cargo.library_is_component(project(shop()))
    assert draft.subject == "net/Cargo.toml"
    assert str(draft.location) == "net/Cargo.toml:7:1"
    assert draft.message == (
        "`net` is built as a component (`cdylib`, net/Cargo.toml:7), and `app` links it as a library "
        "(app/Cargo.toml:11), so all that it binds gets into `app`"
    )
    assert [str(place) for place, _ in draft.related] == ["app/Cargo.toml:11:1"]


def test_one_finding_for_a_library_of_many_and_of_some_only_through_others(project: Project) -> None:
    files = {
        **shop(),
        "Cargo.toml": '[workspace]\nmembers = ["app", "net", "top"]\n',
        "top/Cargo.toml": crate("top", '["cdylib"]', dependencies='app = { path = "../app" }'),
        "top/src/lib.rs": component("app", "app::f();"),
        "top/wit/world.wit": WORLD,
    }
    lines = shown(cargo.library_is_component(project(files)))
    assert [line.partition(": ")[0] for line in lines] == ["net/Cargo.toml:7:1", "app/Cargo.toml:7:1"]
    assert lines[0].endswith("so all that it binds gets into `app` and 1 more")


@pytest.mark.parametrize(
    "files",
    [
        shop('["rlib"]'),
        shop('["cdylib"]'),  # cargo does not link such a crate
        shop(dependencies="") | {"app/Cargo.toml": crate("app", more=f"[dev-dependencies]\n{LINKS}\n")},
        shop(dependencies="") | {"app/Cargo.toml": crate("app", more=f"[build-dependencies]\n{LINKS}\n")},
        shop() | {"net/src/lib.rs": '#[no_mangle]\npub extern "C" fn connect() {}\n'},
        shop(dependencies="")
        | {
            "app/Cargo.toml": crate(
                "app", more=f"[target.'cfg(not(target_family = \"wasm\"))'.dependencies]\n{LINKS}\n"
            )
        },
    ],
    ids=["rlib", "cdylib alone", "dev", "build", "no bindings", "native only"],
)
def test_what_is_no_library_and_component(project: Project, files: dict[str, str]) -> None:
    assert shown(cargo.library_is_component(project(files))) == []


# -- WD302


def two(app: str, net: str, **files: str) -> dict[str, str]:
    """The shop with a line of dependencies for wit-bindgen in either crate."""
    return {
        **shop('["rlib"]'),
        "app/Cargo.toml": crate("app", dependencies=LINKS).replace('wit-bindgen = "0.48.1"', app),
        "net/Cargo.toml": crate("net", '["rlib"]').replace('wit-bindgen = "0.48.1"', net),
        **files,
    }


def lock(*packages: tuple[str, str, str]) -> str:
    """A Cargo.lock: name, version, and the dependencies in TOML."""
    entries = [
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        + ("" if name in ("app", "net") else 'source = "registry+https://example.com/index"\n')
        + f"dependencies = [{dependencies}]\n"
        for name, version, dependencies in packages
    ]
    return "version = 4\n\n" + "\n".join(entries)


def test_two_versions_of_wit_bindgen_in_one_component(project: Project) -> None:
    [draft] = cargo.bindgen_versions(project(two('wit-bindgen = "0.48.1"', 'wit-bindgen = "0.41"')))
    assert draft.subject == "net/Cargo.toml"
    assert str(draft.location) == "net/Cargo.toml:10:1"
    assert draft.message == (
        "`net` uses wit-bindgen 0.41.0 (net/Cargo.toml:10) and `app` wit-bindgen 0.48.1 (app/Cargo.toml:10), "
        "and both get into one component"
    )


def test_the_lock_file_tells_the_versions_and_the_workspace_the_line(project: Project) -> None:
    manifest = '[workspace]\nmembers = ["app", "net"]\n[workspace.dependencies]\nwit-bindgen = "0.41"\n'
    text = lock(
        ("app", "0.1.0", '"net", "wit-bindgen 0.48.1"'),
        ("net", "0.1.0", '"wit-bindgen 0.41.3"'),
        ("wit-bindgen", "0.41.3", ""),
        ("wit-bindgen", "0.48.1", ""),
    )
    files = two('wit-bindgen = "0.48.1"', "wit-bindgen.workspace = true")
    files |= {"Cargo.toml": manifest, "Cargo.lock": text}
    [draft] = cargo.bindgen_versions(project(files))
    assert str(draft.location) == "Cargo.toml:4:1"
    assert "wit-bindgen 0.41.3 (Cargo.toml:4)" in draft.message


def test_versions_that_cargo_makes_one_agree(project: Project) -> None:
    assert shown(cargo.bindgen_versions(project(two('wit-bindgen = "0.48.1"', 'wit-bindgen = "0.48"')))) == []
    assert shown(cargo.bindgen_versions(project(two('wit-bindgen = "0.48.1"', 'wit-bindgen = "*"')))) == []


def test_crates_that_do_not_meet_may_differ(project: Project) -> None:
    files = two('wit-bindgen = "0.48.1"', 'wit-bindgen = "0.41"')
    files["app/Cargo.toml"] = crate("app")
    files["app/src/lib.rs"] = component("app", "")
    assert shown(cargo.bindgen_versions(project(files))) == []


def test_the_versions_of_registry_crates_are_theirs(project: Project) -> None:
    text = lock(
        ("app", "0.1.0", '"wasi", "wit-bindgen 0.48.1"'),
        ("wasi", "0.14.4", '"wit-bindgen 0.45.0"'),
        ("wit-bindgen", "0.45.0", ""),
        ("wit-bindgen", "0.48.1", ""),
    )
    files = {
        "Cargo.toml": crate("app", dependencies='wasi = "0.14"'),
        "Cargo.lock": text,
        "src/lib.rs": component("app", ""),
        "wit/world.wit": WORLD,
    }
    assert shown(cargo.bindgen_versions(project(files))) == []


# -- WD303 and WD304


def metadata(text: str, wit: str = "wit/world.wit") -> dict[str, str]:
    """One crate with component metadata (TOML) and a file of WIT."""
    more = f"[package.metadata.component]\n{text}"
    return {"Cargo.toml": crate("app", more=more), "src/lib.rs": component("app", ""), wit: WORLD}


TARGET = '[package.metadata.component.target]\npath = "{}"\nworld = "{}"\n'


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (TARGET.format("wti", "app"), "14:8", "says that its WIT is in wti, where there is none"),
        (TARGET.format("wit", "ap"), "15:9", "package `shop:app` has no world `ap`; did you mean `app`?"),
        (TARGET.format("wit", "shop:app/other"), "15:9", "package `shop:app` has no world `other`"),
        ('[package.metadata.component.target]\nworld = "none"\n', "14:9", "names no world of wit"),
    ],
)
def test_metadata_that_names_what_is_not_there(project: Project, text: str, place: str, what: str) -> None:
    facts = project(metadata(text))
    [draft] = cargo.metadata_target(facts)
    assert str(draft.location) == f"Cargo.toml:{place}"
    assert what in draft.message
    assert draft.help


def test_metadata_without_a_world_wants_exactly_one(project: Project) -> None:
    text = '[package.metadata.component.target]\npath = "wit"\n'
    assert shown(cargo.metadata_target(project(metadata(text)))) == []
    [draft] = cargo.metadata_target(project({"wit/more.wit": "package shop:app;\nworld other {}\n"}))
    assert str(draft.location) == "Cargo.toml:13:29"
    assert "there are several worlds" in draft.message


@pytest.mark.parametrize(
    "files",
    [
        metadata(TARGET.format("wit", "app")),
        metadata(TARGET.format("wit/world.wit", "app")),
        metadata(TARGET.format("./wit/", "shop:app/app")),
        metadata('target = "wasi:http/proxy@0.2.3"\n'),
        metadata('target = { package = "wasi:http", world = "proxy", version = "0.2.3" }\n'),
        metadata('package = "shop:app"\n', "other/world.wit"),
        metadata(TARGET.format("../elsewhere/wit", "app")),  # outside: it was not looked for
        metadata(TARGET.format("wit", "gone")) | {"wit/bad.wit": "package shop:app;\nworld gone { broken"},
    ],
)
def test_metadata_that_is_right_or_cannot_be_judged(project: Project, files: dict[str, str]) -> None:
    assert shown(cargo.metadata_target(project(files))) == []


def test_metadata_with_another_package_name_than_the_wit(project: Project) -> None:
    facts = project(metadata('package = "component:app"\n' + TARGET.format("wit", "app")))
    [draft] = cargo.metadata_name(facts)
    assert str(draft.location) == "Cargo.toml:13:11"
    assert (
        draft.message
        == "the metadata calls the package `component:app`, and its WIT calls it `shop:app` (wit/world.wit:1)"
    )
    assert 'package = "shop:app"' in draft.help


def test_names_that_agree_and_worlds_that_several_crates_implement(project: Project) -> None:
    assert (
        shown(cargo.metadata_name(project(metadata('package = "shop:app"\n' + TARGET.format("wit", "app")))))
        == []
    )
    shared = {
        "Cargo.toml": '[workspace]\nmembers = ["plug"]\n',
        "plug/Cargo.toml": crate(
            "plug",
            more='[package.metadata.component]\npackage = "my:plug"\n' + TARGET.format("../wit", "app"),
        ),
        "plug/src/lib.rs": component("app", "").replace('"wit"', '"../wit"'),
        "wit/world.wit": WORLD,
    }
    assert shown(cargo.metadata_name(project(shared))) == []


# -- WD305


def crate_types(drafts: Iterator[Draft]) -> list[tuple[str, str]]:
    return [(str(draft.location), draft.message) for draft in drafts]


def test_component_metadata_and_no_cdylib(project: Project) -> None:
    files = metadata(TARGET.format("wit", "app"))
    assert shown(cargo.crate_type(project(files))) == []
    files["Cargo.toml"] = files["Cargo.toml"].replace('["cdylib", "rlib"]', '["rlib"]')
    assert crate_types(cargo.crate_type(project(files))) == [
        (
            "Cargo.toml:7:1",
            '`app` is meant as a component (it has component metadata, Cargo.toml:12), but its crate-type is ["rlib"], which gives no .wasm file',
        )
    ]
    files["Cargo.toml"] = files["Cargo.toml"].replace('crate-type = ["rlib"]\n', "")
    [(place, message)] = crate_types(cargo.crate_type(project(files)))
    assert place == "Cargo.toml:6:1"
    assert '["lib"]' in message


def test_component_metadata_and_nothing_to_build(project: Project) -> None:
    manifest = '[package]\nname = "app"\nversion = "0.1.0"\n[package.metadata.component]\npackage = "a:b"\n'
    [draft] = cargo.crate_type(project({"Cargo.toml": manifest}))
    assert str(draft.location) == "Cargo.toml:2:8"
    assert draft.severity is Severity.ERROR
    assert shown(cargo.crate_type(project({"src/main.rs": "fn main() {}"}))) == []  # a command


def test_a_library_that_calls_export_and_that_nobody_links(project: Project) -> None:
    files = {
        "Cargo.toml": crate("app", '["rlib"]'),
        "src/lib.rs": component("app", ""),
        "wit/world.wit": WORLD,
    }
    [(place, message)] = crate_types(cargo.crate_type(project(files)))
    assert place == "Cargo.toml:7:1"
    assert message.startswith(
        "`app` is meant as a component (it calls `export!`, src/lib.rs:1), but its crate-type"
    )
    bindings = component("app", "").replace("export!(App);", "")
    assert shown(cargo.crate_type(project({**files, "src/lib.rs": bindings}))) == []


def test_a_library_that_a_component_links_need_not_be_one(project: Project) -> None:
    assert shown(cargo.crate_type(project(shop('["rlib"]')))) == []


def test_a_configured_target_that_gives_no_component(project: Project) -> None:
    files = metadata(TARGET.format("wit", "app"))
    config = '[build]\ntarget = "wasm32-unknown-emscripten"\n'
    assert crate_types(cargo.crate_type(project({**files, ".cargo/config.toml": config}))) == [
        (
            ".cargo/config.toml:2:10",
            "cargo builds for wasm32-unknown-emscripten, and no component can be made of what that gives for `app`",
        )
    ]
    for target in ("wasm32-unknown-unknown", "wasm32-wasip2", "x86_64-unknown-linux-gnu"):
        config = f'[build]\ntarget = "{target}"\n'
        assert shown(cargo.crate_type(project({**files, ".cargo/config.toml": config}))) == []
