"""Names of a crate and what they stand for: scopes, and paths resolved through ``use`` across crates.

The Rust Reference, "Name resolution" and "Use declarations", as far as items go; visibility is not
checked, since code that breaks it does not compile. Where two readings stay open both are given, marked
uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.rust.attributes import Attribute, compiled
from wasmdoctor.readers.rust.branches import NOWHERE, Ranges
from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.items import (
    Body,
    FnItem,
    ForeignItem,
    ImplItem,
    Item,
    MacroItem,
    ModItem,
    Path,
    TraitItem,
    TypeExpr,
    TypeItem,
    UseItem,
    ValueItem,
)
from wasmdoctor.readers.rust.modules import Module, ModuleTree

Names = Callable[[tuple[str, ...]], bool | None]
"""Whether a path inside a bindings module names something there; None when that is not known.

Asked for modules (``("wasi", "io")``), functions, types, cases, and methods (``(..., "Sock", "send")``), in
wit-bindgen's spelling; ``("exports", ...)`` for exported interfaces.
"""

MAX_HOPS = 48
"""How many ``use`` declarations, globs and aliases are followed for one name."""

MAX_ROUNDS = 8
"""How often globs that come through globs are looked at again."""

MAX_GLOBS = 200
"""Globs of one module, each of which may come through any other; what further ones bring counts as not found."""

MAX_MEANINGS = 200
"""What one name may be, with what globs may bring; more are not looked for, since none of them is certain."""

MAX_STEPS = 5_000
"""How many scopes may be asked for one path; beyond it the name counts as not found."""

MAX_CIRCLES = 500
"""How often aliases may lead back to themselves, of which no ways are followed any more then: no such code compiles."""

# What follows a glob's star: white space or a comment, and the end of the import.
_GLOB = regex(rb"\*[\s\x80-\xff]*(?:[;,}]|/[/*])")


def _may_have_globs(data: bytes) -> bool:
    return b"*" in data and _GLOB.search(data) is not None


SYSROOT = frozenset({"std", "core", "alloc", "proc_macro", "test"})

PRELUDE = frozenset(
    [
        "Option",
        "Some",
        "None",
        "Result",
        "Ok",
        "Err",
        "String",
        "Vec",
        "Box",
        "ToString",
        "ToOwned",
        "Clone",
        "Copy",
        "Send",
        "Sync",
        "Sized",
        "Drop",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsRef",
        "AsMut",
        "Into",
        "From",
        "Default",
        "Iterator",
        "Extend",
        "IntoIterator",
        "DoubleEndedIterator",
        "ExactSizeIterator",
        "Eq",
        "PartialEq",
        "Ord",
        "PartialOrd",
        "TryFrom",
        "TryInto",
        "FromIterator",
        "Debug",
        "Hash",
        "drop",
        "Unpin",
        "AsyncFn",
        "AsyncFnMut",
        "AsyncFnOnce",
        "Future",
        "IntoFuture",
        "size_of",
        "size_of_val",
        "align_of",
        "align_of_val",
        "bool",
        "char",
        "str",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "f32",
        "f64",
        "f16",
        "f128",
        "Self",
        "self",
        "_",
        "true",
        "false",
    ]
)
"""Names of the standard prelude (edition 2024) and of primitive types."""


@dataclass(frozen=True)
class RustCrate:
    """A crate to look into: its unique name in paths, its module tree, and the crates it names.

    ``externs`` maps the name of an extern crate in this crate's code to the name of another
    ``RustCrate``, or to the package's own name when its sources are not given (``{"wb": "wit-bindgen"}``).
    A crate that several programs link may be the same object in all of them: what only its own sources say
    is then worked out once.
    """

    name: str
    tree: ModuleTree
    externs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def code(self) -> CrateCode:
        """Its scopes and code units."""
        return CrateCode(self)


@dataclass(eq=False, slots=True)
class Use:
    """One import of a scope."""

    path: Path
    scope: Scope
    state: bool | None
    source: SourceText
    span: Span


@dataclass(eq=False, slots=True)
class Definition:
    """An item that a path can name, with its full path and whether it is compiled."""

    kind: str
    path: Path
    item: Item
    scope: Scope
    state: bool | None

    @property
    def id(self) -> str:
        """The path as text."""
        return "::".join(self.path)


@dataclass(eq=False, slots=True)
class Scope:
    """A module, or a function body that holds items of its own (then ``parent`` is what is around it).

    ``opaque`` when other names than those in the source may be in it. What is in a module (``defs``, ``uses``,
    ``globs``) may be put off until somebody asks.
    """

    crate: RustCrate
    module: Module
    path: Path
    parent: Scope | None = None
    defs: dict[str, list[Definition]] = field(default_factory=dict)
    children: dict[str, list[Scope]] = field(default_factory=dict)
    uses: dict[str, list[Use]] = field(default_factory=dict)
    globs: list[Use] = field(default_factory=list)
    opaque: bool = False
    _fill: Callable[[], object] | None = None

    @property
    def name(self) -> str:
        """The path as text."""
        return "::".join(self.path)

    def put_off(self, fill: Callable[[], object]) -> None:
        """Leave it to ``fill`` to begin the scope and to put everything into it."""
        self._fill = fill
        del self.defs, self.uses, self.globs

    def begin(self) -> None:
        """Have nothing in the scope, yet."""
        self.defs, self.uses, self.globs = {}, {}, []

    def __getattr__(self, name: str) -> object:
        """An attribute that has no value (Python asks here for no others): it was put off."""
        if name not in ("defs", "uses", "globs") or self._fill is None:
            raise AttributeError(name)
        fill, self._fill = self._fill, None
        fill()
        return getattr(self, name)


@dataclass(eq=False, slots=True)
class Unit:
    """A piece of code that counts as one node: a function, constant, type, trait, macro or module level.

    ``id`` is "" for code that belongs to no item. ``owner`` is the type of the impl around it.
    """

    id: str
    kind: str
    name: str
    body: Body
    scope: Scope
    source: SourceText
    state: bool | None
    item: Item | None = None
    owner: TypeExpr | None = None
    owner_item: Item | None = None
    generics: Mapping[str, Sequence[Path]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class ForeignBlock:
    """An ``extern "C" { ... }`` block, and the function around it ("" at module level)."""

    item: ForeignItem
    scope: Scope
    function: str
    state: bool | None
    source: SourceText


class Target(NamedTuple):
    """What a path stands for.

    ``kind``: ``module`` (``scope``), ``def`` (``definition``, and names after it in ``path``),
    ``bindings`` (``scope`` is the bindings module, ``path`` is inside it), ``external`` (``path`` starts
    with the crate). ``weak`` when the name may as well not be there.
    """

    kind: str
    scope: Scope | None = None
    definition: Definition | None = None
    path: Path = ()
    certain: bool = True
    weak: bool = False

    def within(self, path: Path) -> Target:
        """The same with another path."""
        return Target(self.kind, self.scope, self.definition, path, self.certain, self.weak)

    def doubted(self) -> Target:
        """The same, uncertain."""
        return Target(self.kind, self.scope, self.definition, self.path, False, self.weak)

    def settled(self) -> Target:
        """The same, no longer weak."""
        return Target(self.kind, self.scope, self.definition, self.path, self.certain, False)


@dataclass(slots=True)
class _Parts:
    """What one module's files hold."""

    units: list[Unit] = field(default_factory=list)
    imports: list[tuple[Use, bool]] = field(default_factory=list)
    foreign: list[ForeignBlock] = field(default_factory=list)


