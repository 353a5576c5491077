"""WD201, WD202, WD204, WD205 and WD206: WIT that is wrong, and WIT that only looks wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rules.rules_support import component, crate, facts_of, shown, written

from wasmdoctor.checks import wit
from wasmdoctor.checks.facts import Facts
from wasmdoctor.checks.layout import wit_layout
from wasmdoctor.model.rule import Severity

Project = Callable[..., Facts]


def all_wit(facts: Facts) -> dict[str, list[str]]:
    """What the three rules about faulty WIT say."""
    rules = {"WD201": wit.syntax, "WD202": wit.unresolved, "WD206": wit.duplicate_package}
    return {code: lines for code, rule in rules.items() if (lines := shown(rule(facts)))}


# -- WD201


def test_every_syntax_error_is_reported_at_its_place(project: Project) -> None:
    facts = project(
        {
            "wit/a.wit": "package shop:main;\ninterface files {\n  open_file: func();\n  close: func()\n}\n",
            "wit/b.wit": "interface other {\n  f: func(type: u32);\n}\n",
        }
    )
    found = all_wit(facts)
    assert found.keys() == {"WD201"}
    assert [line.partition(": ")[0] for line in found["WD201"]] == [
        "wit/a.wit:3:3",
        "wit/a.wit:5:1",
        "wit/b.wit:2:11",
    ]


def test_a_rule_that_is_broken_is_no_unresolved_name(project: Project) -> None:
    facts = project({"wit/a.wit": "package shop:main;\ninterface a {\n  type x = list<x>;\n  enum e {}\n}\n"})
    found = all_wit(facts)
    assert found.keys() == {"WD201"}
    assert [line.partition(": ")[0] for line in found["WD201"]] == ["wit/a.wit:3:17", "wit/a.wit:4:8"]


def test_a_folder_without_package_line_points_at_its_first_file(project: Project) -> None:
    facts = project({"wit/a.wit": "interface a {}\n"})
    assert all_wit(facts) == {"WD201": ["wit/a.wit:1:1: no WIT file here has a `package` line"]}


def test_valid_wit_with_gates_keywords_and_nested_packages_is_silent(project: Project) -> None:
    text = """\
package shop:main@1.2.0;
@since(version = 1.0.0)
interface %type {
  @unstable(feature = later)
  soon: func();
  %from: func(%list: list<u8>) -> result;
}
package shop:nested@0.1.0 { interface a { type x = u8; } }
world w { import %type; import shop:nested/a@0.1.0; }
"""
    assert all_wit(project({"wit/a.wit": text})) == {}


# -- what is judged at all


def test_broken_wit_kept_for_tests_is_not_judged_unless_something_reads_it(project: Project) -> None:
    broken = (
        "package shop:bad;\ninterface a { x: func( }\nworld w { import no:where/b; export run: func(); }\n"
    )
    assert all_wit(project({"Cargo.toml": crate("app"), "src/lib.rs": "", "tests/bad/w.wit": broken})) == {}
    facts = project({"src/lib.rs": 'wit_bindgen::generate!({ world: "w", path: "tests/bad" });'})
    assert "WD201" in all_wit(facts)


def test_unrelated_files_in_one_folder_are_judged_one_by_one(project: Project) -> None:
    facts = project(
        {
            "shared/a.wit": "package shop:a;\ninterface a {}\n",
            "shared/b.wit": "package shop:b;\ninterface b { use shop:a/a.{x}; }\n",
            "shared/c.wit": "package shop:c;\ninterface c { broken }\n",
        }
    )
    assert [line.partition(": ")[0] for line in all_wit(facts)["WD201"]] == ["shared/c.wit:2:22"]
    assert all_wit(facts).keys() == {"WD201"}


def test_two_packages_in_one_wit_folder_are_another_rules_affair(project: Project) -> None:
    """WD208"""
    facts = project({"wit/a.wit": "package shop:a;\n", "wit/b.wit": "package shop:b;\n"})
    assert all_wit(facts) == {}
    assert [line.partition(": ")[0] for line in shown(wit_layout(facts))] == ["wit/b.wit:1:9"]


# -- WD202

NET = "package shop:net@0.1.0;\ninterface tcp { open: func(); }\n"
APP = "package shop:app;\nworld app {\n  import shop:net/tcp@0.1.0;\n  export run: func();\n}\n"


def test_a_package_that_is_nowhere(project: Project) -> None:
    facts = project({"wit/world.wit": APP})
    [draft] = wit.unresolved(facts)
    assert str(draft.location) == "wit/world.wit:3:10"
    assert draft.message == "there is no package `shop:net@0.1.0`: neither here nor in `deps`"
    assert "wit/deps/shop-net" in draft.help
    assert draft.severity is None
    assert all_wit(facts).keys() == {"WD202"}


def test_the_same_package_in_deps_is_found(project: Project) -> None:
    assert all_wit(project({"wit/world.wit": APP, "wit/deps/net/net.wit": NET})) == {}
    assert all_wit(project({"wit/world.wit": APP, "wit/deps/net.wit": NET})) != {}  # now it is there twice


def test_names_that_are_not_there_are_unresolved_each_at_its_place(project: Project) -> None:
    text = """\
