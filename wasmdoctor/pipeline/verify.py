"""What is proven of a migration before the tree is touched: sources checked again, a build in a copy, a link."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.discover import NEVER_ENTERED, repository_of
from wasmdoctor.model.cargo import TargetKind
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.finding import Status
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import BuiltComponent, Proof, Step, Surface, Verification, differences
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.bridges import is_standard
from wasmdoctor.pipeline.crates import cargo_home
from wasmdoctor.pipeline.overlay import LOCK, MANIFEST, written_files
from wasmdoctor.pipeline.plan import Place, component_name, troubles_of
from wasmdoctor.pipeline.project import Maker
from wasmdoctor.readers.wasm import FileSource, WasmKind, preamble, read_component
from wasmdoctor.toolchain import Built, RustTools, Toolchain, ToolError, ended

SOURCES, BUILD, CHECK, LINK = "sources", "build", "component", "link"
INCREMENTAL = "*/*/incremental/*"
LINKED = frozenset(
    f"wasi:{name}" for name in ("cli", "clocks", "filesystem", "http", "io", "random", "sockets")
)
MOST_ERRORS = 3
MOST_LINES = 30
WORK = ".wasmdoctor/build"
"""Where cargo's outputs go, below the workspace, while a copy of it is built; removed afterwards."""


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to verify: the command that builds ("" for the usual one), an adapter, and the environment."""

    build_command: str = ""
    adapter: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified: the changes of a place, and the components that they are to give. ``left`` are
    imports that nobody provides and that the plan says will stay. ``compose`` makes the plan's compositions of
    what was built, in a folder, and says how that went."""

    place: Place
    changes: ChangeSet
    makers: Sequence[Maker]
    surfaces: Mapping[str, Surface]
    host: HostView
    left: frozenset[str] = frozenset()
    compose: Callable[[Mapping[str, Path], Path], Sequence[tuple[Step, BuiltComponent | None]]] | None = None


def verify(
    wanted: Wanted, options: VerifyOptions, toolchain: Toolchain, tell: Callable[[str], None]
) -> Verification:
    """Check the edited sources, build them in a copy, check and link what came out. Nothing of the tree changes.

    ``tell`` is given what is about to be done, when it takes long. Never raises for what a tool does: a tool
    that fails is a step that failed.
    """
    steps = [_sources(wanted)]
    if steps[0].result is Proof.FAILED:
        return Verification(tuple(steps))
    tools = RustTools(options.environment)
    command, why_not = _command(wanted, options, tools)
    if command is None:
        steps += _not_built(why_not, wanted)
        return Verification(tuple(steps), lock=_lock_only(wanted, tools, options))
    try:
        with copied(wanted.place.root, wanted.changes) as copy:
            return _Build(wanted, options, toolchain, tools, copy, tell).run(command, steps)
    except OSError as error:
        words = f"the workspace cannot be copied and built: {error.strerror or error} ({error.filename})"
        return Verification((*steps, Step(BUILD, Proof.FAILED, words)))


def _sources(wanted: Wanted) -> Step:
    """The edited sources, read from memory: do they still ask for what nobody provides, can all be read?"""
    known = _problems(wanted.place.makers)
    broken = [text for text in _problems(wanted.makers) if text not in known]
    if broken:
        return Step(
            SOURCES, Proof.FAILED, "the edited sources have problems that were not there", tuple(broken)
        )
    left = [t for t in troubles_of(wanted.makers, wanted.host, sure=True) if t.name not in wanted.left]
    if left:
        details = tuple(f"{trouble.component} still imports {trouble.name}" for trouble in left)
        return Step(SOURCES, Proof.FAILED, "the edited sources still import what nobody provides", details)
    names = ", ".join(sorted(wanted.surfaces)) or "nothing that is a component"
    stays = f"; {', '.join(sorted(wanted.left))} stays, as planned" if wanted.left else ""
    return Step(
        SOURCES,
        Proof.PASSED,
        f"read again after the edits, every custom import has a provider{stays}: {names}",
    )


