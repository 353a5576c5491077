"""Sections that were read before, in another component: those of one toolchain have most of them in common.

Sections say the same when their bytes are the same, when they come at the same places of their component's index
spaces, and when the entries that they refer to are the same objects. What was made of them is then taken over and
shared: all of it stays as it is once it is made. A stretch of sections is compared at once, since comparing bytes
costs next to nothing beside reading them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.readers.wasm.component import MAX_EXTERNS, Export, Import, Spaces, Walk
from wasmdoctor.readers.wasm.cursor import MAX_MADE
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE
from wasmdoctor.readers.wasm.sections import MAX_SECTIONS, check_count, section_at
from wasmdoctor.readers.wasm.source import ByteSource
from wasmdoctor.readers.wasm.types import AnyType, Read, Scope

HEAD = 16
"""Bytes by which a stretch is found: a section's header and the beginning of what is in it."""

MAX_SECTION = 64 * 1024
MAX_STRETCH = 256 * 1024
"""Bytes of a section, and of a stretch, that are kept at most."""

MAX_KEPT = 4 * 1024 * 1024
"""Bytes of all that is kept at most, with what was made of it: then keeping begins anew."""

MAX_ALIKE = 4
"""Stretches that begin alike and are kept."""

SECTION_COST = 200
"""Bytes that a kept section takes in memory, besides its own and those of what was made of it."""

SHAREABLE = frozenset(range(2, 13)) - {4}
"""Ids of the sections that say nothing about where in the file they stand; modules, components and customs do."""


class Mark(NamedTuple):
    """What there was of everything where a section ends, and where that is (bytes from the start of the file)."""

    at: int
    sizes: tuple[int, int, int, int, int, int]
    imports: int
    exports: int
    spent: int
    reads: int


_PLACES = {
    ExternKind.TYPE: 0,
    ExternKind.FUNC: 1,
    ExternKind.INSTANCE: 2,
    ExternKind.COMPONENT: 3,
}
"""Where in the sizes of a scope the number of such entries is; nothing is known of entries of other kinds."""

CALLED = 2
"""From this place on, entries are functions that give what they stand for."""

Need = tuple[int, int, int, AnyType | None]
"""What a section refers to: how many scopes up, the place of its kind in the sizes, its index, and what it was."""


@dataclass(slots=True)
class Stretch:
    """Sections side by side, and what they made. ``marks`` stand before, between and behind them.

    ``needs`` are what each section refers to.
    """

    data: bytes
    marks: list[Mark]
    made: Scope
    imports: list[Import]
    exports: list[Export]
    needs: list[list[Need]]

    def bytes_from(self, first: int, last: int | None = None) -> bytes:
        """The bytes of the sections between two marks, by default of all from one on."""
        start = self.marks[0].at
        return self.data[self.marks[first].at - start : None if last is None else self.marks[last].at - start]

    def same_bytes(self, first: int, data: bytes) -> int:
        """Up to which mark the bytes from the mark ``first`` on are those of ``data``."""
        own = self.bytes_from(first)
        if data.startswith(own):
            return len(self.marks) - 1
        base = self.marks[first].at
        return first + bisect_left(
            self.marks[first + 1 :], True, key=lambda mark: not data.startswith(own[: mark.at - base])
        )

    def same_entries(self, first: int, last: int, scope: Scope) -> int:
        """Up to which mark what is referred to is the same in ``scope``, whose sizes are those of the mark ``first``."""
        sizes = self.marks[first].sizes
        spaces = (scope.types, scope.funcs, scope.instances, scope.components)
        for number in range(first, last):
            for level, place, index, type_ in self.needs[number]:
                if level:
                    entries = _spaces_above(scope, level)[place]
                elif index >= sizes[place]:
                    continue  # these sections made it themselves, or it is there in neither component
                else:
                    entries = spaces[place]
                found = entries[index] if index < len(entries) else None
                if place >= CALLED and found is not None:
                    found = found()  # type: ignore[operator]
                if found is not type_:
                    return number
        return last

    def give(self, first: int, last: int, spaces: Spaces) -> None:
        """Add what the sections between two marks made."""
        zero, low, high = self.marks[0], self.marks[first], self.marks[last]
        scope, made = spaces.scope, self.made
        places = [(a - c, b - c) for a, b, c in zip(low.sizes, high.sizes, zero.sizes, strict=True)]
        scope.types += made.types[slice(*places[0])]
        scope.funcs += made.funcs[slice(*places[1])]
        scope.instances += made.instances[slice(*places[2])]
        scope.components += made.components[slice(*places[3])]
        scope.modules += high.sizes[4] - low.sizes[4]
        scope.values += high.sizes[5] - low.sizes[5]
        spaces.imports += self.imports[low.imports - zero.imports : high.imports - zero.imports]
        spaces.exports += self.exports[low.exports - zero.exports : high.exports - zero.exports]