class ModuleCode:
    """One module's code: its text is known, and taken apart when somebody asks what is in it.

    ``texts`` are those of its files, ``scope`` what names mean in it.
    """

    def __init__(self, crate: RustCrate, module: Module) -> None:
        self.crate = crate
        self.module = module
        self.texts = [fragment.source.data for fragment in module.fragments]
        self.scope = Scope(crate, module, module.path, opaque=module.opaque)
        self.scope.put_off(lambda: self._parts)

    def has(self, wanted: Callable[[bytes], object]) -> bool:
        """Whether the text of one of its files is wanted."""
        return any(map(wanted, self.texts))

    @cached_property
    def _parts(self) -> _Parts:
        parts = _Parts()
        self.scope.begin()
        for fragment in self.module.fragments:
            state = self.module.compiled
            parts.units.append(Unit("", "module", "", fragment.body, self.scope, fragment.source, state))
            _ScopeBuilder(parts, self.crate, fragment.source).fill(self.scope, fragment.items, state)
        return parts

    @property
    def units(self) -> list[Unit]:
        """Its code units."""
        return self._parts.units

    @property
    def imports(self) -> list[tuple[Use, bool]]:
        """What it imports, and whether by a glob."""
        return self._parts.imports

    @property
    def foreign(self) -> list[ForeignBlock]:
        """Its ``extern`` blocks."""
        return self._parts.foreign


