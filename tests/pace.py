"""Limits of time that mean the same on a slow machine as on a fast one.

A limit is given in seconds of processor time on the machine that the limits were written on. What a shared machine does
meanwhile (less clock, a cold cache, a neighbour on the other thread of a core) shows in how long it takes to count,
which is measured right before and right after.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

COUNT = 300_000
QUIET = 0.018
"""Seconds that counting to COUNT takes there when nothing else runs."""


def slowness() -> float:
    """How many times slower than there this machine is now; at least 1: a fast machine makes no limit narrower."""
    start = time.process_time()
    sum(1 for _ in range(COUNT))
    return max(1.0, (time.process_time() - start) / QUIET)


def least(times: int, work: Callable[[], object]) -> float:
    """The least of several runs, in seconds of processor time there.

    What earlier tests left in memory is not looked through meanwhile by the garbage collector.
    """
    taken = []
    gc.collect()
    gc.freeze()
    try:
        for _ in range(times):
            before = slowness()
            start = time.process_time()
            work()
            seconds = time.process_time() - start
            taken.append(seconds / max(before, slowness()))
    finally:
        gc.unfreeze()
    return min(taken)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What stands inside takes less than so many seconds of processor time there.

    AssertionError: it takes more.
    """
    gc.collect()
    gc.freeze()
    try:
        before = slowness()
        start = time.process_time()
        yield
        took = time.process_time() - start
    finally:
        gc.unfreeze()
    took /= max(before, slowness())
    assert took < seconds, f"{took:.2f} s, of {seconds:g} s at most"
