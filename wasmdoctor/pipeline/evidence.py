"""What was built, as evidence for what the sources say: worlds in rlibs, names in finished components."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from wasmdoctor.discover import Binary, display_path
from wasmdoctor.model.artifact import CoreTarget, EncodedWorld, ModuleRole
from wasmdoctor.model.binding import Binding, Evidence
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import opened


@dataclass(frozen=True, slots=True)
class Proof:
    """The strongest evidence for a binding, and the file that shows it ("" for sources)."""

    evidence: Evidence
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Callers:
    """For each import of a component, the Rust crates whose code imports it, with their functions.

    ``crates`` maps an import's name to crate names (with underscores), each with the path of one binding
    function that stands in that crate.
    """

    crates: Mapping[str, Mapping[str, str]]


class Artifacts:
    """Build outputs below one folder; everything is read when first asked for, and once."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self._worlds: dict[Path, dict[str, list[tuple[str, EncodedWorld]]]] = {}

    def proof(self, binding: Binding, crate: str, profiles: list[Path]) -> Proof:
        """What rlibs in these profile folders show of a binding in a crate (with underscores)."""
        wanted = _bare(binding.world)
        for profile in profiles:
            for path, world in self._rlibs(profile).get(crate, ()):
                if not wanted or _bare(world.name) == wanted:
                    return Proof(Evidence.RLIB, path)
        return Proof(Evidence.SOURCES)

    def _rlibs(self, profile: Path) -> dict[str, list[tuple[str, EncodedWorld]]]:
        if profile not in self._worlds:
            self._worlds[profile] = self._read(profile)
        return self._worlds[profile]

    def _read(self, profile: Path) -> dict[str, list[tuple[str, EncodedWorld]]]:
        # Not loaded where nothing is built.
        from wasmdoctor.readers.artifacts import DiskTarget, library_worlds, read_profile

        files = DiskTarget(self.cwd)
        shown = display_path(profile, self.cwd)
        found: dict[str, list[tuple[str, EncodedWorld]]] = {}
        for artifact in read_profile(files, shown, profile.parent.name, profile.name).rlibs:
            if artifact.stale:
                continue
            try:
                with files.open(artifact.path) as source:
                    worlds = library_worlds(source, artifact.path).worlds
            except OSError:
                continue
            found.setdefault(artifact.crate, []).extend((artifact.path, world) for world in worlds)
        return found


def _bare(world: str) -> str:
    return world.partition("@")[0]


def callers(file: WasmFile, binary: Binary) -> Callers:
    """Who imports what in a component, by the names in its core modules; empty when it is stripped."""
    from wasmdoctor.readers.artifacts import read_calls

    found: dict[str, dict[str, str]] = {}
    try:
        with opened(binary) as source:
            modules = read_calls(source, file.path, file.component)
    except OSError:
        return Callers({})
    for module in modules:
        if module.role is not ModuleRole.MAIN:
            continue
        for call in module.calls:
            if call.target is CoreTarget.IMPORT and call.rust is not None:
                found.setdefault(call.interface, {}).setdefault(call.rust.crate, call.rust.path)
    return Callers(found)


class ProfileFolders:
    """The folders of build outputs that may belong to a component."""

    def __init__(self, target: Path, triple: str) -> None:
        self.target = target
        self.triple = triple

    @cached_property
    def all(self) -> list[Path]:
        """The profiles of the triple, the newest first."""
        folder = self.target / self.triple
        try:
            found = [path for path in folder.iterdir() if (path / "deps").is_dir()]
        except OSError:
            return []
        return sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path.name))

    def of(self, binary: Path | None) -> list[Path]:
        """Those for one binary: the folder that it lies in when that is one, else all."""
        if binary is not None and (binary.parent / "deps").is_dir():
            return [binary.parent]
        return self.all
