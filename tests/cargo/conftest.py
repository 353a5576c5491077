"""Cargo as the reference: what ``cargo metadata`` and ``cargo build --unit-graph`` say of a folder."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from wasmdoctor.model.cargo import CrateGraph, CrateId, DependencyKind, Side

Features = dict[tuple[str, str, str], frozenset[str]]
Edges = set[tuple[tuple[str, str, str], tuple[str, str, str], str, str]]


def cargo_command() -> tuple[str, dict[str, str]]:
    """Debian's cargo with its own rustc when it is there (newer than many rustups), else PATH's."""
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    if Path("/usr/bin/cargo").exists() and Path("/usr/bin/rustc").exists():
        return "/usr/bin/cargo", {**environment, "RUSTC": "/usr/bin/rustc"}
    found = shutil.which("cargo")
    assert found, "these tests compare with cargo, and there is none"
    return found, environment


@dataclass(frozen=True)
class Oracle:
    """Runs cargo in a folder."""

    folder: Path

    def run(self, *arguments: str) -> str:
        command, environment = cargo_command()
        done = subprocess.run(
            [command, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def lock(self) -> None:
        self.run("generate-lockfile", "--offline")

    def metadata(self, *arguments: str) -> dict:
        return json.loads(self.run("metadata", "--offline", "--format-version", "1", *arguments))

    def units(self, *arguments: str) -> tuple[Features, Edges]:
        """Features and edges of what would be compiled; ``target`` or ``host`` is part of the key.

        An edge of a build script is ``build``, whatever the side of its package.
        """
        text = self.run("build", "--offline", "--unit-graph", "-Z", "unstable-options", *arguments)
        units = json.loads(text)["units"]
        features: Features = {}
        edges: Edges = set()
        for unit in units:
            if unit["mode"] == "run-custom-build":
                continue
            key = unit_key(unit)
            is_build = unit["target"]["kind"] == ["custom-build"]
            if not is_build:
                assert features.setdefault(key, frozenset(unit["features"])) == frozenset(unit["features"])
            for dependency in unit["dependencies"]:
                other = units[dependency["index"]]
                if other["mode"] == "run-custom-build" or unit_key(other)[:2] == key[:2]:
                    continue
                start = (*key[:2], "build") if is_build else key
                kind = "build" if is_build else "normal"
                edges.add((start, unit_key(other), dependency["extern_crate_name"], kind))
        return features, edges


def unit_key(unit: dict) -> tuple[str, str, str]:
    return (*name_and_version(unit["pkg_id"]), "host" if unit["platform"] is None else "target")


def name_and_version(package_id: str) -> tuple[str, str]:
    """From ``path+file:///a/name#1.0.0`` or ``...#name@1.0.0``."""
    url, _, fragment = package_id.partition("#")
    name, at, version = fragment.rpartition("@")
    return (name, version) if at else (url.rpartition("/")[2], fragment)


def our_units(graph: CrateGraph) -> tuple[Features, Edges]:
    """The same from our graph."""
    features: Features = {}
    for crate in graph.crates.values():
        if crate.features is not None:
            features[crate.name, crate.version, "target"] = crate.features
        if crate.host_features is not None:
            features[crate.name, crate.version, "host"] = crate.host_features
    edges: Edges = set()
    for edge in graph.dependencies:
        is_build = edge.kind is DependencyKind.BUILD
        start = key_of(edge.dependent, edge.side)
        end = key_of(edge.dependency, edge.dependency_side)
        kind = "build" if is_build else "normal"
        edges.add(((*start[:2], "build") if is_build else start, end, edge.extern_name, kind))
    return features, edges


def key_of(crate: CrateId, side: Side) -> tuple[str, str, str]:
    return (crate.name, crate.version, side.value)


def metadata_nodes(metadata: dict) -> dict:
    """Package to its features and dependencies, from ``cargo metadata``."""
    return {
        name_and_version(node["id"]): (
            frozenset(node["features"]),
            frozenset(
                (
                    dep["name"],
                    name_and_version(dep["pkg"]),
                    kind["kind"] or "normal",
                    spaceless(kind["target"]),
                )
                for dep in node["deps"]
                for kind in dep["dep_kinds"]
            ),
        )
        for node in metadata["resolve"]["nodes"]
    }