def _problems(makers: Sequence[Maker]) -> list[str]:
    """What cannot be made sense of in bindings and in the WIT that they read; without lines, since edits move
    those."""
    found = [p for maker in makers for p in maker.analysis.bindings.problems]
    found += [p for maker in makers for use in maker.analysis.wit_uses for p in use.resolution.problems]
    return list(dict.fromkeys(f"{problem.location.path}: {problem.message}" for problem in found))


def _not_built(why: str, wanted: Wanted) -> list[Step]:
    how = " ".join(_cargo_words(wanted, "cargo"))
    return [
        Step(BUILD, Proof.SKIPPED, f"nothing was built: {why}", how=f"{how}, or give --build-cmd"),
        Step(
            CHECK, Proof.SKIPPED, "what a build imports and exports is only predicted", how="wasmdoctor check"
        ),
    ]


def _command(wanted: Wanted, options: VerifyOptions, tools: RustTools) -> tuple[list[str] | str | None, str]:
    """The command that builds, or None and why there is none."""
    if options.build_command:
        return options.build_command, ""
    if not wanted.makers:
        return None, "no component is left to build"
    if tools.cargo is None:
        return None, "cargo is not on PATH"
    lacks = tools.lacks_std(wanted.place.crates.target, wanted.place.root)
    if lacks:
        return None, lacks
    if tools.cargo_component and all(maker.component.crate.component for maker in wanted.makers):
        return [*_cargo_words(wanted, tools.cargo, "component")], ""
    return [*_cargo_words(wanted, tools.cargo), "--message-format", "json"], ""


def _cargo_words(wanted: Wanted, cargo: str, *words: str) -> list[str]:
    packages = sorted({maker.component.package.name.value for maker in wanted.makers})
    named = [word for name in packages for word in ("-p", name)]
    return [cargo, *words, "build", "--target", wanted.place.crates.target, *named]


def _lock_only(wanted: Wanted, tools: RustTools, options: VerifyOptions) -> dict[str, bytes]:
    """Cargo.lock as cargo writes it for the edited manifests, when cargo is there though nothing is built."""
    if tools.cargo is None or not (wanted.place.root / LOCK).is_file() or not wanted.changes:
        return {}
    with suppress(OSError, ToolError), copied(wanted.place.root, wanted.changes) as copy:
        tools.build([tools.cargo, "metadata", "--format-version", "1"], copy, options.environment)
        return _changed_lock(wanted, copy)
    return {}


def _changed_lock(wanted: Wanted, copy: Path) -> dict[str, bytes]:
    """Cargo.lock of the copy, when it is not as the changes leave it."""
    before = written_files(wanted.changes).get(LOCK)
    try:
        original = before if before is not None else (wanted.place.root / LOCK).read_bytes()
        made = (copy / LOCK).read_bytes()
    except OSError:
        return {}  # a workspace that keeps no lock file gets none
    return {} if made == original else {LOCK: made}


