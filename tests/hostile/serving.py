"""The tests' side of the process that runs hostile cases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pace import slowness

SERVER = Path(__file__).parent / "hostile_server.py"


class Server:
    """The process that runs commands and measures them."""

    def __init__(self) -> None:
        words = [sys.executable, "-B", str(SERVER)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(
        self,
        cwd: Path,
        *words: str,
        env: dict[str, str] | None = None,
        cached: bool = False,
        stdin: Path | None = None,
    ) -> dict[str, Any]:
        """Exit code, CPU seconds (see pace.py), peak in MB, whether it hung, and what it printed.

        ``cached``: with the cache; ``stdin``: the file that is standard input, by default an empty one.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        before = slowness()
        self.process.stdin.write(
            json.dumps(
                {
                    "cwd": str(cwd),
                    "words": words,
                    "env": env or {},
                    "cached": cached,
                    "stdin": stdin and str(stdin),
                }
            )
            + "\n"
        )
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        answer["seconds"] /= max(before, slowness())
        return answer

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
