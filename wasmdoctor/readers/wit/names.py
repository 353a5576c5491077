"""Names as the component model compares them, and the nearest name for a message."""

from __future__ import annotations

from collections.abc import Iterable

MAX_CANDIDATES = 500
"""Among more names than this none is suggested: comparing them all would take too long."""


def canonical(name: str) -> str:
    """The form in which two names of one scope may not be equal ("strongly unique").

    ``name`` is as in binaries, for example ``[method]r.a-b``. Rule: Component Model, Explainer.md "Name
    Uniqueness", as wasmparser 0.262 (names.rs) applies it.
    """
    prefix = ""
    rest = name
    while rest.startswith("["):
        annotation, _, rest = rest.partition("]")
        prefix += annotation + "]"
    lower = rest.replace("-", "").lower()
    owner, dot, member = lower.partition(".")
    if dot and owner == member:
        return owner
    if prefix == "[constructor]":
        return f"[constructor]{lower}"
    return f"[set]{lower}" if prefix.endswith("[set]") else lower


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate most like ``name``, or ""."""
    known = list(candidates)
    if len(known) > MAX_CANDIDATES or len(name) > 100:
        return ""
    import difflib

    found = difflib.get_close_matches(name, known, 1, 0.7)
    return found[0] if found else ""


def rename(name: str, old: str, new: str) -> str | None:
    """``name`` with ``old`` replaced by ``new`` as ``include ... with`` does it, None when it does not apply.

    Annotations stay, and of ``r.m`` only the resource is renamed. Rule: wit-parser 0.262, resolve/mod.rs.
    """
    rest = name
    while rest.startswith("["):
        rest = rest.partition("]")[2]
    prefix = name[: len(name) - len(rest)]
    owner, dot, member = rest.partition(".")
    if owner != old:
        return None
    return f"{prefix}{new}{dot}{member}"
