"""Every `wasmdoctor ...` in README.md and docs/ is a command that exists, with options that exist; those of README.md
that only look at things run."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests_support import run

from wasmdoctor.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")])
SCHEDULER = ROOT / "fixtures/scheduler"
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:[^`\n]* \| )?wasmdoctor [^`\n]*)`")
# What ends a command in a line of shell, or begins a remark: two spaces, as in the examples of --help.
END = re.compile(r"\s{2,}|\s#|\s\||\s&&|;|\s\d?>|\s<|\)$")
LOOKING = {"check", "why", "graph", "plan", "explain", "hosts", "rules", "tools", "config"}


def commands(text: str) -> Iterator[list[str]]:
    """The words after `wasmdoctor` of each command that a text shows."""
    for line in text.replace("\\\n", " ").splitlines():
        found = re.search(r"(?:^|[\s/;(|])wasmdoctor (?=[a-z-])", line)
        if found and not line.lstrip().startswith("#"):
            yield shlex.split(END.split(line[found.end() :].strip(), maxsplit=1)[0])


def in_blocks(text: str) -> list[list[str]]:
    """The commands of a page's blocks of shell and of terminals."""
    found: list[list[str]] = []
    for language, body in BLOCK.findall(text):
        if language in ("sh", "bash"):
            found += commands(body)
        elif language == "console":
            found += commands("\n".join(line[2:] for line in body.splitlines() if line.startswith("$ ")))
    return found


def in_sentences(text: str) -> list[list[str]]:
    """The commands that stand in a line of text. Some only name a command, without what it works on."""
    words = INLINE.findall(BLOCK.sub("", text))
    return [found for each in words for found in commands(each.replace("\\|", "|"))]


def parses(words: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Why click does not take a command line; "" when it does. Nothing is run."""
    monkeypatch.setattr(click.Command, "invoke", lambda _self, _ctx: None)
    try:
        cli.main(words, prog_name="wasmdoctor", standalone_mode=False)
    except click.UsageError as error:
        why = error.format_message()
        return "" if why.endswith("does not exist.") else why  # a folder of the reader's
    except SystemExit as done:
        return f"exit code {done.code}" if done.code else ""
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists_with_its_options(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text("utf-8")
    tried = [(words, parses(words, monkeypatch)) for words in in_blocks(text)]
    named = [(words, parses(words, monkeypatch)) for words in in_sentences(text)]
    tried += [(words, why) for words, why in named if not why.startswith("Missing argument")]
    wrong = {shlex.join(words): why for words, why in tried if why}
    assert not wrong


def test_wrong_commands_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    (words,) = commands("cat app.wasm | wasmdoctor check --hots spin    # a word that is not there")
    assert words == ["check", "--hots", "spin"]
    assert "--hots" in parses(words, monkeypatch)
    assert "chek" in parses(["chek"], monkeypatch)
    assert parses(["check", "--host", "spin"], monkeypatch) == ""


def test_the_commands_of_the_readme_that_only_look_run(tmp_path: Path) -> None:
    """On the fixture; `app.wasm` is its application, `adapter.wasm` one of its libraries."""
    tree = tmp_path / "scheduler"
    shutil.copytree(SCHEDULER, tree, ignore=shutil.ignore_patterns("target", ".wasmdoctor"))
    shutil.copy(tree / "prebuilt/scheduler.wasm", tree / "app.wasm")
    shutil.copy(tree / "prebuilt/scheduler_core.wasm", tree / "adapter.wasm")
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = "".join(body for language, body in BLOCK.findall(text) if language == "sh")
    looking = [
        words
        for words in commands(blocks)
        if words[0] in LOOKING
        and "--fix" not in words
        and "-" not in words
        and not words[-1].startswith("fixtures/")
    ]
    assert len(looking) > 5
    for words in looking:
        done = run(*words, cwd=tree)
        assert done.returncode in (0, 1), (words, done.stderr)
        assert "error:" not in done.stderr, words
        assert done.stdout or "-o" in words, words