def spaceless(cfg: str | None) -> str | None:
    """Cargo prints cfg expressions anew; we keep them as written."""
    return cfg and cfg.replace(" ", "")


def our_nodes(graph: CrateGraph) -> dict:
    """The same from our graph."""
    return {
        (crate.name, crate.version): (
            crate.features,
            frozenset(
                (
                    edge.extern_name,
                    (edge.dependency.name, edge.dependency.version),
                    edge.kind.value,
                    spaceless(edge.cfg),
                )
                for edge in graph.dependencies_of(crate.id)
            ),
        )
        for crate in graph.crates.values()
    }


class Compare:
    """Helpers for tests, as one fixture, since test files import nothing from each other."""

    our_units = staticmethod(our_units)
    our_nodes = staticmethod(our_nodes)
    metadata_nodes = staticmethod(metadata_nodes)
    name_and_version = staticmethod(name_and_version)


@pytest.fixture
def compare() -> type[Compare]:
    return Compare


@pytest.fixture
def oracle_in() -> type[Oracle]:
    return Oracle


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Oracle]:
    """Writes files into a folder, and gives cargo in that folder."""

    def write(files: dict[str, str]) -> Oracle:
        write_files(tmp_path, files)
        return Oracle(tmp_path)

    return write


def write_files(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


CFGS = (
    "cfg(unix)",
    'cfg(target_os = "wasi")',
    'cfg(all(target_arch = "wasm32", not(target_env = "p2")))',
    'cfg(any(windows, target_family = "wasm"))',
    "cfg(not(any(unix, windows)))",
    "wasm32-wasip2",
    "x86_64-unknown-linux-gnu",
    'cfg(all(target_os = "linux", target_pointer_width = "64"))',
    "cfg(any())",
)


class Generator:
    """A workspace of many crates from a seed: path crates, and vendored ones that stand for a registry."""

    def __init__(self, seed: int, crates: int, registry: int = 0, resolver: str = "2") -> None:
        self.random = random.Random(seed)
        self.resolver = resolver
        self.registry = registry
        self.features: list[list[str]] = []
        self.inherited: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.macros: set[int] = set()
        for number in range(registry + crates):
            self.add(number)
        shared = "".join(f"{name} = {value}\n" for name, value in sorted(self.inherited.items()))
        self.files["Cargo.toml"] = (
            f'[workspace]\nmembers = ["crates/*"]\nresolver = "{resolver}"\n'
            f'[workspace.package]\nversion = "0.3.0"\nedition = "2021"\n[workspace.dependencies]\n{shared}'
        )
        if registry:
            self.files[".cargo/config.toml"] = (
                '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n'
            )

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def folder(self, number: int) -> str:
        return f"vendor/c{number}" if number < self.registry else f"crates/c{number}"

    def add(self, number: int) -> None:
        names = [f"f{at}" for at in range(self.random.randint(0, 3))]
        is_registry = number < self.registry
        if self.chance(0.12):
            self.macros.add(number)
        has_script = self.chance(0.5)
        lines, optional, keys = [], {}, {}
        lowest = max(0, number - 12)
        below = list(range(lowest, number))
        for other in self.random.sample(below, min(len(below), self.random.randint(0, 4))):
            name = f"renamed-{other}" if self.chance(0.25) else f"c{other}"  # cargo wants one name only
            for _ in range(1 + self.chance(0.15)):
                kind = self.random.choices(["", "build-", "dev-"], [6, 2, 1])[0]
                cfg = self.random.choice(CFGS) if self.chance(0.4) else None
                is_optional = kind != "dev-" and self.chance(0.4)
                section = (kind, cfg)
                if name in {key for place, key in keys if place == section}:
                    continue
                keys[section, name] = other
                if is_optional:
                    optional[name] = other
                lines.append((section, name, self.dependency(other, name, is_optional, is_registry)))
        every = {key: other for (_, key), other in keys.items()}
        body = self.body(number, names, is_registry, lines, optional, every)
        folder = self.folder(number)
        self.files[f"{folder}/Cargo.toml"] = body
        self.files[f"{folder}/src/lib.rs"] = ""
        if has_script:
            self.files[f"{folder}/build.rs"] = "fn main() {}\n"
        if is_registry:
            self.files[f"{folder}/.cargo-checksum.json"] = '{"files":{}}'
        # What dependents may ask for: its features; implicit ones are left to it alone.
        self.features.append([*names, *(["default"] if "default = " in body else [])])

    def dependency(self, other: int, name: str, is_optional: bool, is_registry: bool) -> str:
        wanted = self.random.sample(self.features[other], self.random.randint(0, len(self.features[other])))
        parts = [f"features = {json.dumps(wanted)}"] if wanted else []
        if is_optional:
            parts.append("optional = true")
        from_registry = other < self.registry
        where = 'version = "0.3"' if from_registry else f'path = "../c{other}"'
        package = f', package = "c{other}"' if name != f"c{other}" else ""
        off = self.chance(0.3)
        if not is_registry and self.chance(0.3):
            shared = 'version = "0.3"' if from_registry else f'path = "crates/c{other}"'
            kept = self.inherited.setdefault(
                name, f"{{ {shared}{package}{', default-features = false' if off else ''} }}"
            )
            if "default-features" in kept and self.chance(0.5):
                parts.append("default-features = true")
            return "{ " + ", ".join(["workspace = true", *parts]) + " }"
        if off:
            parts.append("default-features = false")
        return "{ " + where + package + "".join(f", {part}" for part in parts) + " }"

    def body(
        self,
        number: int,
        names: list[str],
        is_registry: bool,
        lines: list[tuple[tuple[str, str | None], str, str]],
        optional: dict[str, int],
        every: dict[str, int],
    ) -> str:
        out = [f'[package]\nname = "c{number}"']
        out.append(
            'version = "0.3.0"\nedition = "2021"'
            if is_registry
            else "version.workspace = true\nedition.workspace = true"
        )
        if number in self.macros:
            out.append("[lib]\nproc-macro = true")
        sections: dict[tuple[str, str | None], list[str]] = {}
        for section, name, value in lines:
            sections.setdefault(section, []).append(f"{name} = {value}")
        for (kind, cfg), entries in sections.items():
            out.append(f"[target.'{cfg}'.{kind}dependencies]" if cfg else f"[{kind}dependencies]")
            out += entries
        features = []
        hidden = {name for name in optional if self.chance(0.5)}
        dev_only = {name for (kind, _), name, _ in lines if kind == "dev-"}
        for at, name in enumerate(names):
            values = [other for other in names[at + 1 :] if self.chance(0.4)]
            for key, other in every.items():
                if key in dev_only:
                    continue
                for feature in self.features[other]:
                    if self.chance(0.2):
                        mark = "?" if key in optional and self.chance(0.6) else ""
                        values.append(f"{key}{mark}/{feature}")
            for key in optional:
                if key in hidden:
                    values += [f"dep:{key}"] if self.chance(0.5) else []
                elif self.chance(0.2):
                    values.append(key)
            features.append((name, values))
        named = {value[4:] for _, values in features for value in values if value.startswith("dep:")}
        features = [(name, [v for v in values if v not in named]) for name, values in features]
        if names and self.chance(0.6):
            features.append(("default", [self.random.choice(names)]))
        if features:
            out.append("[features]")
            out += [f"{name} = {json.dumps(values)}" for name, values in features]
        return "\n".join(out) + "\n"


@pytest.fixture
def generated(tmp_path: Path) -> Callable[..., Oracle]:
    """Writes a generated workspace, and gives cargo in it."""

    def write(seed: int, crates: int, registry: int = 0, resolver: str = "2") -> Oracle:
        folder = tmp_path / f"ws-{seed}-{resolver}"
        write_files(folder, Generator(seed, crates, registry, resolver).files)
        return Oracle(folder)

    return write
