#!/usr/bin/env python3
"""Makes rules/wit/<stem>/<package>.toml: the signatures of the interfaces that rules/wit/<stem>.toml names.

    python scripts/make_types.py --fetch FOLDER    get the published crates below, with cargo, into FOLDER
    python scripts/make_types.py FOLDER            write the files from the WIT that the crates carry
    python scripts/make_types.py FOLDER --check    exit 1 when one of them is not what the crates give

Each host embeds one line of wasmtime, whose crates on crates.io carry the WIT that it links, and Spin's SDK
carries what Spin adds; CRATES says which ones are read. A version of an interface may stand in several crates: then all must say the same of
its types, else nothing is written. WASI 0.2.0 to 0.2.12 share one description, since no function changed
its type; the script fails when that ceases to hold. Only facts are kept: the types of functions in one line
each, no documentation. Deterministic. Run scripts/make_hosts.py first: it says which interfaces there are.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wasmdoctor.catalog import Catalog  # noqa: E402
from wasmdoctor.model.host import InterfaceFacts, WitFacts  # noqa: E402
from wasmdoctor.model.names import ExternName  # noqa: E402
from wasmdoctor.model.types import COMPONENT_RULE, difference  # noqa: E402
from wasmdoctor.model.typetext import InterfaceTypes  # noqa: E402
from wasmdoctor.model.wittypes import facts_of_interfaces  # noqa: E402
from wasmdoctor.readers.wit import DiskFiles, Features, load_wit, resolve_wit  # noqa: E402

HEADER = """\
# Made by scripts/make_types.py from the WIT in published crates; do not edit by hand.
# How to make it again: python scripts/make_types.py --fetch FOLDER && python scripts/make_types.py FOLDER
"""

WASI, HTTP, NN = "wasmtime-wasi", "wasmtime-wasi-http", "wasmtime-wasi-nn"
KEYVALUE, CONFIG, TLS = "wasmtime-wasi-keyvalue", "wasmtime-wasi-config", "wasmtime-wasi-tls"
SPIN = "spin-sdk"
RUNTIME_CONFIG = "wasmtime-wasi-runtime-config"  # what the crate for wasi:config was until 26

CRATES: Mapping[str, tuple[str, ...]] = {
    "14.0.4": (WASI, HTTP),
    "15.0.1": (WASI, HTTP),
    "16.0.0": (WASI, HTTP),
    "17.0.3": (WASI, HTTP),
    "22.0.1": (NN,),
    "23.0.3": (WASI, HTTP, NN),
    "24.0.13": (WASI, HTTP, NN, KEYVALUE, RUNTIME_CONFIG),
    "25.0.3": (WASI, HTTP, NN, KEYVALUE, RUNTIME_CONFIG),
    "27.0.0": (WASI, HTTP, NN, KEYVALUE, CONFIG),
    "29.0.1": (WASI, HTTP, NN, KEYVALUE, CONFIG),
    "32.0.1": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "35.0.0": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "37.0.3": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "40.0.4": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "41.0.4": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "43.0.2": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "44.0.3": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "46.0.3": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    "48.0.8": (WASI, HTTP, NN, KEYVALUE, CONFIG, TLS),
    # What Spin adds, as its SDK has it.
    "3.1.1": (SPIN,),
    "5.2.0": (SPIN,),
    "6.0.0": (SPIN,),
}
"""The crates by version: a line of wasmtime whose WIT differs from the one before, and the newest of all."""

ONLY: Mapping[str, tuple[str, ...]] = {"spin": (SPIN,), "wasmcloud": ()}
"""The crates for a host's own file of rules/wit. None is known to carry wasmCloud's WIT: its drafts may differ
from those of wasmtime under the same version."""

UNVERSIONED: Mapping[str, str] = {"wasi-nn-14": "22.0.1", "wasi-nn-23": "23.0.3"}
"""Packages without a version had other types in other lines: which line describes a file of rules/wit. Names are
those of 14 in 22 as well, whose WIT is the first that can still be parsed."""


@dataclass(frozen=True)
class Source:
    """An interface as one crate has it."""

    crate: str
    version: str
    facts: InterfaceFacts


Found = dict[str, list[Source]]

# -- reading the crates ---------------------------------------------------------------------------


def crates(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Name, version and folder of each crate of CRATES. Exits when one is not there."""
    for version, names in CRATES.items():
        for name in names:
            place = folder / f"{name}-{version}"
            if not place.is_dir():
                raise SystemExit(f"{place} is missing: run with --fetch {folder}")
            yield name, version, place


