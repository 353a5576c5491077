"""Rule about copies of WIT packages in ``deps``: they should be what they are copies of, and what the lock says."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.fixing import copied
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import aside
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Confidence
from wasmdoctor.model.source import Location, SourceText
from wasmdoctor.model.text import joined, say
from wasmdoctor.model.wit import Interface, Resolution, TypeDef, TypeKind, WitPackage
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.cargo.toml import Array, Item, Table, parse


@dataclass(frozen=True, slots=True)
class _Copy:
    """A package below a root's ``deps`` folder."""

    root: str
    package: WitPackage

    @property
    def line(self) -> Location:
        """Its ``package`` line."""
        return self.package.locations[0]

    @property
    def folder(self) -> str:
        """The folder that its files lie in."""
        return posixpath.dirname(self.package.files[0])


def stale_deps(facts: Facts) -> Iterator[Draft]:
    """WD203: a copy in ``deps`` differs from the package that it names, or from deps.lock or wkg.lock."""
    for sources in facts.sources:
        originals = _originals(sources)
        for root, resolution in sources.wit.items():
            copies = list(_copies(root, resolution))
            for copy in copies:
                draft = _differs(sources, copy, originals.get(copy.package.name, ()), root)
                if draft is not None:
                    yield draft
            yield from _deps_lock(sources, root, resolution, copies)
            yield from _wkg_lock(sources, root, copies)


def _copies(root: str, resolution: Resolution) -> Iterator[_Copy]:
    main = {package.name for package in resolution.main}
    deps = join(root, "deps")
    broken = {problem.location.path for problem in resolution.problems}
    for package in resolution.packages.values():
        files = package.files
        if package.name in main or not files or not package.locations or broken & set(files):
            continue
        # Lines in an encoded package mean nothing to a person.
        if all(is_below(file, deps) and file.endswith(".wit") for file in files):
            yield _Copy(root, package)


def _originals(sources: SourceFacts) -> dict[str, list[WitPackage]]:
    """The packages that the workspace's own WIT folders define, by name with version."""
    found: dict[str, list[WitPackage]] = {}
    for resolution in sources.wit.values():
        broken = {problem.location.path for problem in resolution.problems}
        for package in resolution.main:
            if package.locations and not broken & set(package.files):
                found.setdefault(package.name, []).append(package)
    return found


# -- the copy and the original


def _differs(sources: SourceFacts, copy: _Copy, originals: Iterable[WitPackage], root: str) -> Draft | None:
    """The finding for a copy that equals none of the originals; None when it does, or there is none.

    Parts of the original that a copy leaves out are no difference as long as they are whole interfaces or
    worlds. WIT that is kept for tests, or is others' code, is reduced on purpose and does not count.
    """
    place = copy.package.files[0]
    if aside(sources, place):
        return None
    candidates = [
        original
        for original in originals
        if not aside(sources, original.files[0])
        and original.files != copy.package.files
        and _related(copy.package, original)
    ]
    differences = [(original, _differences(copy.package, original)) for original in candidates]
    if not differences or not all(found for _, found in differences):
        return None
    original, found = min(differences, key=lambda pair: len(pair[1]))
    first = found[0]
    more = say(", and {count} more differences", count=len(found) - 1) if len(found) > 1 else ""
    return Draft(
        place,
        say(
            "this copy of `{package}` differs from {dirname}: {first}{more}",
            package=copy.package.name,
            dirname=posixpath.dirname(original.files[0]) or ".",
            first=first.text,
            more=more,
        ),
        first.here,
        first.interface,
        help=say(
            "copy {dirname} to {folder} again; give a changed interface a new version",
            dirname=posixpath.dirname(original.files[0]) or ".",
            folder=copy.folder,
        ),
        related=tuple((one.there, say("the original: {one}", one=one.text)) for one in found[:5]),
        remedies=copied(sources, root, copy.package, original, adds_only=all(one.lacking for one in found)),
    )


def _related(copy: WitPackage, original: WitPackage) -> bool:
    """Whether two packages of one name are more than namesakes: they have an interface or world in common."""
    names = {*copy.interfaces, *copy.worlds}
    return bool(names & {*original.interfaces, *original.worlds})


@dataclass(frozen=True, slots=True)
class _Difference:
    """Something that is not the same in two packages: in words, and where on either side.

    ``lacking`` says that it is only missing here.
    """

    text: str
    interface: str
    here: Location
    there: Location
    lacking: bool = False


