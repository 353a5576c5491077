"""The short run of the fuzzer: every target on its seeds and on some hundred mutations, and what was found before."""

from __future__ import annotations

import random
import time

import pytest

from fuzz import run as fuzzing
from fuzz.mutate import Mutator
from fuzz.targets import available

SECONDS = 0.8


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "STATE", tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", sorted(available()))
def test_a_short_run(name: str, state: None) -> None:
    fuzzer = fuzzing.Fuzzer(available()[name], seed=2026)
    fuzzer.load()
    assert fuzzer.inputs, "no seed gets through"
    fuzzer.work(time.monotonic() + SECONDS)
    assert fuzzer.figures.failures == {}
    assert fuzzer.figures.executions > len(fuzzer.inputs)


@pytest.mark.parametrize("name", sorted(available()))
def test_seeds_are_read_well(name: str) -> None:
    """A seed that is refused at its first byte finds nothing: some seed is read without a problem."""
    target = available()[name]
    features = [set(target.run(seed)) for seed in target.seeds()]
    assert any(
        found and not any(each.startswith(("said", "refused")) for each in found) for found in features
    )


def test_a_failure_is_kept_with_its_input(state: None) -> None:
    from fuzz.targets import Target

    def breaks(data: bytes) -> list[str]:
        if b"!" in data:
            raise ValueError("broken")
        return []

    fuzzer = fuzzing.Fuzzer(Target("it", breaks, lambda: [b"a"], (b"!",)), seed=1)
    fuzzer.load()
    fuzzer.work(time.monotonic() + 0.2)
    (what,) = fuzzer.figures.failures
    assert what.startswith("it: ValueError at ")
    kept = [path for path in (fuzzing.STATE / "failures/it").iterdir() if not path.suffix]
    assert kept
    assert all(b"!" in path.read_bytes() for path in kept)


def test_the_same_seed_gives_the_same_inputs() -> None:
    def inputs() -> list[bytes]:
        mutator = Mutator(random.Random(7), (b"token",), 1000)
        return [mutator.mutate(b"some bytes to start from", b"other bytes") for _ in range(100)]

    first = inputs()
    assert first == inputs()
    assert len(set(first)) > 90
    assert max(map(len, first)) <= 1000
