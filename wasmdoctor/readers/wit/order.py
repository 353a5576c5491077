"""The paths in a file, in the order that matters, and names sorted behind what they depend on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from wasmdoctor.model.record import dataclass
from wasmdoctor.readers.wit.entities import (
    Part,
)
from wasmdoctor.readers.wit.tree import (
    Attribute,
    ExternItem,
    IncludeItem,
    InterfaceItem,
    Name,
    Path,
    TopUseItem,
    UseItem,
    UseName,
    WorldItem,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A path in a file: who has it (an interface's or world's name where it orders them), and what it wants."""

    path: Path
    gates: tuple[Attribute, ...]
    owner: Name | None = None
    names: tuple[UseName, ...] = ()
    is_world: bool = False


def mentions(part: Part) -> tuple[Mention, ...]:
    """All paths of a file in wit-parser's order, which decides what a name is first taken for.

    Within a world: uses and includes, then imports, then exports.
    """
    if part.mentions is None:
        part.mentions = tuple(_mentions(part))
    return part.mentions


def _mentions(part: Part) -> Iterator[Mention]:
    for item in part.items:
        if isinstance(item, WorldItem):
            externs: list[ExternItem] = []
            for inner in item.items:
                if isinstance(inner, UseItem):
                    yield Mention(inner.path, inner.gates, names=inner.names)
                elif isinstance(inner, IncludeItem):
                    yield Mention(inner.path, inner.gates, item.name, is_world=True)
                elif isinstance(inner, ExternItem):
                    externs.append(inner)
            for extern in sorted(externs, key=lambda e: e.direction == "export"):
                if extern.path:
                    yield Mention(extern.path, extern.gates)
                for use in extern.items or ():
                    if isinstance(use, UseItem):
                        yield Mention(use.path, use.gates, names=use.names)
        elif isinstance(item, InterfaceItem):
            for inner in item.items:
                if isinstance(inner, UseItem):
                    yield Mention(inner.path, inner.gates, item.name, inner.names)
        elif isinstance(item, TopUseItem):
            yield Mention(item.path, item.gates)


def toposort(deps: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Names ordered behind those they depend on, ties in the given order; and those on or behind a circle."""
    names = list(deps)
    if not any(deps.values()):
        return names, []
    index = {name: i for i, name in enumerate(names)}
    waiting = [0] * len(names)
    users: list[list[int]] = [[] for _ in names]
    for i, name in enumerate(names):
        for dep in deps[name]:
            waiting[i] += 1
            users[index[dep]].append(i)
    heap = [i for i, count in enumerate(waiting) if not count]
    heapq.heapify(heap)
    order: list[str] = []
    while heap:
        i = heapq.heappop(heap)
        order.append(names[i])
        for user in users[i]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(heap, user)
    return order, [name for i, name in enumerate(names) if waiting[i]]
