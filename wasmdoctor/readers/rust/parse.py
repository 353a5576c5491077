"""Rust source to a syntax tree, with limits, by tree-sitter-rust."""

from __future__ import annotations

from tree_sitter import Language, Node, Parser, Point, Range, Tree

from wasmdoctor.model.later import on_call
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Problem, SourceText

with on_call("importlib.resources", "files"):  # for queries that nobody here asks for
    import tree_sitter_rust

MAX_BYTES = 1_400_000
"""Larger files are not read: generated bindings of all of WASI are below 1 MB."""

MAX_NODES = 200_000
"""Files with more nodes of syntax are not read, since each costs time: those bindings have 150,000 at most."""

HEAD = 500_000
"""Bytes of a dense file that are parsed first: when they have too many nodes, the rest need not be."""

MAX_SYNTAX_PROBLEMS = 5
"""How many syntax errors of one file are told."""

LANGUAGE = Language(tree_sitter_rust.language())

KNOWN_GAPS = (b"safe",)
"""Valid Rust 2024 that tree-sitter-rust 0.24 does not know: ``unsafe extern { safe fn ... }``."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's text and tree; ``tree`` is None when the file is too large to read."""

    source: SourceText
    tree: Tree | None
    problems: tuple[Problem, ...]


def parse_rust(data: bytes, path: str) -> Parsed:
    """Parse one file. Never raises: errors of syntax are problems, and the rest of the tree stands."""
    if len(data) > MAX_BYTES:
        source = SourceText(path, b"")
        message = f"Rust file of {len(data):,} bytes is not read (the limit is {MAX_BYTES:,})"
        return Parsed(source, None, (Problem(source.location(0), message, "split it, or exclude it"),))
    if len(data) > HEAD and _tokens(data) > MAX_NODES:
        nodes = parse_tree(data[:HEAD]).root_node.descendant_count
        if nodes > MAX_NODES:
            return _too_many(nodes, path)
    tree = parse_tree(data)
    nodes = tree.root_node.descendant_count
    if nodes > MAX_NODES:
        return _too_many(nodes, path)
    source = SourceText(path, data)
    problems = _syntax_problems(source, tree.root_node) if tree.root_node.has_error else ()
    return Parsed(source, tree, problems)


_WORDS = bytes(range(128, 256)) + b" \t\r\n_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _tokens(data: bytes) -> int:
    """About how many tokens there are, those in comments and strings too: words, and signs."""
    return len(data.split()) + len(data.translate(None, _WORDS))


def _too_many(nodes: int, path: str) -> Parsed:
    """What is given for a file with so many nodes, or more."""
    source = SourceText(path, b"")
    message = f"Rust file with {nodes:,} nodes of syntax is not read (the limit is {MAX_NODES:,})"
    return Parsed(source, None, (Problem(source.location(0), message, "split it, or exclude it"),))


def is_unread(problem: Problem) -> bool:
    """Whether a problem of a program says that nothing of a file was read."""
    return problem.message.startswith("Rust file ") and "is not read (the limit" in problem.message


def parse_tree(data: bytes) -> Tree:
    """The tree of a file, errors and all."""
    return Parser(LANGUAGE).parse(decodable(data))


def decodable(data: bytes) -> bytes:
    """The same bytes, with a question mark for each that is not UTF-8, so that offsets stay.

    tree-sitter decodes what the predicates of a query compare. Where it cannot, it raises UnicodeDecodeError, or
    goes on with the error pending and ends the whole process with a segmentation fault (0.26.1).
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape").encode("utf-8", "replace")
    return data


def parse_range(data: bytes, start: int, end: int, *, checked: bool = False) -> Tree | None:
    """The tree of ``data[start:end]`` alone, with offsets of the whole; None when it has errors.

    ``checked`` says that the data is known to be UTF-8, so that many parts of a large file cost no more than a few.
    """
    window = Range(Point(0, start), Point(0, end), start, end)
    tree = Parser(LANGUAGE, included_ranges=[window]).parse(data if checked else decodable(data))
    return None if tree.root_node.has_error else tree


def _syntax_problems(source: SourceText, root: Node) -> tuple[Problem, ...]:
    """The outermost errors of the tree, in order, up to a limit."""
    found: list[Problem] = []
    stack = [root]
    while stack and len(found) < MAX_SYNTAX_PROBLEMS:
        node = stack.pop()
        if node.is_error:
            if source.data[node.start_byte : node.end_byte].strip() not in KNOWN_GAPS:
                found.append(
                    Problem(
                        source.location(node.start_byte),
                        "this is not Rust that can be read",
                        "what stands around it is still read; check that the file compiles",
                    )
                )
        elif node.is_missing:
            found.append(Problem(source.location(node.start_byte), f"`{node.type}` is missing here"))
        elif node.has_error:
            stack.extend(reversed(node.children))
    return tuple(found)
