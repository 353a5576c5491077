"""Edits of WIT files: lines out of worlds, on the lossless tree, with their comments and line ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.migrate.rustedits import Cut, cut_items
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.source import Span
from wasmdoctor.readers.wit.tree import Item, PackageItem, Tree, UseName, WorldItem


def worlds(tree: Tree) -> Iterator[WorldItem]:
    """All worlds of a file, those in nested packages too."""
    stack: list[Item] = list(reversed(tree.items))
    while stack:
        item = stack.pop()
        if isinstance(item, WorldItem):
            yield item
        elif isinstance(item, PackageItem):
            stack.extend(reversed(item.items))


def item_cut(tree: Tree, item: Item, cause: str) -> Cut:
    """A declaration that goes, with the comments that belong to it."""
    return Cut(tree.extent(item), cause)


def name_cut(data: bytes, names: Sequence[UseName], gone: Sequence[UseName], cause: str) -> list[Cut]:
    """Some names that go out of the braces of a ``use`` or ``include``, each with its comma."""
    cuts: list[Cut] = []
    for position, name in enumerate(names):
        if name not in gone:
            continue
        following = names[position + 1].start if position + 1 < len(names) else None
        if following is not None:
            cuts.append(Cut(Span(name.start, following), cause))
            continue
        kept = [other for other in names[:position] if other not in gone]
        start = kept[-1].end if kept else name.start
        covered = [cut for cut in cuts if cut.span.start >= start]
        cuts = [cut for cut in cuts if cut not in covered]
        cuts.append(Cut(Span(start, name.end), cause))
    return cuts


def wit_edits(path: str, data: bytes, cuts: Sequence[Cut], offset: int = 0) -> list[Replace]:
    """The edits for cuts in one text; ``offset`` is where the text begins in its file (inline WIT)."""
    made = cut_items(path, data, cuts)
    return [
        Replace(path, Span(edit.span.start + offset, edit.span.end + offset), edit.data, edit.cause)
        for edit in made
    ]
