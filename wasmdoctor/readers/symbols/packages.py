"""Which package the crate in a symbol stands for.

A symbol has the crate's name as Rust code writes it (dashes are underscores, ``[lib] name`` counts); two
versions of one package share it, and so does a crate that std carries a copy of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from wasmdoctor.model.cargo import CrateGraph, CrateId, Lock
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.symbol import Language, Symbol

STD = "std"

STD_CRATES = frozenset(
    (
        "__rustc alloc core panic_abort panic_unwind proc_macro std std_detect sysroot test unwind compiler_builtins"
        " profiler_builtins rustc_std_workspace_alloc rustc_std_workspace_core rustc_std_workspace_std"
    ).split()
)
"""The crates of Rust's own library folder (Rust 1.96), and ``__rustc`` for the allocator's entry points."""

STD_COPIES = frozenset(
    (
        "addr2line adler2 cfg_if dlmalloc foldhash getopts gimli hashbrown hermit_abi libc memchr miniz_oxide"
        " object rustc_demangle rustc_literal_escaper unwinding wasi wit_bindgen"
    ).split()
)
"""Crates of the registry that std for wasm is linked with (library/Cargo.lock of Rust 1.96, ``vendor``)."""

Known = Mapping[str, Sequence[CrateId]]
"""The packages that each crate name can stand for."""

CrateName = tuple[str, str]
"""A crate's name in symbols, and rustc's number for it (``Symbol.package_id``), "" when there is none."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What a crate name stands for.

    ``packages`` are the candidates: one when it is certain, none when no package has a crate of that
    name. ``std`` when it is part of std: then, with ``packages``, either may be meant.
    """

    packages: tuple[CrateId, ...] = ()
    std: bool = False

    @property
    def package(self) -> CrateId | None:
        """The package, if there is no doubt."""
        return self.packages[0] if len(self.packages) == 1 and not self.std else None

    @property
    def certain(self) -> bool:
        """Whether there is exactly one meaning."""
        return len(self.packages) + self.std == 1


def is_std(crate: str) -> bool:
    """Whether the crate is one of Rust's own, which no package can be mistaken for."""
    return crate in STD_CRATES


def known_packages(
    graph: CrateGraph | None = None, lock: Lock | None = None
) -> dict[str, tuple[CrateId, ...]]:
    """The packages by the crate names they have in symbols.

    Of a graph the libraries' names are known. A lock has package names only: a library that its
    manifest names otherwise is then not found.
    """
    found: defaultdict[str, dict[CrateId, None]] = defaultdict(dict)
    for crate in graph.crates.values() if graph else ():
        names = {crate.lib.name if crate.lib else crate.id.name, *(target.name for target in crate.targets)}
        for name in sorted(names):
            found[name.replace("-", "_")][crate.id] = None
    for package in lock.packages if lock else ():
        id_ = CrateId(package.name, package.version, package.source)
        listed = found[package.name.replace("-", "_")]
        if not any((known.name, known.version) == (id_.name, id_.version) for known in listed):
            listed[id_] = None
    return {name: tuple(ids) for name, ids in found.items()}


def packages_of(
    crates: Iterable[CrateName], known: Known, places: Mapping[CrateName, Iterable[str]] | None = None
) -> dict[CrateName, Owner]:
    """What each crate in a binary's symbols stands for.

    ``places`` are source files of functions of a crate (from DWARF): a registry's folder is named after
    package and version (``hashbrown-0.16.1/src/map.rs``), and std's copies stand in its ``library`` folder.
    rustc's numbers tell two crates of one name apart, but not which is which: that is what places are for,
    and the last package is what is left when all others are taken.
    """
    wanted = list(dict.fromkeys(crates))
    owners = {crate: _owner(crate, known, (places or {}).get(crate, ())) for crate in wanted}
    by_name: defaultdict[str, list[CrateName]] = defaultdict(list)
    for crate in wanted:
        if crate[1]:
            by_name[crate[0]].append(crate)
    for same in by_name.values():
        _by_elimination(same, owners)
    return owners


def version_in_path(path: str, package: str) -> str | None:
    """The version in a registry's folder name: ``.../wasi-0.14.4+wasi-0.2.4/src/lib.rs``; None if there is none."""
    for folder in reversed(path.replace("\\", "/").split("/")[:-1]):
        if folder.startswith(f"{package}-") and _VERSION.fullmatch(folder, len(package) + 1):
            return folder[len(package) + 1 :]
    return None


_VERSION = regex(r"\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_STD_PLACE = regex(r"(?:\A|/)(?:rustc/[0-9a-f]{7,40}|rust)/library/|\Alibrary/(?:core|std|alloc)/")


def in_std(path: str) -> bool:
    """Whether a source file is one of Rust's own library (``/rustc/<commit>/library/...``, ``rust-src``)."""
    return bool(_STD_PLACE.search(path))


def crates_in(symbols: Iterable[Symbol]) -> list[CrateName]:
    """The crates that Rust symbols name, each once."""
    rust = (symbol for symbol in symbols if symbol.language is Language.RUST and symbol.package)
    return list(dict.fromkeys((symbol.package, symbol.package_id) for symbol in rust))


def _owner(crate: CrateName, known: Known, places: Iterable[str]) -> Owner:
    name = crate[0]
    if is_std(name):
        return Owner(std=True)
    candidates = tuple(known.get(name, ()))
    std = name in STD_COPIES
    files = tuple(places)
    if std and any(in_std(path) for path in files):
        return Owner(std=True)
    told = tuple(
        id_
        for id_ in candidates
        if any(id_.version == version_in_path(path, id_.name) or _inside(path, id_) for path in files)
    )
    if len(told) == 1:
        return Owner(told)
    if any(version_in_path(path, id_.name) for id_ in candidates for path in files) and not told:
        return Owner(std=std)  # a version that no candidate has: one that std was built with
    return Owner(candidates, std)


def _inside(path: str, id_: CrateId) -> bool:
    """Whether a file stands in the folder of a path package."""
    folder = id_.source.removeprefix("path+").rstrip("/")
    return id_.source.startswith("path+/") and path.startswith(f"{folder}/")


def _by_elimination(same: list[CrateName], owners: dict[CrateName, Owner]) -> None:
    """Crates of one name and different numbers: what one is, no other is."""
    settled = True
    while settled:
        settled = False
        taken = {owners[crate].package for crate in same} - {None}
        taken_by_std = any(owners[crate] == Owner(std=True) for crate in same)
        for crate in same:
            owner = owners[crate]
            if owner.certain or (not owner.packages and not owner.std):
                continue
            left = Owner(
                tuple(package for package in owner.packages if package not in taken),
                owner.std and not taken_by_std,
            )
            if left != owner and (left.packages or left.std):
                owners[crate] = left
                settled = True
