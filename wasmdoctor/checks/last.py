"""What several rules want of the same records, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Record = TypeVar("Record")
Result = TypeVar("Result")

MOST = 4
"""Records that results are kept of: a run has few folders of sources, and an editor's are not to pile up."""


def for_last(work: Callable[[Record], Result]) -> Callable[[Record], Result]:
    """``work``, whose results are kept for the records (the same objects, not equal ones) that it was last given.

    ``work`` must depend on nothing but the record, and nobody may change what it gives.
    """
    kept: list[tuple[Record, Result]] = []

    @wraps(work)
    def given(record: Record) -> Result:
        for known, result in kept:
            if known is record:
                return result
        result = work(record)
        kept.append((record, result))
        del kept[:-MOST]
        return result

    return given
