#!/usr/bin/env python3
"""Writes docs/report.png: the HTML report on fixtures/scheduler, as Chromium shows it. Needs Chromium; not for CI."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.browser_driver import Browser  # noqa: E402

LARGEST = 200_000
"""Bytes: pictures stay in the history of the repository for good."""


def main() -> int:
    target = ROOT / "docs/report.png"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        words = ["check", "fixtures/scheduler", "--host", "wasmtime@48", "--format", "html", "-o", str(page)]
        done = subprocess.run([sys.executable, "-m", "wasmdoctor", *words], cwd=ROOT, check=False)
        if done.returncode != 1:
            print(f"error: wasmdoctor ended with {done.returncode}, and 1 was expected", file=sys.stderr)
            return 1
        browser = Browser()
        try:
            with browser.page(page, width=1240, height=900) as tab:
                tab.screenshot(target)
        finally:
            browser.close()
    size = target.stat().st_size
    print(f"{target.relative_to(ROOT)}: {size} bytes")
    return int(size > LARGEST)


if __name__ == "__main__":
    raise SystemExit(main())