def _spaces_above(scope: Scope, level: int) -> tuple[Sequence[object], ...]:
    """The index spaces of the scope so many levels up; empty ones when there is none."""
    above: Scope | None = scope
    for _ in range(level):
        above = above.parent if above is not None else None
    return (above.types, above.funcs, above.instances, above.components) if above else ((), (), (), ())


class Repeats:
    """What is kept of the sections of components that are read one after another."""

    def __init__(self) -> None:
        self._by_head: dict[tuple[bool, bytes], list[tuple[Stretch, int]]] = {}
        self._size = 0

    def __len__(self) -> int:
        """How many sections can be found."""
        return sum(map(len, self._by_head.values()))

    def walk(self, source: ByteSource) -> Walk:
        """A pass over a component that takes over what is known, and adds what is new."""
        walk = SharingWalk(source)
        walk.repeats = self
        return walk

    def beginning(self, nested: bool, head: bytes) -> list[tuple[Stretch, int]]:
        """The kept stretches that have a section that begins with ``head``, and at which mark."""
        return self._by_head.get((nested, head), [])

    def keep(self, stretch: Stretch, nested: bool) -> None:
        """Keep a stretch, if it is not too large."""
        made = stretch.marks[-1].spent - stretch.marks[0].spent
        size = len(stretch.data) + made + SECTION_COST * (len(stretch.marks) + sum(map(len, stretch.needs)))
        if size > MAX_KEPT // 4:
            return
        if self._size + size > MAX_KEPT:
            self._by_head.clear()
            self._size = 0
        self._size += size
        start = stretch.marks[0].at
        for number, mark in enumerate(stretch.marks[:-1]):
            head = stretch.data[mark.at - start : mark.at - start + HEAD]
            alike = self._by_head.setdefault((nested, head), [])
            alike.append((stretch, number))
            del alike[:-MAX_ALIKE]


