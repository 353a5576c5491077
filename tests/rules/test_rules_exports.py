"""WD108: exports that a linked crate brings, in finished components and before a build."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from rules.rules_support import component, crate, facts_of, shown, written

from wasmdoctor.checks.exports import leaked_export
from wasmdoctor.checks.facts import Facts
from wasmdoctor.checks.leaks import own_world, same_import

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
Project = Callable[..., Facts]

WIT = """\
package shop:parse@0.1.0;
interface text { parse: func(); }
interface extra { more: func(); }
world parser {
  export text;
}
"""
LIBRARY = """\
wit_bindgen::generate!({ path: "wit" });
struct Parser;
impl exports::shop::parse::text::Guest for Parser { fn parse() {} }
export!(Parser);
pub fn plain() {}
"""
APP = "package shop:app;\nworld app {\n  export run: func();\n}\n"
SHOP = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "parser"]\n',
    "app/Cargo.toml": crate("app", dependencies='parser = { path = "../parser" }'),
    "app/src/lib.rs": component("app", "parser::plain();"),
    "app/wit/world.wit": APP,
    "parser/Cargo.toml": crate("parser"),
    "parser/src/lib.rs": LIBRARY,
    "parser/wit/parse.wit": WIT,
}
LEAK = (
    "the export `shop:parse/text@0.1.0` is not in `app`'s world `app`: the linked crate `parser` exports it "
    "with its world `parser`"
)
BUILT = "target/wasm32-wasip2/release/app.wasm"


def test_before_a_build(project: Project) -> None:
    [draft] = leaked_export(project(SHOP))
    assert (draft.subject, draft.interface, draft.message) == (
        "app/Cargo.toml",
        "shop:parse/text@0.1.0",
        LEAK,
    )
    assert str(draft.location) == "parser/wit/parse.wit:5:3"
    assert [(step.kind, step.name, str(step.location)) for step in draft.origin] == [
        ("crate", "app", "app/Cargo.toml:11:1"),
        ("crate", "parser", "parser/Cargo.toml:2:8"),
        ("binding", "generate! call", "parser/src/lib.rs:1:1"),
        ("world", "parser", "parser/wit/parse.wit:4:7"),
        ("export", "shop:parse/text@0.1.0", "parser/wit/parse.wit:5:3"),
    ]
    assert [str(place) for place, _ in draft.related] == ["app/wit/world.wit:2:7"]
    assert "plan a" in draft.help


def test_of_a_finished_component(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    written(tmp_path, SHOP)
    world = APP.replace("}", "  export shop:parse/text@0.1.0;\n}")
    written(tmp_path, {BUILT: dummy(world, "app", {"parse.wit": WIT})})
    [draft] = leaked_export(facts_of(tmp_path))
    assert (draft.subject, draft.message) == (BUILT, LEAK)
    # What the build shows counts, whatever the sources would give.
    written(tmp_path, {BUILT: dummy(APP, "app")})
    assert shown(leaked_export(facts_of(tmp_path))) == []


def test_an_export_that_no_binding_explains_is_nobodys_leak(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    written(tmp_path, SHOP)
    world = APP.replace("}", "  export shop:parse/extra@0.1.0;\n}")
    written(tmp_path, {BUILT: dummy(world, "app", {"parse.wit": WIT})})
    assert shown(leaked_export(facts_of(tmp_path))) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("parser/src/lib.rs", "export!(Parser);", ""),  # nothing is exported
        ("app/src/lib.rs", "parser::plain();", ""),  # not linked
        ("app/wit/world.wit", "}", "  export shop:parse/text@0.1.0;\n}"),  # the own world has it
        (
            "app/src/lib.rs",
            component("app", "parser::plain();"),
            "pub fn f() { parser::plain() }",
        ),  # no world
    ],
)
def test_no_leak(project: Project, path: str, old: str, new: str) -> None:
    files = {**SHOP, path: str(SHOP[path]).replace(old, new), "app/wit/deps/parse.wit": WIT}
    assert files[path] != SHOP[path]
    assert shown(leaked_export(project(files))) == []


def test_a_world_that_only_the_metadata_names_counts_as_own(project: Project) -> None:
    metadata = '[package.metadata.component.target]\npath = "wit"\nworld = "app"\n'
    files = {
        **SHOP,
        "app/Cargo.toml": crate("app", dependencies='parser = { path = "../parser" }', more=metadata),
        "app/src/lib.rs": '#[no_mangle]\npub extern "C" fn run() { parser::plain() }\n',
    }
    assert [draft.interface for draft in leaked_export(project(files))] == ["shop:parse/text@0.1.0"]


def test_the_scheduler_offers_the_interfaces_of_its_libraries() -> None:
    facts = facts_of(FIXTURES / "scheduler")
    found: dict[str, list[str]] = {}
    for draft in leaked_export(facts):
        found.setdefault(draft.subject, []).append(f"{draft.interface} {draft.location}")
    core = ["parser@0.1.0", "socket@0.1.0", "types@0.1.0"]
    assert {
        path: [line.partition(" ")[0].rpartition("/")[2] for line in sorted(lines)]
        for path, lines in found.items()
    } == {
        "prebuilt/scheduler.wasm": ["http-client@0.1.0", *core, "runner@0.1.0"],
        "prebuilt/scheduler_actions_http.wasm": core,
        "prebuilt/scheduler_executor.wasm": core,
    }


WORKSPACES = sorted(path.parent for path in (FIXTURES / "workspaces").glob("*/expected.toml"))


@pytest.mark.parametrize("folder", WORKSPACES, ids=lambda path: path.name)
def test_leaks_that_sources_predict_are_those_of_real_builds(folder: Path) -> None:
    """What a real build exports and its crate's own world does not, no more and no less."""
    facts = facts_of(folder)
    found: dict[str, set[str]] = {}
    for draft in leaked_export(facts):
        found.setdefault(draft.subject, set()).add(draft.interface)
    records = tomllib.loads((folder / "expected.toml").read_text())["component"]
    for sources in facts.sources:
        for made in sources.components:
            own = own_world(sources.wit, made)
            built = [r for r in records if r["crate"] == made.crate.name]
            if own is None or made.prediction.unseen or not built:
                continue
            real = {name for record in built for name in (*record["exports"], *record["export-functions"])}
            leaked = {name for name in real if same_import(name) not in own.exports}
            assert found.get(made.crate.manifest, set()) == leaked, made.crate.name
