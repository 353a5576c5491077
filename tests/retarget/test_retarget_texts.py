"""WIT texts set to a WASI release: what changes, what goes, and what cannot be."""

from __future__ import annotations

import pytest

from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.retarget.literals import named_in, version_in
from wasmdoctor.migrate.retarget.manifests import metadata_changes
from wasmdoctor.migrate.retarget.plan import target_problem
from wasmdoctor.migrate.retarget.texts import TextResult, WitText, wit_texts
from wasmdoctor.migrate.toml import toml_edits
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.wit import parse


def done(target: str, **files: str) -> tuple[TextResult, dict[str, str]]:
    """The result for files (``a`` is ``a.wit``), and the texts of those that changed."""
    texts = {f"{name}.wit": text.encode() for name, text in files.items()}
    made = [WitText(path, data, parse(SourceText(path, data))) for path, data in texts.items()]
    result = wit_texts(made, target)
    changed = {} if result.obstacles else {c.path: c for c in compose(result.edits, texts.get).changes}
    return result, {path: (change.after or b"").decode() for path, change in changed.items()}


APP = """\
// wasi:io@0.2.6 in a comment stays
package my:app@0.2.6;

use wasi:io/poll@0.2.6 as waits;   /* and this */

interface mine {
    use wasi:io/streams@0.2.6.{input-stream as input};
    use my:other/thing@0.2.6.{x};
    read: func(source: borrow<input>);
}

world app {
    include wasi:cli/imports@0.2.6;
    import wasi:io/poll@0.2.6;
    import clock: wasi:clocks/monotonic-clock@0.2.6;
    import wasi:http/types@0.3.0;
    import wasi:keyvalue/store@0.2.0-draft;
    export wasi:http/incoming-handler@0.2.6;
    export nested: interface { use wasi:io/poll@0.2.0.{pollable}; }
}

package wasi:random@0.2.6 { interface random { go: func(); } }
"""


def test_every_place_that_names_a_release_and_nothing_else() -> None:
    result, texts = done("0.2.3", app=APP)
    assert texts["app.wit"] == (
        APP.replace("@0.2.6", "@0.2.3")
        .replace("@0.2.0.", "@0.2.3.")
        .replace("wasi:io@0.2.3 in", "wasi:io@0.2.6 in")
        .replace("my:app@0.2.3", "my:app@0.2.6")
        .replace("my:other/thing@0.2.3", "my:other/thing@0.2.6")
    )
    assert ("wasi:io", "0.2.0") in result.versions
    assert {package for package, _ in result.versions} == {
        "wasi:io", "wasi:cli", "wasi:clocks", "wasi:http", "wasi:random",
    }  # fmt: skip


def test_a_text_that_cannot_be_read_as_a_whole_is_refused() -> None:
    result, _ = done("0.2.3", app="package my:app;\nworld w {\n  import wasi:io/poll@0.2.6\n}\n")
    (obstacle,) = result.obstacles
    assert "this WIT cannot be read: " in obstacle.message
    assert (obstacle.location.path, obstacle.location.line) == ("app.wit", 4)


def test_a_second_time_there_is_nothing_to_do() -> None:
    _, texts = done("0.2.3", app=APP)
    result, _ = done("0.2.3", app=texts["app.wit"])
    assert not result.edits
    assert not result.versions


COPY = """\
package wasi:http@0.2.12;

interface types {
    @since(version = 0.2.0)
    type old = string;

    /// Came later.
    @since(version = 0.2.1)
    type name = old; // with a comment

    @since(version = 0.2.0)
    resource fields {
        @since(version = 0.2.0)
        get: func(name: name) -> list<tuple<name, u8>>;
        @since(version = 0.2.6)
        later: func();
    }
    @unstable(feature = soon)
    soon: func();
}

@since(version = 0.2.6)
interface extra { go: func(); }

world imports {
    import types;
    @since(version = 0.2.6)
    import extra;
}
"""


def test_down_takes_out_what_came_later_and_writes_out_later_names() -> None:
    result, texts = done("0.2.0", http=COPY)
    text = texts["http.wit"]
    assert [item.name for item in result.removed] == [
        "wasi:http/types#name",
        "wasi:http/types#[method]fields.later",
        "wasi:http/extra",
        "wasi:http/imports#import extra",
    ]
    assert [item.since for item in result.removed] == ["0.2.1", "0.2.6", "0.2.6", "0.2.6"]
    assert "Came later" not in text
    assert "with a comment" not in text
    assert "get: func(name: old) -> list<tuple<old, u8>>;" in text
    assert "soon: func();" in text
    assert "extra" not in text
    tree = parse(SourceText("http.wit", text.encode()))
    assert not tree.problems


def test_down_to_a_version_in_between() -> None:
    _, texts = done("0.2.3", http=COPY)
    assert "type name = old; // with a comment" in texts["http.wit"]
    assert "later" not in texts["http.wit"].replace("Came later", "")


def test_up_changes_the_version_alone() -> None:
    old = COPY.replace("0.2.12", "0.2.6")
    result, texts = done("0.2.12", http=old)
    assert not result.removed
    assert texts["http.wit"] == old.replace("wasi:http@0.2.6", "wasi:http@0.2.12")


@pytest.mark.parametrize(
    ("user", "says", "line"),
    [
        ("interface i { use wasi:http/types@0.2.12.{name}; }", "`name` of `wasi:http/types`", 2),
        ("world w { import wasi:http/extra@0.2.12; }", "`wasi:http/extra`", 2),
        ("world w { include wasi:http/extra@0.2.12; }", "`wasi:http/extra`", 2),
    ],
)
def test_what_the_workspace_names_and_the_release_has_not(user: str, says: str, line: int) -> None:
    result, texts = done("0.2.0", http=COPY, app=f"package my:app;\n{user}\n")
    (obstacle,) = result.obstacles
    assert f"this names {says}, which WASI 0.2.0 does not have yet" in obstacle.message
    assert (obstacle.location.path, obstacle.location.line) == ("app.wit", line)
    assert texts == {}


