"""Which other hosts have an interface that the one asked about has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.facts import Home
from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.host import HostView


def homes(
    verdicts: Mapping[str, Iterable[Verdict]], hosts: Iterable[HostView], catalog: Catalog
) -> dict[str, tuple[Home, ...]]:
    """For interfaces that nobody provides: the hosts that have them, by name.

    Each host's newest version in its default mode counts, perhaps with flags; those that were asked about do not. A host
    is read only when its profile names the interface at all: most custom interfaces are nobody's.
    """
    asked = {host.profile.name for host in hosts}
    names = {
        verdict.name.text: verdict.name
        for each in verdicts.values()
        for verdict in each
        if verdict.unprovided and verdict.match.kind == "none" and verdict.name.kind == "interface"
    }
    found: dict[str, list[Home]] = {}
    if not names:
        return {}
    for host in catalog.host_names:
        if host in asked:
            continue
        text = catalog.newest_text(host)
        wanted = [name for name in names.values() if name.unversioned.encode() in text]
        view = catalog.host(host) if wanted else None
        for name in wanted:
            match = view.match(name) if view is not None else None
            if view is not None and match is not None and (match.linked or match.kind == "flag"):
                found.setdefault(name.text, []).append(Home(view.id, host, match.needs_flag))
    return {name: tuple(those) for name, those in found.items()}
