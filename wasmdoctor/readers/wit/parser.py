"""Tokens to a tree. An error is a problem in the tree; parsing goes on behind the item that has it.

Grammar: Component Model, WIT.md, as wit-parser 0.262 (wasm-tools 1.262) accepts it. Type expressions nest at
most ``MAX_TYPE_DEPTH`` levels, its own limit; no other construct recurses more than a few levels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Problem, SourceText, Span
from wasmdoctor.readers.wit import semver
from wasmdoctor.readers.wit.lexer import (
    BAD,
    EOF,
    EXPLICIT_ID,
    ID,
    INTEGER,
    KEYWORDS,
    MAX_PROBLEMS,
    STRING,
    lex,
    string_value,
)
from wasmdoctor.readers.wit.tree import (
    Attribute,
    BadItem,
    ExternItem,
    FuncItem,
    FuncType,
    IncludeItem,
    InterfaceItem,
    Item,
    Member,
    Name,
    PackageHeader,
    PackageItem,
    PackageName,
    Param,
    Path,
    TopUseItem,
    Tree,
    TypeExpr,
    TypeItem,
    UseItem,
    UseName,
    Version,
    WorldItem,
)

MAX_TYPE_DEPTH = 100
"""As in wit-parser 0.262."""

MAX_PACKAGE_DEPTH = 100
"""As in wit-parser 0.262. (Resolution allows only one level.)"""

PRIMITIVES = frozenset(
    [
        "bool",
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "s64",
        "f32",
        "f64",
        "char",
        "string",
        "error-context",
    ]
)

_ID = regex(
    r"(?:[a-z][a-z0-9]*+|[A-Z][A-Z0-9]*+)"
    r"(?:-(?=[0-9A-Za-z])[0-9]*+(?:[a-z][a-z0-9]*+|[A-Z][A-Z0-9]*+)?+)*+"
)
_TOP_LEVEL = frozenset(("package", "interface", "world"))
_STARTS = _TOP_LEVEL | frozenset(
    ["use", "import", "export", "include", "type", "record", "variant", "enum", "flags", "resource"]
)

_IDS = frozenset((ID, EXPLICIT_ID))

T = TypeVar("T")


class _Unexpected(Exception):
    """Ends the item that is being parsed. It carries the problem and never leaves this module."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def parse(source: SourceText) -> Tree:
    """Parse one WIT file. Takes any bytes and always gives a tree; errors are in its ``problems``.

    Files of the same bytes share their nodes: most crates with WIT have a copy of ``wasi:*`` of their own.
    """
    known = _known(source.data) if len(source.data) <= MAX_KNOWN else None
    if known is not None:
        return Tree(source, known.lexed, known.header, known.items, known.problems)
    for tree in tuple(_recent):
        if tree.source.path == source.path and tree.source.data == source.data:
            return tree
    tree = _Parser(source).file()
    _recent.append(tree)
    return tree


_recent: deque[Tree] = deque(maxlen=2)
"""The files that were parsed last, of those that are not kept below: rules look once more into one that has problems."""

MAX_KNOWN = 32 * 1024
"""Bytes of a file whose tree is kept for the next file like it: all files of WASI 0.2 and 0.3 but one are smaller."""


@lru_cache(maxsize=64)
def _known(data: bytes) -> Tree | None:
    """The tree of a file with these bytes, wherever it is; None when it has problems, which say where they are."""
    tree = _Parser(SourceText("", data)).file()
    return None if tree.problems else tree