def _differences(copy: WitPackage, original: WitPackage) -> list[_Difference]:
    found: list[_Difference] = []
    for name, mine in copy.interfaces.items():
        theirs = original.interfaces.get(name)
        if theirs is None:
            text = say("the original has no interface `{name}`", name=name)
            found.append(_Difference(text, mine.name, mine.location, original.locations[0]))
        else:
            found += _in_interface(mine, theirs)
    for name, world in copy.worlds.items():
        other = original.worlds.get(name)
        if other is None:
            continue
        for side, ours, others in (
            (say("imports"), world.imports, other.imports),
            (say("exports"), world.exports, other.exports),
        ):
            for item in sorted(ours.keys() ^ others.keys()):
                verb = say("only here") if item in ours else say("only in the original")
                place = ours[item].location if item in ours else world.location
                there = others[item].location if item in others else other.location
                text = say(
                    "world `{name}` {side} `{item}` {verb}", name=name, side=side, item=item, verb=verb
                )
                found.append(_Difference(text, item, place, there))
    return found


def _in_interface(mine: Interface, theirs: Interface) -> Iterator[_Difference]:
    here = {name: (function.signature, function.location) for name, function in mine.functions.items()}
    there = {name: (function.signature, function.location) for name, function in theirs.functions.items()}
    here |= {f"type {name}": (type_text(type_), type_.location) for name, type_ in mine.types.items()}
    there |= {f"type {name}": (type_text(type_), type_.location) for name, type_ in theirs.types.items()}
    for name in dict.fromkeys((*here, *there)):
        ours, others = here.get(name), there.get(name)
        if ours is None:
            text = say("`{mine}` here lacks `{name}`", mine=mine.short, name=name)
        elif others is None:
            text = say("`{mine}` has `{name}` only here", mine=mine.short, name=name)
        elif ours[0] != others[0]:
            text = say(
                "`{name}` of `{mine}` is `{ours}` here and `{others}` there",
                name=name,
                mine=mine.short,
                ours=ours[0],
                others=others[0],
            )
        else:
            continue
        yield _Difference(
            text,
            mine.name,
            ours[1] if ours else mine.location,
            others[1] if others else theirs.location,
            ours is None,
        )


def type_text(type_: TypeDef) -> str:
    """A type's definition as one line: ``record { host: string, port: u16 }``."""
    if type_.kind is TypeKind.USE:
        return f"use {type_.used_from}.{{{type_.used_name}}}"
    if type_.kind is TypeKind.ALIAS:
        return type_.target.text if type_.target else ""
    if type_.kind is TypeKind.RESOURCE:
        return "resource"
    colon = type_.kind is TypeKind.RECORD
    members = [
        member.name
        + ("" if member.type is None else f": {member.type.text}" if colon else f"({member.type.text})")
        for member in type_.members
    ]
    return f"{type_.kind.value} {{ {', '.join(members)} }}"


# -- lock files


def _deps_lock(
    sources: SourceFacts, root: str, resolution: Resolution, copies: Iterable[_Copy]
) -> Iterator[Draft]:
    """Copies whose files are not the ones that ``wit-deps`` wrote (deps.lock beside ``deps``)."""
    path = join(root, "deps.lock")
    table = table_of(sources.texts, path)
    if table is None or resolution.problems:
        return  # of files with mistakes not all may be known here
    by_folder = {copy.folder: copy for copy in copies}
    for name, item in table.items():
        folder = join(root, f"deps/{name}")
        digest = item.value.get("sha256") if isinstance(item.value, Table) else None
        if folder not in by_folder or digest is None or not isinstance(digest.value, str):
            continue
        files = {
            posixpath.basename(file): data
            for file, data in sources.texts.items()
            if posixpath.dirname(file) == folder and file.lower().endswith(".wit")
        }
        unix = {file: data.replace(b"\r\n", b"\n") for file, data in files.items()}
        if digest.value.lower() in (wit_deps_digest(files), wit_deps_digest(unix)):
            continue
        copy = by_folder[folder]
        line = SourceText(path, sources.texts[path]).location(item.key.start)
        yield Draft(
            copy.package.files[0],
            say(
                "the files in {folder} are not those that {path} (line {line}) was written for: their "
                "digest differs",
                folder=folder,
                path=path,
                line=line.line,
            ),
            copy.line,
            help=say(
                "bring them back with `wit-deps`, or, when the change is meant, make it where the "
                "package comes from"
            ),
            related=((line, say("`{name}` in the lock file", name=name)),),
            confidence=Confidence.HIGH,
        )