class CrateCode:
    """Scopes and code units of one crate, which depend on nothing but its own sources.

    ``module_scopes`` are by ``id`` of a module.
    """

    def __init__(self, crate: RustCrate) -> None:
        self.name = crate.name
        self.modules = [ModuleCode(crate, module) for module in crate.tree.modules]
        self.module_scopes = {id(code.module): code.scope for code in self.modules}
        self._fragments = {id(f.source): f for module in crate.tree.modules for f in module.fragments}
        self.root = self.module_scopes[id(crate.tree.root)]
        for code in self.modules:
            if code.module.parent is not None:
                around = self.module_scopes[id(code.module.parent)]
                around.children.setdefault(code.module.path[-1], []).append(code.scope)

    @property
    def units(self) -> Iterator[Unit]:
        """All its code units."""
        return (unit for code in self.modules for unit in code.units)

    @property
    def imports(self) -> Iterator[tuple[Use, bool]]:
        """All that it imports, and whether by a glob."""
        return (use for code in self.modules for use in code.imports)

    def has_file(self, source: SourceText) -> bool:
        """Whether a text is that of one of its files."""
        return id(source) in self._fragments

    def conditional(self, source: SourceText) -> Ranges:
        """The parts of one of its texts that stand under a condition of control flow."""
        fragment = self._fragments.get(id(source))
        return fragment.conditional if fragment is not None else NOWHERE

    def holds(self, *words: bytes) -> bool:
        """Whether one of some words stands anywhere in the crate's sources."""
        return any(word in f.source.data for f in self._fragments.values() for word in words)

    @cached_property
    def by_id(self) -> dict[str, list[Unit]]:
        """Its units that are, or may be, compiled, by id; "" for those that belong to no item."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            if unit.state is not False:
                found.setdefault(unit.id, []).append(unit)
        return found

    def _ids(self, wanted: Callable[[Unit], bool]) -> dict[str, list[str]]:
        """The ids of compiled units of a sort, by their names."""
        found: dict[str, list[str]] = {}
        for unit in self.units:
            if unit.state is not False and unit.id and wanted(unit):
                found.setdefault(unit.name, []).append(unit.id)
        return found

    @cached_property
    def methods(self) -> dict[str, list[str]]:
        """The functions in its impl blocks and traits."""
        return self._ids(lambda unit: unit.kind == "fn" and unit.owner_item is not None)

    @cached_property
    def trait_methods(self) -> dict[str, list[str]]:
        """Those of them that belong to a trait."""
        return self._ids(lambda unit: unit.kind == "fn" and _of_trait(unit.owner_item))

    @cached_property
    def functions(self) -> dict[int, list[str]]:
        """The ids of the functions of an impl block or trait, by the ``id`` of that item."""
        found: dict[int, list[str]] = {}
        for unit in self.units:
            if unit.kind == "fn" and unit.owner_item is not None:
                found.setdefault(id(unit.owner_item), []).append(unit.id)
        return found

    @cached_property
    def macros(self) -> dict[str, list[str]]:
        """Its ``macro_rules!``."""
        return self._ids(lambda unit: isinstance(unit.item, MacroItem))

    @cached_property
    def traits(self) -> dict[str, dict[str, list[str]]]:
        """What its traits hold: by the trait's id, then by name."""
        found: dict[str, dict[str, list[str]]] = {}
        for unit in self.units:
            if unit.state is not False and unit.id and isinstance(unit.owner_item, TraitItem):
                trait = unit.id.rpartition("::")[0]
                found.setdefault(trait, {}).setdefault(unit.name, []).append(unit.id)
        return found

    @cached_property
    def trait_members(self) -> list[tuple[Unit, ImplItem]]:
        """What its impl blocks of traits hold."""
        return [
            (unit, unit.owner_item)
            for unit in self.units
            if unit.state is not False
            and unit.id
            and isinstance(unit.owner_item, ImplItem)
            and unit.owner_item.trait is not None
        ]

    @cached_property
    def members(self) -> list[tuple[Unit, Path]]:
        """The functions and constants of impl blocks for a type with a name, and that name."""
        return [
            (unit, unit.owner.head)
            for unit in self.units
            if unit.kind in ("fn", "value")
            and unit.owner is not None
            and unit.owner.head is not None
            and unit.owner.head[0] not in unit.generics
        ]


