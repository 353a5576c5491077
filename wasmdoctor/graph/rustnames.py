"""What wit-bindgen calls the items of a world in Rust, and back from a Rust path to the item.

Rules: wit-bindgen 0.48, crates/rust: modules are `ns::pkg::interface` for imports and
`exports::ns::pkg::interface` for exports; names are snake case with `_` after keywords, types upper camel
case. A package that a world has at several versions gets its version in the name: `pkg0_1_0`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import FunctionRole, Interface, World, WorldItem, WorldItemKind

KEYWORDS = frozenset(
    """as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl
    in let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try
    type typeof unsafe unsized use virtual where while yield abstract""".split()
)

Path = tuple[str, ...]


def snake(name: str) -> str:
    """``wasi-tcp`` to ``wasi_tcp``, with ``_`` behind a keyword."""
    text = name.replace("-", "_").lower()
    return f"{text}_" if text in KEYWORDS else text


def camel(name: str) -> str:
    """``tcp-socket`` to ``TcpSocket``."""
    text = "".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))
    # `Guest` is the trait that an export is implemented by; a type of that name moves aside.
    return "Guest_" if text == "Guest" else text


@dataclass(frozen=True, slots=True)
class RustNames:
    """The Rust paths inside a bindings module.

    ``functions`` maps a path to the import it calls: the name of the import (an interface's full name,
    or the function's own) and the encoded name of the function. ``modules`` are all modules, ``types``
    all types, ``exports`` paths of the traits to implement, with the export's name. ``resources`` maps a
    resource type of an import to the import's name.
    """

    functions: Mapping[Path, tuple[str, str]] = field(default_factory=dict)
    modules: frozenset[Path] = frozenset()
    types: frozenset[Path] = frozenset()
    exports: Mapping[Path, str] = field(default_factory=dict)
    resources: Mapping[Path, str] = field(default_factory=dict)

    def has(self, path: Path) -> bool | None:
        """Whether the bindings have this path; None for what may be there besides (macros, helpers)."""
        if path in self.functions or path in self.modules or path in self.types or path in self.exports:
            return True
        helper = path[0].startswith("_") or path[0] == "exports" or "export" in path[0]
        # A type has derived and generated items besides those of the WIT; a module has not.
        return None if helper or path[:-1] in self.types else False

    def called(self, path: Path) -> tuple[str, str] | None:
        """The import and function that a path calls, or None."""
        return self.functions.get(path)


def rust_names(world: World, packages: Iterable[str]) -> RustNames:
    """The names of a world's bindings; ``packages`` are all packages (``ns:pkg@1.0.0``) that it was resolved with."""
    functions: dict[Path, tuple[str, str]] = {}
    modules: set[Path] = {()}
    types: set[Path] = set()
    exports: dict[Path, str] = {}
    versions = _versions(packages)
    resources: dict[Path, str] = {}
    for item in world.imports.values():
        _imported(item, versions, functions, modules, types)
        if item.interface:
            module = _module(item.name, versions)
            resources.update({(*module, camel(name)): item.name for name in item.interface.resources})
    for item in world.exports.values():
        module = ("exports", *_module(item.name, versions)) if item.kind is WorldItemKind.INTERFACE else ()
        modules.update(_prefixes(module))
        exports[(*module, "Guest")] = item.name
        if item.interface:
            for type_ in item.interface.types.values():
                types.add((*module, camel(type_.name)))
                if type_.is_resource:
                    exports[(*module, f"Guest{camel(type_.name)}")] = item.name
    return RustNames(functions, frozenset(modules), frozenset(types), exports, resources)


def _imported(
    item: WorldItem,
    versions: Mapping[str, set[str]],
    functions: dict[Path, tuple[str, str]],
    modules: set[Path],
    types: set[Path],
) -> None:
    match item.kind:
        case WorldItemKind.FUNC:
            functions[(snake(item.name),)] = (item.name, item.name)
        case WorldItemKind.TYPE:
            types.add((camel(item.name),))
        case WorldItemKind.INTERFACE:
            module = _module(item.name, versions)
            modules.update(_prefixes(module))
            if item.interface:
                for path, function in _functions(item.interface):
                    functions[(*module, *path)] = (item.name, function)
                types.update((*module, camel(name)) for name in item.interface.types)


def _functions(interface: Interface) -> Iterator[tuple[Path, str]]:
    """Each function's path within its module, and its encoded name."""
    for function in interface.functions.values():
        own = function.name.rpartition("]")[2].rpartition(".")[2]
        match function.role:
            case FunctionRole.FREE:
                yield (snake(function.name),), function.name
            case FunctionRole.CONSTRUCTOR:
                yield (camel(function.resource), "new"), function.name
            case _:
                yield (camel(function.resource), snake(own)), function.name


def _module(name: str, versions: Mapping[str, set[str]]) -> Path:
    """``ns:pkg/iface@1.0.0`` to ``ns::pkg::iface``; an inline interface's label to one module."""
    parsed = ExternName.parse(name)
    if parsed.kind != "interface":
        return (snake(name),)
    package = (parsed.package or "").split(":")
    last = snake(package[-1])
    if len(versions.get(parsed.package or "", ())) > 1 and parsed.version:
        text = parsed.version.replace(".", "_").replace("-", "_").replace("+", "_")
        last = f"{package[-1].replace('-', '_')}{text}"
    return (*(snake(part) for part in package[:-1]), last, snake(parsed.interface or ""))


def _versions(packages: Iterable[str]) -> dict[str, set[str]]:
    """The versions of each package: its name gets the version when there are several, used or not."""
    found: dict[str, set[str]] = {}
    for package in packages:
        name, _, version = package.partition("@")
        found.setdefault(name, set()).add(version)
    return found


def _prefixes(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(1, len(path) + 1))
