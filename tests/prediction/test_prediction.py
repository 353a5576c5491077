"""Prediction against what real builds gave, for every crate of fixtures/workspaces, target and profile.

The records (`expected.toml`) are held to real builds by tests/rust/test_workspaces_build.py, so this test needs no
Rust. A prediction is wrong when a component has an import or export that was not predicted, or lacks one
that was called certain. Names are allowed to be missing where the prediction says itself that code is not in
the sources (`unseen`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.binding import Certainty, Prediction
from wasmdoctor.pipeline.crates import Crates, crates_of
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo import FeatureSelection
from wasmdoctor.toolchain import Toolchain

WORKSPACES = Path(__file__).resolve().parents[2] / "fixtures" / "workspaces"
FEWEST_WORKSPACES = 12


@dataclass(frozen=True)
class Record:
    """One component of one real build."""

    case: str
    build: str
    target: str
    profile: str
    crate: str
    imports: frozenset[str]
    exports: frozenset[str]

    def __str__(self) -> str:
        return f"{self.case}:{self.build}:{self.crate}:{self.target}:{self.profile}"


def _builds(case: str) -> dict[str, list[str]]:
    path = WORKSPACES / case / "builds.toml"
    if not path.exists():
        return {"default": ["--workspace"]}
    return {build["name"]: build["arguments"] for build in tomllib.loads(path.read_text())["build"]}


def _names(component: dict[str, Any], side: str) -> frozenset[str]:
    return frozenset((*component[f"{side}s"], *component[f"{side}-functions"]))


def records() -> Iterator[Record]:
    for path in sorted(WORKSPACES.glob("*/expected.toml")):
        for component in tomllib.loads(path.read_text()).get("component", ()):
            yield Record(
                path.parent.name,
                component["build"],
                component["target"],
                component["profile"],
                component["crate"],
                _names(component, "import"),
                _names(component, "export"),
            )


def _selection(arguments: list[str]) -> FeatureSelection:
    names: list[str] = []
    if "--features" in arguments:
        names = arguments[arguments.index("--features") + 1].split(",")
    return FeatureSelection(
        names=tuple(names),
        all_features="--all-features" in arguments,
        default_features="--no-default-features" not in arguments,
    )


@cache
def _crates(case: str, build: str, target: str) -> tuple[Crates, ...]:
    root = WORKSPACES / case
    workspace = Workspace(root, root, Toolchain())
    arguments = _builds(case)[build]
    packages = [arguments[arguments.index("--package") + 1]] if "--package" in arguments else None
    found = crates_of(workspace, target, _selection(arguments), packages, Catalog().std)
    assert not workspace.problems
    return tuple(found)


def _prediction(record: Record) -> Prediction:
    for crates in _crates(record.case, record.build, record.target):
        component = crates.member(record.crate)
        if component is not None:
            return crates.analysis(component).prediction
    raise AssertionError(f"{record}: no such component crate was found in the sources")


def _wrong(record: Record) -> list[str]:
    prediction = _prediction(record)
    wrong: list[str] = []
    for side, real, predicted in (
        ("import", record.imports, prediction.imports),
        ("export", record.exports, prediction.exports),
    ):
        expected = {n for n, p in predicted.items() if p.certainty is not Certainty.UNUSED}
        certain = {n for n, p in predicted.items() if p.certainty is Certainty.CERTAIN}
        for name in sorted(real - expected):
            # std's own imports are predicted without version, which is the adapter's.
            bare = predicted.get(name.partition("@")[0])
            if bare is not None and bare.source == "std":
                continue
            if prediction.unseen:  # the prediction itself says that its lists may lack something
                continue
            wrong.append(f"{record}: {side} `{name}` is there and was not predicted")
        wrong += [
            f"{record}: {side} `{name}` was called certain and is not there"
            for name in sorted(certain - real)
        ]
    return wrong


ALL = list(records())


def test_there_is_enough_to_compare() -> None:
    assert len({record.case for record in ALL}) >= FEWEST_WORKSPACES
    assert {record.target for record in ALL} >= {"wasm32-wasip1", "wasm32-wasip2"}
    assert {record.profile for record in ALL} == {"debug", "release"}


@pytest.mark.parametrize("case", sorted({record.case for record in ALL}))
def test_prediction_equals_reality(case: str) -> None:
    mine = [record for record in ALL if record.case == case]
    wrong = [line for record in mine for line in _wrong(record)]
    assert not wrong, "\n" + "\n".join(wrong)


def test_how_much_was_sure() -> None:
    """The figure that the docs give: of all predicted imports and exports, how many were only possible."""
    certain = possible = 0
    for record in ALL:
        prediction = _prediction(record)
        for side in (prediction.imports, prediction.exports):
            for predicted in side.values():
                if predicted.source == "std":
                    continue
                certain += predicted.certainty is Certainty.CERTAIN
                possible += predicted.certainty in (Certainty.LIKELY, Certainty.POSSIBLE)
    cases = len({record.case for record in ALL})
    unseen = {record.crate for record in ALL if _prediction(record).unseen}
    assert len(unseen) <= 4, "crates with code that is not in the sources are the exception"
    print(f"\n{len(ALL)} components of {cases} workspaces: {certain} certain, {possible} possible")
    assert certain > possible
