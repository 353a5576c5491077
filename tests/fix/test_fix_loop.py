"""What `check --fix` does with several fixes: in one file, at one place, and with what it must not do."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fix.fix_support import Tree
from fix.test_fix_each import APP, CASES, LESS, LOG, WORLD, app, copies
from rules.rules_support import component

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.pipeline.fix import fix, write
from wasmdoctor.toolchain import Toolchain
from wasmdoctor.transaction import Refused

SCHEMA = json.loads((Path(__file__).parents[2] / "rules/schema/report-1.json").read_text("utf-8"))

MANY = {
    **APP,
    "wit/deps/log/log.wit": LOG + "interface third {\n  f: func();\n}\n",
    "wit/world.wit": """\
package acme:app;
world app {
  import acme:log/out@0.2.0;

  import acme:log/level@0.2.0;

  import acme:log/third@0.2.0;

  export run: func();
}
""",
}


def test_fixes_that_touch_are_made_one_after_the_other(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", MANY)
    done = tree.run("check", ".", "--fix")
    assert "fixed 2 findings (1 file); `wasmdoctor undo` takes it back" in done.stderr
    assert tree.contents()["wit/world.wit"].decode() == (
        "package acme:app;\nworld app {\n  import acme:log/out@0.2.0;\n\n  export run: func();\n}\n"
    )
    # One transaction, however many rounds.
    assert tree.run("undo").exit_code == 0
    assert tree.contents()["wit/world.wit"].decode() == MANY["wit/world.wit"]


def test_fixes_of_several_rules_in_several_files(tmp_path: Path) -> None:
    files = {
        **app(WORLD.replace("  // Not", "  // wasmdoctor: allow(WD205) -- no\n  // Not")),
        "Cargo.toml": "# wasmdoctor: allow(WD301) -- none\n" + APP["Cargo.toml"],
    }
    tree = Tree(tmp_path / "tree", files)
    done = tree.run("check", ".", "--fix")
    # The comment goes with the import that it stands before.
    assert "fixed 2 findings (2 files)" in done.stderr
    assert tree.contents()["wit/world.wit"].decode() == LESS
    assert tree.contents()["Cargo.toml"].decode() == APP["Cargo.toml"]


def test_what_remains_is_reported_and_decides_the_exit_code(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", app(WORLD))
    done = tree.run("check", ".", "--fix", "--format", "json")
    assert [finding["code"] for finding in json.loads(done.stdout)["findings"]] == ["WD101"]
    assert done.exit_code == 1
    clean = Tree(
        tmp_path / "clean", app(WORLD, **{"wasmdoctor.toml": '[[allow]]\nrules = ["WD101"]\nreason = "r"\n'})
    )
    assert clean.run("check", ".", "--fix").exit_code == 0


def test_the_last_suppression_in_a_manifest(tmp_path: Path) -> None:
    allow = '\n[[package.metadata.wasmdoctor.allow]]\nrules = ["WD301"]\nreason = "r"\n'
    tree = Tree(tmp_path / "tree", {**app(LESS), "Cargo.toml": APP["Cargo.toml"] + allow})
    done = tree.run("check", ".", "--fix")
    assert "fixed 1 finding (1 file)" in done.stderr, done.output
    assert tree.contents()["Cargo.toml"].decode().rstrip() == APP["Cargo.toml"].rstrip()


def test_marks_and_counts_in_reports(tmp_path: Path) -> None:
    tree = Tree(
        tmp_path / "tree",
        {
            **copies(
                *(
                    CASES["a stale copy that is another"].files[p]
                    for p in ("app/wit/deps/net/net.wit", "net/wit/net.wit")
                )
            ),
            "a.toml": "",
        },
    )
    text = tree.run("check", ".").stdout
    assert "1 fixable with `wasmdoctor check --fix --unsafe-fixes`" in text
    assert "[*]" not in text
    tree = Tree(tmp_path / "safe", app(WORLD))
    text = tree.run("check", ".").stdout
    assert "warning[WD107] [*] " in text
    assert "[*] 1 fixable with `wasmdoctor check --fix`" in text
    assert "warning[WD107] [*] " in tree.run("check", ".", "-q").stdout


def test_fixes_in_json_and_sarif(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", app(WORLD))
    report = tree.report()
    jsonschema.validate(report, SCHEMA)
    [fixes] = [finding["fixes"] for finding in report["findings"] if finding["code"] == "WD107"]
    [found] = fixes
    [edit] = found["edits"]
    assert (found["title"], found["safe"]) == ("Remove the import from the world", True)
    data = tree.contents()["wit/world.wit"]
    start, end = edit["span"]
    assert data[:start] + edit["replacement"].encode() + data[end:] == LESS.encode()
    source = SourceText("", data)
    for name, offset in (("start", start), ("end", end)):
        place = source.location(offset)
        assert edit[name] == {"line": place.line, "column": place.column}
    sarif = json.loads(tree.run("check", ".", "--format", "sarif").stdout)
    [fixed] = [result for result in sarif["runs"][0]["results"] if "fixes" in result]
    assert fixed["ruleId"] == "WD107"


def test_from_another_folder_and_for_a_file(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", {**app(WORLD), "other/readme": ""})
    assert "@@" in tree.run("check", "..", "--diff", cwd="other").stdout
    assert "@@" in tree.run("check", "wit/world.wit", "--diff").stdout
    done = tree.run("check", "..", "--fix", cwd="other")
    assert "`wasmdoctor undo` takes it back" in done.stderr
    assert tree.contents()["wit/world.wit"].decode() == LESS
    assert tree.run("undo", cwd="other").exit_code == 0


def test_two_workspaces_are_two_transactions(tmp_path: Path) -> None:
    files = {f"{name}/{path}": text for name in ("one", "two") for path, text in app(WORLD).items()}
    tree = Tree(tmp_path / "tree", files)
    done = tree.run("check", "one", "two", "--fix")
    assert (
        "fixed 2 findings (2 files); `wasmdoctor undo one`, `wasmdoctor undo two` take it back" in done.stderr
    )
    assert tree.run("undo", "two").exit_code == 0
    assert tree.contents()["one/wit/world.wit"].decode() == LESS
    assert tree.contents()["two/wit/world.wit"].decode() == WORLD


def test_suppressed_and_ignored_findings_are_not_fixed(tmp_path: Path) -> None:
    world = WORLD.replace("  // Not", "  // wasmdoctor: allow(WD107) -- kept\n  // Not")
    tree = Tree(tmp_path / "tree", app(world))
    assert "nothing to fix" in tree.run("check", ".", "--fix").stderr
    assert tree.contents()["wit/world.wit"].decode() == world
    tree = Tree(tmp_path / "ignored", app(WORLD))
    assert "nothing to fix" in tree.run("check", ".", "--fix", "--ignore", "WD107").stderr


def test_a_baseline_and_fixes_at_once_are_refused(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", app(WORLD))
    done = tree.run("check", ".", "--fix", "--update-baseline", "--baseline", "b.json")
    assert done.exit_code == 2
    assert tree.contents()["wit/world.wit"].decode() == WORLD


def test_worlds_that_others_share_are_not_safely_changed(tmp_path: Path) -> None:
    shared = WORLD + "world other {\n  include app;\n}\n"
    tree = Tree(tmp_path / "tree", app(shared))
    [found] = [f for f in tree.report()["findings"] if f["code"] == "WD107"]
    assert [each["safe"] for each in found["fixes"]] == [False]


def test_an_option_of_the_macro_names_the_import(tmp_path: Path) -> None:
    lib = component("app", "acme::log::out::line(1);").replace(
        'path: "wit"', 'path: "wit", with: { "acme:log/level@0.2.0": generate }'
    )
    tree = Tree(tmp_path / "tree", {**app(WORLD), "src/lib.rs": lib})
    [found] = [f for f in tree.report()["findings"] if f["code"] == "WD107"]
    assert [each["safe"] for each in found["fixes"]] == [False]


@pytest.mark.parametrize(
    "more",
    [
        {"src/lib.rs": APP["src/lib.rs"] + '#[cfg(feature = "x")]\nfn f() { acme::log::level::set() }\n'},
        {
            "src/lib.rs": APP["src/lib.rs"] + '#[cfg(feature = "x")]\nmod x;\n',
            "src/x.rs": "fn f() { crate::acme::log::level::set() }\n",
        },
        {"src/lib.rs": APP["src/lib.rs"] + "use acme::log::level as unused;\n"},
        {"tests/t.rs": "use app::acme::log::level::set;\n"},
    ],
    ids=["function", "module", "use", "test"],
)
def test_code_that_is_not_compiled_names_the_import(more: dict[str, str], tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", {**app(WORLD), **more})
    [found] = [f for f in tree.report()["findings"] if f["code"] == "WD107"]
    assert [each["safe"] for each in found["fixes"]] == [False]


def test_copies_are_not_mended_where_they_lie(tmp_path: Path) -> None:
    files = app(LESS) | {"wit/deps/log/log.wit": LOG.replace("line:", "list:")}
    tree = Tree(tmp_path / "tree", files)
    broken = [
        f for f in tree.report("--select", "WD2")["findings"] if f["location"]["path"].startswith("wit/deps")
    ]
    assert broken
    assert all(not f["fixes"] for f in broken)


# -- the loop itself, with a check of its own


def finding(code: str, path: str, edits: tuple[Replace, ...], *, safe: bool = True) -> Finding:
    return Finding(
        code,
        "name",
        Severity.ERROR,
        Confidence.HIGH,
        f"{code} in {path}",
        path,
        Location(path, 1, 1),
        fixes=(SuggestedFix("Do it", edits, safe),),
        fingerprint=code,
    )


class Words:
    """A check that finds words in a file: each is a finding, whose fix is a text in its place."""

    def __init__(self, folder: Path, fixes: dict[str, str]) -> None:
        self.folder = folder
        self.fixes = fixes
        self.runs = 0

    def __call__(self, options: CheckOptions) -> Report:
        self.runs += 1
        data = options.overlay.get("a.txt") or (self.folder / "a.txt").read_bytes()
        found = []
        for code, text in self.fixes.items():
            word = code.encode()
            if word in data:
                at = data.index(word)
                found.append(
                    finding(code, "a.txt", (Replace("a.txt", Span(at, at + 5), text.encode(), "c"),))
                )
        return Report("0", "none", findings=tuple(found))


def fixed(folder: Path, text: str, fixes: dict[str, str]) -> tuple[Any, Words]:
    (folder / "a.txt").write_text(text)
    words = Words(folder, fixes)
    return fix(CheckOptions((".",), folder), words), words


def test_a_fix_that_brings_what_breaks_is_left_out(tmp_path: Path) -> None:
    done, _ = fixed(tmp_path, "WD901 WD902 ok", {"WD901": "WD201", "WD902": "fine", "WD201": "WD201"})
    [changes] = done.changes.values()
    assert changes.after("a.txt") == b"WD901 fine ok"
    assert [each.code for each in done.fixed] == ["WD902"]
    assert [each.code for each in done.report.findings] == ["WD901"]


def test_a_fix_that_does_not_help_is_left_out_and_ends(tmp_path: Path) -> None:
    done, words = fixed(tmp_path, "WD901 WD902", {"WD901": "WD901!", "WD902": "fine"})
    assert [each.code for each in done.fixed] == ["WD902"]
    assert words.runs < 10


def test_fixes_that_follow_from_each_other(tmp_path: Path) -> None:
    done, _ = fixed(tmp_path, "WD901", {"WD901": "WD902", "WD902": "WD903", "WD903": "end"})
    [changes] = done.changes.values()
    assert changes.after("a.txt") == b"end"
    assert len(done.fixed) == 3


def test_a_circle_of_fixes_ends(tmp_path: Path) -> None:
    done, words = fixed(tmp_path, "WD901", {"WD901": "WD902", "WD902": "WD901"})
    assert words.runs < 60
    assert done.files <= 1


# -- files that change meanwhile


def options_of(tree: Tree) -> CheckOptions:
    return CheckOptions((".",), tree.folder)


def run(options: CheckOptions) -> Report:
    return check(options, Catalog(), Toolchain())


def test_a_file_that_was_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", app(WORLD))
    done = fix(options_of(tree), run)
    assert done.files == 1
    (tree.folder / "wit/world.wit").write_text(WORLD + "// more\n")
    before = tree.contents()
    with pytest.raises(Refused):
        write(done)
    assert tree.contents() == before


def test_bytes_of_an_overlay_are_checked_and_fixed(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", app(LESS))
    options = dataclasses.replace(options_of(tree), overlay={"wit/world.wit": WORLD.encode()})
    [found] = [each for each in run(options).findings if each.code == "WD107"]
    [suggestion] = found.fixes
    [edit] = suggestion.edits
    assert isinstance(edit, Replace)
    assert (WORLD.encode()[: edit.span.start] + WORLD.encode()[edit.span.end :]).decode() == LESS
    assert found.snippet.startswith("  import acme:log/level")
    done = fix(options, run)
    [changes] = done.changes.values()
    assert changes.after("wit/world.wit") == LESS.encode()
    gone = dataclasses.replace(options, overlay={"wit/world.wit": None})
    assert "WD107" not in [each.code for each in run(gone).findings]


def test_a_file_outside_of_what_is_checked_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.txt").write_text("WD901")
    outside = finding("WD901", "../a.txt", (Replace("../a.txt", Span(0, 5), b"x", "c"),))
    done = fix(
        CheckOptions((".",), tmp_path / "in"), lambda options: Report("0", "none", findings=(outside,))
    )
    assert not done.files
