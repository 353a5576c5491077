"""``hosts import``: a profile of a person's own host, from the world that it provides. One TOML file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.discover import DiscoverError, display_path
from wasmdoctor.model.host import (
    HostError,
    HostView,
    InterfaceFacts,
    NameRule,
    facts_of_externs,
    parse_host_spec,
)
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.source import Problem
from wasmdoctor.model.typetext import describe
from wasmdoctor.model.wasm import Component, Extern, ExternKind
from wasmdoctor.model.wit import Interface, Resolution, WorldItem, WorldItemKind
from wasmdoctor.model.wittypes import facts_of_interfaces, facts_of_world_items
from wasmdoctor.pipeline.files import write_whole
from wasmdoctor.readers.wasm import BytesSource, WasmKind, preamble, read_component
from wasmdoctor.readers.wit import DiskFiles, MemoryFiles, find_world, load_wit, resolve_wit
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.toolchain import Toolchain, ToolError

MAX_BYTES = 256 * 1024 * 1024
"""Larger files are no descriptions of a host."""

MODE = "host"
"""What the one mode of an imported host is called."""

SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a person asks of ``hosts import``.

    ``source`` is a WIT file, a folder of WIT, or a component; ``world`` names a world of WIT; ``exports``
    takes what the source exports as what the host provides, instead of what it imports. ``base`` is a host
    known here that the own one builds on: it provides all that this one does. ``folder`` is where
    ``hosts/`` lies or is made.
    """

    name: str
    source: str
    cwd: Path
    folder: Path
    world: str | None = None
    exports: bool = False
    base: str | None = None
    flags: tuple[str, ...] = ()
    name_rule: NameRule = "exact-then-track"
    force: bool = False


@dataclass(frozen=True, slots=True)
class HostDescription:
    """What a source says of a host: the names that it provides and calls, and facts about the interfaces.

    ``what`` names the source for people: ``the world acme:host/edge of host.wit``.
    """

    what: str
    interfaces: tuple[str, ...]
    plain: tuple[str, ...]
    entries: tuple[str, ...]
    facts: Mapping[str, InterfaceFacts]


@dataclass(frozen=True, slots=True)
class ImportedHost:
    """What was written: the file as shown, and the host as it loads from there."""

    path: str
    description: HostDescription
    host: HostView


def import_host(options: ImportOptions, catalog: Catalog, toolchain: Toolchain) -> ImportedHost:
    """Write the profile, and load it once as a check will.

    Raises HostError for a name that cannot be used or is taken, DiscoverError for a source that is not there
    or cannot be read, ToolError when an encoded WIT package needs wasm-tools and that fails.
    """
    target = _target(options, catalog)
    base = catalog.host(options.base, options.flags) if options.base else None
    found = describe_host(options.source, options.cwd, options.world, toolchain, exports=options.exports)
    if not (found.interfaces or found.plain or found.entries or base):
        side = "exports" if options.exports else "imports"
        raise DiscoverError(
            f"{found.what} {side} nothing, so that the host would provide nothing\n"
            "  what a host provides are the world's imports; --exports takes its exports instead"
        )
    text = profile_text(options, found, base).encode("utf-8", "replace")
    with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
        write_whole(Path(folder) / "hosts" / target.name, text)
        own = Catalog(catalog.folders[0], (*catalog.folders[1:], Path(folder)))
        try:
            host = own.host(options.name)
        except CatalogError as error:
            why = f"{error.key}: {error.message}" if error.key else error.message
            raise DiscoverError(
                f"{found.what} has names that no profile can hold: {one_line(why)}"
            ) from error
    write_whole(target, text)
    return ImportedHost(display_path(target, options.cwd), found, host)


def _target(options: ImportOptions, catalog: Catalog) -> Path:
    """The file to write; its name must be one that ``--host`` takes."""
    spec = parse_host_spec(options.name)
    if spec.version or spec.mode or spec.name != options.name:
        raise HostError(
            f"{options.name!r} cannot be the name of a host",
            "Take lower-case letters, digits, - and _, without a version: hosts import edge host.wit",
        )
    target = options.folder / "hosts" / f"{options.name}.toml"
    shown = display_path(target, options.cwd)
    if not options.force:
        if target.exists():
            raise HostError(f"`{shown}` is there already", "--force writes it anew")
        if _is_known(options.name, catalog):
            raise HostError(
                f"{options.name} is a host that is known already",
                "Take another name, or let yours take its place with --force",
            )
    return target


def _is_known(name: str, catalog: Catalog) -> bool:
    """Whether ``--host`` takes the name already, as a host's own or as an alias."""
    try:
        catalog.host(name)
    except HostError:
        return False
    return True


# -- what a source says ---------------------------------------------------------------------------


