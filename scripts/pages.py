"""What all scripts share that make a file of the repository: write it, or hold it to be current."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The command line of such a script, with ``--check``."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--check", action="store_true", help="write nothing; fail when something is not current"
    )
    return made


def keep(texts: Mapping[Path, str], *, only_check: bool) -> int:
    """Write the files that are not as they should be, or only say so: the exit code of the script."""
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if not only_check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[path], "utf-8")
        name = path.relative_to(ROOT)
        print(f"{name} is not current: run `make docs`" if only_check else f"{name} written")
    return 1 if only_check and stale else 0


def filled(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with what stands between its ``made:`` comments made anew."""
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        body = part()
        text, count = pattern.subn(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)  # type: ignore[misc]
        assert count == 1, f"there is no place for {name}"
    return text