package shop:app;
interface a {
  use shop:net/tcp@0.1.0.{socket};
  use b.{x};
  f: func(y: missing-type);
}
world w {
  include other;
  import shop:net/udp@0.1.0;
}
"""
    facts = project({"wit/world.wit": text, "wit/deps/net/net.wit": NET})
    found = all_wit(facts)
    assert found.keys() == {"WD202"}
    assert sorted(line.partition(": ")[0] for line in found["WD202"]) == [
        "wit/world.wit:3:27",
        "wit/world.wit:4:7",
        "wit/world.wit:5:14",
        "wit/world.wit:8:11",
        "wit/world.wit:9:19",
    ]


def test_a_version_that_differs_names_the_one_that_is_there(project: Project) -> None:
    facts = project({"wit/world.wit": APP.replace("@0.1.0", "@0.2.0"), "wit/deps/net/net.wit": NET})
    [draft] = wit.unresolved(facts)
    assert "only `shop:net@0.1.0`" in draft.message
    assert "@0.1.0" in draft.help


def test_a_package_elsewhere_in_the_workspace_is_an_error_only_for_who_reads_the_folder_alone(
    project: Project,
) -> None:
    files = {"net/wit/net.wit": NET, "app/wit/world.wit": APP}
    [draft] = wit.unresolved(project(files))
    assert draft.severity is Severity.NOTE  # nobody says how the folder is read
    assert [str(place) for place, _ in draft.related] == ["net/wit/net.wit:1:9"]
    manifests = {"Cargo.toml": '[workspace]\nmembers = ["app"]\n', "app/Cargo.toml": crate("app")}
    call = component("app", "shop::net::tcp::open()")
    [draft] = wit.unresolved(project({**manifests, "app/src/lib.rs": call}))
    assert draft.severity is None
    assert "copy net/wit to app/wit/deps/shop-net" in draft.help


def test_folders_that_a_call_reads_together_are_resolved_together(project: Project) -> None:
    call = component("app", "shop::net::tcp::open()").replace('path: "wit"', 'path: ["../net/wit", "wit"]')
    facts = project(
        {
            "Cargo.toml": '[workspace]\nmembers = ["app"]\n',
            "net/wit/net.wit": NET,
            "app/wit/world.wit": APP,
            "app/Cargo.toml": crate("app"),
            "app/src/lib.rs": call,
        }
    )
    assert all_wit(facts) == {}
    metadata = '[package.metadata.component.target]\npath = "wit"\n'
    assert all_wit(project({"app/Cargo.toml": crate("app", more=metadata)})) == {}


def test_inline_wit_is_judged_in_the_rust_file(project: Project) -> None:
    source = (
        '\n\nwit_bindgen::generate!({ inline: r#"\npackage a:b;\nworld w {\n  import no:where/x;\n}"# });\n'
    )
    facts = project({"Cargo.toml": crate("app"), "src/lib.rs": source})
    assert all_wit(facts) == {
        "WD202": ["src/lib.rs:6:10: there is no package `no:where`: neither here nor in `deps`"]
    }


def test_dependencies_from_component_metadata_count(project: Project) -> None:
    metadata = """
