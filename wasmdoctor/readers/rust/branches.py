"""Where in a file code stands under a condition: what is there may never run, and a compiler may find that out.

Not the conditions of ``cfg``: those of control flow. Node names are those of tree-sitter-rust 0.24.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from tree_sitter import Node, Query, QueryCursor, Tree

from wasmdoctor.readers.rust.parse import LANGUAGE

# All that is looked at, each by its kind alone: tree-sitter analyses what a pattern says of children when it compiles
# a query, which takes 20 ms for the few that would be of use here.
_KINDS = Query(
    LANGUAGE,
    """
    (if_expression) @branch
    (match_arm) @branch
    (while_expression) @branch
    (for_expression) @branch
    (closure_expression) @branch
    (let_declaration) @branch
    (binary_expression) @binary
    (async_block) @part
    (block) @block
    (return_expression) @end
    (break_expression) @end
    (continue_expression) @end
    (loop_expression) @loop
    (macro_invocation) @macro
    (call_expression) @call
    """,
)
# What a branch, a loop that may not turn, or a closure holds, by its field.
_PARTS = {
    "if_expression": ("consequence", "alternative"),
    "match_arm": ("value",),
    "while_expression": ("body",),
    "for_expression": ("body",),
    "closure_expression": ("body",),
    "let_declaration": ("alternative",),
}
_DIVERGING_MACROS = frozenset((b"panic", b"unreachable", b"todo", b"unimplemented"))
_DIVERGING_FUNCTIONS = frozenset((b"exit", b"abort", b"unreachable_unchecked"))

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
    kinds = QueryCursor(_KINDS).captures(tree.root_node)
    macros = [(node, _macro_name(node)) for node in kinds.get("macro", ())]
    parts = [*kinds.get("part", ()), *_branches(kinds)]
    parts += [node for node, name in macros if name.startswith(b"debug_assert")]
    # Patterns that nest would cost the square of a file's depth, and so would asking nodes for their parents.
    ends = [*kinds.get("end", ()), *(loop for loop in kinds.get("loop", ()) if not _has_break(loop))]
    ends += [node for node, name in macros if name in _DIVERGING_MACROS]
    ends += [node for node in kinds.get("call", ()) if _never_returns(node)]
    ends = [node for node in ends if _is_statement(data, node.start_byte)]
    blocks = [(node.start_byte, node.end_byte) for node in kinds.get("block", ())]
    found = [(node.start_byte, node.end_byte) for node in parts]
    found += _rest_of_blocks(sorted((node.start_byte, node.end_byte) for node in ends), sorted(blocks))
    return found


def _branches(kinds: Mapping[str, list[Node]]) -> Iterator[Node]:
    """What runs under the conditions of branches, loops, closures, and of ``&&`` and ``||``."""
    for node in kinds.get("branch", ()):
        for field in _PARTS[node.type]:
            if (part := node.child_by_field_name(field)) is not None:
                yield part
    for node in kinds.get("binary", ()):
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if operator is not None and operator.type in ("&&", "||") and right is not None:
            yield right


def _macro_name(node: Node) -> bytes:
    """The name of a macro that is called by one word, else nothing."""
    name = node.child_by_field_name("macro")
    return name.text or b"" if name is not None and name.type == "identifier" else b""


def _never_returns(call: Node) -> bool:
    """Whether a call is of a function that ends the program, by its last name."""
    function = call.child_by_field_name("function")
    if function is None or function.type not in ("identifier", "scoped_identifier"):
        return False
    return (function.text or b"").rpartition(b"::")[2] in _DIVERGING_FUNCTIONS


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
