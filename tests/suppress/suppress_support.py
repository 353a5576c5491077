"""A small workspace whose application imports what a linked library brings, and commands run on it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from click.testing import CliRunner, Result
from rules.rules_support import component, crate, written

from wasmdoctor.cli import cli

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "rules/schema/report-1.json").read_text("utf-8"))

STOCK = """\
package shop:stock@0.1.0;
interface shelf { take: func(); }
world stock {
  import shelf;
}
"""
SHOP = {
    ".git/HEAD": "",
    "Cargo.toml": '[workspace]\nmembers = ["app", "stock"]\n',
    "app/Cargo.toml": crate("app", dependencies='stock = { path = "../stock" }'),
    "app/src/lib.rs": component("app", "stock::take();"),
    "app/wit/world.wit": "package shop:app;\nworld app {\n  export run: func();\n}\n",
    "stock/Cargo.toml": crate("stock", '["rlib"]'),
    "stock/src/lib.rs": 'wit_bindgen::generate!({ path: "wit", generate_all });\n'
    "pub fn take() { shop::stock::shelf::take() }\n",
    "stock/wit/stock.wit": STOCK,
}


class Shop:
    """The workspace in a folder; commands run in this process, as if typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        written(folder, SHOP)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, over those that are there."""
        written(self.folder, files)

    def run(self, *words: str, cwd: str = ".", files: Mapping[str, str] | None = None) -> Result:
        """Run a command in a folder of the workspace, after writing ``files``."""
        self.write(files or {})
        before = os.getcwd()
        os.chdir(self.folder / cwd)
        try:
            result = CliRunner().invoke(cli, words, catch_exceptions=False)
        finally:
            os.chdir(before)
        return result

    def report(self, *words: str, cwd: str = ".", files: Mapping[str, str] | None = None) -> Any:
        """``check . --format json`` with more words; its report, which must be valid."""
        done = self.run("check", ".", "--format", "json", *words, cwd=cwd, files=files)
        assert done.exit_code in (0, 1), done.output
        report = json.loads(done.stdout)
        jsonschema.validate(report, SCHEMA)
        assert done.exit_code == (1 if report["summary"]["errors"] else 0)
        return report


def found(report: Any) -> list[str]:
    """Codes and places of the findings, in order."""
    places = [
        (each["code"], each["location"]["path"], each["location"]["line"]) for each in report["findings"]
    ]
    return [f"{code} {path}:{line}" for code, path, line in places]


def suppressed(report: Any) -> list[str]:
    """What is suppressed, by what, and why."""
    return [
        f"{each['kind']} {each['finding']['code']} {each['at']['path']}:{each['at']['line']} {each['reason']}"
        for each in report["suppressed"]
    ]