[package.metadata.component.target]
path = "wit"
[package.metadata.component.target.dependencies]
"shop:net" = { path = "../net/wit" }
"""
    files = {"Cargo.toml": crate("app", more=metadata), "src/lib.rs": "", "wit/world.wit": APP}
    assert all_wit(project(files)) == {}
    other = metadata.replace('"shop:net" = { path = "../net/wit" }', '"wasi:http" = "0.2.3"')
    assert all_wit(project({**files, "Cargo.toml": crate("app", more=other)})) == {}
    none = metadata.replace('"shop:net"', '"shop:log"')
    assert all_wit(project({**files, "Cargo.toml": crate("app", more=none)})).keys() == {"WD202"}


def test_a_call_that_reads_a_folder_that_is_not_there(project: Project) -> None:
    call = component("app", "").replace('path: "wit"', 'path: "../wit"')
    facts = project(
        {
            "Cargo.toml": '[workspace]\nmembers = ["app"]\n',
            "app/Cargo.toml": crate("app"),
            "app/src/lib.rs": call,
        }
    )
    assert all_wit(facts) == {
        "WD202": ["app/src/lib.rs:1:1: this call reads its WIT from wit, where there is none"]
    }
    assert all_wit(project({"wit/app.wit": "package shop:app;\nworld app { export run: func(); }\n"})) == {}


# -- WD206


def test_one_package_in_two_folders(project: Project) -> None:
    facts = project({"wit/world.wit": APP, "wit/deps/net/net.wit": NET, "wit/deps/shop-net/net.wit": NET})
    assert all_wit(facts) == {
        "WD206": [
            "wit/deps/shop-net/net.wit:1:9: package `shop:net@0.1.0` is defined twice, here and at wit/deps/net/net.wit:1:9"
        ]
    }


def test_an_interface_twice_in_one_package(project: Project) -> None:
    facts = project(
        {"wit/a.wit": "package a:b;\ninterface x {}\n", "wit/b.wit": "interface x {}\nworld w {}\n"}
    )
    assert [line.partition(": ")[0] for line in all_wit(facts)["WD206"]] == ["wit/b.wit:1:11"]
    assert all_wit(facts).keys() == {"WD206"}


def test_two_versions_and_two_crates_with_a_copy_each_are_no_duplicates(project: Project) -> None:
    newer = NET.replace("0.1.0", "0.2.0")
    one = {"a/wit/world.wit": APP, "a/wit/deps/net/net.wit": NET, "a/wit/deps/net2/net.wit": newer}
    other = {"b/wit/world.wit": APP, "b/wit/deps/net/net.wit": NET}
    assert all_wit(project(one | other)) == {}


# -- WD204


def test_two_versions_of_a_package_in_a_world(project: Project) -> None:
    text = "package a:b;\nworld app {\n  import shop:net/tcp@0.1.0;\n  import shop:web/get;\n}\n"
    web = "package shop:web;\ninterface get { use shop:net/types@0.2.0.{kind}; get: func() -> kind; }\n"
    newer = "package shop:net@0.2.0;\ninterface types { type kind = u8; }\n"
    facts = project(
        {
            "wit/world.wit": text,
            "wit/deps/net/net.wit": NET,
            "wit/deps/net2/net.wit": newer,
            "wit/deps/web/web.wit": web,
        }
    )
    [draft] = wit.two_versions(facts)
    assert str(draft.location) == "wit/world.wit:3:3"
    assert draft.message.startswith(
        "world `app` imports `shop:net` at 0.1.0 (`shop:net/tcp@0.1.0`, line 3) and at 0.2.0 "
        "(`shop:net/types@0.2.0`, line 4)"
    )
    assert [str(place) for place, _ in draft.related] == ["wit/world.wit:4:3", "wit/deps/web/web.wit:2:17"]
    assert draft.severity is None
    assert all_wit(facts) == {}


def test_versions_of_one_track_are_a_note_and_imports_beside_exports_nothing(project: Project) -> None:
    files = {"wit/deps/net/net.wit": NET, "wit/deps/net2/net.wit": NET.replace("0.1.0", "0.1.1")}
    world = "package a:b;\nworld app {\n  import shop:net/tcp@0.1.0;\n  import shop:net/tcp@0.1.1;\n}\n"
    [draft] = wit.two_versions(project({**files, "wit/world.wit": world}))
    assert draft.severity is Severity.NOTE
    bridge = world.replace("import shop:net/tcp@0.1.1", "export shop:net/tcp@0.1.1")
    assert shown(wit.two_versions(project({**files, "wit/world.wit": bridge}))) == []


# -- WD205

HTTP = """\
package wasi:http@0.2.3;
interface handler { handle: func(); }
interface types { describe: func() -> string; }
world all { import handler; import types; }
"""
WEB = "package shop:app;\nworld app {\n  import wasi:http/handler@0.2.3;\n  export run: func();\n}\n"


def web(body: str, world: str = WEB) -> dict[str, str]:
    return {
        "Cargo.toml": crate("app"),
        "src/lib.rs": component("app", body),
        "wit/world.wit": world,
        "wit/deps/http/http.wit": HTTP,
    }


def test_a_standard_import_that_nothing_calls(project: Project) -> None:
    [draft] = wit.unused_import(project(web("")))
    assert str(draft.location) == "wit/world.wit:3:3"
    assert draft.subject == "Cargo.toml"
    assert draft.interface == "wasi:http/handler@0.2.3"
    assert shown(wit.unused_import(project(web("wasi::http::handler::handle()")))) == []


def test_an_include_counts_only_when_all_of_it_is_unused(project: Project) -> None:
    world = WEB.replace("import wasi:http/handler@0.2.3", "include wasi:http/all@0.2.3")
    assert shown(wit.unused_import(project(web("", world)))) == [
        "wit/world.wit:3:3: world `app` of `app` includes `all`, and nothing in `app` calls it"
    ]
    assert shown(wit.unused_import(project(web("wasi::http::handler::handle()", world)))) == []


def test_what_std_may_call_is_known_only_from_a_finished_component(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    clocks = "package wasi:clocks@0.2.3;\ninterface wall-clock { now: func() -> u64; }\n"
    world = WEB.replace("wasi:http/handler", "wasi:clocks/wall-clock")
    files = {**web("", world), "wit/deps/clocks/clocks.wit": clocks}
    written(tmp_path, files)
    assert shown(wit.unused_import(facts_of(tmp_path))) == []
    target = "target/wasm32-wasip2/release/app.wasm"
    without = world.replace("  import wasi:clocks/wall-clock@0.2.3;\n", "")
    written(tmp_path, {target: dummy(without, "app")})
    assert len(shown(wit.unused_import(facts_of(tmp_path)))) == 1
    written(tmp_path, {target: dummy(world, "app", {"clocks.wit": clocks})})
    assert shown(wit.unused_import(facts_of(tmp_path))) == []
