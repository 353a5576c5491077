"""What the HTML report shows besides findings: the graph of what was read, and the plans. Made when asked for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.rule import Severity
from wasmdoctor.pipeline.check import CheckOptions, Reading
from wasmdoctor.toolchain import Toolchain

if TYPE_CHECKING:
    from wasmdoctor.graph.network import Network
    from wasmdoctor.model.migration import WorkspacePlans


MOST_PLANNED = 16
"""Components to cure for which a report makes plans: 4 take 10 s, with 50 it was stopped after 100 s (2 cores)."""


class Behind:
    """What stands behind a report; :meth:`look` is the ``looked`` of the run that makes it."""

    def __init__(self, options: CheckOptions, catalog: Catalog, toolchain: Toolchain) -> None:
        self._options = options
        self._catalog = catalog
        self._toolchain = toolchain
        self._reading: Reading | None = None

    def look(self, reading: Reading) -> None:
        """Keep what a run read."""
        self._reading = reading

    def network(self, findings: Iterable[Finding]) -> Network:
        """The graph of what was read, empty when nothing was, with imports marked by their gravest finding."""
        from wasmdoctor.graph.network import Network
        from wasmdoctor.pipeline.why import network_of

        if self._reading is None:
            return Network()
        worst = _worst(findings)
        marks = {
            path: {v.name.text: worst[v.name.text].value for v in each if v.name.text in worst}
            for path, each in self._reading.verdicts.items()
        }
        return network_of(self._reading, marks)

    def plans(self) -> tuple[tuple[WorkspacePlans, ...], str]:
        """The plans for the workspaces with an import that nobody provides, and why there are none, or "".

        Sources are read anew as each plan would leave them, which takes seconds for a few components: nobody waits
        for it who has nothing to cure, and nobody minutes.
        """
        reading = self._reading
        if reading is None or reading.project is None:
            return (), ""
        troubled = self._troubled(reading)
        if not troubled:
            return (), ""
        if troubled > MOST_PLANNED:
            return (), (
                f"{troubled} components have imports that nobody provides: plans for so many take minutes. "
                f"`wasmdoctor plan {self._shown_paths()} --format html -o plans.html` makes them"
            )
        from wasmdoctor.pipeline.plan import PlanOptions, plans

        options = PlanOptions(
            self._options.paths,
            self._options.cwd,
            host=reading.host.id,
            flags=self._options.flags,
            target=self._options.target,
        )
        try:
            found = plans(options, self._catalog, self._toolchain)
        except Exception as error:  # whatever it is, it must not take the findings away
            words = str(error).partition("\n")[0] or type(error).__name__
            return (), f"the plans could not be made: {words}"
        return tuple(each for each in found if each.troubles), ""

    @staticmethod
    def _troubled(reading: Reading) -> int:
        """How many components that a crate makes have an import that nobody provides."""
        return sum(any(v.unprovided for v in reading.verdicts.get(path, ())) for path in reading.makers)

    def _shown_paths(self) -> str:
        return " ".join(map(shlex.quote, self._options.paths))


def _worst(findings: Iterable[Finding]) -> dict[str, Severity]:
    """The gravest severity of the findings on each interface."""
    worst: dict[str, Severity] = {}
    for finding in findings:
        if finding.interface:
            known = worst.get(finding.interface, finding.severity)
            worst[finding.interface] = max(known, finding.severity, key=lambda severity: severity.rank)
    return worst
