"""Work in several processes gives what work in one gives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.pipeline import parallel
from wasmdoctor.pipeline.parallel import WORTH, Ahead, each

ITEMS = list(range(10 * WORTH + 3))


def squared(item: int) -> tuple[int, int]:
    return item * item, os.getpid()


@pytest.mark.parametrize("jobs", [0, 1, 2, 3, 7])
def test_results_are_in_the_items_order(jobs: int) -> None:
    found = each(squared, ITEMS, jobs)
    assert [number for number, _ in found] == [item * item for item in ITEMS]
    if jobs:
        assert len({pid for _, pid in found}) == jobs


def test_few_items_are_not_worth_a_process() -> None:
    assert {pid for _, pid in each(squared, ITEMS[: WORTH - 1], 4)} == {os.getpid()}
    assert each(squared, [], 4) == []


def test_other_threads_keep_it_in_one_process() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert {pid for _, pid in each(squared, ITEMS, 2)} == {os.getpid()}
    finally:
        stop.set()
        thread.join()


def test_what_a_process_that_dies_owes_is_done_here() -> None:
    here = os.getpid()

    def fragile(item: int) -> int:
        if os.getpid() != here and item == 31:
            os._exit(9)
        return item

    assert each(fragile, ITEMS, 2) == ITEMS


def test_an_error_is_raised_here() -> None:
    def refuse(item: int) -> int:
        if item == 31:
            raise ValueError("31")
        return item

    with pytest.raises(ValueError, match="31"):
        each(refuse, ITEMS, 2)


def test_what_cannot_be_sent_is_made_here() -> None:
    found = each(lambda item: lambda: item, ITEMS, 2)
    assert [one() for one in found] == ITEMS


def test_no_processes_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(parallel.os, "fork", refused)
    assert {pid for _, pid in each(squared, ITEMS, 2)} == {os.getpid()}


def test_progress_ends_with_all() -> None:
    told: list[tuple[int, int]] = []
    each(squared, ITEMS, 2, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(ITEMS), len(ITEMS))
    assert told == sorted(told)


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    inner: Plain | None = None


@dataclass(frozen=True, slots=True)
class Single:
    name: str


@dataclass(frozen=True, slots=True)
class Remembering:
    """A field that is not given, as the line table of a text."""

    name: str
    length: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.name))


def test_records_come_back_as_they_were() -> None:
    shared = Plain("shared")
    made = [(Plain(str(item), shared), Plain("a", shared), Single("b"), Remembering("cd")) for item in ITEMS]
    found = each(lambda item: made[item], ITEMS, 2)
    assert found == made
    assert found[-1][0].inner is found[-1][1].inner
    assert found[-1][-1].length == 2


def counting() -> Iterator[tuple[int, int]]:
    """Without end."""
    at = 0
    while True:
        yield at, os.getpid()
        at += 1
        time.sleep(0.001)


def test_work_ahead_ends_with_its_block() -> None:
    with Ahead(counting, 2) as ahead:
        time.sleep(0.05)
    assert [number for number, _ in ahead.results] == list(range(len(ahead.results)))
    assert len(ahead.results) > 1
    assert os.getpid() not in {pid for _, pid in ahead.results}


def test_work_ahead_that_has_an_end() -> None:
    with Ahead(lambda: iter(ITEMS), 2) as ahead:
        time.sleep(0.05)
    assert ahead.results == ITEMS


def test_no_work_ahead_in_one_process() -> None:
    with Ahead(counting, 1) as ahead:
        pass
    assert ahead.results == []


def test_work_ahead_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile() -> Iterator[int]:
        yield 1
        raise ValueError

    before = len(os.listdir("/proc/self/fd"))
    with Ahead(fragile, 2) as ahead:
        time.sleep(0.05)
    assert ahead.results == []

    def refused() -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(parallel.os, "fork", refused)
    with Ahead(counting, 2) as ahead:
        pass
    assert ahead.results == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_error_in_the_block_ends_work_ahead() -> None:
    ahead = Ahead(counting, 2)
    with pytest.raises(ValueError, match="here"), ahead:
        raise ValueError("here")
    assert ahead._child is not None
    with pytest.raises(ChildProcessError):
        os.waitpid(ahead._child.pid, os.WNOHANG)