def wit_roots(folder: Path) -> list[Path]:
    """The folders of WIT packages in a crate: the highest that hold .wit files, tests left out."""
    holding = {path.parent for path in folder.rglob("*.wit") if "tests" not in path.relative_to(folder).parts}
    return sorted(place for place in holding if not any(other in place.parents for other in holding))


def read_crates(folder: Path) -> Found:
    """Every interface in the crates, by full name.

    What the reader finds wrong in them (names of types that WIT has dropped, in the oldest) does not matter
    unless a function gets lost by it, which ``merged`` tells.
    """
    found: Found = {}
    for name, version, place in crates(folder):
        for root in wit_roots(place):
            resolution = resolve_wit(load_wit(DiskFiles(), [str(root)]), Features(everything=True))
            for package in resolution.packages.values():
                facts = facts_of_interfaces(package.interfaces.values(), resolution.packages, name)
                for interface, one in facts.interfaces.items():
                    found.setdefault(interface, []).append(Source(name, version, one))
    return found


# -- one description of each interface ------------------------------------------------------------


def same_resource(one: str, other: str) -> bool:
    """Whether two resources have one name but for the version of their interface."""
    return [part.partition("@")[0] for part in one.split("#")] == [
        part.partition("@")[0] for part in other.split("#")
    ]


def disagreements(name: str, one: Source, other: Source) -> Iterator[str]:
    """The functions that two sources of an interface give different types."""
    mine, theirs = types_of(one), types_of(other)
    for function in sorted(mine.functions.keys() & theirs.functions.keys()):
        first, second = mine.function(function), theirs.function(function)
        if first is None or second is None:
            continue
        parts = difference(first, second, COMPONENT_RULE, same_resource)
        if parts is not None:
            words = parts.words(f"{one.crate} {one.version}", f"{other.crate} {other.version}")
            yield f"{name}#{function} has two types: {words}"


def types_of(source: Source) -> InterfaceTypes:
    return source.facts.types or InterfaceTypes({})


def merged(stem: str, name: str, facts: WitFacts, found: Found) -> tuple[InterfaceTypes, list[Source]]:
    """The types of one interface of a file of rules/wit, and the sources that say so. Exits when they differ."""
    versions = [version for version in facts.versions if "@" not in name]
    names = [f"{name}@{version}" for version in versions] or [name]
    sources = [source for one in names for source in found.get(one, ())]
    only = ONLY.get(stem)
    sources = [
        source for source in sources if (source.crate in only if only is not None else source.crate != SPIN)
    ]
    if stem in UNVERSIONED:
        sources = [source for source in sources if source.version == UNVERSIONED[stem]]
    if not sources:
        return InterfaceTypes({}), []
    last = sources[-1]
    wrong = [text for source in sources for text in disagreements(name, source, last)]
    wanted = facts.interfaces[name].functions
    missing = wanted - types_of(last).functions.keys()
    if missing or last.facts.resources != facts.interfaces[name].resources:
        wrong.append(f"{name} ({stem}): the crates do not have {sorted(missing) or 'the same resources'}")
    if wrong:
        raise SystemExit("\n".join(wrong))
    types = types_of(last)
    return InterfaceTypes({key: types.functions[key] for key in wanted}, used(types, wanted)), sources


def used(types: InterfaceTypes, functions: Iterable[str]) -> dict[str, str]:
    """The types that some functions need, with resources of other packages named without version."""
    texts = [types.functions[name] for name in functions]
    needed: dict[str, str] = {}
    for text in texts:  # grows on the way
        words = set(text.replace("%", "").translate(str.maketrans("(){}<>:,", " " * 8)).split())
        for name in sorted(words & types.types.keys() - needed.keys()):
            needed[name] = unversioned(types.types[name])
            if not needed[name].startswith("resource"):
                texts.append(needed[name])
    return dict(sorted(needed.items()))


def unversioned(text: str) -> str:
    """``resource wasi:io/error#error`` for ``resource wasi:io/error@0.2.12#error``; other texts as they are."""
    if not text.startswith("resource ") or "@" not in text:
        return text
    interface, _, rest = text.partition("@")
    return f"{interface}#{rest.partition('#')[2]}"


# -- writing --------------------------------------------------------------------------------------


