"""The same work on many items, in as many processes as there are processors.

Processes and not threads, since the work is Python's own and one interpreter runs one thread at a time. They are
forks, which start in milliseconds with everything that is loaded; what they find comes back over a pipe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

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
    children = [_start(partial(list, map(work, [items[i] for i in share]))) for share in shares[1:]]
    results: dict[int, Result] = {}
    for done, index in enumerate(shares[0], 1):
        results[index] = work(items[index])
        progress(min(done * count, len(items)), len(items))
    for share, child in zip(shares[1:], children, strict=True):
        found: list[Result] | None = child.results() if child else None
        whole = found is not None and len(found) == len(share)
        for place, index in enumerate(share):
            results[index] = found[place] if found is not None and whole else work(items[index])
    progress(len(items), len(items))
    return [results[index] for index in range(len(items))]


class Ahead(Generic[Result]):
    """Work that another process does meanwhile, as much of it as there is time for: a block that it is ended with.

    ``work`` must change nothing that others see, and give what can be pickled, one after the other. ``results`` are
    those that there were in the end; none where only one processor may be used, or when the process failed.
    """

    def __init__(self, work: Callable[[], Iterable[Result]], jobs: int = 0) -> None:
        self.results: list[Result] = []
        self._work = work
        self._jobs = jobs
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        if (self._jobs or processors()) > 1 and _may_fork():
            told, self._end = os.pipe()
            os.set_blocking(told, False)
            self._child = _start(lambda: list(self._until(told)))
            os.close(told)
            if self._child is None:
                os.close(self._end)
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            os.close(self._end)
            self.results = self._child.results() or []

    def _until(self, told: int) -> Iterator[Result]:
        """What the work gives, until the other end of a pipe is closed."""
        os.close(self._end)
        for result in self._work():
            yield result
            with suppress(BlockingIOError):
                os.read(told, 1)
                return


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

    def results(self) -> list[Any] | None:
        """What it found; None when it failed."""
        import pickle  # what comes out of the pipe is our own fork's

        found: list[Any] | None = None
        with open(self.pipe, "rb") as stream, suppress(EOFError, pickle.UnpicklingError):
            found, seen = pickle.load(stream)
        _, status = os.waitpid(self.pid, 0)
        if status or found is None:
            return None
        add_seen(seen)
        return found


class _Records(dict[type, Callable[[Any], Any]]):
    """How records are sent, by their class: as calls of it, which takes half the time of Python's way by their state."""

    def __missing__(self, class_: type) -> Callable[[Any], Any]:
        """For a class that sets all it has from what it is called with. Raises KeyError for others: Python's way."""
        names: tuple[str, ...] = getattr(class_, "__match_args__", ())
        slots = {name for base in class_.__mro__ for name in base.__dict__.get("__slots__", ())}
        if len(names) < 2 or slots != set(names):
            raise KeyError(class_)
        values = attrgetter(*names)
        self[class_] = lambda record: (class_, values(record))
        return self[class_]


def _start(work: Callable[[], list[Any]]) -> _Child | None:
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
        found = work()
        with open(theirs, "wb") as stream:
            pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = _Records()
            pickler.dump((found, looking.seen()))
    except BaseException:
        os._exit(1)
    os._exit(0)