class SharingWalk(Walk):
    """A walk that takes over what other components' sections made. ``reads`` is what its own refer to, in order."""

    repeats: Repeats

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reads: list[Read] = []
        self.new: list[Mark] = []
        self.raw: list[bytes] = []

    def inner(self, scope: Scope) -> Walk:
        """A walk of a component nested in this one."""
        walk = SharingWalk(self.source, Spaces(scope), self.depth + 1, budget=self.budget)
        walk.repeats = self.repeats
        return walk

    def run(self, start: int, end: int) -> None:
        """As the other walk's."""
        noted: list[tuple[Scope, list[Read] | None]] = []
        scope: Scope | None = self.scope
        while scope is not None:
            noted.append((scope, scope.reads))
            scope.reads = self.reads
            scope = scope.parent
        try:
            self._run(start + PREAMBLE_SIZE, end)
        finally:
            for scope, reads in noted:
                scope.reads = reads

    def _run(self, at: int, end: int) -> None:
        seen = 0
        while at < end:
            if taken := self._take(at, end, MAX_SECTIONS - seen):
                self._keep()
                at, seen = at + taken[0], seen + taken[1]
                continue
            section = section_at(self.source, at, end)
            seen += 1
            check_count(seen, at)
            after = section.offset + section.size
            if section.id not in SHAREABLE or section.size > MAX_SECTION:
                self._keep()
                self.section(section)
            else:
                if self.new and after - self.new[0].at > MAX_STRETCH:
                    self._keep()
                # What is kept are the very bytes that were read, whatever becomes of the file.
                raw = self.source.read(at, after - at)
                low = self._mark(at)
                self.section(section, raw[section.offset - at :])
                if self.bound:
                    self._keep()
                    self.bound = False
                else:
                    self.new = self.new or [low]
                    self.new.append(self._mark(after))
                    self.raw.append(raw)
            at = after
        self._keep()

    def _mark(self, at: int) -> Mark:
        spaces = self.spaces
        return Mark(
            at,
            self.scope.sizes(),
            len(spaces.imports),
            len(spaces.exports),
            MAX_MADE - self.budget[0],
            len(self.reads),
        )

    def _take(self, at: int, end: int, most: int) -> tuple[int, int] | None:
        """Take over what sections from ``at`` on made in another component: how many bytes, and how many sections.

        None when none is known. They are ``most`` at most.
        """
        head = self.source.read(at, min(HEAD, end - at))
        for stretch, first in self.repeats.beginning(self.depth > 0, head):
            low = stretch.marks[first]
            if low.sizes != self.scope.sizes():
                continue
            own = stretch.bytes_from(first, first + 1)
            if len(own) > end - at or self.source.read(at, len(own)) != own:
                continue
            if stretch.same_entries(first, first + 1, self.scope) == first:
                continue
            data = self.source.read(at, min(stretch.marks[-1].at - low.at, end - at))
            last = stretch.same_entries(first, stretch.same_bytes(first, data), self.scope)
            high = stretch.marks[last]
            if last - first <= most and self._has_room(low, high):
                stretch.give(first, last, self.spaces)
                self.budget[0] -= high.spent - low.spent
                return high.at - low.at, last - first
        return None

    def _has_room(self, low: Mark, high: Mark) -> bool:
        """Whether no limit is passed by what is between two marks; else it is read, so that the limit is told."""
        return (
            len(self.spaces.imports) + high.imports - low.imports <= MAX_EXTERNS
            and len(self.spaces.exports) + high.exports - low.exports <= MAX_EXTERNS
            and high.spent - low.spent <= self.budget[0]
        )

    def _keep(self) -> None:
        """Keep the sections since the last that could not be, for the components that follow."""
        if self.new:
            data = b"".join(self.raw)
            self.repeats.keep(stretch_of(data, self.new, self.spaces, self.reads), self.depth > 0)
            self.new, self.raw = [], []


def stretch_of(data: bytes, marks: list[Mark], spaces: Spaces, reads: list[Read]) -> Stretch:
    """What the sections between the first mark and the last, whose bytes are ``data``, made and referred to."""
    low, high = marks[0], marks[-1]
    scope = spaces.scope
    made = Scope(
        None,
        scope.types[low.sizes[0] : high.sizes[0]],
        scope.funcs[low.sizes[1] : high.sizes[1]],
        scope.instances[low.sizes[2] : high.sizes[2]],
        scope.components[low.sizes[3] : high.sizes[3]],
    )
    levels: dict[int, int] = {}
    above: Scope | None = scope
    while above is not None:
        levels[id(above)] = len(levels)
        above = above.parent
    needs = [
        {
            (levels[id(scope)], _PLACES[kind], number): type_
            for scope, kind, number, type_ in reads[before.reads : after.reads]
            if kind in _PLACES
        }
        for before, after in pairwise(marks)
    ]
    return Stretch(
        data,
        marks,
        made,
        spaces.imports[low.imports : high.imports],
        spaces.exports[low.exports : high.exports],
        [[(*key, type_) for key, type_ in each.items()] for each in needs],
    )
