"""``check --explain-link``: what the hosts would say, so that a pasted error leads to the finding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wasmdoctor.model.finding import LinkError
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.speech import here

if TYPE_CHECKING:
    from rich.console import Console


def print_link_errors(console: Console, errors: Iterable[LinkError]) -> None:
    """The errors host by host: first the one that the host reports, then those that it would report next.

    The words stand as the host writes them, never wrapped.
    """
    from rich.text import Text

    seen: set[str] = set()
    for error in errors:
        label = here("then") if error.host in seen else here("{host} says", host=safe(error.host))
        more = "" if error.whole else here(", and how the types differ")
        seen.add(error.host)
        console.print(Text(f"  {label}{more}:", "dim"))
        for line in safe(error.text).split("\n"):
            console.print(Text(f"    {line}".rstrip()), soft_wrap=True)
