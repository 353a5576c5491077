"""Sentences for people that remember how they were made, so that they can be said in another language.

A :class:`Text` is the English sentence, as a string. Besides, it knows its template and the values in it; a value
may be a Text of its own. ``reporters.language`` looks the templates up in a catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import SupportsIndex

Values = Mapping[str, str]
Translate = Callable[[str], str]
"""From an English template to one in another language; the template itself where there is none."""


class Text(str):
    """English text with its ``template`` and ``values``; or, with ``parts``, several texts one after another.

    ``template`` has a ``{name}`` for each value, ``{{`` and ``}}`` for braces. Equal to, and as good as, the plain
    string. ``+``, ``replace`` and ``splitlines`` keep what it remembers; other operations give plain strings.
    """

    __slots__ = ("parts", "template", "values")
    template: str
    values: Values
    parts: tuple[str, ...]

    def __new__(
        cls, text: str, template: str = "", values: Values | None = None, parts: Iterable[str] = ()
    ) -> Text:
        """Use :func:`say`, :func:`phrase` and :func:`joined` instead."""
        made = super().__new__(cls, text)
        made.template = template
        made.values = values or {}
        made.parts = tuple(parts)
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """For copies, and for other processes."""
        return Text, (str(self), self.template, self.values, self.parts)

    def __str__(self) -> str:
        """The plain English string."""
        return "".join((self,))

    def __add__(self, other: str) -> Text:
        return _chain((self, other)) if other else self

    def __radd__(self, other: str) -> Text:
        return _chain((other, self)) if other else self

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> str:
        """As a string's, in the values and parts; plain where that is not the same."""
        plain = super().replace(old, new, count)
        if self.parts:
            made = _chain(part.replace(old, new) for part in self.parts)
        else:
            held = {
                name: new if value == old else value.replace(old, new) for name, value in self.values.items()
            }
            made = say(self.template, **held) if self.template else self
        return made if made == plain else plain

    def splitlines(self, keepends: bool = False) -> list[str]:
        """As a string's; lines that were joined by :func:`joined` remember how they were made."""
        plain = super().splitlines(keepends)
        if plain == [self]:
            return [self]
        if keepends or len(plain) != self.parts.count("\n") + 1:
            return plain
        lines: list[list[str]] = [[]]
        for part in self.parts:
            if part == "\n":
                lines.append([])
            else:
                lines[-1].append(part)
        return [_chain(line) for line in lines]

    def translated(self, translate: Translate) -> str:
        """The text in another language, with its values, as far as ``translate`` knows the templates."""
        if self.parts:
            return "".join(translated(part, translate) for part in self.parts)
        if not self.template:
            return str(self)
        values = {name: translated(value, translate) for name, value in self.values.items()}
        return translate(self.template).format_map(values)


def say(template: str, **values: object) -> Text:
    """A sentence: a template with ``{name}`` where values stand. Values are Texts, or become strings.

    Templates are literals where this is called: a test reads them there, and wants each in the catalogues.
    """
    held = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    return Text(template.format_map(held), template, held)


def phrase(text: str) -> Text:
    """A whole sentence that is data, or that a reader of files gave: looked up as it stands."""
    if isinstance(text, Text):
        return text
    return Text(text, text.replace("{", "{{").replace("}", "}}"))


def joined(separator: str, texts: Iterable[str]) -> Text:
    """Several texts with a separator between them: lines of a help, or words of a list."""
    parts: list[str] = []
    for text in texts:
        if parts:
            parts.append(separator)
        parts.append(text)
    return _chain(parts)


def translated(text: str, translate: Translate) -> str:
    """A Text in another language; other strings as they are."""
    return text.translated(translate) if isinstance(text, Text) else text


def _chain(parts: Iterable[str]) -> Text:
    """Texts one after another, chains among them taken apart."""
    flat: list[str] = []
    for part in parts:
        if isinstance(part, Text) and part.parts:
            flat += part.parts
        elif part:
            flat.append(part)
    if len(flat) == 1 and isinstance(flat[0], Text):
        return flat[0]
    return Text("".join(flat), parts=flat)
