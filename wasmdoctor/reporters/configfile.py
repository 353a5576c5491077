"""The ``wasmdoctor.toml`` that ``init`` writes: what was found, and the rest as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wasmdoctor.reporters.config import quoted
from wasmdoctor.reporters.escape import safe

if TYPE_CHECKING:
    from wasmdoctor.model.config import Custom, Guess
    from wasmdoctor.readers.config import Key

WIDTH = 100


def render(hosts: Iterable[Guess], custom: Iterable[Custom], keys: Iterable[Key]) -> str:
    """A configuration with every key: those that were found out in force, the others as comments.

    ``keys`` are those of the configuration, in the order of the reference.
    """
    hosts, custom = list(hosts), list(custom)
    lines = ["# Configuration of wasmdoctor; `wasmdoctor config show` prints what holds.", ""]
    flat = [key for key in keys if key.kind not in ("table", "tables")]
    tables = [key for key in keys if key.kind == "table"]
    for key in flat:
        if key.name == "hosts":
            lines += _hosts(key, hosts)
        elif key.name != "extend":
            lines += [*_about(key.about), f"# {key.name} = {key.default or key.example}", ""]
    for key in tables:
        inner = key.example.strip("{} ")
        lines += [*_about(key.about), f"# [{key.name}]", f"# {inner}", ""]
    lines += _customs(custom)
    return "\n".join(lines).rstrip("\n") + "\n"


def _hosts(key: Key, hosts: list[Guess]) -> Iterator[str]:
    yield from _about(key.about)
    for guess in hosts:
        yield f"# {guess.host}: {safe(guess.why)}"
    names = ", ".join(quoted(guess.host) for guess in hosts)
    yield f"hosts = [{names}]" if hosts else f"hosts = {key.default}"
    yield ""


def _customs(custom: list[Custom]) -> Iterator[str]:
    if not custom:
        yield "# An interface that a host of your own provides:"
        yield "# [[allow]]"
        yield '# interface = "my:app/*"'
        yield '# provided-by = "our host"'
        return
    yield "# Nobody that wasmdoctor knows provides these. Where a host of yours does, say so:"
    for each in custom:
        yield ""
        where = f", see {each.place}" if each.place else ""
        text = f"Imported by {', '.join(each.components)}{where}"
        yield from (f"# {line}" for line in textwrap.wrap(safe(text), WIDTH))
        yield "# [[allow]]"
        yield f"# interface = {quoted(each.interface.partition('@')[0])}"
        yield '# provided-by = "..."'


def _about(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False)]
