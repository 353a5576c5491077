"""Puts the rules into the wheel a second time, as JSON: Python reads that in a twentieth of the time of TOML.

``wasmdoctor.catalog`` takes a file that has a JSON one beside it from there. Checkouts and editable installations have
none, so that what is edited counts.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

READ_OFTEN = ("*.toml", "hosts/**/*.toml", "lints/*.toml", "wit/**/*.toml")
"""What runs of every day read; languages, mappings and other tools' errors are read seldom."""


def compiled(rules: Path) -> dict[str, str]:
    """The JSON text of each such file below a folder of rules, by its path from there."""
    found = {}
    for pattern in READ_OFTEN:
        for path in sorted(rules.glob(pattern)):
            table = tomllib.loads(path.read_text("utf-8"))
            name = path.relative_to(rules).with_suffix(".json").as_posix()
            found[name] = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    return found


class RulesHook(BuildHookInterface[Any]):
    """Hatchling's hook for a build of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have the files included. ``version`` is ``editable`` for an installation that leads to the checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        made = Path(self._folder.name)
        for name, text in compiled(Path(self.root) / "rules").items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text, "utf-8")
            build_data["force_include"][str(made / name)] = f"wasmdoctor/_rules/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing else behind."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()
