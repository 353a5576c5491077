"""What is told of the configuration elsewhere is made from its table."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from wasmdoctor.readers.config import KEYS, read_config

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs/configuration.md"


def test_schema_and_reference_are_current() -> None:
    script = ROOT / "scripts/make_config.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_has_every_key() -> None:
    text = DOCS.read_text("utf-8")
    rows = set(re.findall(r"^\| `([a-z.-]+)` \|", text, re.MULTILINE))
    assert rows == {key.name for key in KEYS} | {
        f"{key.name}.{each.name}" for key in KEYS for each in key.keys
    }


def test_the_example_is_read() -> None:
    [example] = re.findall(r"```toml\n# wasmdoctor.toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    config = read_config(example.encode(), "wasmdoctor.toml")
    assert config is not None
    assert config.problems == ()
    assert len(config.allows) == len(tomllib.loads(example)["allow"]) == 2