def type_files(catalog: Catalog, found: Found) -> tuple[dict[Path, str], list[str]]:
    """All files below rules/wit/<stem>/ by their path, and the interfaces that no crate describes."""
    files: dict[Path, str] = {}
    unknown: list[str] = []
    for path in sorted((catalog.folders[0] / "wit").glob("*.toml")):
        facts = catalog.wit_facts(path.stem)
        packages: dict[str, list[tuple[str, InterfaceTypes]]] = {}
        sources: dict[str, set[tuple[str, str]]] = {}
        for name in sorted(facts.interfaces):
            types, having = merged(path.stem, name, facts, found)
            if types.functions:
                package = ExternName.parse(name if "@" in name else f"{name}@0.2.0").package or ""
                packages.setdefault(package, []).append((name, types))
                sources.setdefault(package, set()).update((s.crate, s.version) for s in having)
            elif not having:
                unknown.append(f"{path.stem}: {name}")
        for package, rows in packages.items():
            place = Path("wit") / path.stem / f"{package.replace(':', '.')}.toml"
            files[place] = file_text(rows, crates_text(sources[package]))
    return files, unknown


def crates_text(sources: Iterable[tuple[str, str]]) -> str:
    """``wasmtime-wasi 17.0.3, 23.0.3; wasmtime-wasi-http 17.0.3``."""
    versions: dict[str, list[str]] = {}
    for name, version in sorted(sources, key=lambda each: [int(part) for part in each[1].split(".")]):
        versions.setdefault(name, []).append(version)
    return "; ".join(f"{name} {', '.join(each)}" for name, each in sorted(versions.items()))


def file_text(rows: Sequence[tuple[str, InterfaceTypes]], sources: str) -> str:
    """One file."""
    text = f'{HEADER}\nschema = 1\nsource = "the WIT in the crates {sources}"\n'
    for name, types in rows:
        text += f"\n[interfaces.\"{name}\"]\nsignatures = '''\n{types.signatures_text}'''\n"
        if types.types:
            text += f"types = '''\n{types.types_text}'''\n"
    return text


def fetch(folder: Path) -> None:
    """Get the crates of CRATES with cargo. Each version gets a project of its own: they exclude each other."""
    folder.mkdir(parents=True, exist_ok=True)
    for version, names in CRATES.items():
        if all((folder / f"{name}-{version}").is_dir() for name in names):
            continue
        with tempfile.TemporaryDirectory() as temporary:
            project = Path(temporary)
            rows = "".join(
                f'{name} = {{ version = "={version}", default-features = false }}\n' for name in names
            )
            manifest = (
                '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n'
            )
            (project / "Cargo.toml").write_text(f"{manifest}[dependencies]\n{rows}[workspace]\n")
            (project / "lib.rs").write_text("")
            subprocess.run(
                ["cargo", "vendor", "--quiet", "--versioned-dirs", "vendor"],
                cwd=project,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for name in names:
                shutil.copytree(
                    project / "vendor" / f"{name}-{version}",
                    folder / f"{name}-{version}",
                    dirs_exist_ok=True,
                )


# -- command line ---------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="the folder with the crates")
    parser.add_argument(
        "--fetch", type=Path, metavar="FOLDER", help="get the crates into this folder, and stop"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a file is out of date"
    )
    parser.add_argument("--rules", type=Path, default=ROOT / "rules", help="the folder of rules")
    options = parser.parse_args(arguments)
    if options.fetch:
        fetch(options.fetch)
        return 0
    if options.folder is None:
        parser.error("give the folder with the crates, or --fetch FOLDER")
    files, unknown = type_files(Catalog(options.rules), read_crates(options.folder))
    stale = [path for path, text in files.items() if not same(options.rules / path, text)]
    left = leftovers(files, options.rules)
    if options.check:
        for path in [*stale, *left]:
            print(f"{options.rules / path} is out of date; run scripts/make_types.py", file=sys.stderr)
        return 1 if stale or left else 0
    for path in left:
        (options.rules / path).unlink()
    for path in stale:
        (options.rules / path).parent.mkdir(exist_ok=True)
        (options.rules / path).write_bytes(files[path].encode())
    print(f"{len(files)} files, {len(stale)} written; no crate describes {len(unknown)} interfaces")
    for text in unknown:
        print(f"  {text}")
    return 0


def leftovers(made: Iterable[Path], rules: Path) -> list[Path]:
    """Files that an earlier run made and that the crates no longer give (known by their header)."""
    ours = [path for path in rules.glob("wit/*/*.toml") if path.read_bytes().startswith(HEADER.encode())]
    return sorted({path.relative_to(rules) for path in ours} - set(made))


def same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    raise SystemExit(main())
