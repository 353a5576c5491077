"""Items as things that can be taken out of their files: which item names which, and what of bindings.

Coarser than ``calls`` and made for another question: not what runs, but what still has a reader when
other items go. So code that is not compiled for the target counts like any other, a method call counts
for every method of that name, and what stands in a macro counts for all that it may mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.rust.items import (
    TYPE,
    Body,
    FnItem,
    ForeignItem,
    ImplItem,
    Item,
    MacroCall,
    MacroItem,
    ModItem,
    Path,
    TraitItem,
    TypeItem,
    UseItem,
    ValueItem,
)
from wasmdoctor.readers.rust.modules import Module
from wasmdoctor.readers.rust.scopes import Index, Resolver, Scope, Target, Unit
from wasmdoctor.readers.rust.tokens import IDENT, lex
from wasmdoctor.readers.rust.uses import BindingsView, UnitReferences

_KINDS: Mapping[type[Item], str] = {
    FnItem: "fn",
    ValueItem: "value",
    TypeItem: "type",
    TraitItem: "trait",
    ImplItem: "impl",
    UseItem: "use",
    ModItem: "mod",
    MacroItem: "macro",
    ForeignItem: "foreign",
}


@dataclass(frozen=True, slots=True)
class BindingRef:
    """Something of a bindings module: the module's path, and the path inside it (empty for itself)."""

    bindings: str
    relative: Path


@dataclass(frozen=True, slots=True)
class Leaf:
    """One name that a ``use`` brings. ``items`` and ``modules`` are what it stands for in these crates.

    ``known`` is False when nothing is known of what it names (another crate's item).
    """

    path: Path
    alias: str
    glob: bool
    span: Span
    items: frozenset[int]
    modules: frozenset[str]
    bindings: tuple[BindingRef, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class ItemNode:
    """One item of a module, one method of an ``impl``, or one macro call between items (``kind`` "call").

    ``kind``: ``fn``, ``value``, ``type``, ``trait``, ``impl``, ``use``, ``mod``, ``macro``, ``foreign``,
    ``call``. ``file`` is its path, ``full_span`` includes attributes and doc comments, and for a call the
    semicolon. ``owner`` is the ``impl`` that a method stands in. ``exported`` when other crates may name
    it. ``attributes`` are names; ``type`` is the item that an ``impl`` is for, ``trait`` the one that it
    implements, where these are items of the crates. ``trait_impl`` tells whether it implements one at all.
    """

    id: int
    crate: str
    module: str
    kind: str
    name: str
    file: str
    span: Span
    full_span: Span
    visibility: str
    attributes: tuple[str, ...]
    compiled: bool | None
    exported: bool = False
    owner: int | None = None
    type: int | None = None
    trait: int | None = None
    trait_impl: bool = False
    leaves: tuple[Leaf, ...] = ()
    extern_crate: bool = False


@dataclass(frozen=True, slots=True)
class ItemUses:
    """What one item's code names.

    ``items`` by path, ``methods`` by name, ``bindings`` things of bindings modules. ``segments`` are all names in its paths and macro arguments, ``types`` first
    names of paths that stand where only a type can stand.
    """

    items: frozenset[int] = frozenset()
    methods: frozenset[str] = frozenset()
    bindings: frozenset[BindingRef] = frozenset()
    segments: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModuleNode:
    """A module: its ``mod`` item (None for a root), its file, and where files of modules in it lie.

    ``inline`` when it has no file of its own. ``item`` is the node of its ``mod`` item.
    """

    name: str
    crate: str
    file: str
    folder: str
    inline: bool
    compiled: bool | None
    item: int | None
    parent: str
    public: bool


@dataclass(frozen=True, slots=True)
class ItemGraph:
    """All items of a program that are not in generated bindings, in order of file and place.

    ``uses`` are by node; -1 stands for code that belongs to no item.
    """

    nodes: Mapping[int, ItemNode]
    uses: Mapping[int, ItemUses]
    modules: tuple[ModuleNode, ...]


@dataclass(slots=True)
class _Draft:
    """What is gathered of a node's uses."""

    items: set[int] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    bindings: set[BindingRef] = field(default_factory=set)
    segments: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)


