"""Who calls an import: the functions that core modules import, and the names the name section has for them.

Code is not read. An imported function's name in the name section is the symbol of the Rust item that
declares it, so it names the crate and the module of the bindings. The rules by which two-level core names
lead to imports of the component are those of wit-component 0.262, ``validation.rs`` (``Legacy`` and
``Standard`` mangling, the latter with the prefix ``cm32p2``). Layout of the name section: core specification,
appendix "Custom Sections".
"""

from __future__ import annotations

from collections.abc import Collection

from wasmdoctor.model.artifact import CoreCall, CoreTarget, ModuleCalls, ModuleRole
from wasmdoctor.model.names import track
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import Component, CustomSection
from wasmdoctor.readers.symbols.rust import demangle
from wasmdoctor.readers.wasm.component import MAX_DEPTH, read_component
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE, WasmKind, preamble
from wasmdoctor.readers.wasm.sections import Section, custom_section, open_section, sections
from wasmdoctor.readers.wasm.source import ByteSource, Window
from wasmdoctor.readers.wasm.types import skip_core_extern_type

STANDARD_PREFIX = "cm32p2"
ADAPTER_NAME = "wit-component:adapter:"
ROLES = {"wit-component:shim": ModuleRole.SHIM, "wit-component:fixups": ModuleRole.FIXUPS}
PREVIEW_1 = frozenset({"wasi_snapshot_preview1", "wasi_unstable"})
"""WASI preview 1 and the preview before it: never a component's import, an adapter answers them."""
INTERNAL_MODULES = frozenset({"env", "GOT.mem", "GOT.func", "__main_module__", "actual", "shim", ""})
"""Memory, tables, dynamic linking (tool-conventions, DynamicLinking.md), and wit-component's own modules."""
ASYNC_PREFIXES = ("[async-lower]", "[async]", "[cancellable]")

FIRST_READ = 64 * 1024
MAX_NAMES = 32 * 1024 * 1024
"""Imported functions come first in the list of names; more than this is not read to find them."""
MAX_COMPONENTS = 1000
"""Nested components looked into."""


def read_calls(
    source: ByteSource,
    path: str,
    component: Component | None = None,
    imports: Collection[str] | None = None,
) -> tuple[ModuleCalls, ...]:
    """The imported functions of every core module in ``source``, a component or a core module.

    ``component`` is what ``read_component`` gave for it, to spare a second reading; ``imports``, for a core
    module, are the imports that its component will have (those of its encoded worlds). Modules of nested
    components (as composition makes them) come after; their imports are named as their own component
    names them. What is neither a component nor a module gives nothing. Raises OSError when the source
    does.
    """
    kind = preamble(source.read(0, PREAMBLE_SIZE))
    if kind is WasmKind.MODULE:
        return (_module(source, path, 0, imports),)
    if kind is not WasmKind.COMPONENT:
        return ()
    found: list[ModuleCalls] = []
    _component(source, path, 0, component, found, [MAX_COMPONENTS], 0)
    return tuple(found)


def _component(
    source: ByteSource,
    path: str,
    base: int,
    component: Component | None,
    found: list[ModuleCalls],
    left: list[int],
    depth: int,
) -> None:
    """Add the modules of one component, which starts at ``base`` of the file, and of those in it."""
    component = component or read_component(source, path)
    names = [extern.name for extern in component.imports]
    for module in component.modules:
        window = Window(source, module.offset, module.size)
        found.append(_module(window, path, base + module.offset, names))
    if not component.nested_components or depth >= MAX_DEPTH:
        return
    try:
        for section in sections(source):
            if section.id == 4 and left[0] > 0:
                left[0] -= 1
                window = Window(source, section.offset, section.size)
                _component(window, path, base + section.offset, None, found, left, depth + 1)
    except Malformed:
        return  # read_component has said so


