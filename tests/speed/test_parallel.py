"""Work in several processes gives what work in one gives."""

from __future__ import annotations

import os
import threading

import pytest

from wasmdoctor.pipeline import parallel
from wasmdoctor.pipeline.parallel import WORTH, each

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
