"""A project in a folder, `wasmdoctor check --fix` run on it in this process, and what that did to its bytes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from rules.rules_support import written

from wasmdoctor.cli import cli


class Tree:
    """Files in a folder. Commands run there, in this process, as if typed."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes]) -> None:
        self.folder = folder
        written(folder, {".git/HEAD": "", **files})

    def contents(self) -> dict[str, bytes]:
        """All files but wasmdoctor's own, by path."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".wasmdoctor" not in path.parts and ".git" not in path.parts
        }

    def run(self, *words: str, cwd: str = ".") -> Result:
        """A command."""
        before = os.getcwd()
        os.chdir(self.folder / cwd)
        try:
            return CliRunner().invoke(cli, words, catch_exceptions=False)
        finally:
            os.chdir(before)

    def report(self, *words: str, path: str = ".") -> Any:
        """``check --format json`` with more words: the report."""
        done = self.run("check", path, "--format", "json", *words)
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.stdout)

    def codes(self, *words: str) -> list[str]:
        """The codes of all findings, in order."""
        return [finding["code"] for finding in self.report("--persona", "auditor", *words)["findings"]]

    def patched(self, patch: bytes) -> dict[str, bytes]:
        """The files as `git apply` makes them of a patch, in a copy."""
        copy = self.folder.parent / f"{self.folder.name}-patched"
        written(copy, self.contents())
        file = self.folder.parent / "diff.patch"
        file.write_bytes(patch)
        subprocess.run(["git", "apply", "--whitespace=nowarn", str(file)], cwd=copy, check=True)
        return Tree(copy, {}).contents()


def crlf(files: Mapping[str, str]) -> dict[str, bytes]:
    """The same files with the line ends of Windows."""
    return {path: text.replace("\n", "\r\n").encode() for path, text in files.items()}