def test_a_later_type_of_its_own_cannot_be_written_out() -> None:
    copy = "package wasi:io@0.2.6;\ninterface poll {\n @since(version = 0.2.5)\n enum e { a }\n f: func() -> e;\n}\n"
    result, _ = done("0.2.3", io=copy)
    (obstacle,) = result.obstacles
    assert "the type `e` of `wasi:io/poll`" in obstacle.message
    assert obstacle.location.line == 5


def test_an_alias_of_an_alias() -> None:
    copy = (
        "package wasi:io@0.2.6;\ninterface poll {\n @since(version = 0.2.5)\n type a = list<u8>;\n"
        " @since(version = 0.2.6)\n type b = a;\n f: func() -> option<b>;\n}\n"
    )
    _, texts = done("0.2.3", io=copy)
    assert "f: func() -> option<list<u8>>;" in texts["io.wit"]


def test_gates_of_other_packages_are_their_own_business() -> None:
    text = "package my:lib@0.2.12;\ninterface i {\n @since(version = 0.2.9)\n f: func();\n}\n"
    result, texts = done("0.2.0", lib=text)
    assert not result.removed
    assert texts == {}


def test_a_release_candidate_is_refused() -> None:
    result, _ = done("0.2.3", app="package my:app;\nworld w { import wasi:io/poll@0.2.0-rc-2023-11-10; }\n")
    (obstacle,) = result.obstacles
    assert "`wasi:io@0.2.0-rc-2023-11-10` is a release candidate" in obstacle.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.2.3", ""),
        ("0.2.12", ""),
        ("0.2.4", ""),
        ("0.2", "is no version"),
        ("v0.2.3", "is no version"),
        ("0.3.0", "not a release of WASI 0.2"),
        ("0.2.0-rc-2023-11-10", "not a release of WASI 0.2"),
        ("0.2.13", "newer than what is known here"),
    ],
)
def test_which_releases_can_be_asked_for(text: str, says: str) -> None:
    found = target_problem(text, "0.2.12")
    assert says in found
    assert bool(found) is bool(says)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wasi:io/poll@0.2.3", ("wasi:io", "0.2.3", 13)),
        ("wasi:io@0.2.3", ("wasi:io", "0.2.3", 8)),
        ("import:wasi:cli/run@0.2.3#run", ("wasi:cli", "0.2.3", 20)),
        ("-import:wasi:cli/run@0.2.3#run", ("wasi:cli", "0.2.3", 21)),
        ("wasi:io/poll", None),
        ("wasi:io/poll@0.3.0", None),
        ("wasi:io/poll@0.2.0-rc-2023-11-10", None),
        ("my:io/poll@0.2.3", None),
        ("wasi:keyvalue/store@0.2.3", None),
        ("see wasi:io/poll@0.2.3", None),
    ],
)
def test_names_in_literals(text: str, found: tuple[str, str, int] | None) -> None:
    assert version_in(text) == found


def test_literals_of_a_call() -> None:
    call = rb"""generate!({ // "wasi:io/poll@0.2.3"
        with: { "wasi:io/poll@0.2.3": a::b, r"wasi:io/streams@0.2.0": c }, world: "\x77asi:io/x@0.2.3" })"""
    found = [
        (package, version, call[span.start : span.end])
        for package, version, span in named_in(call, Span(0, len(call)))
    ]
    assert found == [("wasi:io", "0.2.3", b"0.2.3"), ("wasi:io", "0.2.0", b"0.2.0")]


def test_component_metadata() -> None:
    import tomllib

    text = b"""\
[package.metadata.component]
package = "my:app"

[package.metadata.component.target]
path = "wit"
world = "wasi:http/proxy@0.2.6"

[package.metadata.component.target.dependencies]
"wasi:io" = "0.2.6" # kept
"wasi:clocks" = { path = "wit/deps/clocks" }
"my:io" = "0.2.6"
cli = { version = "=0.2.6", package = "wasi:cli" }

[package.metadata.component.dependencies]
"wasi:random" = "^0.2.0"
"""
    changes = list(metadata_changes(tomllib.loads(text.decode()), "0.2.3"))
    assert [(package, version) for package, version, _ in changes] == [
        ("wasi:random", "0.2.0"), ("wasi:io", "0.2.6"), ("wasi:cli", "0.2.6"), ("wasi:http", "0.2.6"),
    ]  # fmt: skip
    edits = toml_edits("Cargo.toml", text, [change for _, _, change in changes])
    (change,) = compose(edits, {"Cargo.toml": text}.get).changes
    assert change.after == (
        text.replace(b"proxy@0.2.6", b"proxy@0.2.3")
        .replace(b'"wasi:io" = "0.2.6"', b'"wasi:io" = "0.2.3"')
        .replace(b"=0.2.6", b"=0.2.3")
        .replace(b"^0.2.0", b"^0.2.3")
    )


def test_the_short_form_of_the_target() -> None:
    manifest = {"package": {"metadata": {"component": {"target": "wasi:http/proxy@0.2.6"}}}}
    ((package, version, change),) = metadata_changes(manifest, "0.2.3")
    assert (package, version, change.value) == ("wasi:http", "0.2.6", "wasi:http/proxy@0.2.3")
    assert list(metadata_changes({"package": {"metadata": {"component": 1}}}, "0.2.3")) == []
