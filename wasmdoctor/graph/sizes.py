"""How many bytes of code each crate has in a component: the bodies of its functions, by the names they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from typing import NamedTuple

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ComponentCode, FunctionId, ModuleCode
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.sizes import CodeSize, CodeSizes, ModuleSize, SizeKind
from wasmdoctor.model.symbol import Language
from wasmdoctor.readers.symbols import CrateName, Known, Owner, is_std, packages_of, read_symbol

STD = "std"

_Key = tuple[SizeKind, Language, str, tuple[CrateId, ...]]


class _Origin(NamedTuple):
    """What a size needs of a symbol; a few of them stand for all functions."""

    language: Language
    package: str
    package_id: str
    user: str


@dataclass(slots=True)
class _Row:
    bytes: int = 0
    functions: int = 0
    own: int = 0
    leaked: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    users: Counter[str] = field(default_factory=Counter)


def sizes_by_crate(
    code: ComponentCode,
    *,
    known: Known | None = None,
    owners: Mapping[CrateName, Owner] | None = None,
    own: Container[FunctionId] | None = None,
    leaked: Container[FunctionId] = frozenset(),
    data: Mapping[int, int] | None = None,
    size: int = 0,
) -> CodeSizes:
    """The code of each crate.

    A generic function counts for the crate that it is written in, whoever made the compiler copy it (that
    is in ``CodeSize.users``). ``known`` are the packages by crate name, when there are sources or a
    Cargo.lock; without it only Rust's own crates are told apart from others. ``owners`` is what
    ``packages_of`` made of them, for callers that know more (places). ``own`` are the functions that
    the component's own exports reach, ``leaked`` those that leaked exports reach (it may hold some of
    ``own``); without ``own`` nothing is said about that. ``data`` is the size of each module's data section.
    ``size`` is that of the file, 0 for the sum of its modules.
    """
    origins = [_origins(module) for module in code.modules]
    if owners is None:
        owners = _owners(origins, known)
    rows: dict[_Key, _Row] = {}
    for number, (module, by_name) in enumerate(zip(code.modules, origins, strict=True)):
        of_origin: dict[_Origin, _Row] = {}
        for function, length in enumerate(module.sizes, len(module.imports)):
            origin = by_name[module.names.get(function, "")]
            row = of_origin.get(origin)
            if row is None:
                row = of_origin[origin] = rows.setdefault(_key(module, origin, owners), _Row())
            _count(row, origin, length)
            if own is not None and (number, function) in own:
                row.own += length
            elif (number, function) in leaked:
                row.leaked += length
    modules = tuple(_module(module, (data or {}).get(i, 0)) for i, module in enumerate(code.modules))
    found = [_finished(key, row, reached=own is not None) for key, row in rows.items()]
    found.sort(key=lambda row: (-row.bytes, row.kind, row.language, row.name, str(row.packages)))
    total = size or sum(module.size for module in modules)
    return CodeSizes(total, tuple(found), modules, reached=own is not None)


def _origins(module: ModuleCode) -> dict[str, _Origin]:
    """The origin of each name in the module: a name is looked at once, and its symbol not kept."""
    found: dict[str, _Origin] = {}
    kept: dict[_Origin, _Origin] = {}
    first = len(module.imports)
    for function in range(first, first + len(module.sizes)):
        name = module.names.get(function, "")
        if name not in found:
            symbol = read_symbol(name)
            origin = _Origin(symbol.language, symbol.package, symbol.package_id, symbol.user)
            found[name] = kept.setdefault(origin, origin)
    return found


def _owners(origins: list[dict[str, _Origin]], known: Known | None) -> dict[CrateName, Owner]:
    crates = {
        (origin.package, origin.package_id): None
        for by_name in origins
        for origin in by_name.values()
        if origin.language is Language.RUST and origin.package
    }
    if known is not None:
        return packages_of(crates, known)
    return {crate: Owner(std=is_std(crate[0])) for crate in crates}


def _key(module: ModuleCode, origin: _Origin, owners: Mapping[CrateName, Owner]) -> _Key:
    if module.role is ModuleRole.ADAPTER:
        return SizeKind.ADAPTER, Language.NONE, module.name, ()
    if module.role in (ModuleRole.SHIM, ModuleRole.FIXUPS):
        return SizeKind.SHIM, Language.NONE, "", ()
    if origin.language is Language.NONE:
        return SizeKind.UNNAMED, Language.NONE, "", ()
    if not origin.package:
        return SizeKind.PLAIN, origin.language, module.name, ()
    if origin.language is not Language.RUST:
        return SizeKind.PACKAGE, origin.language, origin.package, ()
    owner = owners.get((origin.package, origin.package_id), Owner())
    if owner.std and not owner.packages:
        return SizeKind.STD, Language.RUST, STD, ()
    name = owner.package.name if owner.package else origin.package
    return SizeKind.PACKAGE, Language.RUST, name, owner.packages


def _count(row: _Row, origin: _Origin, length: int) -> None:
    row.bytes += length
    row.functions += 1
    if origin.package:
        row.parts[origin.package] += length
    if origin.user and origin.user != origin.package:
        row.users[origin.user] += length


def _finished(key: _Key, row: _Row, *, reached: bool) -> CodeSize:
    kind, language, name, packages = key
    return CodeSize(
        kind,
        language,
        name,
        row.bytes,
        row.functions,
        row.own if reached else 0,
        row.leaked if reached else 0,
        packages,
        dict(row.parts.most_common()),
        dict(row.users.most_common()),
    )


def _module(module: ModuleCode, data: int) -> ModuleSize:
    debug = names = customs = 0
    for custom in module.customs:
        if custom.name.startswith((".debug_", "reloc..debug_")) or custom.name == "sourceMappingURL":
            debug += custom.size
        elif custom.name == "name":
            names += custom.size
        else:
            customs += custom.size
    code = sum(module.sizes)
    return ModuleSize(
        module.name, module.role, module.size, len(module.sizes), code, data, debug, names, customs
    )
