"""Where in a file code stands under a condition: what is there may never run, and a compiler may find that out.

Not the conditions of ``cfg``: those of control flow. Node names are those of tree-sitter-rust 0.24.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import tree_sitter_rust
from tree_sitter import Language, Node, Query, QueryCursor, Tree

_LANGUAGE = Language(tree_sitter_rust.language())

# What a branch, a loop that may not turn, a closure or a debug assertion holds.
_CONDITIONAL = Query(
    _LANGUAGE,
    """
    (if_expression consequence: (_) @part)
    (if_expression alternative: (_) @part)
    (match_arm value: (_) @part)
    (while_expression body: (_) @part)
    (for_expression body: (_) @part)
    (closure_expression body: (_) @part)
    (async_block) @part
    (binary_expression operator: "&&" right: (_) @part)
    (binary_expression operator: "||" right: (_) @part)
    (let_declaration alternative: (_) @part)
    ((macro_invocation macro: (identifier) @name) @part (#match? @name "^debug_assert"))
    """,
)
# What never comes back, and the blocks in which nothing behind it runs. Patterns that nest would cost the
# square of a file's depth, and so would asking nodes for their parents.
_DIVERGING = Query(
    _LANGUAGE,
    """
    (block) @block
    (return_expression) @end
    (break_expression) @end
    (continue_expression) @end
    (loop_expression) @loop
    ((macro_invocation macro: (identifier) @name) @end
      (#match? @name "^(panic|unreachable|todo|unimplemented)$"))
    ((call_expression function: [(identifier) (scoped_identifier)] @name) @end (#match? @name "(^|::)(exit|abort|unreachable_unchecked)$"))
    """,
)

MAX_LOOP_NODES = 5_000
"""How many nodes of a loop are looked at for a way out of it; a longer one is taken to have one."""


class Ranges:
    """Byte ranges of one file, for the question whether an offset lies in any of them.

    ``find`` gives them when that is asked for the first time.
    """

    def __init__(self, find: Callable[[], Iterable[tuple[int, int]]]) -> None:
        self._find = find

    @cached_property
    def _bounds(self) -> tuple[list[int], list[int]]:
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(self._find()):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return starts, ends

    def covers(self, offset: int) -> bool:
        """Whether an offset lies in a range."""
        starts, ends = self._bounds
        at = bisect_right(starts, offset) - 1
        return at >= 0 and offset < ends[at]


NOWHERE = Ranges(tuple)


def conditional_ranges(tree: Tree, data: bytes) -> list[tuple[int, int]]:
    """The parts of a file that stand under a condition, or behind what never comes back."""
    root = tree.root_node
    found = [
        (node.start_byte, node.end_byte) for node in QueryCursor(_CONDITIONAL).captures(root).get("part", ())
    ]
    diverging = QueryCursor(_DIVERGING).captures(root)
    ends = [*diverging.get("end", ()), *(loop for loop in diverging.get("loop", ()) if not _has_break(loop))]
    ends = [node for node in ends if _is_statement(data, node.start_byte)]
    blocks = [(node.start_byte, node.end_byte) for node in diverging.get("block", ())]
    found += _rest_of_blocks(sorted((node.start_byte, node.end_byte) for node in ends), sorted(blocks))
    return found


def _is_statement(data: bytes, start: int) -> bool:
    """Whether code starts a statement: what stands before it ends another one, or opens the block."""
    before = data[max(0, start - 200) : start].rstrip()
    return before[-1:] in (b"{", b"}", b";")


def _rest_of_blocks(ends: list[tuple[int, int]], blocks: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What lies behind each statement in the innermost block around it; both lists are sorted."""
    open_: list[int] = []
    at = 0
    for start, end in ends:
        while at < len(blocks) and blocks[at][0] <= start:
            while open_ and open_[-1] <= blocks[at][0]:
                open_.pop()
            open_.append(blocks[at][1])
            at += 1
        while open_ and open_[-1] <= start:
            open_.pop()
        if open_:
            yield end, open_[-1]


def _has_break(loop: Node) -> bool:
    """Whether a loop may be left; a ``break`` of an inner loop counts as well, to be careful."""
    waiting = [loop]
    left = MAX_LOOP_NODES
    while waiting:
        node = waiting.pop()
        left -= 1
        if left < 0 or node.type in (
            "break_expression",
            "return_expression",
            "try_expression",
            "macro_invocation",
        ):
            return True
        waiting.extend(node.named_children)
    return False
