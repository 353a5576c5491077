"""A registry of small components: makers and users of interfaces, broken files, and what only a host has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

KINDS = (
    '(component (import "shop:part{n}/api@1.0.0" (instance (export "f" (func (param "x" u32))))))',
    """(component
  (component $inner
    (core module $m (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "f") (param "x" u32) (canon lift (core func $i "f"))))
  (instance $it (instantiate $inner))
  (export "shop:part{n}/api@1.0.0" (instance $it)))""",
    '(component (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))',
    '(component (import "wasi:cli/exit@0.2.0-rc-2023-12-05" (instance (export "exit" (func)))))',
)
DIGITS = 5


def fill(folder: Path, count: int, wat: Callable[[str], bytes]) -> None:
    """Write ``count`` components, of which every fourth makes what one in another folder wants."""
    templates = [wat(text.format(n="0" * DIGITS)) for text in KINDS]
    for number in range(count):
        place = folder / f"{number % 97:02}"
        place.mkdir(parents=True, exist_ok=True)
        kind, part = number % len(KINDS), number // len(KINDS)
        # A maker is missing now and then, and a file is cut off.
        data = templates[kind].replace(b"0" * DIGITS, str(part).zfill(DIGITS).encode())
        if kind == 1 and part % 10 == 9:
            data = data.replace(b"part", b"pass")
        if number % 500 == 499:
            data = data[: len(data) // 2]
        (place / f"{number:05}.wasm").write_bytes(data)