@dataclass(slots=True)
class _Outline:
    """What is needed of a core module: less than ``read_core_module`` gives, for modules with many exports."""

    imports: list[tuple[str, str, str]] = field(default_factory=list)
    names: CustomSection | None = None
    exports: Section | None = None

    def read(self, source: ByteSource) -> None:
        """Walk the sections. Raises Malformed; what came before it is kept."""
        for section in sections(source):
            match section.id:
                case 0:
                    # The length of the section's name takes one to five bytes.
                    if b"name" in source.read(section.offset, min(section.size, 9)):
                        custom = custom_section(source, section)
                        self.names = custom if custom.name == "name" else self.names
                case 2:
                    cursor = open_section(source, section)
                    for _ in range(cursor.count()):
                        module, name = cursor.name(), cursor.name()
                        self.imports.append((module, name, skip_core_extern_type(cursor)))
                case 7:
                    self.exports = section


def _module(source: ByteSource, path: str, offset: int, names: Collection[str] | None) -> ModuleCalls:
    problems: list[Problem] = []
    outline = _Outline()
    read = _Names()
    try:
        outline.read(source)
    except Malformed as error:
        problems.append(_problem(path, "a core module", error, offset))
    functions = [(module, name) for module, name, kind in outline.imports if kind == "func"]
    if outline.names is not None:
        try:
            _read_names(read, source, outline.names, len(functions))
        except Malformed as error:
            problems.append(_problem(path, "the name section of a core module", error, offset))
    role, adapter = _role(source, outline, read.module)
    calls: list[CoreCall] = []
    for index, (module, name) in enumerate(functions):
        target, interface, function = core_target(module, name, names)
        symbol = read.functions.get(index, "")
        rust = demangle(symbol) if symbol else None
        calls.append(CoreCall(module, name, target, interface, function, symbol, rust))
    named = bool(read.functions) or (read.listed and not functions)
    return ModuleCalls(offset, source.size, read.module, role, adapter, tuple(calls), named, tuple(problems))


def _problem(path: str, what: str, error: Malformed, offset: int) -> Problem:
    message = f"{what} cannot be read: {error} (at byte 0x{offset + error.offset:x})"
    return Problem(Location(path), message, "build it again, or copy it again if it was cut off")


def _role(source: ByteSource, module: _Outline, name: str) -> tuple[ModuleRole, str]:
    """A module's role: by the name wit-component gives it, or in a stripped component by its shape."""
    if name.startswith(ADAPTER_NAME):
        return ModuleRole.ADAPTER, name[len(ADAPTER_NAME) :]
    if name in ROLES:
        return ROLES[name], ""
    if any(item[0] == "__main_module__" for item in module.imports):
        return ModuleRole.ADAPTER, ""
    # wit-component's table of trampolines is exported, and imported to be filled, as ``$imports``.
    if any(item[1] == "$imports" for item in module.imports):
        return ModuleRole.FIXUPS, ""
    exports = module.exports
    if not module.imports and exports is not None and exports.size <= FIRST_READ:
        table = b"\x08$imports\x01"  # the name's length, the name, and the kind "table"
        if table in source.read(exports.offset, exports.size):
            return ModuleRole.SHIM, ""
    return ModuleRole.MAIN, ""


@dataclass(slots=True)
class _Names:
    """Module name, names of imported functions by index, and whether there is a list of names at all."""

    module: str = ""
    functions: dict[int, str] = field(default_factory=dict)
    listed: bool = False


def _read_names(names: _Names, source: ByteSource, section: CustomSection, wanted: int) -> None:
    """Read a name section as far as the first ``wanted`` functions into ``names``. Raises Malformed."""
    at, end = section.offset, section.offset + section.size
    while at < end:
        head = Cursor(source.read(at, min(6, end - at)), at)
        id_, size = head.byte(), head.u32()
        start = at + head.pos
        if start + size > end:
            raise Malformed(f"a subsection announces {size} bytes, {end - start} are left", at)
        if id_ == 0:
            names.module = Cursor(source.read(start, size), start).name()
        elif id_ == 1:
            names.listed = True
            names.functions = _function_names(source, start, size, wanted)
            break
        at = start + size