def item_graph(
    index: Index,
    resolver: Resolver,
    view: BindingsView,
    references_of: Callable[[Unit], UnitReferences],
) -> ItemGraph:
    """The item graph of a program's crates."""
    return _Builder(index, resolver, view, references_of).build()


class _Builder:
    def __init__(
        self,
        index: Index,
        resolver: Resolver,
        view: BindingsView,
        references_of: Callable[[Unit], UnitReferences],
    ) -> None:
        self.index = index
        self.resolver = resolver
        self.view = view
        self.references_of = references_of
        self.nodes: dict[int, ItemNode] = {}
        self.of_item: dict[int, int] = {}
        self.calls: dict[int, list[tuple[Span, int]]] = {}
        self.mod_nodes: dict[int, int] = {}
        self.drafts: dict[int, _Draft] = {-1: _Draft()}
        self.scopes: dict[int, Scope] = {}
        self.items: dict[int, Item] = {}

    def build(self) -> ItemGraph:
        modules = [module for crate in self.index.crates.values() for module in crate.tree.modules]
        kept = [module for module in modules if self.view.root(module) is None]
        public = self._public(modules)
        for module in kept:
            for fragment in module.fragments:
                self._items(module, fragment.source, fragment.items, public[id(module)])
                self._calls(module, fragment.source, fragment.body)
        for unit in self.index.units:
            if self.view.root(unit.scope.module) is None:
                self._uses(unit)
        self._leaves()
        self._heads()
        self._reexported()
        uses = {
            key: ItemUses(
                frozenset(draft.items - {key}),
                frozenset(draft.methods),
                frozenset(draft.bindings),
                frozenset(draft.segments),
                frozenset(draft.types),
            )
            for key, draft in self.drafts.items()
        }
        return ItemGraph(self.nodes, uses, tuple(self._module(module, public) for module in modules))

    # Nodes

    def _items(self, module: Module, source: SourceText, items: Iterable[Item], public: bool) -> None:
        scope = self.index.module_scopes[id(module)]
        for item in items:
            key = self._add(module, source, item, scope, public)
            if isinstance(item, ImplItem):
                for member in item.items:
                    if isinstance(member, FnItem):
                        self._add(module, source, member, scope, public, owner=key)
                    else:
                        self._inside(member, key)

    def _add(
        self,
        module: Module,
        source: SourceText,
        item: Item,
        scope: Scope,
        public: bool,
        owner: int | None = None,
    ) -> int:
        key = len(self.nodes)
        names = tuple(attribute.name for attribute in item.attributes)
        exported = (public and item.visibility == "pub") or "macro_export" in names
        self.nodes[key] = ItemNode(
            key,
            scope.crate.name,
            module.name,
            _KINDS[type(item)],
            item.name,
            source.path,
            item.span,
            item.full_span,
            item.visibility,
            names,
            module.compiled,
            exported,
            owner,
            trait_impl=isinstance(item, ImplItem) and item.trait is not None,
            extern_crate=isinstance(item, UseItem) and item.extern_crate,
        )
        self.drafts[key] = _Draft()
        self.items[key] = item
        self.scopes[key] = scope
        if isinstance(item, ModItem):
            self.mod_nodes[id(item)] = key
            self.of_item[id(item)] = key
        else:
            self.of_item[id(item)] = key
            for inner in item.body.items:
                self._inside(inner, key)
            if isinstance(item, TraitItem | ForeignItem):
                for inner in item.items:
                    self._inside(inner, key)
        return key

    def _inside(self, item: Item, key: int) -> None:
        """Items in bodies count as a part of the item around them."""
        stack = [item]
        while stack:
            current = stack.pop()
            self.of_item[id(current)] = key
            stack.extend(current.body.items)
            if isinstance(current, ImplItem | TraitItem | ForeignItem):
                stack.extend(current.items)
            elif isinstance(current, ModItem):
                stack.extend(current.items or ())

    def _calls(self, module: Module, source: SourceText, body: Body) -> None:
        for call in body.macros:
            if not call.item:
                continue
            key = len(self.nodes)
            start = min([call.start, *(attribute.span.start for attribute in call.attributes)])
            self.nodes[key] = ItemNode(
                key,
                module.path[0],
                module.name,
                "call",
                "::".join(call.path),
                source.path,
                Span(call.start, call.end),
                Span(start, _past_semicolon(source.data, call.end)),
                "",
                tuple(attribute.name for attribute in call.attributes),
                module.compiled,
            )
            self.drafts[key] = _Draft()
            self.scopes[key] = self.index.module_scopes[id(module)]
            self.calls.setdefault(id(source), []).append((Span(call.start, call.end), key))
            self.drafts[key].segments.update(_macro_names(source, call))

    def _public(self, modules: list[Module]) -> dict[int, bool]:
        """Whether other crates can name what is public in a module, re-exports left aside."""
        found: dict[int, bool] = {}
        for module in modules:  # parents come before their children
            if module.parent is None or module.item is None:
                found[id(module)] = module.parent is None
            else:
                found[id(module)] = found.get(id(module.parent), False) and module.item.visibility == "pub"
        return found

    def _module(self, module: Module, public: Mapping[int, bool]) -> ModuleNode:
        return ModuleNode(
            module.name,
            module.path[0],
            module.file,
            module.folder,
            module.item is not None and module.item.items is not None,
            module.compiled,
            self.mod_nodes.get(id(module.item)) if module.item is not None else None,
            module.parent.name if module.parent is not None else "",
            public[id(module)],
        )

    # Edges

    def _uses(self, unit: Unit) -> None:
        key = self.of_item.get(id(unit.item), -1) if unit.item is not None else -1
        data = unit.source.data
        calls = self.calls.get(id(unit.source), []) if unit.kind == "module" else []
        for mention in unit.body.mentions:
            draft = self.drafts[_at(calls, mention.start, key)]
            draft.segments.update(mention.path)
            if mention.kind == TYPE and _where_only_types_are(data, mention.start):
                draft.types.add(mention.path[0])
        for call in unit.body.macros:
            draft = self.drafts[_at(calls, call.start, key)]
            draft.segments.update(_macro_names(unit.source, call))
            for target in self.resolver.resolve(unit.scope, call.path):
                self._target(target, draft)
        if isinstance(unit.item, MacroItem):
            tokens = lex(data, unit.item.inner_start, unit.item.inner_end)
            self.drafts[key].segments.update(token.text for token in tokens if token.kind == IDENT)
        for reference in self.references_of(unit).references:
            draft = self.drafts[_at(calls, reference.start, key)]
            if reference.kind == "method" or reference.generic:
                draft.methods.add(reference.path[-1])
            for target in reference.targets:
                self._target(target, draft)

    def _target(self, target: Target, draft: _Draft) -> None:
        binding = self.view.of(target)
        if binding is not None:
            draft.bindings.add(BindingRef(binding.name, binding.relative))
            return
        if target.definition is not None:
            key = self.of_item.get(id(target.definition.item))
            if key is not None:
                draft.items.add(key)
            if target.path:
                draft.methods.add(target.path[-1])
        elif target.kind == "external" and target.path:
            draft.methods.add(target.path[-1])
        elif target.kind == "module" and target.scope is not None and target.scope.module.item is not None:
            key = self.mod_nodes.get(id(target.scope.module.item))
            if key is not None:
                draft.items.add(key)

    def _leaves(self) -> None:
        for key, item in self.items.items():
            if not isinstance(item, UseItem):
                continue
            leaves = tuple(
                self._leaf(key, leaf.path, leaf.alias, leaf.glob, leaf.span) for leaf in item.leaves
            )
            self._set(key, leaves=leaves)

    def _leaf(self, key: int, path: Path, alias: str, glob: bool, span: Span) -> Leaf:
        targets = self.resolver.resolve(self.scopes[key], path)
        items: set[int] = set()
        modules: set[str] = set()
        bindings: list[BindingRef] = []
        for target in targets:
            binding = self.view.of(target)
            if binding is not None:
                bindings.append(BindingRef(binding.name, binding.relative))
            elif target.definition is not None:
                found = self.of_item.get(id(target.definition.item))
                if found is not None:
                    items.add(found)
            elif target.kind == "module" and target.scope is not None:
                modules.add(target.scope.name)
        known = bool(items or modules or bindings)
        return Leaf(path, alias, glob, span, frozenset(items), frozenset(modules), tuple(bindings), known)

    def _heads(self) -> None:
        """The items that impls are for, and that they implement."""
        for key, item in self.items.items():
            if not isinstance(item, ImplItem):
                continue
            type_ = self._item(key, item.type.head if item.type is not None else None)
            self._set(key, type=type_, trait=self._item(key, item.trait))

    def _item(self, key: int, path: Path | None) -> int | None:
        if not path:
            return None
        for target in self.resolver.resolve(self.scopes[key], path):
            if target.definition is not None:
                return self.of_item.get(id(target.definition.item))
        return None

    def _reexported(self) -> None:
        """``pub use`` in a public module makes what it names nameable, and so its impls' public methods."""
        changed = True
        while changed:
            changed = False
            for node in list(self.nodes.values()):
                if node.kind != "use" or not node.exported:
                    continue
                for leaf in node.leaves:
                    for key in [*leaf.items, *self._of_modules(leaf)]:
                        if not self.nodes[key].exported:
                            self._set(key, exported=True)
                            changed = True
        for node in list(self.nodes.values()):
            owner = self.nodes[node.owner] if node.owner is not None else None
            type_ = self.nodes[owner.type] if owner is not None and owner.type is not None else None
            if type_ is not None and node.visibility == "pub":
                self._set(node.id, exported=type_.exported)

    def _of_modules(self, leaf: Leaf) -> Iterator[int]:
        """Public items of modules that a leaf brings, by name or by ``*``."""
        for name in leaf.modules:
            for node in list(self.nodes.values()):
                if node.module == name and node.visibility == "pub" and node.owner is None:
                    yield node.id

    def _set(self, key: int, **changes: object) -> None:
        node = self.nodes[key]
        values = {name: getattr(node, name) for name in ItemNode.__slots__}
        self.nodes[key] = ItemNode(**{**values, **changes})


