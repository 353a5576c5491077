"""Interface definitions that nothing names any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Span
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    IncludeItem,
    InterfaceItem,
    TopUseItem,
    Tree,
    UseItem,
    walk,
)


@dataclass(frozen=True, slots=True)
class WitText:
    """One text of WIT: the package that it is of (without version, "" when that is not known), and what is cut."""

    package: str
    tree: Tree
    cuts: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """An interface where it is defined."""

    package: str
    tree: Tree
    item: InterfaceItem


def package_of(tree: Tree) -> str:
    """The package that a file says it is of, without version, or ""."""
    return tree.header.name.text.partition("@")[0] if tree.header is not None else ""


def unnamed(candidates: Iterable[Definition], texts: Sequence[WitText]) -> list[Definition]:
    """Those of the definitions that nothing names but what is cut, and each other.

    Versions are not told apart, and a text of an unknown package may mean any: what may be named stays.
    """
    going = list(candidates)
    while True:
        names = _names(texts, going)
        left = [
            one for one in going if not {(one.package, one.item.name.text), ("", one.item.name.text)} & names
        ]
        if len(left) == len(going):
            return going
        going = left


def _names(texts: Iterable[WitText], going: Sequence[Definition]) -> set[tuple[str, str]]:
    """The interfaces that are named outside of cuts and of definitions that go: package and name."""
    found: set[tuple[str, str]] = set()
    for text in texts:
        gone = [*text.cuts, *(one.item.span for one in going if one.tree is text.tree)]
        for item in walk(text.tree.items):
            if not isinstance(item, UseItem | IncludeItem | TopUseItem | ExternItem) or item.path is None:
                continue
            if not any(span.start <= item.start and item.end <= span.end for span in gone):
                named = item.path.package_name.partition("@")[0] or text.package
                found.add((named, item.path.name.text))
    return found
