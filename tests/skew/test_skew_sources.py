"""Versions of a component that is not built: which crate brings each, and where its WIT line is."""

from __future__ import annotations

from pathlib import Path

from retarget.retarget_support import CLOCK, CLOCK_WORLD, DICE, written

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Finding
from wasmdoctor.pipeline.check import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

# The library asks for another interface of the same package, at another release.
OTHER = DICE.replace("wasi:random/random@0.2.0", "wasi:cli/environment@0.2.0").replace(
    "package wasi:random@0.2.0", "package wasi:cli@0.2.0"
)


def found(tree: Path, code: str, host: str = "wasmtime") -> list[Finding]:
    """What one rule says of a workspace."""
    report = check(CheckOptions((".",), tree, host), Catalog(), Toolchain())
    return [finding for finding in report.findings if finding.code == code]


def workspace(folder: Path, version: str = "0.2.0") -> Path:
    """A component that calls `wasi:cli/exit` at 0.2.6, and a library that calls `wasi:cli/environment`."""
    library = OTHER.replace("interface random", "interface environment").replace(
        "wasi::random::random", "wasi::cli::environment"
    )
    return written(folder, {"dice/src/lib.rs": library.replace("0.2.0", version)})


def test_two_crates_at_two_releases(tmp_path: Path) -> None:
    tree = workspace(tmp_path)
    (finding,) = found(tree, "WD109")
    assert finding.message.startswith(
        "`wasi:cli` is imported at 2 versions: 0.2.0 (`environment`, from crate `dice`); "
        "0.2.6 (`exit`, from crate `clock`)"
    )
    assert (finding.location.path, finding.location.line) == ("dice/src/lib.rs", 6)
    steps = [(step.kind, step.name) for step in finding.origin]
    assert steps[:2] == [("crate", "clock"), ("crate", "dice")]
    assert "wasmdoctor migrate --wasi 0.2.6" in finding.help


def test_the_same_release_in_both_is_fine(tmp_path: Path) -> None:
    assert found(workspace(tmp_path, "0.2.6"), "WD109") == []


def test_the_help_names_the_crate_and_the_line(tmp_path: Path) -> None:
    tree = written(tmp_path)
    assert "0.2.6" in CLOCK_WORLD
    assert "exit(" in CLOCK
    finding = next(f for f in found(tree, "WD102", "wasmtime@18") if "wasi:cli/exit" in f.message)
    first = finding.help.splitlines()[0]
    assert first.startswith("build against `wasi:cli/exit@0.2.0`: set the version at clock/wit/world.wit:3:")
    assert "crate `clock` brings it" in first
    assert "wasmdoctor migrate --wasi 0.2.0" in first
