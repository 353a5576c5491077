"""What a new configuration may say of a folder: the hosts that seem to be meant, and what nobody provides."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.config import Custom, Guess
from wasmdoctor.model.host import HostError
from wasmdoctor.model.record import dataclass
from wasmdoctor.toolchain import Toolchain

LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What was found in a folder."""

    hosts: tuple[Guess, ...]
    custom: tuple[Custom, ...]
    components: int


def survey(folder: Path, catalog: Catalog, toolchain: Toolchain) -> Surveyed:
    """Look at a folder as ``check`` does. Raises what it raises."""
    from wasmdoctor.pipeline.check import CheckOptions, check

    hosts = tuple(_known(_guesses(folder), catalog))
    options = CheckOptions(
        (".",), folder, hosts=tuple(guess.host for guess in hosts) or ("wasmtime",), target=None
    )
    report = check(options, catalog, toolchain)
    found: dict[str, tuple[set[str], str]] = {}
    for finding in report.findings:
        if finding.code == "WD101" and finding.interface:
            place = str(finding.location) if finding.location.line else ""
            found.setdefault(finding.interface, (set(), place))[0].add(finding.subject)
    custom = (Custom(name, tuple(sorted(paths)), place) for name, (paths, place) in sorted(found.items()))
    return Surveyed(hosts, tuple(custom), len(report.components))


def _known(guesses: Iterator[Guess], catalog: Catalog) -> Iterator[Guess]:
    """Each host once, and only those that are known at that version."""
    seen: set[str] = set()
    for guess in guesses:
        name = guess.host.partition("@")[0]
        if name in seen:
            continue
        try:
            catalog.host(guess.host)
        except HostError:
            continue
        seen.add(name)
        yield guess


def _guesses(folder: Path) -> Iterator[Guess]:
    """The hosts that files of the folder speak of."""
    if (folder / "spin.toml").is_file():
        yield Guess("spin", "there is a spin.toml")
    for name in ("wadm.yaml", "wasmcloud.toml"):
        if (folder / name).is_file():
            yield Guess("wasmcloud", f"there is a {name}")
    yield from _from_package_json(folder / "package.json")
    yield from _from_lock(folder / "Cargo.lock")


def _from_package_json(path: Path) -> Iterator[Guess]:
    text = _read(path)
    try:
        data: Any = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return
    for section in ("dependencies", "devDependencies"):
        names = data.get(section) if isinstance(data, dict) else None
        for name in ("@bytecodealliance/preview2-shim", "@bytecodealliance/jco"):
            if isinstance(names, dict) and name in names:
                yield Guess("jco", f"package.json depends on {name}")


def _from_lock(path: Path) -> Iterator[Guess]:
    """A workspace that embeds wasmtime says which one."""
    text = _read(path)
    try:
        packages: Any = tomllib.loads(text).get("package", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for package in packages if isinstance(packages, list) else []:
        if isinstance(package, dict) and package.get("name") == "wasmtime":
            version = str(package.get("version", ""))
            yield Guess(f"wasmtime@{version.partition('.')[0]}", f"Cargo.lock has wasmtime {version}")


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            return ""
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
