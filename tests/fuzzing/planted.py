"""Readers with faults that a fuzzer has to find: the tests of the harness run it on these."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator

from fuzz.targets import Target

kept: list[bytearray] = []


def _when(what: Callable[[], object]) -> Callable[[bytes], Iterator[str]]:
    def run(data: bytes) -> Iterator[str]:
        if b"!" in data:
            what()
        yield "read"

    return run


def _crash() -> None:
    raise ValueError("broken")


def _hang() -> None:
    while True:
        pass


def _swallowed_hog() -> None:
    """A reader that catches whatever is raised hides nothing: what it took is seen."""
    try:
        while True:
            kept.append(bytearray(b"x" * 1_000_000))
    except Exception:
        kept.clear()


FAULTS: dict[str, Callable[[], object]] = {
    "crash": _crash,
    "dies": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hangs": _hang,
    "hangs-in-c": lambda: hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000),
    "hog": lambda: bytearray(4_000_000_000),
    "swallowed-hog": _swallowed_hog,
    "waits": lambda: time.sleep(600),
}
TARGETS = {
    name: Target(name, _when(fault), lambda: [b"a", b"bc"], (b"!",), 1000)
    for name, fault in {"fine": lambda: None, **FAULTS}.items()
}
