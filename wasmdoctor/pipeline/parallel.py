"""The same work on many items, in as many processes as there are processors.

Processes and not threads, since the work is Python's own and one interpreter runs one thread at a time. They are
forks, which start in milliseconds with everything that is loaded; what they find comes back over a pipe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from wasmdoctor.cache.observed import InFork, Unobserved, add_seen

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH = 16
"""Items below which starting a process takes longer than it saves."""


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    together: bool = False,
) -> list[Result]:
    """``work`` done on every item, in their order; ``jobs`` processes at most, 0 for one a processor.

    ``work`` must depend on nothing but its item, change nothing that others see, and give something that can be
    pickled. What a process that fails should have done is done here, so an exception of ``work`` is raised here as
    well. ``together`` gives each process items that stand side by side: for work that neighbours have in common.
    """
    count = _count(len(items), jobs)
    shares = [_share(len(items), number, count, together=together) for number in range(count)]
    children = [_start(work, [items[index] for index in share]) for share in shares[1:]]
    results: dict[int, Result] = {}
    for done, index in enumerate(shares[0], 1):
        results[index] = work(items[index])
        progress(min(done * count, len(items)), len(items))
    for share, child in zip(shares[1:], children, strict=True):
        found: list[Result] | None = child.results(len(share)) if child else None
        for place, index in enumerate(share):
            results[index] = found[place] if found is not None else work(items[index])
    progress(len(items), len(items))
    return [results[index] for index in range(len(items))]


def worth(count: int, jobs: int = 0) -> bool:
    """Whether ``each`` would use several processes for so many items."""
    return _count(count, jobs) > 1


def _count(items: int, jobs: int) -> int:
    """How many processes share the work."""
    count = min(jobs or processors(), items // (WORTH // 2))
    return count if count > 1 and _may_fork() else 1


def _share(items: int, number: int, count: int, *, together: bool) -> range:
    """The places of the items of one process."""
    if together:
        return range(items * number // count, items * (number + 1) // count)
    # Every count-th item each: neighbours are alike, so all have as much to do.
    return range(number, items, count)


def _may_fork() -> bool:
    """Whether a fork is safe: other threads would not come along, but their locks would."""
    threading = sys.modules.get("threading")
    return hasattr(os, "fork") and (threading is None or threading.active_count() == 1)


class _Child:
    """A forked process, and the pipe that it writes to."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe

    def results(self, count: int) -> list[Any] | None:
        """What it found; None when it failed."""
        import pickle  # what comes out of the pipe is our own fork's

        with open(self.pipe, "rb") as stream:
            data = stream.read()
        _, status = os.waitpid(self.pid, 0)
        if status or not data:
            return None
        found: list[Any]
        found, seen = pickle.loads(data)
        if len(found) != count:
            return None
        add_seen(seen)
        return found


def _start(work: Callable[[Item], Result], items: Sequence[Item]) -> _Child | None:
    """Do the work in a fork; None when there can be none."""
    import pickle

    ours, theirs = os.pipe()
    try:
        with Unobserved():
            pid = os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        return None
    if pid:
        os.close(theirs)
        return _Child(pid, ours)
    # Whatever happens, this process must not go on with what its parent was about to do.
    try:
        os.close(ours)
        looking = InFork()
        found = [work(item) for item in items]
        data = pickle.dumps((found, looking.seen()), pickle.HIGHEST_PROTOCOL)
        with open(theirs, "wb") as stream:
            stream.write(data)
    except BaseException:
        os._exit(1)
    os._exit(0)