def _of_trait(owner: Item | None) -> bool:
    return isinstance(owner, TraitItem) or (isinstance(owner, ImplItem) and owner.trait is not None)


class Index:
    """Scopes and code units of several crates.

    ``virtual`` are the scopes (by ``id``) whose items a macro makes.
    """

    def __init__(self, crates: Sequence[RustCrate]) -> None:
        self.crates = {crate.name: crate for crate in crates}
        self.code = {crate.name: crate.code for crate in crates}
        self.roots = {name: code.root for name, code in self.code.items()}
        self.virtual: set[int] = set()

    @property
    def units(self) -> Iterator[Unit]:
        """The code units of all crates."""
        return (unit for code in self.code.values() for unit in code.units)

    @property
    def modules(self) -> Iterator[ModuleCode]:
        """The code of all modules of all crates, by module."""
        return (module for code in self.code.values() for module in code.modules)

    def units_with(self, wanted: Callable[[bytes], object], also: Collection[str] = ()) -> Iterator[Unit]:
        """The code units of the modules one of whose files is wanted, by its text, and of whole crates of these names."""
        for code in self.code.values():
            whole = code.name in also
            for module in code.modules:
                if whole or module.has(wanted):
                    yield from module.units

    @property
    def globs(self) -> Iterator[Use]:
        """All imports by a glob."""
        for module in self.modules:
            if module.has(_may_have_globs):
                yield from (use for use, glob in module.imports if glob)

    @cached_property
    def module_scopes(self) -> dict[int, Scope]:
        """The scope of every module, by the module's ``id``."""
        return {key: scope for code in self.code.values() for key, scope in code.module_scopes.items()}

    def functions_of(self, unit: Unit) -> Iterator[str]:
        """The ids of the functions of a unit that is an impl block or trait, in all crates that its file is of."""
        codes = (code for code in self.code.values() if code.has_file(unit.source))
        return (found for code in codes for found in code.functions.get(id(unit.item), ()))

    @cached_property
    def users(self) -> dict[str, frozenset[str]]:
        """For each crate all those whose code can name something of it, directly or through others; itself too."""
        direct: dict[str, set[str]] = {name: set() for name in self.crates}
        for crate in self.crates.values():
            for identity in crate.externs.values():
                # Without sources of its own a crate goes by its package's name, with underscores.
                for name in (identity, identity.replace("-", "_")):
                    if name in direct:
                        direct[name].add(crate.name)
            for name in SYSROOT & direct.keys():
                direct[name].add(crate.name)
        return {name: frozenset(closed([name], lambda one: direct[one])) for name in direct}

    def users_of(self, crates: Iterable[str]) -> set[str]:
        """The crates that can name something of some crates, those themselves included."""
        return {user for name in crates for user in self.users.get(name, ())}