def describe_host(
    source: str, cwd: Path, world: str | None, toolchain: Toolchain, *, exports: bool = False
) -> HostDescription:
    """What a WIT file or folder, an encoded WIT package, or a component says of a host.

    By default what it imports is what the host provides, and what it exports is what the host calls. With
    ``exports`` it is itself the provider: its exports are what there is.
    """
    real = cwd / source
    if real.is_dir():
        return _of_wit(source, resolve_wit(load_wit(DiskFiles(), [str(real)])), cwd, world, exports=exports)
    data = _read(real, source)
    if data.startswith(b"\0asm"):
        if preamble(data[:8]) is not WasmKind.COMPONENT:
            raise DiscoverError(
                f"`{source}` is a core module, which says nothing of a host\n"
                "  name a component, or WIT with the world that the host provides"
            )
        component = read_component(BytesSource(data), source)
        if not _is_encoded_wit(component):
            return _of_component(source, component, world, exports=exports)
        try:
            data = toolchain.wit_text(real, data)
        except ToolError as error:
            raise DiscoverError(
                f"`{source}` is an encoded WIT package that wasm-tools does not read: {error}"
            ) from error
    name = source if source.endswith(".wit") else f"{source}.wit"
    resolution = resolve_wit(load_wit(MemoryFiles({name: data}), [name]))
    if resolution.problems and (real.parent / "deps").is_dir() and not data.startswith(b"\0asm"):
        # A file with its dependencies beside it is meant as the folder that it lies in.
        whole = resolve_wit(load_wit(DiskFiles(), [str(real.parent)]))
        if not whole.problems:
            resolution = whole
    return _of_wit(source, resolution, cwd, world, exports=exports)


