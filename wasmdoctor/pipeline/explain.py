"""``explain -``: what an error of another tool means, and which command to run next."""

from __future__ import annotations

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.errortext import recognise
from wasmdoctor.model.errortext import ErrorReading
from wasmdoctor.model.host import HostView


def explain_text(text: str, catalog: Catalog) -> ErrorReading:
    """What is recognised in a text that a person pasted, piped or named a file of.

    Refusals to link are sorted by what the newest version of the host that said them has. Raises
    CatalogError for broken rule data.
    """
    views: dict[str, HostView] = {}

    def host(name: str) -> HostView:
        if name not in views:
            views[name] = catalog.host(name)
        return views[name]

    return recognise(text, catalog.errors, host)