class _Parser:
    """One pass over the tokens of a file; ``at`` is the index of the next one."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.lexed = lex(source)
        self.text = self.lexed.text
        self.kinds = self.lexed.kinds
        self.starts = self.lexed.starts
        self.ends = self.lexed.ends
        self.at = 0
        self.problems: list[Problem] = []

    def file(self) -> Tree:
        """The whole file."""
        header = self._header()
        items = self._items(self._top_item, closing="", owner="", depth=0)
        problems = sorted((*self.lexed.problems, *self.problems), key=lambda p: p.location)
        # A character that cannot be read is not reported a second time as an unexpected token.
        return Tree(self.source, self.lexed, header, items, tuple(problems[:MAX_PROBLEMS]))

    # -- tokens

    def _fail(self, expected: str, help: str = "") -> _Unexpected:
        """The next token is not what the grammar wants here."""
        kind = self.kinds[self.at]
        found = "the end of the file" if kind == EOF else f"`{self._token_text(self.at)}`"
        location = self.source.location(self.starts[self.at])
        return _Unexpected(Problem(location, f"expected {expected}, found {found}", help))

    def _stray(self) -> str:
        """The help for a ``;`` behind a closing brace, a habit from other languages."""
        after_brace = self.kinds[self.at] == ";" and self.at and self.kinds[self.at - 1] == "}"
        return "no `;` is written after `}` here: remove it" if after_brace else ""

    def _token_text(self, index: int) -> str:
        raw = self.source.data[self.starts[index] : min(self.ends[index], self.starts[index] + 40)]
        return raw.decode("utf-8", "replace")

    def _report(self, offset: int, message: str, help: str = "") -> None:
        self.problems.append(Problem(self.source.location(offset), message, help))

    def _eat(self, kind: str) -> bool:
        if self.kinds[self.at] == kind:
            self.at += 1
            return True
        return False

    def _expect(self, kind: str) -> None:
        if self.kinds[self.at] != kind:
            raise self._fail(f"`{kind}`")
        self.at += 1

    def _name(self) -> Name:
        at = self.at
        kind = self.kinds[at]
        start, end = self.starts[at], self.ends[at]
        if kind == ID:
            text = self.text[start:end]
        elif kind == EXPLICIT_ID:
            text = self.text[start + 1 : end]
        elif kind in KEYWORDS and kind != "_":
            raise self._fail("an identifier", f"`{kind}` is a keyword; write `%{kind}` to use it as a name")
        else:
            raise self._fail("an identifier")
        if _ID.fullmatch(text) is None:
            self._bad_name(start, text)
        self.at = at + 1
        return Name(start, end, text)

    def _bad_name(self, start: int, text: str) -> None:
        shown = text.encode("latin-1").decode("utf-8", "replace")
        self._report(
            start,
            f"`{shown}` is not a valid name",
            "names are words of lower-case letters and digits (or all upper-case) joined by single `-`, "
            "and start with a letter",
        )

    # -- lists of items, and going on after an error

    def _items(
        self, parse_item: Callable[[int], Item], *, closing: str, owner: str, depth: int
    ) -> tuple[Item, ...]:
        """Items up to ``closing`` (consumed), or to the end of the file."""
        items: list[Item] = []
        kinds = self.kinds
        while True:
            kind = kinds[self.at]
            if kind == closing:
                self.at += 1
                break
            if kind == EOF:
                if closing:
                    self.problems.append(self._fail(f"`{closing}` to end {owner}").problem)
                break
            if depth and kind in _TOP_LEVEL and not owner.startswith("package"):
                # A declaration of the level above: the brace that ends this one is missing.
                self.problems.append(
                    self._fail(f"`{closing}` to end {owner}", f"`{kind}` cannot stand in {owner}").problem
                )
                break
            first = self.at
            if len(self.problems) >= MAX_PROBLEMS:
                self.at = len(kinds) - 1
                items.append(BadItem(self.starts[first], self.ends[self.at], first, ()))
                break
            try:
                items.append(parse_item(depth))
            except _Unexpected as error:
                if kinds[self.at] != BAD:
                    self.problems.append(error.problem)
                items.append(self._skip(first))
        return tuple(items)

    def _skip(self, first: int) -> BadItem:
        """Step over an item that could not be parsed: to its ``;`` or ``}``, or to what starts another."""
        failed = self.at
        kinds = self.kinds
        depth = 0
        at = first
        while True:
            kind = kinds[at]
            if kind == EOF:
                break
            if kind == "{":
                depth += 1
            elif kind == "}":
                if not depth:
                    # The end of the surrounding block; at the top level it ends nothing.
                    at += at == first
                    break
                depth -= 1
                if not depth and at >= failed:
                    at += 1
                    break
            elif at >= failed and not depth:
                if kind == ";":
                    at += 1
                    break
                if at > first and kind in _STARTS and self._first_on_line(at):
                    break
            elif at > failed and kind in _TOP_LEVEL and self._first_on_line(at):
                break
            at += 1
        self.at = at
        return BadItem(self.starts[first], self.ends[max(first, at - 1)], first, ())

    def _first_on_line(self, at: int) -> bool:
        return "\n" in self.text[self.ends[at - 1] : self.starts[at]] if at else True

    # -- the top level

    def _header(self) -> PackageHeader | None:
        """``package a:b;`` at the start. A block ``package a:b { }`` is left for the items."""
        if self.kinds[0] != "package":
            return None
        self.at = 1
        try:
            name = self._package_name()
            if self.kinds[self.at] == "{":
                # The name is parsed and its problems are reported again with the block.
                self.at = 0
                self.problems.clear()
                return None
            self._expect(";")
        except _Unexpected as error:
            if self.kinds[self.at] != BAD:
                self.problems.append(error.problem)
            self._skip(0)
            return None
        return PackageHeader(self.starts[0], self.ends[self.at - 1], 0, (), name)

    def _top_item(self, depth: int) -> Item:
        first = self.at
        gates = self._gates()
        start = self.starts[first]
        match self.kinds[self.at]:
            case "interface":
                self.at += 1
                name = self._name()
                items = self._block(self._interface_item, f"interface `{name.text}`", depth)
                return InterfaceItem(start, self.ends[self.at - 1], first, gates, name, items)
            case "world":
                self.at += 1
                name = self._name()
                items = self._block(self._world_item, f"world `{name.text}`", depth)
                return WorldItem(start, self.ends[self.at - 1], first, gates, name, items)
            case "use":
                self.at += 1
                path = self._path()
                alias = self._name() if self._eat("as") else None
                self._expect(";")
                return TopUseItem(start, self.ends[self.at - 1], first, gates, path, alias)
            case "package":
                return self._package_block(first, gates, depth)
        raise self._fail("`world`, `interface`, `use` or `package`", self._stray())

    def _package_block(self, first: int, gates: tuple[Attribute, ...], depth: int) -> Item:
        keyword = self.starts[self.at]
        self.at += 1
        name = self._package_name()
        if self.kinds[self.at] == ";":
            raise _Unexpected(
                Problem(
                    self.source.location(keyword),
                    "a package header must be the first thing in its file",
                    "move it to the top, or write `package ... { }` for a second package",
                )
            )
        if gates:
            self._report(
                gates[0].start, "a package cannot have gates", "put them on its interfaces and worlds"
            )
        if depth >= MAX_PACKAGE_DEPTH:
            raise _Unexpected(
                Problem(
                    self.source.location(keyword),
                    f"packages are nested deeper than {MAX_PACKAGE_DEPTH} levels",
                    "put them side by side",
                )
            )
        items = self._block(self._top_item, f"package `{name.text}`", depth)
        return PackageItem(self.starts[first], self.ends[self.at - 1], first, gates, name, items)

    def _block(self, parse_item: Callable[[int], Item], owner: str, depth: int) -> tuple[Item, ...]:
        self._expect("{")
        return self._items(parse_item, closing="}", owner=owner, depth=depth + 1)

    # -- names with packages and versions

    def _package_name(self) -> PackageName:
        namespace = self._name()
        self._expect(":")
        name = self._name()
        version = self._version() if self._eat("@") else None
        return PackageName(namespace.start, (version or name).end, namespace, name, version)

    def _path(self) -> Path:
        name = self._name()
        if not self._eat(":"):
            return Path(name.start, name.end, None, None, name, None)
        namespace, package = name, self._name()
        self._expect("/")
        name = self._name()
        version = self._version() if self._eat("@") else None
        return Path(namespace.start, (version or name).end, namespace, package, name, version)

    def _version(self) -> Version:
        """``1.0.0-rc.1+build``. Its tokens may not have white space between them."""
        start = self.starts[self.at]
        for part in range(3):
            if part:
                self._expect(".")
            if not self._eat(INTEGER):
                raise self._fail("a version like `1.0.0`")
        end = self.ends[self.at - 1]
        for sign in "-+":
            if self._eat(sign):
                end = self._version_words(end)
        text = self.text[start:end]
        error = semver.error(text)
        if error:
            self._report(start, f"`{text}` is not a semantic version: {error}", "write it like `1.0.0`")
        return Version(start, end, text)

    def _version_words(self, end: int) -> int:
        """Step over what may belong to a pre-release or build; a ``.`` only when more of it follows."""
        words = (ID, INTEGER, "-")
        while True:
            if self.kinds[self.at] in words:
                self.at += 1
            elif self.kinds[self.at] == "." and self.kinds[self.at + 1] in words:
                self.at += 2
            else:
                return end
            end = self.ends[self.at - 1]

    def _gates(self) -> tuple[Attribute, ...]:
        if self.kinds[self.at] != "@":
            return ()
        gates: list[Attribute] = []
        while self.kinds[self.at] == "@":
            start = self.starts[self.at]
            self.at += 1
            name = self._name()
            match name.text:
                case "since" | "deprecated":
                    value = self._argument("version", lambda: self._version().text)
                case "unstable":
                    value = self._argument("feature", lambda: self._name().text)
                case "external-id":
                    value = self._external_id()
                case other:
                    raise _Unexpected(
                        Problem(
                            self.source.location(name.start),
                            f"unknown attribute `@{other}`",
                            "there are @since, @unstable, @deprecated and @external-id",
                        )
                    )
            gates.append(Attribute(start, self.ends[self.at - 1], name, value))
        return tuple(gates)

    def _argument(self, key: str, value: Callable[[], str]) -> str:
        self._expect("(")
        if self.kinds[self.at] != ID or self._token_text(self.at) != key:
            if self.kinds[self.at] == EXPLICIT_ID and self._token_text(self.at) == f"%{key}":
                pass
            else:
                raise self._fail(f"`{key}`")
        self.at += 1
        self._expect("=")
        result = value()
        self._expect(")")
        return result

    def _external_id(self) -> str:
        self._expect("(")
        if self.kinds[self.at] != STRING:
            raise self._fail("a string")
        value = string_value(self.text[self.starts[self.at] : self.ends[self.at]]) or ""
        self.at += 1
        self._expect(")")
        return value

    # -- worlds

    def _world_item(self, depth: int) -> Item:
        first = self.at
        gates = self._gates()
        match self.kinds[self.at]:
            case "import" | "export":
                return self._extern(first, gates, depth)
            case "use":
                return self._use(first, gates)
            case "include":
                return self._include(first, gates)
            case "type" | "record" | "variant" | "enum" | "flags" | "resource":
                return self._type_item(first, gates)
        raise self._fail("`import`, `export`, `include`, `use` or a type definition", self._stray())

    def _extern(self, first: int, gates: tuple[Attribute, ...], depth: int) -> Item:
        direction = self.kinds[self.at]
        start = self.starts[first]
        self.at += 1
        if self._is_path():
            path = self._path()
            self._expect(";")
            return ExternItem(start, self.ends[self.at - 1], first, gates, direction, None, path)
        name = self._name()
        self._expect(":")
        kind = self.kinds[self.at]
        if kind in ("func", "async") or self._accessor():
            func = self._func()
            self._expect(";")
            return ExternItem(start, self.ends[self.at - 1], first, gates, direction, name, func=func)
        if kind == "interface":
            self.at += 1
            items = self._block(self._interface_item, f"{direction} `{name.text}`", depth)
            return ExternItem(start, self.ends[self.at - 1], first, gates, direction, name, items=items)
        path = self._path()
        self._expect(";")
        return ExternItem(start, self.ends[self.at - 1], first, gates, direction, name, path)

    def _is_path(self) -> bool:
        """Whether a path comes next, and not a label: ``iface``, or ``ns:pkg/iface`` with the colon of a package."""
        at, kinds = self.at, self.kinds
        if kinds[at] not in _IDS or kinds[at + 1] != ":":
            return True
        return kinds[at + 2] in _IDS and kinds[at + 3] == "/"

    def _use(self, first: int, gates: tuple[Attribute, ...]) -> Item:
        self.at += 1
        path = self._path()
        self._expect(".")
        names = self._list("{", "}", self._use_name)
        self._expect(";")
        return UseItem(self.starts[first], self.ends[self.at - 1], first, gates, path, names)

    def _use_name(self) -> UseName:
        name = self._name()
        alias = self._name() if self._eat("as") else None
        return UseName(name.start, (alias or name).end, name, alias)

    def _include(self, first: int, gates: tuple[Attribute, ...]) -> Item:
        self.at += 1
        path = self._path()
        renames: tuple[UseName, ...] = ()
        if self._eat("with"):
            renames = self._list("{", "}", self._rename)
        else:
            self._expect(";")
        return IncludeItem(self.starts[first], self.ends[self.at - 1], first, gates, path, renames)

    def _rename(self) -> UseName:
        name = self._name()
        self._expect("as")
        alias = self._name()
        return UseName(name.start, alias.end, name, alias)

    # -- interfaces

    def _interface_item(self, depth: int) -> Item:
        first = self.at
        gates = self._gates()
        match self.kinds[self.at]:
            case "type" | "record" | "variant" | "enum" | "flags" | "resource":
                return self._type_item(first, gates)
            case "use":
                return self._use(first, gates)
            case kind if kind in (ID, EXPLICIT_ID):
                name = self._name()
                self._expect(":")
                func = self._func()
                self._expect(";")
                return FuncItem(self.starts[first], self.ends[self.at - 1], first, gates, name, "func", func)
            case kind if kind in KEYWORDS and self.kinds[self.at + 1] == ":":
                self._name()
        raise self._fail("a function, `use` or a type definition", self._stray())

    def _type_item(self, first: int, gates: tuple[Attribute, ...]) -> Item:
        kind = self.kinds[self.at]
        self.at += 1
        name = self._name()
        target: TypeExpr | None = None
        members: tuple[Member, ...] = ()
        functions: tuple[FuncItem, ...] = ()
        match kind:
            case "type":
                self._expect("=")
                target = self._type(0)
                self._expect(";")
            case "record":
                members = self._list("{", "}", self._field)
            case "variant":
                members = self._list("{", "}", self._case)
            case "resource":
                functions = self._resource_functions(name)
            case _:
                members = self._list("{", "}", self._label)
        end = self.ends[self.at - 1]
        return TypeItem(self.starts[first], end, first, gates, kind, name, target, members, functions)

    def _resource_functions(self, name: Name) -> tuple[FuncItem, ...]:
        if self.kinds[self.at] != "{":
            if self.kinds[self.at] != ";":
                raise self._fail("`;` or `{`")
            self.at += 1
            return ()
        items = self._block(self._resource_item, f"resource `{name.text}`", 1)
        return tuple(item for item in items if isinstance(item, FuncItem))

    def _resource_item(self, depth: int) -> Item:
        first = self.at
        gates = self._gates()
        if self.kinds[self.at] == "constructor":
            word = Span(self.starts[self.at], self.ends[self.at])
            name = Name(word.start, word.end, "constructor")
            self.at += 1
            role = "constructor"
            func = self._signature(word, word.start, is_async=False, accessor="")
        elif self.kinds[self.at] in (ID, EXPLICIT_ID):
            name = self._name()
            self._expect(":")
            role = "static" if self._eat("static") else "method"
            func = self._func()
        else:
            if self.kinds[self.at] in KEYWORDS and self.kinds[self.at + 1] == ":":
                self._name()
            raise self._fail("`constructor` or the name of a method")
        self._expect(";")
        return FuncItem(self.starts[first], self.ends[self.at - 1], first, gates, name, role, func)

    def _field(self) -> Member:
        name = self._name()
        self._expect(":")
        type_ = self._type(0)
        return Member(name.start, type_.end, name, type_)

    def _case(self) -> Member:
        name = self._name()
        type_: TypeExpr | None = None
        if self._eat("("):
            type_ = self._type(0)
            self._expect(")")
        return Member(name.start, self.ends[self.at - 1], name, type_)

    def _label(self) -> Member:
        name = self._name()
        return Member(name.start, name.end, name, None)

    def _list(self, opening: str, closing: str, parse_entry: Callable[[], T]) -> tuple[T, ...]:
        """Entries with commas between them; one may stand behind the last."""
        self._expect(opening)
        kinds = self.kinds
        entries: list[T] = []
        while kinds[self.at] != closing:
            entries.append(parse_entry())
            if kinds[self.at] == ",":
                self.at += 1
            elif kinds[self.at] != closing:
                raise self._fail(f"`,` or `{closing}`")
        self.at += 1
        return tuple(entries)

    # -- functions and types

    def _accessor(self) -> bool:
        """Whether ``get(`` or ``set(`` comes next; both are ordinary names otherwise."""
        at = self.at
        return (
            self.kinds[at] == ID
            and self.kinds[at + 1] == "("
            and self.text[self.starts[at] : self.ends[at]] in ("get", "set")
        )

    def _func(self) -> FuncType:
        start = self.starts[self.at]
        is_async = self._eat("async")
        accessor = ""
        if not is_async and self._accessor():
            accessor = self.text[start : self.ends[self.at]]
        elif self.kinds[self.at] != "func":
            raise self._fail("`func`")
        word = Span(self.starts[self.at], self.ends[self.at])
        self.at += 1
        return self._signature(word, start, is_async=is_async, accessor=accessor)

    def _signature(self, word: Span, start: int, *, is_async: bool, accessor: str) -> FuncType:
        params = self._list("(", ")", self._param)
        result = self._type(0) if self._eat("->") else None
        return FuncType(start, self.ends[self.at - 1], word, is_async, accessor, params, result)

    def _param(self) -> Param:
        name = self._name()
        self._expect(":")
        type_ = self._type(0)
        return Param(name.start, type_.end, name, type_)

    def _type(self, depth: int) -> TypeExpr:
        at = self.at
        kind = self.kinds[at]
        start = self.starts[at]
        if depth >= MAX_TYPE_DEPTH:
            raise _Unexpected(
                Problem(
                    self.source.location(start),
                    f"this type is nested deeper than {MAX_TYPE_DEPTH} levels",
                    "give the inner types names",
                )
            )
        if kind in PRIMITIVES:
            self.at = at + 1
            return TypeExpr(start, self.ends[at], kind)
        if kind in (ID, EXPLICIT_ID):
            name = self._name()
            return TypeExpr(start, name.end, "name", name=name)
        parameters = _PARAMETERS.get(kind)
        if parameters is None:
            raise self._fail("a type", f"`%{kind}` is a name" if kind in KEYWORDS and kind != "_" else "")
        self.at = at + 1
        return parameters(self, kind, start, depth + 1)

    def _made(
        self,
        kind: str,
        start: int,
        args: tuple[TypeExpr | None, ...] = (),
        name: Name | None = None,
        size: int | None = None,
    ) -> TypeExpr:
        return TypeExpr(start, self.ends[self.at - 1], kind, args, name, size)

    def _tuple(self, kind: str, start: int, depth: int) -> TypeExpr:
        args = self._list("<", ">", lambda: self._type(depth))
        return self._made(kind, start, args)

    def _list_type(self, kind: str, start: int, depth: int) -> TypeExpr:
        self._expect("<")
        element = self._type(depth)
        size: int | None = None
        if self._eat(","):
            if self.kinds[self.at] != INTEGER:
                raise self._fail("the length of the list")
            size = self._u32()
        self._expect(">")
        return self._made(kind, start, (element,), size=size)

    def _u32(self) -> int:
        start, end = self.starts[self.at], self.ends[self.at]
        digits = self.text[start:end].lstrip("0")
        # int() of a very long number is slow, and refused by Python beyond 4300 digits.
        value = int(digits or "0") if len(digits) <= 10 else 1 << 32
        if value >= 1 << 32:
            self._report(start, "the length of a list must be less than 4294967296")
        self.at += 1
        return value

    def _map(self, kind: str, start: int, depth: int) -> TypeExpr:
        self._expect("<")
        key = self._type(depth)
        self._expect(",")
        value = self._type(depth)
        self._expect(">")
        return self._made(kind, start, (key, value))

    def _option(self, kind: str, start: int, depth: int) -> TypeExpr:
        self._expect("<")
        inner = self._type(depth)
        self._expect(">")
        return self._made(kind, start, (inner,))

    def _stream(self, kind: str, start: int, depth: int) -> TypeExpr:
        inner: TypeExpr | None = None
        if self._eat("<"):
            inner = self._type(depth)
            self._expect(">")
        return self._made(kind, start, (inner,))

    def _result(self, kind: str, start: int, depth: int) -> TypeExpr:
        ok: TypeExpr | None = None
        error: TypeExpr | None = None
        if self._eat("<"):
            if self._eat("_"):
                self._expect(",")
                error = self._type(depth)
            else:
                ok = self._type(depth)
                if self._eat(","):
                    error = self._type(depth)
            self._expect(">")
        return self._made(kind, start, (ok, error))

    def _handle(self, kind: str, start: int, depth: int) -> TypeExpr:
        self._expect("<")
        name = self._name()
        self._expect(">")
        return self._made(kind, start, name=name)


_PARAMETERS: dict[str, Callable[[_Parser, str, int, int], TypeExpr]] = {
    "tuple": _Parser._tuple,
    "list": _Parser._list_type,
    "map": _Parser._map,
    "option": _Parser._option,
    "future": _Parser._stream,
    "stream": _Parser._stream,
    "result": _Parser._result,
    "own": _Parser._handle,
    "borrow": _Parser._handle,
}