def _read(real: Path, shown: str) -> bytes:
    try:
        with real.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DiscoverError(f"`{shown}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(data) > MAX_BYTES:
        raise DiscoverError(f"`{shown}` is larger than {MAX_BYTES} bytes: that is no description of a host")
    return data


def _is_encoded_wit(component: Component) -> bool:
    """Whether a binary is a WIT package in the binary format: it exports types of components, and imports nothing."""
    kinds = {extern.kind for extern in component.exports}
    return (
        not component.imports
        and not component.modules
        and bool(kinds)
        and kinds <= {ExternKind.TYPE, ExternKind.COMPONENT}
    )


def _of_wit(
    source: str, resolution: Resolution, cwd: Path, selector: str | None, *, exports: bool
) -> HostDescription:
    """What a world of WIT says."""
    if resolution.problems:
        raise DiscoverError(
            "\n  ".join([f"the WIT of `{source}` is not valid", *_problems(resolution.problems, cwd)])
        )
    world = find_world(resolution, selector)
    if isinstance(world, str):
        raise DiscoverError(f"`{source}`: {world}\n  --world says which world the host provides")
    given = world.exports if exports else world.imports
    called = {} if exports else world.exports
    facts = facts_of_world_items(given.values(), resolution.packages, source).interfaces
    return HostDescription(
        f"the world `{world.name}` of {source}",
        tuple(name for name, item in given.items() if item.kind is WorldItemKind.INTERFACE and "/" in name),
        tuple(name for name, item in given.items() if _is_plain(name, item)),
        tuple(name for name, item in called.items() if item.kind is not WorldItemKind.TYPE),
        {**facts, **_plain_facts(given, resolution, source)},
    )


def _is_plain(name: str, item: WorldItem) -> bool:
    """Whether an item stands in the world by itself, and a linker needs it: functions, resources, instances."""
    if item.kind is WorldItemKind.TYPE:
        return item.type is not None and item.type.is_resource and not item.type.used_from
    return "/" not in name


def _plain_facts(
    items: Mapping[str, WorldItem], resolution: Resolution, source: str
) -> dict[str, InterfaceFacts]:
    """Facts about what stands in a world by itself: a function is looked at as if an interface held it alone."""
    types = {name: item.type for name, item in items.items() if item.type is not None}
    functions = [
        Interface(name, name, "", item.location, types, {name: item.function})
        for name, item in items.items()
        if item.function is not None and _is_plain(name, item)
    ]
    found = {
        name: replace(facts, resources=frozenset())
        for name, facts in facts_of_interfaces(functions, resolution.packages, source).interfaces.items()
    }
    for name, item in items.items():
        if item.type is not None and _is_plain(name, item):
            found[name] = InterfaceFacts(frozenset(), frozenset({name}))
    return found


def _problems(problems: Sequence[Problem], cwd: Path) -> list[str]:
    lines = [
        f"{display_path(p.location.path, cwd)}:{p.location.line}: {p.message}"
        for p in problems[:SHOWN_PROBLEMS]
    ]
    more = len(problems) - len(lines)
    return [*lines, f"and {more} more"] if more > 0 else lines


def _of_component(source: str, component: Component, world: str | None, *, exports: bool) -> HostDescription:
    """What a component says."""
    if component.problems:
        raise DiscoverError(f"`{source}` cannot be read: {component.problems[0].message}")
    if world:
        raise DiscoverError(f"`{source}` is a component, which has one world: leave --world away")
    given = component.exports if exports else component.imports
    called = () if exports else component.exports
    interfaces = [e for e in given if e.kind is ExternKind.INSTANCE and "/" in e.name]
    plain = [e for e in given if e not in interfaces and (exports or e.needs_provider)]
    facts = facts_of_externs(given, source).interfaces
    return HostDescription(
        f"what {source} {'exports' if exports else 'imports'}",
        tuple(extern.name for extern in interfaces),
        tuple(extern.name for extern in plain),
        tuple(e.name for e in called if e.kind in (ExternKind.INSTANCE, ExternKind.FUNC)),
        {**facts, **{e.name: _extern_facts(e) for e in plain if e.name not in facts}},
    )


def _extern_facts(extern: Extern) -> InterfaceFacts:
    return InterfaceFacts(
        frozenset(function.name for function in extern.functions),
        frozenset(extern.resources),
        types=describe((function.name, function.type) for function in extern.functions),
    )


# -- the file -------------------------------------------------------------------------------------

RULE_TEXT: Mapping[NameRule, str] = {
    "exact-then-track": "An equal name first; else the highest version on the same semver track (1.x, 0.2.x).",
    "exact": "The import's name must equal the host's, version included.",
}


def profile_text(options: ImportOptions, found: HostDescription, base: HostView | None) -> str:
    """The profile as TOML. The same input gives the same text."""
    provides = [*found.interfaces, *(sorted(base.provided) if base else ())]
    entries = [*found.entries]
    if base:
        entries += [p.name for p in base.mode.entries if p.flags <= base.enabled]
    built = f", and all that {base.id} links" if base else ""
    lines = [
        f"# Made by `wasmdoctor hosts import` (wasmdoctor {__version__}) from {_text(found.what)[1:-1]}.",
        "# It is yours: change it as you like, or make it anew with --force.",
        "",
        "schema = 1",
        f"name = {_text(options.name)}",
        f"title = {_text(options.name)}",
        f"about = {_text(f'A host of your own: {found.what}{built}.')}",
        f"source = {_text(f'{found.what}, read by wasmdoctor {__version__}')}",
        f"default_mode = {_text(MODE)}",
        "",
        f"[name_rules.{options.name_rule}]",
        f"text = {_text(RULE_TEXT[options.name_rule])}",
        'evidence = "as it was asked for; hosts built on wasmtime 19 and later follow exact-then-track"',
        "",
        "[[lines]]",
        'first = "0"  # its first version, when your host has versions: one [[lines]] for each that differs',
        f"name_rule = {_text(options.name_rule)}",
        *([f"wit = {_list(base.line.wit)}"] if base else []),
        f"evidence = {_text(found.what)}",
        "",
        f"[lines.modes.{MODE}]",
    ]
    for key, names in (("provides", provides), ("plain", found.plain), ("entries", entries)):
        if names:
            lines.append(f"{key}.default = {_list(dict.fromkeys(names))}")
    if base:
        extra = [p.name for p in base.mode.functions if p.flags <= base.enabled]
        lines += [f"functions.default = {_list(extra)}"] if extra else []
    for name, facts in sorted(found.facts.items()):
        lines += ["", f"[interfaces.{_text(name)}]", *_facts(facts)]
    return "\n".join(lines) + "\n"


def _facts(facts: InterfaceFacts) -> list[str]:
    """The keys of one interface."""
    lines = [f"functions = {_list(sorted(facts.functions))}"]
    if facts.resources:
        lines.append(f"resources = {_list(sorted(facts.resources))}")
    if facts.types and facts.types.functions:
        lines.append(f"signatures = '''\n{facts.types.signatures_text}'''")
        if facts.types.types:
            lines.append(f"types = '''\n{facts.types.types_text}'''")
    return lines


def _text(text: str) -> str:
    """A TOML text. JSON's escapes are among TOML's; DEL is the one character that JSON leaves and TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(names: Iterable[str]) -> str:
    """Names one a line, as profiles have them, or one text when it is short."""
    names = list(names)
    if sum(map(len, names)) + 2 * len(names) <= 80:
        return _text(", ".join(names)) if names else "[]"
    inside = "\n".join(names)
    return f'"""\n{inside}\n"""'


def namespaces(found: HostDescription) -> dict[str, int]:
    """How many interfaces there are of each package, for the summary."""
    counted: dict[str, int] = {}
    for name in found.interfaces:
        package = ExternName.parse(name).package or name
        counted[package] = counted.get(package, 0) + 1
    return counted
