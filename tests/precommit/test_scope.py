"""A source file on the command line: what is built from it is judged, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outputs.outputs_support import APP_MANIFEST, APP_RUST, GOOD, LEAK, write
from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Report
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

FIXTURES = Path(__file__).parents[2] / "fixtures"

# A second component with an import of its own that nobody provides, beside app and net.
CLOCK = {
    "clock/Cargo.toml": APP_MANIFEST.replace('name = "app"', 'name = "clock"').replace(
        'net = { path = "../net" }\n', ""
    ),
    "clock/wit/world.wit": "package shop:clock@0.1.0;\n\nworld clock {\n  import shop:tick/now@0.1.0;\n"
    "  export run: func() -> u32;\n}\n",
    "clock/wit/deps/tick/tick.wit": "package shop:tick@0.1.0;\n\ninterface now {\n  get: func() -> u32;\n}\n",
    "clock/src/lib.rs": APP_RUST.replace('"app"', '"clock"').replace(
        "net::stock()", "shop::tick::now::get()"
    ),
}
# A third one that exports what net imports.
SHELF = {
    "shelf/Cargo.toml": APP_MANIFEST.replace('name = "app"', 'name = "shelf"').replace(
        'net = { path = "../net" }\n', ""
    ),
    "shelf/wit/world.wit": "package shop:shelf@0.1.0;\n\nworld shelf {\n  export shop:net/store@0.1.0;\n}\n",
    "shelf/wit/deps/net/net.wit": "package shop:net@0.1.0;\n\ninterface store {\n  count: func() -> u32;\n}\n",
    "shelf/src/lib.rs": 'wit_bindgen::generate!("shelf");\nuse exports::shop::net::store::Guest;\nstruct Shelf;\n'
    "impl Guest for Shelf {\n    fn count() -> u32 {\n        7\n    }\n}\nexport!(Shelf);\n",
}


def workspace(folder: Path, *more: dict[str, str]) -> Path:
    files = GOOD | LEAK | {"Cargo.lock": "version = 4\n"}
    members = ["app", "net"]
    for each in more:
        files |= each
        members.append(next(iter(each)).partition("/")[0])
    files["Cargo.toml"] = f'[workspace]\nmembers = {json.dumps(members)}\nresolver = "2"\n'
    write(folder, files)
    return folder


def checked(folder: Path, *words: str) -> tuple[list[str], set[str]]:
    """The components that were judged, and the imports that nobody provides."""
    done = run("check", *words, "--format", "json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    wanted = {f["interface"] for f in document["findings"] if f["severity"] == "error"}
    return [each["path"] for each in document["components"]], wanted


STORE, TICK = "shop:net/store@0.1.0", "shop:tick/now@0.1.0"


@pytest.mark.parametrize(
    ("files", "components", "missing"),
    [
        (["net/src/lib.rs"], ["app/Cargo.toml"], {STORE}),
        (["net/wit/world.wit"], ["app/Cargo.toml"], {STORE}),
        (["net/Cargo.toml"], ["app/Cargo.toml"], {STORE}),
        (["clock/wit/world.wit"], ["clock/Cargo.toml"], {TICK}),
        (["clock/wit/deps/tick/tick.wit"], ["clock/Cargo.toml"], {TICK}),
        (["app/src/lib.rs", "clock/src/lib.rs"], ["app/Cargo.toml", "clock/Cargo.toml"], {STORE, TICK}),
        (["Cargo.toml"], ["app/Cargo.toml", "clock/Cargo.toml"], {STORE, TICK}),
        (["Cargo.lock", "net/src/lib.rs"], ["app/Cargo.toml", "clock/Cargo.toml"], {STORE, TICK}),
        (["clock/src/lib.rs", "."], ["app/Cargo.toml", "clock/Cargo.toml"], {STORE, TICK}),
    ],
)
def test_what_is_built_from_a_file(
    tmp_path: Path, files: list[str], components: list[str], missing: set[str]
) -> None:
    assert checked(workspace(tmp_path, CLOCK), *files) == (components, missing)


def test_from_a_folder_inside(tmp_path: Path) -> None:
    workspace(tmp_path, CLOCK)
    assert checked(tmp_path / "net" / "src", "lib.rs") == (["../../app/Cargo.toml"], {STORE})
    assert checked(tmp_path / "clock", "src/lib.rs") == (["Cargo.toml"], {TICK})


def test_another_component_may_provide(tmp_path: Path) -> None:
    workspace(tmp_path, CLOCK, SHELF)
    assert checked(tmp_path, ".")[1] == {TICK}
    assert checked(tmp_path, "net/src/lib.rs") == (["app/Cargo.toml"], set())
    assert checked(tmp_path, "shelf/wit/world.wit") == (["shelf/Cargo.toml"], set())
    assert run("check", "app/src/lib.rs", cwd=tmp_path).returncode == 0
    assert run("check", "clock/src/lib.rs", cwd=tmp_path).returncode == 1


def test_a_provider_whose_wit_lies_outside_of_all_crates(tmp_path: Path) -> None:
    moved = {path: text for path, text in SHELF.items() if "/wit/" not in path}
    moved |= {path.replace("shelf/wit", "shared"): text for path, text in SHELF.items() if "/wit/" in path}
    moved["shelf/src/lib.rs"] = moved["shelf/src/lib.rs"].replace(
        '("shelf")', '({ path: "../shared", world: "shelf" })'
    )
    workspace(tmp_path, CLOCK, moved)
    assert checked(tmp_path, "net/src/lib.rs") == (["app/Cargo.toml"], set())
    # WIT that belongs to no crate may be anybody's.
    assert len(checked(tmp_path, "shared/world.wit")[0]) == 3


@pytest.mark.parametrize("path", ["../clock/wit", "../clock/../clock/wit"])
def test_wit_that_another_crate_reads(tmp_path: Path, path: str) -> None:
    viewer = {
        "viewer/Cargo.toml": CLOCK["clock/Cargo.toml"].replace('name = "clock"', 'name = "viewer"'),
        "viewer/src/lib.rs": CLOCK["clock/src/lib.rs"].replace(
            '("clock")', f'({{ path: "{path}", world: "clock" }})'
        ),
    }
    workspace(tmp_path, CLOCK, viewer)
    both = ["clock/Cargo.toml", "viewer/Cargo.toml"]
    assert checked(tmp_path, "clock/wit/world.wit") == (both, {TICK})
    assert checked(tmp_path, "clock/wit/deps/tick/tick.wit") == (both, {TICK})
    assert checked(tmp_path, "clock/src/lib.rs") == (["clock/Cargo.toml"], {TICK})


def test_comments_and_the_baseline_of_what_is_not_judged(tmp_path: Path) -> None:
    workspace(tmp_path, CLOCK)
    source = tmp_path / "clock/wit/world.wit"
    source.write_text(
        source.read_text().replace("  import", "  // wasmdoctor: allow(WD101) -- later\n  import")
    )
    assert checked(tmp_path, "clock/wit/world.wit")[1] == set()
    source.write_text(source.read_text().replace("WD101", "WD205"))
    whole = run("check", ".", "--format", "json", cwd=tmp_path)
    assert "WD004" in {f["code"] for f in json.loads(whole.stdout)["findings"]}  # the comment is for nothing
    part = run("check", "net/src/lib.rs", "--format", "json", cwd=tmp_path)
    assert "WD004" not in {f["code"] for f in json.loads(part.stdout)["findings"]}
    # A baseline is of everything, whatever was named.
    done = run("check", "net/src/lib.rs", "--baseline", "b.json", "--update-baseline", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert run("check", ".", "--baseline", "b.json", cwd=tmp_path).returncode == 0
    assert run("check", "net/src/lib.rs", "--baseline", "b.json", cwd=tmp_path).returncode == 0


def sources() -> Iterator[tuple[Path, Path]]:
    """Workspaces among the fixtures, each with some of its source files, of one crate after the other."""
    for root in sorted((FIXTURES / "workspaces").iterdir()):
        if (root / "Cargo.toml").is_file():
            files = sorted(
                f for f in root.rglob("*") if f.suffix in (".rs", ".wit") and "target" not in f.parts
            )
            crates = {f.relative_to(root).parts[:2]: f for f in files}
            for file in list(crates.values())[:1]:
                yield root, file


def report(root: Path, path: str) -> Report:
    return check(CheckOptions((path,), root), Catalog(), Toolchain(None))


def test_a_part_says_what_the_whole_says() -> None:
    """Of every component that a file concerns, the errors are those of a run over everything."""
    compared = 0
    whole: dict[Path, Report] = {}
    for root, file in sources():
        if root not in whole:
            whole[root] = report(root, ".")
        part = report(root, str(file.relative_to(root)))
        judged = {each.path for each in part.components}
        assert judged <= {each.path for each in whole[root].components}

        def errors(of: Report, judged: set[str] = judged) -> set[tuple[str, str, str]]:
            return {(f.code, f.subject, f.message) for f in of.findings if f.subject in judged}

        assert errors(part) == errors(whole[root]), file
        compared += len(errors(part))
    assert compared > 10


def test_files_of_two_projects_with_configurations_of_their_own(tmp_path: Path) -> None:
    workspace(tmp_path / "one", CLOCK)
    workspace(tmp_path / "two", CLOCK)
    (tmp_path / "one/wasmdoctor.toml").write_text(f'[[allow]]\ninterface = "{TICK}"\nprovided-by = "ours"\n')
    (tmp_path / "two/wasmdoctor.toml").write_text('hosts = ["none"]\n')
    file = "clock/wit/world.wit"
    assert run("check", f"one/{file}", cwd=tmp_path).returncode == 0
    done = run("check", f"two/{file}", f"one/{file}", "--quiet", cwd=tmp_path)
    assert done.returncode == 1
    assert "two/clock/wit/world.wit:4:3: error[WD101]" in done.stdout
    assert "one/" not in done.stdout
    assert run("check", f"two/{file}", f"one/{file}", "--fail-on", "never", cwd=tmp_path).returncode == 0
    # One report has one configuration.
    done = run("check", f"two/{file}", f"one/{file}", "--format", "json", cwd=tmp_path)
    assert done.returncode == 2
    assert "not all that is checked has this configuration" in done.stderr