def _at(calls: list[tuple[Span, int]], offset: int, otherwise: int) -> int:
    """The macro call that an offset lies in, else what is given."""
    return next((key for span, key in calls if span.start <= offset < span.end), otherwise)


def _macro_names(source: SourceText, call: MacroCall) -> set[str]:
    """All identifiers of a macro's path and arguments: any of them may be a name."""
    tokens = lex(source.data, call.inner_start, call.inner_end)
    return {call.path[0], *(token.text.removeprefix("r#") for token in tokens if token.kind == IDENT)}


def _past_semicolon(data: bytes, end: int) -> int:
    at = end
    while at < len(data) and data[at] in b" \t":
        at += 1
    return at + 1 if data[at : at + 1] == b";" else end


def _where_only_types_are(data: bytes, start: int) -> bool:
    """Whether a path in type position cannot name a trait: it follows ``->``, ``&``, ``<``, ``(`` or a
    parameter's or field's colon. Bounds follow a type parameter's colon or ``+``, and ``dyn`` and ``impl``."""
    before = data[max(0, start - 80) : start].rstrip()
    if before.endswith((b"->", b"&", b"<", b"(", b",")):
        return True
    if not before.endswith(b":") or before.endswith(b"::"):
        return False
    name = before[:-1].rstrip()
    first = name.split()[-1].split(b"(")[-1][:1] if name[-1:].isalnum() else b""
    return first.islower() or first == b"_"