def wit_deps_digest(files: Mapping[str, bytes]) -> str:
    """The SHA-256 that deps.lock has for a folder with these files (name to contents), in hexadecimal.

    That of an archive of the folder's .wit files in GNU tar format, sorted by name and without owners and
    times (wit-deps 0.6, ``tar`` in lib.rs; async-tar 0.5, ``HeaderMode::Deterministic``). Files are taken
    for ones that cannot be executed.
    """
    import hashlib  # OpenSSL takes milliseconds to load

    archive = hashlib.sha256()
    for name in sorted(files, key=str.encode):
        data = files[name]
        archive.update(_tar_header(f"wit/{name}".encode(), len(data)))
        archive.update(data)
        archive.update(bytes(-len(data) % 512))
    archive.update(bytes(1024))
    return archive.hexdigest()


def _tar_header(name: bytes, size: int) -> bytes:
    fields = [
        name.ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",  # owner
        b"0000000\0",  # group
        b"%011o\0" % size,
        b"%011o\0" % 0,  # time
        b" " * 8,  # the checksum counts as spaces
        b"0",
        bytes(100),
        b"ustar  \0",
        bytes(32 + 32),
        b"0000000\0" * 2,  # device
    ]
    header = b"".join(fields).ljust(512, b"\0")
    return header[:148] + b"%07o\0" % sum(header) + header[156:]


def _wkg_lock(sources: SourceFacts, root: str, copies: Iterable[_Copy]) -> Iterator[Draft]:
    """Copies at another version than the one that ``wkg`` locked (wkg.lock beside the WIT folder, or in it).

    The digests in it are those of packages in a registry, with which text cannot be compared.
    """
    for folder in (posixpath.dirname(root) or ".", root):
        path = join(folder, "wkg.lock")
        table = table_of(sources.texts, path)
        if table is None:
            continue
        locked = _locked_versions(table)
        local = _overridden(sources.texts, join(folder, "wkg.toml"))
        for copy in copies:
            base, version = copy.package.base, copy.package.version
            if not version or base not in locked or base in local or version in locked[base][1]:
                continue
            line = SourceText(path, sources.texts[path]).location(locked[base][0])
            versions = joined(say(" and "), locked[base][1])
            yield Draft(
                copy.package.files[0],
                say(
                    "this is `{base}` at {version}, and {path} (line {line}) has it at {versions}",
                    base=base,
                    version=version,
                    path=path,
                    line=line.line,
                    versions=versions,
                ),
                copy.line,
                help=say(
                    "fetch the locked version with `wkg wit fetch`, or lock this one with `wkg wit update`"
                ),
                related=((line, say("`{base}` in the lock file", base=base)),),
                confidence=Confidence.HIGH,
            )


def _locked_versions(table: Table) -> dict[str, tuple[int, list[str]]]:
    """For each package of a wkg.lock the place of its name and its versions (wasm-pkg-core 0.16, lock.rs)."""
    found: dict[str, tuple[int, list[str]]] = {}
    packages = table.get("packages") or table.get("package")
    for package in _tables(packages):
        name = package.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        versions = found.setdefault(name.value, (name.start, []))[1]
        for entry in _tables(package.get("versions") or package.get("version")):
            version = entry.get("version")
            if version is not None and isinstance(version.value, str):
                versions.append(version.value)
    return {name: entry for name, entry in found.items() if entry[1]}


def wkg_versions(texts: Mapping[str, bytes], path: str) -> dict[str, list[str]]:
    """The versions that a wkg.lock has of each package; none when it is not there."""
    table = table_of(texts, path)
    return {} if table is None else {name: entry[1] for name, entry in _locked_versions(table).items()}


def deps_lock_differs(sources: SourceFacts, root: str, resolution: Resolution) -> bool:
    """Whether a copy in ``deps`` is not what deps.lock was written for."""
    return any(True for _ in _deps_lock(sources, root, resolution, list(_copies(root, resolution))))


def _overridden(texts: Mapping[str, bytes], path: str) -> set[str]:
    """The packages that wkg.toml takes from a folder: those are not in the lock file."""
    table = table_of(texts, path)
    overrides = table.get("overrides") if table is not None else None
    if overrides is None or not isinstance(overrides.value, Table):
        return set()
    return {
        name
        for name, item in overrides.value.items()
        if isinstance(item.value, Table) and "path" in item.value
    }


def table_of(texts: Mapping[str, bytes], path: str) -> Table | None:
    """A TOML file among the texts; None when it is not there, or not TOML."""
    if path not in texts:
        return None
    table = parse(SourceText(path, texts[path]))
    return table if isinstance(table, Table) else None


def _tables(item: Item | None) -> Iterator[Table]:
    """The tables of an array of tables."""
    for entry in item.value if item is not None and isinstance(item.value, Array) else ():
        if isinstance(entry.value, Table):
            yield entry.value
