"""What stands at a place in WIT, and which package, interface, world, type or function it means."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.lsp.packages import Loaded
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Span
from wasmdoctor.model.wit import Function, Interface, TypeDef, TypeKind, WitPackage, World
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    FuncType,
    IncludeItem,
    InterfaceItem,
    Item,
    Name,
    PackageItem,
    Path,
    TopUseItem,
    Tree,
    TypeExpr,
    TypeItem,
    UseItem,
    WorldItem,
)

Owner = InterfaceItem | WorldItem | ExternItem
MOST_USES = 1000
"""Interfaces that a type may be handed on through."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a WIT file.

    ``kind`` is ``path`` (an interface or world), ``type``, ``used`` (a type in the interface that ``path`` names),
    ``interface``, ``world`` or ``func`` (the last three where they are declared). ``owner`` is the interface or
    world that it stands in, ``package`` the ``package ... { }`` block.
    """

    kind: str
    name: str
    span: Span
    path: Path | None = None
    owner: Owner | None = None
    package: PackageItem | None = None


Meant = Interface | World | TypeDef | Function


@dataclass(frozen=True, slots=True)
class Target:
    """What a mention means: the thing itself, its package, and for types and functions what they are in."""

    thing: Meant
    package: WitPackage
    owner: Interface | World | None = None

    @property
    def location(self) -> Location:
        """Where it is declared."""
        return self.thing.location


def mention_at(tree: Tree, offset: int) -> Mention | None:
    """The name at a byte offset, or right before it; None when none stands there."""
    return next((each for each in mentions(tree, offset) if each.span.start <= offset <= each.span.end), None)


def mentions(tree: Tree, offset: int | None = None) -> Iterator[Mention]:
    """The names in a file that mean something; with ``offset`` only those of the items around it."""
    stack: list[tuple[Item, Owner | None, PackageItem | None]] = [
        (i, None, None) for i in reversed(tree.items)
    ]
    while stack:
        item, owner, package = stack.pop()
        if offset is not None and not item.start <= offset <= item.end:
            continue
        yield from _of(item, owner, package)
        inner: tuple[Item, ...] = ()
        if isinstance(item, PackageItem):
            package, inner = item, item.items
        elif isinstance(item, InterfaceItem | WorldItem) or (isinstance(item, ExternItem) and item.items):
            owner, inner = item, item.items or ()
        elif isinstance(item, TypeItem):
            inner = item.functions
        stack.extend((each, owner, package) for each in reversed(inner))


def _of(item: Item, owner: Owner | None, package: PackageItem | None) -> Iterator[Mention]:
    """The names of one item, those of the items in it left out."""

    def made(kind: str, name: Name, path: Path | None = None) -> Mention:
        return Mention(kind, name.text, name.span, path, owner, package)

    def path_of(path: Path) -> Mention:
        return Mention("path", path.text, path.span, path, owner, package)

    match item:
        case UseItem():
            yield path_of(item.path)
            for each in item.names:
                yield made("used", each.name, item.path)
                if each.alias is not None:
                    yield made("type", each.alias)
        case TopUseItem() | IncludeItem():
            yield path_of(item.path)
        case ExternItem():
            if item.path is not None:
                yield path_of(item.path)
            if item.name is not None and item.path is None:
                yield made("func" if item.func else "interface", item.name)
            if item.func is not None:
                yield from (made("type", name) for name in _types(item.func))
        case InterfaceItem():
            yield made("interface", item.name)
        case WorldItem():
            yield made("world", item.name)
        case TypeItem():
            yield made("type", item.name)
            members = [member.type for member in item.members]
            yield from (made("type", name) for name in _named([item.target, *members]))
        case FuncItem():
            yield made("func", item.name)
            yield from (made("type", name) for name in _types(item.func))
        case _:
            pass


def _types(func: FuncType) -> Iterator[Name]:
    return _named([*(param.type for param in func.params), func.result])


def _named(types: list[TypeExpr | None]) -> Iterator[Name]:
    """The names in types."""
    stack = types[::-1]
    while stack:
        type_ = stack.pop()
        if type_ is not None:
            if type_.name is not None:
                yield type_.name
            stack.extend(reversed(type_.args))


def package_of(mention: Mention, tree: Tree, loaded: Loaded) -> WitPackage | None:
    """The package that a name stands in."""
    packages = loaded.resolution.packages
    if mention.package is not None:
        return packages.get(mention.package.name.text)
    if tree.header is not None:
        return packages.get(tree.header.name.text)
    path = tree.source.path
    return next((package for package in packages.values() if path in package.files), None)


def meant(mention: Mention, tree: Tree, loaded: Loaded) -> Target | None:
    """What a name means; None when that cannot be told."""
    package = package_of(mention, tree, loaded)
    if mention.kind in ("path", "used"):
        assert mention.path is not None
        target = named_by(mention.path, tree, package, loaded)
        if mention.kind == "path" or target is None or not isinstance(target.thing, Interface):
            return target
        return _type(mention.name, target.thing, target.package, loaded)
    if package is None:
        return None
    if mention.kind in ("interface", "world"):
        found: Interface | World | None = (
            package.interfaces.get(mention.name) if mention.kind == "interface" else None
        )
        found = found or package.worlds.get(mention.name)
        return Target(found, package) if found and mention.owner is None else None
    owner = _owner(mention, package)
    if owner is None:
        return None
    if mention.kind == "type":
        return _type(mention.name, owner, package, loaded)
    return _function(mention.name, owner, package)


def named_by(path: Path, tree: Tree, package: WitPackage | None, loaded: Loaded) -> Target | None:
    """The interface or world that a path means where it stands."""
    for _ in range(2):  # once more, when it is a name that a `use` at the top of the file brings
        if path.package_name:
            there = package_named(path.package_name, loaded)
        else:
            alias = next(
                (i for i in tree.items if isinstance(i, TopUseItem) and i.local.text == path.name.text), None
            )
            if alias is not None and alias.path is not path:
                path = alias.path
                continue
            there = package
        if there is None:
            return None
        found = there.interfaces.get(path.name.text) or there.worlds.get(path.name.text)
        return Target(found, there) if found else None
    return None


def package_named(name: str, loaded: Loaded) -> WitPackage | None:
    """The package of a name; without a version the only one, as WIT means it."""
    packages = loaded.resolution.packages
    if name in packages:
        return packages[name]
    base, _, version = name.partition("@")
    same = [each for each in packages.values() if each.base == base]
    return same[0] if len(same) == 1 and not version else None


def _owner(mention: Mention, package: WitPackage) -> Interface | World | None:
    owner = mention.owner
    if isinstance(owner, InterfaceItem):
        return package.interfaces.get(owner.name.text)
    if isinstance(owner, WorldItem):
        return package.worlds.get(owner.name.text)
    if owner is None or owner.name is None:
        return None
    for world in package.worlds.values():
        item = world.imports.get(owner.name.text) or world.exports.get(owner.name.text)
        if item is not None and item.interface is not None:
            return item.interface
    return None


def _type(name: str, owner: Interface | World, package: WitPackage, loaded: Loaded) -> Target | None:
    """A type where it is defined, through every ``use`` that hands it on."""
    place, home = owner, package
    found: TypeDef | None = None
    for _ in range(MOST_USES):
        here = place.types.get(name) if isinstance(place, Interface) else _world_type(place, name)
        if here is None:
            break
        found = here
        if found.kind is not TypeKind.USE:
            break
        package_name, _, version = found.used_from.partition("@")
        base, _, short = package_name.partition("/")
        there = loaded.resolution.packages.get(f"{base}@{version}" if version else base)
        interface = there.interfaces.get(short) if there else None
        if there is None or interface is None:
            break
        place, home, name = interface, there, found.used_name or name
    return Target(found, home, place) if found else None


def _world_type(world: World, name: str) -> TypeDef | None:
    item = world.imports.get(name) or world.exports.get(name)
    return item.type if item else None


def _function(name: str, owner: Interface | World, package: WitPackage) -> Target | None:
    if isinstance(owner, World):
        item = owner.imports.get(name) or owner.exports.get(name)
        return Target(item.function, package, owner) if item and item.function else None
    for function in owner.functions.values():
        own = function.name.rpartition("]")[2]
        if name in (own, own.rpartition(".")[2]):
            return Target(function, package, owner)
    return None
