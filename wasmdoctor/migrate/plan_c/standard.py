"""The WIT of standard interfaces that a world is to import: which version, and from where it is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wasmdoctor.migrate import witedits
from wasmdoctor.migrate.plan_a.witdeps import named_packages
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wit import Interface, Resolution
from wasmdoctor.readers.wit import parse


@dataclass(frozen=True, slots=True)
class StandardWit:
    """Standard packages that somebody has: in a WIT folder, or in a crate that carries them.

    ``origin`` says where in words. ``files`` are the WIT files of each package (by its full name,
    ``wasi:io@0.2.12``): their names and bytes. ``resolution`` is what they mean together.
    """

    origin: str
    resolution: Resolution
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """Standard interfaces for one world.

    ``names`` are the imports' full names, sorted. ``new`` are those that the world then has and did not have,
    also through the types of others. ``files`` are the files of packages that the world's WIT lacks, by the
    package's full name; ``origin`` is where they come from, "" when it lacks none.
    """

    names: tuple[str, ...]
    new: tuple[str, ...]
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    origin: str = ""


def interfaces_only(name: str, data: bytes, origin: str) -> bytes:
    """A WIT file without its worlds, and with a comment that says what it is.

    The worlds of standard packages name interfaces behind gates, which readers before wit-parser 0.250 do not
    find, and all packages that a command may want.
    """
    tree = parse(SourceText(name, data))
    cuts = [witedits.item_cut(tree, world, "no world is needed") for world in witedits.worlds(tree)]
    if not cuts:
        return data
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(witedits.wit_edits(name, data, cuts), key=lambda edit: edit.span):
        pieces += (data[at : edit.span.start], edit.data)
        at = edit.span.end
    package = tree.header.name.text if tree.header is not None else name
    head = f"// The interfaces of {package} without its worlds, as they are in {origin}.\n"
    return b"".join((head.encode(), *pieces, data[at:]))


def declare(
    wanted: Iterable[str],
    own: Resolution,
    imports: Iterable[str],
    sources: Sequence[StandardWit],
    provided: Callable[[str], bool],
) -> Declared | str:
    """How a world can import standard interfaces, or in words why it cannot.

    ``wanted`` are names without versions. ``own`` is the WIT that the world was read with, ``imports`` the names
    that it imports already; ``provided`` says whether the host has an import. What the world's own WIT has
    is taken from there; else the first source that fits is.
    """
    names = sorted(set(wanted))
    reasons: list[str] = []
    for source in (StandardWit("", own), *sources):
        found = _from(names, own, frozenset(imports), source, provided)
        if isinstance(found, Declared):
            return found
        if source.origin:
            reasons.append(f"{source.origin}: {found}")
    return "; ".join(reasons) or "no WIT of them was found in the workspace or in Cargo's registry folder"


def _from(
    names: Sequence[str],
    own: Resolution,
    imports: frozenset[str],
    source: StandardWit,
    provided: Callable[[str], bool],
) -> Declared | str:
    present = {name.partition("@")[0]: name for name in own.packages}
    here = _interfaces(own)
    there = _interfaces(source.resolution)
    chosen: list[str] = []
    for name in names:
        full = _full(name, present, here, there, provided)
        if full is None:
            return f"it has no `{name}` of a version that the host provides"
        chosen.append(full)
    known = {**there, **here}
    reached = _reached(chosen, known)
    packages = _packages({known[name].package for name in reached}, own, source)
    lacking = sorted(packages - own.packages.keys())
    for package in lacking:
        other = present.get(package.partition("@")[0])
        if other is not None:
            return f"it has `{package}`, and the world's own WIT has `{other}`"
        if package not in source.files:
            return f"it has no `{package}`"
    new = tuple(sorted(reached - imports))
    files = {package: source.files[package] for package in lacking}
    return Declared(tuple(sorted(chosen)), new, files, source.origin if lacking else "")


def _interfaces(resolution: Resolution) -> Mapping[str, Interface]:
    return {
        interface.name: interface
        for package in resolution.packages.values()
        for interface in package.interfaces.values()
    }


def _full(
    name: str,
    present: Mapping[str, str],
    here: Mapping[str, Interface],
    there: Mapping[str, Interface],
    provided: Callable[[str], bool],
) -> str | None:
    """The full name of an interface: that of the world's own WIT when this has the package."""
    package, _, short = name.partition("/")
    own = present.get(package)
    known = here if own is not None else there
    found = [
        full
        for full, interface in known.items()
        if interface.short == short
        and ExternName.parse(full).unversioned == name
        and provided(full)
        and (own is None or interface.package == own)
    ]
    return max(found) if found else None


def _reached(names: Iterable[str], interfaces: Mapping[str, Interface]) -> frozenset[str]:
    """These interfaces and all that they take types from: a world that imports them imports those too."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in interfaces:
            found.add(name)
            waiting += interfaces[name].depends
    return frozenset(found)


def _packages(start: Iterable[str], own: Resolution, source: StandardWit) -> frozenset[str]:
    """These packages and all that their files name: WIT is read a package at a time."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        if package not in own.packages:
            waiting += _named(source, package)
    return frozenset(found)


def _named(source: StandardWit, package: str) -> Iterator[str]:
    by_base = {name.partition("@")[0]: name for name in source.files}
    for name, data in source.files.get(package, {}).items():
        for base in named_packages(parse(SourceText(name, data)).items):
            yield by_base.get(base, base)