def closed(start: Iterable[str], follow: Callable[[str], Iterable[str]]) -> set[str]:
    """Names, and all that can be reached from them."""
    found = set(start)
    waiting = list(found)
    while waiting:
        for name in follow(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


@dataclass(slots=True)
class _Pending:
    """Items to be put into a scope; ``owner`` is the impl or trait around them."""

    items: Sequence[Item]
    scope: Scope
    path: Path
    state: bool | None
    owner: Item | None = None
    generics: Mapping[str, Sequence[Path]] = field(default_factory=dict)


class _ScopeBuilder:
    """Fills scopes from one file's items, without recursion. ``parts`` gets what is found."""

    def __init__(self, parts: _Parts, crate: RustCrate, source: SourceText) -> None:
        self.parts = parts
        self.crate = crate
        self.source = source
        self.conditions = crate.tree.conditions

    def fill(self, scope: Scope, items: Sequence[Item], state: bool | None) -> None:
        stack = [_Pending(items, scope, scope.path, state)]
        while stack:
            pending = stack.pop()
            for item in pending.items:
                own = both(pending.state, self._state(item))
                self._item(item, own, pending, stack)

    def _state(self, item: Item) -> bool | None:
        if not item.attributes and item.condition is None:
            return True
        data = self.source.data
        own = compiled(item.attributes, self.conditions.predicate, data)[0]
        return both(own, self.conditions.of(item.condition, data))

    def _item(self, item: Item, state: bool | None, pending: _Pending, stack: list[_Pending]) -> None:
        scope = pending.scope
        if isinstance(item, ModItem):
            return  # the module tree has it
        if isinstance(item, UseItem):
            self._uses(item, state, scope)
        elif isinstance(item, ImplItem):
            self._unit("", "impl", item, state, pending, stack)
            owner = item.type.head if item.type is not None and item.type.head else ("?",)
            type_ = owner[-1]
            if item.trait:
                type_ = f"<{type_} as {item.trait[-1]}>"
            stack.append(_Pending(item.items, scope, (*pending.path, type_), state, item, item.body.generics))
        elif isinstance(item, TraitItem):
            path = (*pending.path, item.name)
            self._define("trait", item, path, state, scope)
            self._unit("::".join(path), "trait", item, state, pending, stack)
            stack.append(_Pending(item.items, scope, path, state, item, item.body.generics))
        elif isinstance(item, ForeignItem):
            function = "::".join(pending.path) if scope.parent is not None else ""
            self.parts.foreign.append(ForeignBlock(item, scope, function, state, self.source))
            for inner in item.items:
                if pending.owner is None and isinstance(inner, FnItem):
                    self._define("foreign", inner, (*pending.path, inner.name), state, scope)
        elif isinstance(item, FnItem | ValueItem | TypeItem | MacroItem):
            self._named(item, state, pending, stack)

    def _named(self, item: Item, state: bool | None, pending: _Pending, stack: list[_Pending]) -> None:
        kinds = {FnItem: "fn", ValueItem: "value", TypeItem: "type", MacroItem: "macro"}
        kind = kinds[type(item)]
        path = (*pending.path, item.name)
        if pending.owner is None:
            self._define(kind, item, path, state, pending.scope)
        elif kind == "type":  # an associated type: its target counts for the impl
            self._unit("", "impl", item, state, pending, stack)
            return
        self._unit("::".join(path), kind, item, state, pending, stack)

    def _define(self, kind: str, item: Item, path: Path, state: bool | None, scope: Scope) -> None:
        scope.defs.setdefault(item.name, []).append(Definition(kind, path, item, scope, state))

    def _unit(
        self, id_: str, kind: str, item: Item, state: bool | None, pending: _Pending, stack: list[_Pending]
    ) -> None:
        scope = pending.scope
        path = (*pending.path, item.name or "{impl}")
        if item.body.items or item.body.macros:
            inner = Scope(scope.crate, scope.module, path, scope)
            stack.append(_Pending(item.body.items, inner, path, state))
            scope = inner
        generics = pending.generics
        if item.body.generics:
            generics = {**pending.generics, **item.body.generics}
        owner_item = pending.owner if pending.owner is not None else None
        owner = owner_item.type if isinstance(owner_item, ImplItem) else None
        if isinstance(item, ImplItem):
            owner, owner_item = item.type, item
        unit = Unit(
            id_, kind, item.name, item.body, scope, self.source, state, item, owner, owner_item, generics
        )
        self.parts.units.append(unit)

    def _uses(self, item: UseItem, state: bool | None, scope: Scope) -> None:
        for leaf in item.leaves:
            use = Use(leaf.path, scope, state, self.source, leaf.span)
            if leaf.glob and len(scope.globs) >= MAX_GLOBS:
                continue
            if leaf.glob:
                scope.globs.append(use)
            else:
                scope.uses.setdefault(leaf.alias, []).append(use)
            self.parts.imports.append((use, leaf.glob))


class Resolver:
    """Resolves paths in an index. ``names`` tells what a bindings module holds, by its path."""

    def __init__(self, index: Index, names: Callable[[str], Names | None] = lambda _: None) -> None:
        self.index = index
        self._names_of = names
        self._names: dict[str, Names | None] = {}
        self._memo: dict[tuple[int, Path], tuple[Target, ...]] = {}
        self._inside: dict[tuple[int, str], list[Target]] = {}
        self._globs: dict[int, list[Target]] = {}
        self._active: set[tuple[int, str]] = set()
        self._followed: set[tuple[int, str]] = set()
        self._linked = False
        self._cuts = 0
        self._circles = 0
        self._steps = 0
        self._hops = 0

    def forget(self) -> None:
        """Drop what was resolved, after scopes were marked as bindings."""
        self._memo.clear()
        self._inside.clear()
        self._globs.clear()
        self._names.clear()
        self._linked = False

    def resolve(self, scope: Scope, path: Path) -> tuple[Target, ...]:
        """Everything that a path may stand for, seen from a scope; empty when nothing is known of it."""
        if not self._linked:
            self._link_globs()
        key = (id(scope), path)
        known = self._memo.get(key)
        if known is None:
            self._steps = 0
            known = _settled(self._resolve(scope, path))
            self._memo[key] = known
        return known

    def _resolve(self, scope: Scope, path: Path) -> list[Target]:
        if not path or self._hops >= MAX_HOPS or self._steps >= MAX_STEPS:
            self._cuts += 1
            return []
        self._hops += 1
        try:
            targets, rest = self._head(scope, path)
            for name in rest:
                if not targets:
                    break
                targets = [found for target in targets for found in self._member(target, name)]
            explained = bool(rest) and (len(path) > 2 or not path[0][:1].isupper())
            if explained and len(targets) == 1 and targets[0].weak and not _opaque(targets[0]):
                return [targets[0].settled()]
            return targets
        finally:
            self._hops -= 1

    def _head(self, scope: Scope, path: Path) -> tuple[list[Target], Path]:
        first = path[0]
        if first == "":
            return (self._extern(scope.crate, path[1]) if len(path) > 1 else []), path[2:]
        if first in ("crate", "$crate"):
            return [Target("module", self.index.roots[scope.crate.name])], path[1:]
        if first in ("self", "super"):
            module = scope.module
            at = 0
            while at < len(path) and path[at] in ("self", "super"):
                if path[at] == "super":
                    if module.parent is None:
                        return [], ()
                    module = module.parent
                at += 1
            return [Target("module", self.index.module_scopes[id(module)])], path[at:]
        return self._lexical(scope, first), path[1:]

    def _lexical(self, scope: Scope, name: str) -> list[Target]:
        """A name looked for outwards: block scopes, the module, extern crates."""
        weak: list[Target] = []
        at: Scope | None = scope
        while at is not None:
            found = self._in_scope(at, name)
            strong = [target for target in found if not target.weak]
            if strong:
                return strong + [target for target in found if target.weak and target.kind == "bindings"]
            weak.extend(found)
            at = at.parent
        extern = self._extern(scope.crate, name)
        if extern and (name in SYSROOT or not weak):
            return extern
        if name in PRELUDE:
            return [target for target in weak if target.certain and not target.weak]
        if extern:
            weak = [target for target in weak if target.kind == "bindings"]
        return extern + weak

    def _extern(self, crate: RustCrate, name: str) -> list[Target]:
        identity = crate.externs.get(name)
        if identity is None:
            return [Target("external", path=(name,))] if name in SYSROOT else []
        root = self.index.roots.get(identity)
        if root is not None:
            return [Target("module", root)]
        return [Target("external", path=(identity.replace("-", "_"),))]

    def _in_scope(self, scope: Scope, name: str) -> list[Target]:
        """A name among a scope's own items, imports and globs."""
        key = (id(scope), name)
        known = self._inside.get(key)
        if known is not None:
            return known
        if key in self._active or self._steps > MAX_STEPS or len(self._active) > 64:
            self._cuts += 1
            return []
        cuts = self._cuts
        self._active.add(key)
        try:
            found = self._looked_up(scope, name)
        finally:
            self._active.discard(key)
        if cuts == self._cuts:  # an answer that a circle cut short is only good where it was asked
            self._inside[key] = found
        return found

    def _looked_up(self, scope: Scope, name: str) -> list[Target]:
        """A name in a scope, then through its globs and theirs; each scope is asked once."""
        found: list[Target] = []
        seen = {id(scope)}
        waiting = [(scope, True)]
        while waiting and len(found) < MAX_MEANINGS:
            at, certain = waiting.pop()
            self._steps += 1
            here = self._explicit(at, name) or self._virtual(at, name)
            found.extend(here if certain else [target.doubted() for target in here])
            if here and not all(target.weak for target in here):
                continue  # what a scope itself has hides what its globs bring
            for use in at.globs:
                if len(found) >= MAX_MEANINGS:
                    break
                for target in self._globs.get(id(use), ()) if use.state is not False else ():
                    sure = certain and target.certain and use.state is True
                    if target.kind == "module" and target.scope is not None:
                        if id(target.scope) not in seen and self._steps < MAX_STEPS:
                            seen.add(id(target.scope))
                            waiting.append((target.scope, sure))
                    else:
                        found.extend(self._through(target, name, sure))
        return found

    def _virtual(self, scope: Scope, name: str) -> list[Target]:
        """A name that a ``generate!`` in the scope makes, or may make."""
        verdict = self.holds(scope.name, (name,)) if id(scope) in self.index.virtual else False
        if verdict is False:
            return []
        return [Target("bindings", scope, path=(name,), weak=verdict is None)]

    def _link_globs(self) -> None:
        """Find out what every glob stands for. Globs may come through globs: repeat until nothing changes."""
        self._linked = True
        uses = [use for use in self.index.globs if use.state is not False]
        for _ in range(MAX_ROUNDS):
            changed = False
            for use in uses:
                self._steps = 0
                targets = list(_settled(self._resolve(use.scope, use.path)))
                if targets != self._globs.get(id(use), []):
                    self._globs[id(use)] = targets
                    changed = True
            self._inside.clear()
            if not changed:
                return

    def _explicit(self, scope: Scope, name: str) -> list[Target]:
        found: list[Target] = []
        for definition in scope.defs.get(name, ()):
            if definition.state is not False:
                found.append(Target("def", definition=definition, certain=definition.state is True))
        for child in scope.children.get(name, ()):
            if child.module.compiled is not False:
                found.append(Target("module", child, certain=child.module.compiled is True))
        for use in scope.uses.get(name, ()):
            if use.state is not False:
                for target in self._resolve(use.scope, use.path):
                    found.append(target if use.state else target.doubted())
        return found

    def _through(self, target: Target, name: str, certain: bool) -> Iterator[Target]:
        """What a name is that a glob of something else than a module brings."""
        path = (*target.path, name)
        if target.kind == "def" and target.definition is not None:
            item = target.definition.item
            if isinstance(item, TypeItem) and name in item.variants:
                moved = target.within(path)
                yield moved if certain else moved.doubted()
        elif target.kind == "bindings" and target.scope is not None:
            verdict = self.holds(target.scope.name, path)
            if verdict is not False:
                yield Target("bindings", target.scope, None, path, certain, verdict is None)
        elif target.kind == "external":
            yield Target("external", None, None, path, False, True)

    def holds(self, bindings: str, path: Path) -> bool | None:
        """Whether a bindings module holds a path, as far as the caller's names tell."""
        if bindings not in self._names:
            self._names[bindings] = self._names_of(bindings)
        names = self._names[bindings]
        return None if names is None else names(path)

    def _aliased(self, definition: Definition, head: Path, name: str) -> list[Target]:
        """A member of the type that an alias stands for; nothing where aliases lead to each other."""
        key = (id(definition), name)
        circle = key in self._followed
        self._circles += circle
        if circle or self._hops >= MAX_HOPS or self._circles > MAX_CIRCLES:
            self._cuts += 1
            return []
        self._hops += 1
        self._followed.add(key)
        try:
            meant = self._resolve(definition.scope, head)
            return [found for one in meant for found in self._member(one, name)]
        finally:
            self._followed.discard(key)
            self._hops -= 1

    def _member(self, target: Target, name: str) -> list[Target]:
        """What a name means after ``target::``."""
        if target.kind == "module" and target.scope is not None:
            found = self._in_scope(target.scope, name)
            return found if target.certain else [item.doubted() for item in found]
        if target.kind == "def" and target.definition is not None and not target.path:
            item = target.definition.item
            if isinstance(item, TypeItem) and item.alias is not None and item.alias.head is not None:
                meant = self._aliased(target.definition, item.alias.head, name)
                if meant:
                    return meant
        return [target.within((*target.path, name))]


def _opaque(target: Target) -> bool:
    """Whether a target's module may hold names that are not known."""
    return target.scope is None or target.scope.opaque


def _implausible(path: Path) -> bool:
    """Whether a guessed path inside bindings has a shape that wit-bindgen never makes.

    It puts an interface's items at ``ns::pkg::iface::item``, below ``exports`` for exported ones; functions
    are the items in lower case, and nothing lies below a function.
    """
    item = path[4:] if path[:1] == ("exports",) else path[3:]
    return len(item) > 1 and item[0][:1].islower()


def _settled(targets: list[Target]) -> tuple[Target, ...]:
    """Targets once each; several different ones are uncertain, and a weak one next to a strong one too."""
    unique: dict[tuple[str, int, int, Path], Target] = {}
    for target in targets:
        if target.weak and _implausible(target.path):
            continue
        key = (target.kind, id(target.scope), id(target.definition), target.path)
        known = unique.get(key)
        if known is None or (target.certain and not known.certain):
            unique[key] = target
    found = list(unique.values())
    kinds = {(t.kind, t.definition.kind if t.definition else "") for t in found}
    several = len(found) > 1 and len(kinds) < len(found)
    if several or (any(target.weak for target in found) and len(found) > 1):
        found = [target.doubted() for target in found]
    return tuple(found)


def within(module: Module, roots: set[int]) -> bool:
    """Whether a module is one of those (by ``id``), or below one."""
    at: Module | None = module
    while at is not None:
        if id(at) in roots:
            return True
        at = at.parent
    return False


def state_of(attributes: Sequence[Attribute], unit: Unit, outer: bool | None = True) -> bool | None:
    """Whether something with these attributes is compiled, in a unit."""
    conditions = unit.scope.crate.tree.conditions
    return both(unit.state, outer, compiled(attributes, conditions.predicate, unit.source.data)[0])