class _Build:
    """One build in a copy."""

    def __init__(
        self,
        wanted: Wanted,
        options: VerifyOptions,
        toolchain: Toolchain,
        tools: RustTools,
        copy: Path,
        tell: Callable[[str], None],
    ) -> None:
        self.wanted = wanted
        self.options = options
        self.toolchain = toolchain
        self.tools = tools
        self.copy = copy
        self.tell = tell
        given = options.environment.get("CARGO_TARGET_DIR")
        self.shared = bool(given)
        self.target = Path(given).absolute() if given else wanted.place.root / WORK / str(os.getpid())
        self.environment = {
            **options.environment,
            "CARGO_TARGET_DIR": os.fspath(self.target),
            "CARGO_TERM_COLOR": "never",
        }

    def run(self, command: list[str] | str, steps: list[Step]) -> Verification:
        """Build, then look at what was built; cargo's outputs are gone afterwards."""
        shown = command if isinstance(command, str) else shlex.join(command)
        self.tell(f"building a copy: {shown}")
        there = self._files()
        outputs: dict[str, Path] = {}
        known = set(self.target.glob(INCREMENTAL))
        try:
            try:
                built = self.tools.build(command, self.copy, self.environment)
            except ToolError as error:
                steps.append(Step(BUILD, Proof.FAILED, str(error)))
                return Verification(tuple(steps))
            if built.code:
                errors = tuple(build_errors(built, self.copy, self.wanted.changes))
                words = f"`{shown}` failed with exit code {built.code}"
                if built.code < 0:
                    words = f"`{shown}` {ended(built.code)}"
                steps.append(Step(BUILD, Proof.FAILED, words, errors))
                return Verification(tuple(steps))
            outputs = self._outputs(built, there)
            components = self._components(outputs, shown, steps)
            return Verification(tuple(steps), components, _changed_lock(self.wanted, self.copy))
        finally:
            self._clean(outputs)
            for folder in set(self.target.glob(INCREMENTAL)) - known:
                shutil.rmtree(folder, ignore_errors=True)

    def _clean(self, outputs: Mapping[str, Path]) -> None:
        """Remove what was built. In a target folder that others use, cargo would take the copy's outputs for
        those of the tree itself, since cdylibs and programs have no hash in their names."""
        if not self.shared:
            shutil.rmtree(self.target, ignore_errors=True)
            for folder in (self.target.parent, self.target.parent.parent):
                with suppress(OSError):
                    folder.rmdir()
            return
        stems = {maker.component.stem for maker in self.wanted.makers}
        made = {path.parent for path in outputs.values()}
        for folder in made or set(self.target.glob("wasm32-*/*/")):
            for stem in stems:
                for name in (f"{stem}.wasm", f"lib{stem}.rlib", f"lib{stem}.rmeta", f"{stem}.d"):
                    (folder / name).unlink(missing_ok=True)
                    (folder / "deps" / name).unlink(missing_ok=True)

    def _outputs(self, built: Built, there: Mapping[Path, tuple[int, ...]]) -> dict[str, Path]:
        """The wasm file of each component: as cargo's messages tell, else the one that the build wrote under its
        name. ``there`` are the files that were there before it."""
        found: dict[str, Path] = {}
        messages = [
            message for message in _messages(built.out) if message.get("reason") == "compiler-artifact"
        ]
        for maker in self.wanted.makers:
            manifest = os.path.realpath(self.copy / maker.component.package.manifest)
            for message in messages:
                target = message.get("target", {})
                same = target.get("name", "").replace("-", "_") == maker.component.stem
                if same and os.path.realpath(message.get("manifest_path", "")) == manifest:
                    for name in message.get("filenames", []):
                        if name.endswith(".wasm"):
                            found[component_name(maker)] = Path(name)
            if component_name(maker) not in found:
                written = self._written(maker.component.stem, there)
                if written is not None:
                    found[component_name(maker)] = written
        return found

    def _written(self, stem: str, there: Mapping[Path, tuple[int, ...]]) -> Path | None:
        """The wasm file of a name that the build wrote. A component goes before a core module, of which another
        step makes one; then the newest counts."""
        wrote = [path for path, state in self._files(stem).items() if there.get(path) != state]
        return max(wrote, key=lambda path: (_is_component(path), path.stat().st_mtime_ns), default=None)

    def _files(self, *stems: str) -> dict[Path, tuple[int, ...]]:
        """The wasm files of the components' names (or of ``stems``), outside of cargo's own folders, each with what
        is different after it was written. No time of the clock is asked for: it may be set while a build runs."""
        stems = stems or tuple(maker.component.stem for maker in self.wanted.makers)
        wanted = {f"{name}.wasm" for stem in stems for name in (stem, stem.replace("_", "-"))}
        found: dict[Path, tuple[int, ...]] = {}
        for base in (self.target, self.copy):
            for folder, folders, files in os.walk(base):
                folders[:] = [
                    name for name in folders if name not in ("deps", "build", "incremental", ".git")
                ]
                for name in wanted & set(files):
                    path = Path(folder) / name
                    with suppress(OSError):
                        status = path.stat()
                        found[path] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return found

    def _components(
        self, outputs: Mapping[str, Path], shown: str, steps: list[Step]
    ) -> tuple[BuiltComponent, ...]:
        missing = [name for name in sorted(self.wanted.surfaces) if name not in outputs]
        if missing:
            words = f"`{shown}` made no wasm file for {', '.join(missing)}"
            steps.append(Step(BUILD, Proof.FAILED, words))
            return ()
        steps.append(Step(BUILD, Proof.PASSED, f"`{shown}` builds the edited copy"))
        made: list[WasmFile] = []
        with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
            paths: dict[str, Path] = {}
            for maker in self.wanted.makers:
                name = component_name(maker)
                try:
                    paths[name] = self._wrapped(maker, outputs[name], Path(folder))
                    made.append(_read(name, paths[name]))
                except (ToolError, OSError) as error:
                    steps.append(Step(CHECK, Proof.FAILED, str(error)))
                    return ()
            steps.append(self._as_predicted(made))
            if steps[-1].result is Proof.PASSED:
                steps.append(self._links(paths, judge(made, self.wanted.host)))
            composed = self.wanted.compose(paths, Path(folder)) if self.wanted.compose else ()
            steps += [step for step, _ in composed]
        found = [replace(_built(file), profile=outputs[file.path].parent.name) for file in made]
        return (*found, *(component for _, component in composed if component is not None))

    def _wrapped(self, maker: Maker, path: Path, folder: Path) -> Path:
        """A component: the file itself, or what wasm-tools makes of a core module. Raises ToolError, OSError."""
        with path.open("rb") as file:
            kind = preamble(file.read(8))
        if kind is WasmKind.COMPONENT:
            return path
        wants = "reactor" if maker.component.target.kind is TargetKind.LIB else "command"
        adapters = self.tools.adapters(wants, self.options.adapter, self.wanted.place.root)
        made = folder / f"{component_name(maker)}.wasm"
        if adapters:
            self.tell(f"making a component of it: wasm-tools component new, with the adapter {adapters[0]}")
        self.toolchain.component_new(path, adapters[0] if adapters else None, made)
        return made

    def _as_predicted(self, files: Sequence[WasmFile]) -> Step:
        details: list[str] = []
        verdicts = judge(files, self.wanted.host)
        for component in map(_built, files):
            name = component.name
            expected = self.wanted.surfaces[name]
            imports = differences(expected.imports, expected.possible_imports, component.imports)
            leaked = expected.leaked_exports
            sure = tuple(name for name in expected.exports if name not in leaked)
            exports = differences(sure, (*expected.possible_exports, *leaked), component.exports)
            details += [f"{name}, imports: {line}" for line in imports]
            details += [f"{name}, exports: {line}" for line in exports]
            details += [
                f"{name} imports {verdict.name}, which nobody provides"
                for verdict in verdicts[name]
                if verdict.unprovided
                and verdict.name.text not in self.wanted.left
                and not is_standard(verdict.name.text, self.wanted.host)
            ]
        if details:
            return Step(CHECK, Proof.FAILED, "what was built is not what was predicted", tuple(details))
        words = "; ".join(f"{file.path} ({file.size} bytes)" for file in files)
        return Step(CHECK, Proof.PASSED, f"imports and exports of what was built are as predicted: {words}")

    def _links(self, paths: Mapping[str, Path], verdicts: Mapping[str, Sequence[Verdict]]) -> Step:
        """Those that need nobody but the host are linked; others are composed first, by whoever ships them."""
        host = self.wanted.host.id
        if host.partition("@")[0] != "wasmtime":
            return Step(LINK, Proof.SKIPPED, f"only wasmtime can be asked to link, and the host is {host}")
        foreign = sorted(
            {str(v.name) for each in verdicts.values() for v in each if _of_host(v) and not _linkable(v)}
        )
        if foreign:
            words = f"linking needs a host with {', '.join(foreign)}, which cannot be set up here"
            return Step(LINK, Proof.SKIPPED, words, how="start it with the host's flags")
        alone = {name for name, each in verdicts.items() if all(_of_host(verdict) for verdict in each)}
        for name in sorted(alone):
            path = paths[name]
            try:
                said = self.tools.link(path)
            except ToolError as error:
                return Step(LINK, Proof.FAILED, f"{name}: {error}")
            if said is None:
                how = "install wasmtime, or `pip install wasmtime`"
                return Step(LINK, Proof.SKIPPED, "there is no wasmtime to link with", how=how)
            if said:
                return Step(LINK, Proof.FAILED, f"wasmtime does not link {name}", tuple(said.splitlines()))
        others = sorted(set(paths) - alone)
        need = "needs other components and is" if len(others) == 1 else "need other components and are"
        words = f"{', '.join(others)} {need} not linked alone" if others else ""
        if not alone:
            return Step(LINK, Proof.SKIPPED, words, how="wasmdoctor compose")
        linked = f"wasmtime links {', '.join(sorted(alone))}"
        return Step(LINK, Proof.PASSED, f"{linked}; {words}" if words else linked)


