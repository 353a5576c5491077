"""What one Rust file holds, before any target is chosen: items, and what their bodies mention.

These records are the reader's own, made once per file; ``modules`` puts files together for a target.
Paths are tuples of names; a leading ``""`` stands for ``::``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Problem, SourceText, Span
from wasmdoctor.readers.rust.attributes import Attribute
from wasmdoctor.readers.rust.branches import NOWHERE, Ranges

Path = tuple[str, ...]

MAX_HEADER_LINES = 199
"""How many lines at the top of a file are looked at for comments."""


@dataclass(slots=True)
class Condition:
    """``cfg`` attributes on a statement or member, and those of what encloses it.

    ``none_of`` are attributes of which none may hold (``else`` of ``cfg_if!``). ``unknown`` is set for
    what a macro may or may not pass on.
    """

    parent: Condition | None
    attributes: tuple[Attribute, ...]
    none_of: tuple[Attribute, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class TypeExpr:
    """A type as far as calls on it need it: references stripped, a head path, and its arguments.

    ``head`` is None for tuples, slices, functions and the like, whose parts are in ``args``.
    ``dynamic`` is set for ``dyn`` and ``impl`` types.
    """

    head: Path | None
    args: tuple[TypeExpr, ...] = ()
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class ValueExpr:
    """Where a method's receiver comes from, as far as its type can follow from it.

    ``kind``: ``name`` (a local variable), ``field`` and ``method`` (of ``base``), ``call`` (of ``path``),
    ``type`` (a value of ``type``), ``try`` (``base?``), ``part`` (something out of ``base``).
    """

    kind: str
    name: str = ""
    path: Path = ()
    base: ValueExpr | None = None
    type: TypeExpr | None = None


CALL, VALUE, TYPE = "call", "path", "type"


@dataclass(slots=True)
class Mention:
    """A path in code: called, mentioned as a value or pattern, or as a type."""

    kind: str
    path: Path
    start: int
    end: int
    condition: Condition | None


@dataclass(slots=True)
class MethodCall:
    """``receiver.name(...)``; the span is that of the name."""

    name: str
    receiver: ValueExpr | None
    start: int
    end: int
    condition: Condition | None


@dataclass(slots=True)
class MacroCall:
    """``path!(...)``: its span, and the byte range between its delimiters."""

    path: Path
    start: int
    end: int
    inner_start: int
    inner_end: int
    attributes: tuple[Attribute, ...]
    condition: Condition | None
    item: bool


@dataclass(slots=True)
class Body:
    """What one item's code mentions. Closures belong to the item that they stand in.

    ``mentions``, ``methods``, ``locals`` and ``binders`` may be put off until somebody asks for one of them.
    """

    mentions: list[Mention] = field(default_factory=list)
    methods: list[MethodCall] = field(default_factory=list)
    macros: list[MacroCall] = field(default_factory=list)
    locals: dict[str, list[ValueExpr]] = field(default_factory=dict)
    binders: set[str] = field(default_factory=set)
    generics: dict[str, list[Path]] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    _read: Callable[[], Body] | None = field(default=None, repr=False, compare=False)

    def put_off(self, read: Callable[[], Body]) -> None:
        """Leave what can be put off to ``read``, which gives the same body with all that is in it."""
        self._read = read
        del self.mentions, self.methods, self.locals, self.binders

    def __getattr__(self, name: str) -> object:
        """An attribute that has no value (Python asks here for no others): it was put off."""
        if name not in ("mentions", "methods", "locals", "binders") or self._read is None:
            raise AttributeError(name)
        body, self._read = self._read(), None
        self.mentions, self.methods = body.mentions, body.methods
        self.locals, self.binders = body.locals, body.binders
        return getattr(self, name)


@dataclass(slots=True)
class Item:
    """What all items share. ``full_span`` includes attributes and doc comments."""

    name: str
    span: Span
    full_span: Span
    attributes: tuple[Attribute, ...]
    condition: Condition | None
    visibility: str
    body: Body


@dataclass(slots=True)
class ModItem(Item):
    """``mod x { ... }``, or ``mod x;`` when ``items`` is None."""

    items: list[Item] | None = None
    inner: tuple[Attribute, ...] = ()


@dataclass(slots=True)
class UseLeaf:
    """One name that a ``use`` brings: its full path, the name it gets, or a glob."""

    path: Path
    alias: str
    glob: bool
    span: Span


@dataclass(slots=True)
class UseItem(Item):
    """A ``use`` declaration, or ``extern crate`` written as one leaf."""

    leaves: list[UseLeaf] = field(default_factory=list)
    extern_crate: bool = False


@dataclass(slots=True)
class FnItem(Item):
    """A function with or without body; ``params`` are those of a plain name."""

    result: TypeExpr | None = None
    has_self: bool = False
    name_span: Span = field(default_factory=lambda: Span(0, 0))


@dataclass(slots=True)
class ValueItem(Item):
    """A constant or static. ``value_span`` is the initializer's, or None."""

    type: TypeExpr | None = None
    value_span: Span | None = None


@dataclass(slots=True)
class TypeItem(Item):
    """A struct, enum, union or type alias (``alias`` is its target)."""

    kind: str = "struct"
    fields: dict[str, TypeExpr] = field(default_factory=dict)
    variants: set[str] = field(default_factory=set)
    alias: TypeExpr | None = None


@dataclass(slots=True)
class TraitItem(Item):
    """A trait and its members."""

    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class ImplItem(Item):
    """An ``impl`` block; ``trait`` is None for an inherent one."""

    trait: Path | None = None
    trait_span: Span | None = None
    type: TypeExpr | None = None
    type_text: str = ""
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class ForeignItem(Item):
    """An ``extern "C" { ... }`` block."""

    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class MacroItem(Item):
    """A ``macro_rules!`` definition; the byte range of its rules."""

    inner_start: int = 0
    inner_end: int = 0


@dataclass(slots=True)
class Contents:
    """What stands in one file: its items, and the mentions and macro calls directly in it.

    ``inner`` are its ``#![...]``, ``conditional`` the parts whose code stands under a condition of control flow.
    """

    items: list[Item]
    body: Body
    inner: tuple[Attribute, ...] = ()
    problems: tuple[Problem, ...] = ()
    conditional: Ranges = NOWHERE


class FileFacts:
    """One file. ``read`` gives what stands in it, when that is asked for the first time.

    ``leads_on`` when it may declare modules, include files, or have ``#![...]``; ``unread`` when it is beyond a limit.
    """

    def __init__(
        self, source: SourceText, read: Callable[[], Contents], *, leads_on: bool = True, unread: bool = False
    ) -> None:
        self.source = source
        self.leads_on = leads_on
        self.unread = unread
        self._read = read

    @cached_property
    def contents(self) -> Contents:
        """What stands in it."""
        return self._read()

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The ``//`` comment lines at its top, without the slashes."""
        lines: list[str] = []
        data, start = self.source.data, 0
        for _ in range(MAX_HEADER_LINES):
            end = data.find(b"\n", start)
            text = data[start : end if end >= 0 else len(data)].decode("utf-8", "replace").strip()
            if text.startswith("//"):
                lines.append(text.lstrip("/!").strip())
            elif text and not text.startswith("#!["):
                break
            if end < 0:
                break
            start = end + 1
        return tuple(lines)
