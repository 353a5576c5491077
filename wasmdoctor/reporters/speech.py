"""The language that reports are written in now, for the words that reporters add to a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wasmdoctor.model.text import Translate, phrase, say, translated

_NOW: ContextVar[Translate | None] = ContextVar("language", default=None)


@contextmanager
def speaking(translate: Translate | None) -> Iterator[None]:
    """What :func:`here` and :func:`heard` give meanwhile is translated; None is English."""
    before = _NOW.set(translate)
    try:
        yield
    finally:
        _NOW.reset(before)


def here(template: str, **values: object) -> str:
    """A sentence in the language that is spoken now. Literal templates are looked for in the catalogues by a test."""
    now = _NOW.get()
    return template.format_map(values) if now is None else translated(say(template, **values), now)


def heard(text: str) -> str:
    """A text in the language that is spoken now; one that is no Text is looked up as it stands."""
    now = _NOW.get()
    return text if now is None else translated(phrase(text), now)
