"""A .wac document that composes one application with its adapter (wac 0.12, LANGUAGE.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_KEYWORDS: Final = frozenset(
    "import with type tuple list option result borrow resource variant record flags enum func static constructor "
    "u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 char bool string interface world export new let use include as package "
    "targets".split()
)
"""Words of wac and WIT that cannot be names without a percent sign."""


def document(application: str, adapter: str, names: Sequence[str], about: Sequence[str]) -> str:
    """The text. ``application`` and ``adapter`` are names as WIT has them; ``about`` lines for the top.

    The application gets each export of the adapter that it imports: ``names`` says which these are. Which of them
    a build keeps depends on its profile, so they are spread rather than listed. Everything else stays an import.
    """
    used = [f"//   {name}" for name in names]
    return "\n".join(
        (
            *(f"// {line}".rstrip() for line in about),
            "",
            f"package composed:{_id(application)};",
            "",
            f"let {_id(adapter)} = new local:{_id(adapter)} {{ ... }};",
            "",
            "// The adapter exports, of what the application imports:",
            *used,
            f"let {_id(application)} = new local:{_id(application)} {{",
            f"    ...{_id(adapter)},",
            "    ...",
            "};",
            "",
            f"export {_id(application)}...;",
            "",
        )
    )


def _id(name: str) -> str:
    return f"%{name}" if name in _KEYWORDS else name