def _function_names(source: ByteSource, start: int, size: int, wanted: int) -> dict[int, str]:
    """The names of functions below ``wanted``; the list is sorted by index."""
    chunk = FIRST_READ
    while True:
        data = source.read(start, min(size, chunk))
        names: dict[int, str] = {}
        cursor = Cursor(data, start)
        try:
            for _ in range(cursor.u32()):
                index = cursor.u32()
                if index >= wanted:
                    break
                names[index] = cursor.name()
        except Malformed:
            # The end of what was read, or a name that is broken: reading more tells.
            if chunk < min(size, MAX_NAMES):
                chunk *= 8
                continue
            raise
        return names


def core_target(
    module: str, field: str, imports: Collection[str] | None = None
) -> tuple[CoreTarget, str, str]:
    """What a core import leads to: (target, name of the component's import, function in it).

    ``imports`` are the names of the component's imports; without them (a core module before it is made a
    component) the name is the one that the module asks for. A version finds the import of the same
    semver track, as the encoder matches them.
    """
    if module in PREVIEW_1:
        return CoreTarget.ADAPTER, "", field
    if module.startswith(STANDARD_PREFIX):
        return _standard(module[len(STANDARD_PREFIX) :], field, imports)
    if module.startswith("[export]"):
        return CoreTarget.BUILT_IN, "", field
    name = field
    for prefix in ASYNC_PREFIXES:
        name = name.removeprefix(prefix)
    if module == "$root":
        return _root(name, name.removeprefix("[resource-drop]"), imports)
    if module in INTERNAL_MODULES and not (imports and module in imports):
        return CoreTarget.INTERNAL, "", field
    interface = _find(module, imports)
    if interface is None:
        internal = imports is not None and ":" not in module
        return CoreTarget.INTERNAL if internal else CoreTarget.UNKNOWN, "", field
    if name.startswith(("[stream-", "[future-")):
        return CoreTarget.BUILT_IN, interface, name
    return CoreTarget.IMPORT, interface, name


def _standard(rest: str, field: str, imports: Collection[str] | None) -> tuple[CoreTarget, str, str]:
    if rest == "":
        return _root(field, field.removesuffix("_drop"), imports)
    if not rest.startswith("|") or rest.startswith("|_ex_"):
        return CoreTarget.BUILT_IN, "", field
    interface = _find(rest[1:], imports)
    if interface is None:
        return CoreTarget.UNKNOWN, "", field
    # ``name_drop``: a WIT name has no underscore, so this is never a function.
    if field.endswith("_drop"):
        return CoreTarget.IMPORT, interface, f"[resource-drop]{field.removesuffix('_drop')}"
    return CoreTarget.IMPORT, interface, field


def _root(name: str, resource: str, imports: Collection[str] | None) -> tuple[CoreTarget, str, str]:
    """An import of the world itself: a function, or the end of a resource's handle."""
    if resource != name:
        known = imports is None or resource in imports
        return (
            CoreTarget.IMPORT if known else CoreTarget.BUILT_IN,
            resource if known else "",
            f"[resource-drop]{resource}",
        )
    if imports is not None:
        found = name in imports
    else:
        # Only these bracketed names are functions of a world; the others are built-ins.
        found = not name.startswith("[") or name.startswith(("[constructor]", "[method]", "[static]"))
    return (CoreTarget.IMPORT, name, name) if found else (CoreTarget.BUILT_IN, "", name)


def _find(module: str, imports: Collection[str] | None) -> str | None:
    """The import that a module name stands for."""
    if imports is None:
        return module if ":" in module and "/" in module else None
    if module in imports:
        return module
    base, _, version = module.partition("@")
    wanted = track(version) or _canonical(version)
    if not version or wanted is None:
        return None
    for name in imports:
        other, _, found = name.partition("@")
        if other == base and found and (track(found) == wanted or found == wanted):
            return name
    return None


def _canonical(version: str) -> str | None:
    """A version as the standard mangling shortens it: ``1``, ``0.2``, ``0.0.3``, or a whole prerelease."""
    return version if version and version[0].isdigit() else None
