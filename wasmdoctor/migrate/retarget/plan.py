"""Setting a workspace to a WASI release: all edits together, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wasmdoctor.migrate.edits import EditError, compose
from wasmdoctor.migrate.retarget.inputs import RetargetInputs
from wasmdoctor.migrate.retarget.literals import named_in
from wasmdoctor.migrate.retarget.manifests import metadata_changes
from wasmdoctor.migrate.retarget.needs import missing_functions, missing_types
from wasmdoctor.migrate.retarget.texts import WitText, wit_texts
from wasmdoctor.migrate.toml import toml_edits
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.names import ExternName, Version, version_order
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.retarget import RELEASE_TRACK, Obstacle, Retarget, is_release
from wasmdoctor.model.rust import BindingsFile, ExternImport, GenerateCall, Generator
from wasmdoctor.model.source import Location, Problem, SourceText, Span
from wasmdoctor.readers.cargo.files import folder_of, is_below, join
from wasmdoctor.readers.cargo.toml import parse as parse_toml
from wasmdoctor.readers.cargo.toml import plain
from wasmdoctor.readers.wit import parse

LOCKS = ("deps.toml", "deps.lock", "wkg.toml", "wkg.lock")


def target_problem(text: str, newest: str) -> str:
    """Why a version cannot be asked for, or "": it must be a release of WASI 0.2 up to the ``newest`` known."""
    version, last = Version.parse(text), Version.parse(newest)
    if version is None:
        return f"{text!r} is no version: write three numbers, such as 0.2.3"
    if version.prerelease or version.build or f"{version.major}.{version.minor}" != RELEASE_TRACK:
        return (
            f"{text} is not a release of WASI 0.2: candidates and WASI 0.3 have other functions and types, so that the "
            "code changes with them"
        )
    if last is not None and version > last:
        return f"WASI {text} is newer than what is known here (0.2.0 to {newest})"
    return ""


def retarget(inputs: RetargetInputs, target: str) -> Retarget:
    """What setting a workspace to a WASI 0.2 release changes. Never raises: what stands in the way is in it."""
    return _Retargeting(inputs, target).make()


@dataclass(slots=True)
class _Retargeting:
    inputs: RetargetInputs
    target: str
    edits: list[Edit] = field(default_factory=list)
    found: set[tuple[str, str]] = field(default_factory=set)
    obstacles: list[Obstacle] = field(default_factory=list)
    manual: list[ManualStep] = field(default_factory=list)

    def make(self) -> Retarget:
        """All parts, and the edits composed and parsed again."""
        result = wit_texts(self._texts(), self.target)
        self.edits += result.edits
        self.found |= result.versions
        self.obstacles += result.obstacles
        self._rust()
        self._manifests()
        self._merged()
        self.obstacles += missing_functions(self.inputs, self.target, result.keys)
        self.obstacles += missing_types(self.inputs, self.target, result.keys)
        found = self._found()
        if not self.edits and not self.obstacles:
            return Retarget(self.target, notes=tuple(self._notes()))
        self._locks()
        changes = None
        if not self.obstacles:
            try:
                changes = compose(self.edits, self.inputs.files.read)
            except EditError as error:
                self.obstacles.append(Obstacle(error.location, error.message))
        removed, notes = tuple(result.removed), tuple(self._notes())
        if changes is None:
            obstacles = dict.fromkeys(sorted(self.obstacles, key=lambda one: (one.location, one.message)))
            return Retarget(
                self.target, found=found, removed=removed, obstacles=tuple(obstacles), notes=notes
            )
        manual = tuple(dict.fromkeys(self.manual))
        return Retarget(self.target, changes, found, removed=removed, manual=manual, notes=notes)

    def _found(self) -> Mapping[str, tuple[str, ...]]:
        packages = sorted({package for package, _ in self.found})
        return {
            package: tuple(sorted((v for p, v in self.found if p == package), key=version_order))
            for package in packages
        }

    # -- WIT

    def _texts(self) -> Iterator[WitText]:
        """Every WIT text below the root: files, and literals in ``generate!`` calls."""
        for path in self.inputs.wit:
            data = self.inputs.files.read(path)
            if data is None:
                continue
            if path.endswith(".wit"):
                yield WitText(path, data, parse(SourceText(path, data)))
            elif path.endswith((".wasm", ".wat")):
                self._encoded(path)
        seen: set[tuple[str, int]] = set()
        for call in self._calls():
            text = self._inline(call)
            if text is not None and (text.path, text.offset) not in seen:
                seen.add((text.path, text.offset))
                yield text

    def _encoded(self, path: str) -> None:
        """A package encoded as binary cannot be edited."""
        for resolution in self.inputs.roots.values():
            for package in resolution.packages.values():
                other = is_release(package.base, package.version) and package.version != self.target
                if other and path in package.files:
                    message = f"this encoded package is `{package.name}`: put the WIT of WASI {self.target} in its place"
                    self.obstacles.append(Obstacle(Location(path), message))

    def _inline(self, call: GenerateCall) -> WitText | None:
        """The WIT in a call; None without any. Its bytes are the file's own when nothing in it is escaped."""
        option = call.option("inline")
        if option is None or option.kind != "string":
            return None
        path = call.location.path
        data = self.inputs.files.read(path) or b""
        literal = data[option.value_span.start : option.value_span.end]
        opening, closing = literal.find(b'"') + 1, literal.rfind(b'"')
        inner = literal[opening:closing]
        escaped = not literal.startswith(b"r") and b"\\" in inner
        if not opening or escaped or inner.decode("utf-8", "replace") != option.value:
            if "wasi:" in option.value:
                message = 'the WIT in this call is written with escapes: write it as a raw string (r#"..."#)'
                self.obstacles.append(Obstacle(call.location, message))
            return None
        start = option.value_span.start + opening
        line = SourceText(path, data).location(start).line - 1
        return WitText(path, inner, parse(SourceText(path, inner)), start, line)

    def _merged(self) -> None:
        """WIT that is read together with a package at two versions, which would become one twice."""
        told: set[tuple[str, tuple[str, ...]]] = set()
        for root, resolution in sorted(self.inputs.roots.items()):
            versions: dict[str, list[str]] = {}
            place: dict[str, Location] = {}
            for package in resolution.packages.values():
                if is_release(package.base, package.version):
                    versions.setdefault(package.base, []).append(package.version)
                    for location in package.locations[:1]:
                        place.setdefault(package.base, location)
            for base, each in versions.items():
                if len(each) > 1:
                    named = tuple(sorted(each, key=version_order))
                    where = place.get(base, Location(root))
                    if (where.path, named) not in told:
                        told.add((where.path, named))
                        message = (
                            f"`{base}` is read here at {' and '.join(named)}: keep one of the copies, and name its version "
                            "in all WIT, then its Rust module has no version in its name any more"
                        )
                        self.obstacles.append(Obstacle(where, message))

    # -- Rust

    def _calls(self) -> list[GenerateCall]:
        """The ``generate!`` calls of the workspace's own crates, each once."""
        found: dict[Location, GenerateCall] = {}
        for code in self.inputs.code:
            for call in code.program.generate_calls:
                if code.crate_ids.get(call.crate) in code.own and self._ours(call.location.path):
                    found.setdefault(call.location, call)
        return [call for _, call in sorted(found.items())]

    def _ours(self, path: str) -> bool:
        return is_below(path, self.inputs.root)

    def _rust(self) -> None:
        """Literals in calls and in extern blocks that are written by hand; generated bindings are made anew."""
        for call in self._calls():
            data = self.inputs.files.read(call.location.path) or b""
            inline = call.option("inline")
            for package, version, span in named_in(data, call.span):
                within = inline is not None and inline.span.start <= span.start < inline.span.end
                if not within:
                    self._literal(call.location.path, package, version, span)
            self._outside(call)
        blocks: dict[tuple[str, int], ExternImport] = {}
        files: dict[Location, BindingsFile] = {}
        for code in self.inputs.code:
            for item in code.program.extern_imports:
                if not item.generated and code.crate_ids.get(item.crate) in code.own:
                    blocks.setdefault((item.location.path, item.block_span.start), item)
            for file in code.program.bindings_files:
                if code.crate_ids.get(file.crate) in code.own:
                    files.setdefault(file.location, file)
        for (path, _), item in sorted(blocks.items()):
            if self._ours(path):
                data = self.inputs.files.read(path) or b""
                for package, version, span in named_in(data, item.block_span):
                    self._literal(path, package, version, span)
        for _, file in sorted(files.items()):
            self._bindings(file)

    def _literal(self, path: str, package: str, version: str, span: Span) -> None:
        if version != self.target:
            self.found.add((package, version))
            cause = f"WASI {self.target} in place of {version}"
            self.edits.append(Replace(path, span, self.target.encode(), cause))

    def _outside(self, call: GenerateCall) -> None:
        """WIT that a call reads from outside of the workspace stays as it is."""
        if call.generator not in (Generator.WIT_BINDGEN, Generator.CARGO_COMPONENT):
            return
        resolution = self.inputs.roots.get(str(call.location))
        for package in resolution.packages.values() if resolution else ():
            outside = [path for path in package.files if not self._ours(path)]
            if outside and is_release(package.base, package.version) and package.version != self.target:
                message = (
                    f"this call reads `{package.name}` from {outside[0]}, which is not part of the workspace: copy it "
                    "into the workspace, or set its version there"
                )
                self.obstacles.append(Obstacle(call.location, message))

    def _bindings(self, file: BindingsFile) -> None:
        """Checked-in bindings hold an encoded world, which only their generator can make anew."""
        versions = sorted(
            {
                version
                for item in file.imports
                for parsed in [ExternName.parse(item.module)]
                if (version := parsed.version) and is_release(parsed.package or "", version)
            },
            key=version_order,
        )
        others = [version for version in versions if version != self.target]
        if others:
            message = f"these bindings are for WASI {', '.join(others)}: make them anew with {file.generator.value} {file.version}".rstrip()
            self.manual.append(ManualStep(file.location, message))

    # -- manifests and locks

    def _manifests(self) -> None:
        for package in self.inputs.packages:
            path = package.manifest
            data = self.inputs.files.read(path)
            table = parse_toml(SourceText(path, data)) if data is not None else None
            if data is None or table is None or isinstance(table, Problem) or not self._ours(path):
                continue
            changes = list(metadata_changes(plain(table), self.target))
            self.found |= {(name, version) for name, version, _ in changes}
            if changes:
                try:
                    self.edits += toml_edits(path, data, [change for _, _, change in changes])
                except EditError as error:
                    self.obstacles.append(Obstacle(error.location, error.message))

    def _locks(self) -> None:
        """Lists and locks of fetched packages: what they say is fetched, not edited."""
        folders = {folder_of(edit.path) for edit in self.edits if edit.path.endswith(".wit")}
        places = {folder_of(folder) for folder in folders} | {folder_of(folder_of(f)) for f in folders}
        places |= {folder_of(place) for place in places} | folders
        for place in sorted(places):
            for name in LOCKS:
                path = join(place, name)
                data = self.inputs.files.read(path) if self._ours(path) else None
                if data is not None and b"wasi" in data:
                    tool = "wit-deps update" if name.startswith("deps.") else "wkg wit update"
                    message = f"it lists the packages that were fetched: name WASI {self.target} there before the next `{tool}`"
                    self.manual.append(ManualStep(Location(path), message))

    def _notes(self) -> Iterator[str]:
        """Copies that were cut down, and crates from a registry that bring a release of their own."""
        if self.edits and not self.obstacles:
            yield from self._cut_down()
        brought: dict[str, set[str]] = {}
        for code in self.inputs.code:
            for predicted in code.prediction.imports.values():
                for carrier in predicted.carriers:
                    name = ExternName.parse(carrier.name)
                    other = is_release(name.package or "", name.version) and name.version != self.target
                    if other and carrier.binding.crate not in code.own:
                        brought.setdefault(carrier.binding.crate.name, set()).add(name.version or "")
        for crate, versions in sorted(brought.items()):
            shown = ", ".join(sorted(versions, key=version_order))
            yield f"the crate `{crate}` brings WASI {shown} by itself: its version is set in Cargo.toml"

    def _cut_down(self) -> Iterator[str]:
        """Copies without all functions of their release, which become newer.

        Where an adapter for an older release calls the same interface, wit-component 0.262 takes the newer copy
        for both, and refuses one that lacks what the adapter calls.
        """
        names: set[str] = set()
        for resolution in self.inputs.roots.values():
            for package in resolution.packages.values():
                if not is_release(package.base, package.version) or not self._newer(package.version):
                    continue
                for interface in package.interfaces.values():
                    name = f"{package.base}/{interface.short}"
                    facts = self.inputs.facts.interfaces.get(name)
                    if facts is not None and facts.open_at(package.version) - interface.functions.keys():
                        names.add(name)
        if names:
            shown = ", ".join(f"`{name}`" for name in sorted(names)[:3])
            shown += f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield (
                f"{shown} is cut down here: an adapter for a release before {self.target} that calls what is left out "
                "stops `wasm-tools component new`, so build before you trust it"
            )

    def _newer(self, version: str) -> bool:
        """Whether the target is later than a version."""
        return version_order(self.target) > version_order(version)
