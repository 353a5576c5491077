"""Which functions of a bridge only call a standard function, with the same parameters and the same result.

What tells is the bridge's own code: the body is one call with the parameters as they are, in their order. The
function that is called may be another one of the bridge (its runtime), of which the same holds. Nothing is
converted on the way, so the types are the same ones for the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from wasmdoctor.migrate import rustedits
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.tokens import CLOSE, IDENT, OPEN, Token, lex

RustPath = tuple[str, ...]

MAX_STEPS = 8
"""How many functions of the bridge a forward may go through."""


@dataclass(frozen=True, slots=True)
class _Call:
    """The one call that a function's body is."""

    path: RustPath
    rooted: bool


@dataclass(slots=True)
class _Module:
    """The functions of one file that are one call, and what its ``use`` declarations bring."""

    calls: dict[str, _Call] = field(default_factory=dict)
    uses: dict[str, RustPath] = field(default_factory=dict)


def standard_calls(path: str, files: Mapping[str, bytes], crates: Iterable[str]) -> Mapping[RustPath, str]:
    """The standard function of each function of a bridge that only calls one.

    ``path`` is the bridge's file, ``files`` are all of its files by path, ``crates`` the names of crates whose
    functions are wanted. Keys are paths inside the bridge (``ns::pkg::iface::now`` in parts), values paths that
    begin with the crate (``wasip2::clocks::monotonic_clock::now``).
    """
    wanted = frozenset(crates)
    modules = {_module_of(path, name): _read(data) for name, data in files.items() if name.endswith(".rs")}
    found: dict[RustPath, str] = {}
    for module, content in modules.items():
        for name in content.calls:
            target = _follow(modules, module, name)
            if target and target[0] in wanted:
                found[(*module, name)] = "::".join(target)
    return found


def _module_of(root: str, path: str) -> RustPath:
    """The module that a file of the bridge is, inside the bridge."""
    if path == root:
        return ()
    place = PurePosixPath(root)
    folder = place.parent if place.name in ("mod.rs", "lib.rs", "main.rs") else place.with_suffix("")
    return PurePosixPath(path).relative_to(folder).with_suffix("").parts


def _follow(modules: Mapping[RustPath, _Module], module: RustPath, name: str) -> RustPath | None:
    """Where the calls lead to: a path outside of the bridge, or None."""
    for _ in range(MAX_STEPS):
        content = modules.get(module)
        call = content.calls.get(name) if content is not None else None
        if content is None or call is None:
            return None
        path = call.path
        if call.rooted:
            return path
        if path[0] in content.uses:
            path = (*content.uses[path[0]], *path[1:])
        here = module
        inside = False
        while path and path[0] in ("super", "self"):
            here = here[:-1] if path[0] == "super" else here
            path = path[1:]
            inside = True
        if not path:
            return None
        target = (*here, *path) if inside else path
        if not inside and (*module, *path[:-1]) in modules:
            target = (*module, *path)
            inside = True
        if not inside:
            return path if len(path) > 1 else None
        module, name = target[:-1], target[-1]
    return None


def _read(data: bytes) -> _Module:
    """What one file holds at its top level."""
    found = _Module()
    tokens = lex(data, 0, len(data))
    depth = 0
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == OPEN:
            depth += 1
        elif token.kind == CLOSE:
            depth -= 1
        elif depth == 0 and token.kind == IDENT and token.text == "use":
            at = _use(data, tokens, at, found)
        elif depth == 0 and token.kind == IDENT and token.text == "fn" and at + 1 < len(tokens):
            at = _function(tokens, at + 1, found)
        at += 1
    return found


def _use(data: bytes, tokens: list[Token], at: int, found: _Module) -> int:
    """Notes the names of a ``use`` declaration; the position of its last token."""
    end = at
    while end < len(tokens) - 1 and tokens[end].text != ";":
        end += 1
    tree = rustedits.use_tree(data, Span(tokens[at].start, tokens[end].end))
    for leaf, around in tree.leaves() if tree is not None else ():
        names = [name for part in (*around, leaf) for name in part.texts]
        if leaf.glob or not names:
            continue
        if names[-1] == "self":
            names.pop()
        found.uses[leaf.alias or names[-1]] = tuple(names)
    return end


def _function(tokens: list[Token], at: int, found: _Module) -> int:
    """Notes a function whose body is one call with its parameters; the position of its last token."""
    name = tokens[at].text
    start = at + 1
    if start >= len(tokens) or tokens[start].text != "(":  # generic
        return at
    end = _closing(tokens, start)
    params = _parameters(tokens[start + 1 : end])
    body = end
    while body < len(tokens) and tokens[body].text not in ("{", ";"):
        body += 1
    last = _closing(tokens, body)
    call = _only_call(tokens[body + 1 : last], params)
    if call is not None:
        found.calls[name] = call
    return last


def _closing(tokens: list[Token], start: int) -> int:
    """The position of the bracket that closes the one at ``start``."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += (tokens[at].kind == OPEN) - (tokens[at].kind == CLOSE)
        if depth == 0:
            return at
    return len(tokens) - 1


def _parameters(tokens: list[Token]) -> list[str] | None:
    """The names of parameters; None when one of them is a pattern."""
    names: list[str] = []
    depth = 0
    begins = True
    for at, token in enumerate(tokens):
        depth += (token.kind == OPEN or token.text == "<") - (token.kind == CLOSE or token.text == ">")
        if depth == 0 and token.text == ",":
            begins = True
        elif begins:
            if token.kind != IDENT or at + 1 >= len(tokens) or tokens[at + 1].text != ":":
                return None
            names.append(token.text)
            begins = False
    return names


def _only_call(tokens: list[Token], params: list[str] | None) -> _Call | None:
    """The call that a body consists of, when its arguments are the parameters in order."""
    if params is None or not tokens:
        return None
    at = 1 if tokens[0].text == "::" else 0
    path: list[str] = []
    while at < len(tokens) and tokens[at].kind == IDENT:
        path.append(tokens[at].text)
        at += 1
        if at >= len(tokens) or tokens[at].text != "::":
            break
        at += 1
    arguments = [token.text for token in tokens[at:]]
    expected = ["("]
    for position, name in enumerate(params):
        expected += [name] if position == 0 else [",", name]
    if arguments and arguments[-2:-1] == [","]:
        del arguments[-2]
    if not path or arguments != [*expected, ")"]:
        return None
    return _Call(tuple(path), tokens[0].text == "::")