def _is_component(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return preamble(file.read(8)) is WasmKind.COMPONENT
    return False


def _linkable(verdict: Verdict) -> bool:
    """Whether the linker that is asked has it: WASI 0.2's own packages and wasi:http (wasmtime-py 50)."""
    return verdict.name.package in LINKED or verdict.status is Status.OPTIONAL


def _of_host(verdict: Verdict) -> bool:
    return verdict.status in (Status.HOST, Status.OPTIONAL)


def _read(name: str, path: Path) -> WasmFile:
    """A built component, under its own name instead of a path. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        component = read_component(FileSource(descriptor), os.fspath(path))
    finally:
        os.close(descriptor)
    return WasmFile(name, path.stat().st_size, component=component)


def _built(file: WasmFile) -> BuiltComponent:
    assert file.component is not None
    return BuiltComponent(
        file.path,
        file.size,
        tuple(sorted(item.name for item in file.component.imports)),
        tuple(sorted(item.name for item in file.component.exports)),
    )


# -- What a failed build says


def _messages(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found


PLACE = regex(r"^\s*--> (.+?):(\d+):\d+$", re.MULTILINE)


def build_errors(built: Built, copy: Path, changes: ChangeSet) -> Iterator[str]:
    """The first errors of a build, each with the edits of the file that it is in."""
    found = [
        (
            message["message"].get("rendered") or message["message"].get("message", ""),
            _span(message["message"]),
        )
        for message in _messages(built.out)
        if message.get("reason") == "compiler-message" and message["message"].get("level") == "error"
    ]
    if not found:
        found = list(_text_errors(built.err))
    for text, path in found[:MOST_ERRORS]:
        yield "\n".join(text.rstrip().splitlines()[:MOST_LINES])
        causes = _causes(path, copy, changes)
        if causes:
            yield f"this edit touched that file: {'; '.join(causes)}"
    if len(found) > MOST_ERRORS:
        yield f"and {len(found) - MOST_ERRORS} more errors"
    if not found:
        lines = (built.err or built.out).strip().splitlines()
        yield "\n".join(lines[-MOST_LINES:]) or "the build said nothing"


def _span(message: Mapping[str, Any]) -> str:
    spans = message.get("spans") or []
    primary = next((span for span in spans if span.get("is_primary")), None)
    return str(primary["file_name"]) if primary else ""


def _text_errors(text: str) -> Iterator[tuple[str, str]]:
    """Errors in a compiler's text: what begins with ``error``, to the next empty line."""
    for block in re.split(r"\n\s*\n", text):
        at = re.search(r"^error(\[E\d+\])?:", block, re.MULTILINE)
        if at:
            part = block[at.start() :]
            place = PLACE.search(part)
            if place:
                yield part, place[1]


def _causes(path: str, copy: Path, changes: ChangeSet) -> tuple[str, ...]:
    if not path:
        return ()
    real = os.path.relpath(os.path.realpath(copy / path), os.path.realpath(copy)).replace(os.sep, "/")
    return next((c.causes for c in changes.changes if real in (c.path, c.to)), ())


# -- The copy


@contextmanager
def copied(root: Path, changes: ChangeSet) -> Iterator[Path]:
    """A copy of a workspace with changes made, in a temporary folder, for the time of a build.

    It lies there below the same path as in the file system, and what stands beside the workspace and above
    it (path dependencies, WIT, cargo's and rustup's settings) is linked into the same places, so that
    relative paths lead to the same files. Version control, build outputs and caches are not copied.
    """
    with tempfile.TemporaryDirectory(prefix="wasmdoctor-copy-") as folder:
        mirror = Path(os.path.realpath(folder))
        copy = mirror / root.relative_to(root.anchor)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy_folder(root, copy)
        _write(copy, changes)
        _link_around(root, mirror)
        for outside in _outside(copy, root, mirror):
            place = mirror / outside.relative_to(outside.anchor)
            if not os.path.lexists(place):
                with suppress(OSError):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.symlink_to(outside)
        yield copy


SKIPPED = frozenset({".git", ".hg", ".jj", ".svn", ".wasmdoctor"})


def _copy_folder(source: Path, copy: Path) -> None:
    """A folder's files, links as links. Files and folders that cannot be read are left out."""
    waiting = [(source, copy)]
    while waiting:
        folder, made = waiting.pop()
        made.mkdir(exist_ok=True)
        try:
            entries = list(os.scandir(folder))
        except PermissionError:
            continue
        for entry in entries:
            path, place = Path(entry.path), made / entry.name
            if entry.name in SKIPPED:
                continue
            if entry.is_symlink():
                place.symlink_to(os.readlink(path))
            elif entry.is_dir():
                if entry.name in NEVER_ENTERED:
                    place.symlink_to(path)
                elif not _is_output(path):
                    waiting.append((path, place))
            elif stat.S_ISREG(entry.stat().st_mode):
                with suppress(PermissionError):
                    shutil.copy2(path, place)


def _is_output(folder: Path) -> bool:
    """Whether cargo keeps its outputs in a folder (it marks it, Cargo book, "Build Cache")."""
    return any((folder / name).exists() for name in ("CACHEDIR.TAG", ".rustc_info.json"))


def _write(copy: Path, changes: ChangeSet) -> None:
    for path, data in written_files(changes).items():
        real = copy / path
        mode = real.stat().st_mode if real.is_file() else None
        real.unlink(missing_ok=True)
        if data is None:
            with suppress(OSError):
                real.parent.rmdir()
            continue
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(data)
        if mode is not None:
            real.chmod(stat.S_IMODE(mode) | stat.S_IWUSR)


def _link_around(root: Path, mirror: Path) -> None:
    """Links to what stands beside the workspace in its repository, and to settings in the folders above."""
    home = os.path.realpath(cargo_home())
    top = repository_of(root.parent)
    for above, below in zip(root.parents, (root, *root.parents), strict=False):
        inside = top is not None and (above == top or top in above.parents) and not (root / ".git").exists()
        place = mirror / above.relative_to(above.anchor)
        try:
            names = (
                sorted(os.listdir(above)) if inside else [".cargo", "rust-toolchain", "rust-toolchain.toml"]
            )
        except OSError:
            continue
        for name in names:
            real, link = above / name, place / name
            wanted = name not in SKIPPED and name != below.name and os.path.lexists(real)
            if wanted and os.path.realpath(real) != home and not os.path.lexists(link):
                link.symlink_to(real)


def _outside(copy: Path, root: Path, mirror: Path) -> Iterator[Path]:
    """The folders outside of the workspace that its manifests name, and theirs again."""
    waiting = [path for path in copy.rglob(MANIFEST) if not path.is_symlink()]
    seen: set[str] = set()
    while waiting:
        manifest = waiting.pop()
        inside = mirror in manifest.parents
        folder = Path("/") / manifest.parent.relative_to(mirror) if inside else manifest.parent
        for path in _named_paths(manifest):
            real = os.path.normpath(os.path.join(folder, path))
            outside = real != os.fspath(root) and not real.startswith(os.path.join(root, ""))
            if outside and real not in seen and os.path.isdir(real):
                seen.add(real)
                yield Path(real)
                waiting.append(Path(real) / MANIFEST)


def _named_paths(manifest: Path) -> Iterator[str]:
    """Every ``path`` (and ``workspace``) that a manifest names."""
    try:
        document = tomllib.loads(manifest.read_text("utf-8", "replace"))
    except (OSError, tomllib.TOMLDecodeError, RecursionError):
        return
    stack: list[Any] = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("path", "workspace") and isinstance(inner, str):
                    yield inner
                else:
                    stack.append(inner)
        elif isinstance(value, list):
            stack += value
