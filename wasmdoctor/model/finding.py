"""Findings, and the report of one run: what the rules give and the reporters show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wasm import ExternKind

if TYPE_CHECKING:
    from wasmdoctor.model.remedy import Remedy


class Status(StrEnum):
    """Who provides an import (the JSON contract's ``status``); ``configured`` is somebody that the
    configuration names."""

    HOST = "host"
    COMPONENT = "component"
    CONFIGURED = "configured"
    OPTIONAL = "optional"
    VERSION = "version"
    UNPROVIDED = "unprovided"


class ReachedBy(StrEnum):
    """How an import is reached inside a finished component, the strongest first.

    ``OWN_EXPORTS``: calls lead to it from an export of the component's own world (or from what runs at its
    start). ``TABLE``: only calls through a table may, which the code does not decide. ``LEAKED_EXPORTS``:
    only exports that linked crates brought reach it. ``NOTHING``: no call does. ``PERHAPS``: the component
    is not built, and its sources do not say for sure that anything calls it. ``UNKNOWN``: it is not built, or its
    code cannot be followed.
    """

    OWN_EXPORTS = "own-exports"
    TABLE = "table"
    LEAKED_EXPORTS = "leaked-exports"
    NOTHING = "nothing"
    PERHAPS = "perhaps"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OriginStep:
    """One step of the way on which an import came in: a crate, a binding site, a world, a function, ...

    ``evidence`` is what the step rests on (``sources``, ``rlib``, ``component``, ``lock``) or "" for what
    stands at ``location`` itself; ``artifact`` the file that shows it, or "". ``crate`` is the one that a
    function is written in, "" when that is not known; ``possible`` marks a function to which only a call
    through a table leads.
    """

    kind: str
    name: str
    location: Location
    evidence: str = ""
    artifact: str = ""
    crate: str = ""
    possible: bool = False

    @property
    def evidence_text(self) -> str:
        """The evidence in words: ``observed in rlib target/.../libx.rlib``; "" without one."""
        words = {
            "sources": say("from sources"),
            "rlib": say("observed in rlib"),
            "component": say("observed in component"),
            "lock": say("from Cargo.lock"),
        }
        text = words.get(self.evidence, self.evidence)
        if not self.artifact or self.artifact == self.location.path:
            return text
        return say("{evidence} {artifact}", evidence=text, artifact=self.artifact)


@dataclass(frozen=True, slots=True)
class Frame:
    """Some lines of a source around a place.

    ``first`` is the number of the first of ``lines``; ``line`` that of the place, of which the columns from
    ``start`` up to before ``end`` are meant (from 1, in code points), none when both are 0.
    """

    first: int
    lines: tuple[str, ...]
    line: int
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where, and what to do.

    ``subject`` is the artifact or manifest in which it shows (the contract's ``component``),
    ``location`` the source that caused it, or the subject itself when no source is known. ``help`` may
    have several lines, the first of which stands alone. ``related`` are places worth opening as well.
    ``snippet`` is the text of the line at ``location``, or "" when it has none. ``hosts`` are those on which
    it holds, () when it does not depend on the host or only one was asked for. ``fixes`` are edits that
    would make it go, the best first; they are made of ``remedies``, which its rule gave. ``fingerprint`` tells it
    from others from run to run (see ``model.fingerprint``). ``frame`` are the lines around ``location``, when
    they were asked for.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    subject: str
    location: Location
    interface: str = ""
    help: str = ""
    origin: tuple[OriginStep, ...] = ()
    plans: tuple[str, ...] = ()
    related: tuple[tuple[Location, str], ...] = ()
    snippet: str = ""
    hosts: tuple[str, ...] = ()
    fixes: tuple[SuggestedFix, ...] = ()
    fingerprint: str = ""
    remedies: tuple[Remedy, ...] = ()
    frame: Frame | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """A total order: by component, then gravest first, then code, interface and place."""
        place = self.location
        return (
            self.subject,
            -self.severity.rank,
            self.code,
            self.interface,
            place.path,
            place.line,
            place.column,
            self.message,
        )


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What one of several hosts says to an import: as in :class:`ImportVerdict`, ``host`` by its id."""

    host: str
    status: Status
    provided_by: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class HostStart:
    """How to start a component on one of several hosts; ``command`` is "" where it would not run."""

    host: str
    command: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportVerdict:
    """One import and who provides it: the host's name and version, another component's path, or nobody.

    ``note`` is a remark for people in a few words ("with -S http"), or "". ``reached_by`` is known of
    unprovided imports of finished components. When several hosts were asked for, ``hosts`` has what each
    says, in their order, and the rest is that of the first.
    """

    name: str
    kind: ExternKind
    status: Status
    provided_by: str | None = None
    functions: tuple[str, ...] = ()
    note: str = ""
    reached_by: ReachedBy | None = None
    hosts: tuple[HostStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One export: name and kind."""

    name: str
    kind: ExternKind


@dataclass(frozen=True, slots=True)
class LinkError:
    """What a host would say to one import, in its own words; ``whole`` is False when it would say more."""

    host: str
    interface: str
    text: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class CheckedArtifact:
    """One binary that was checked (or a crate whose component was predicted), with its verdicts.

    ``kind`` is ``component``, ``module``, ``predicted`` or ``unreadable``. ``start`` is the command that
    runs it on the host, or "" when it would not run or has nothing to call; ``hints`` are permissions
    that it may need then. ``compose`` is the command that wires it to the components of the run that
    provide for it, or "". ``copies`` are further paths of the same file. When several hosts were asked
    for, ``starts`` has the command of each, in their order. ``link_errors`` are what the hosts would say to
    the imports that they do not link, the one reported first; only when they were asked for.
    """

    path: str
    kind: str
    size: int = 0
    sha256: str = ""
    imports: tuple[ImportVerdict, ...] = ()
    exports: tuple[ExportItem, ...] = ()
    producers: Mapping[str, str] = field(default_factory=dict)
    start: str = ""
    hints: tuple[str, ...] = ()
    compose: str = ""
    copies: tuple[str, ...] = ()
    starts: tuple[HostStart, ...] = ()
    link_errors: tuple[LinkError, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """What discovery passed over: a reason in words, and how many files (one example path)."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is not shown or counted, and why.

    ``kind`` is ``comment`` (in a source), ``configuration`` or ``baseline``; ``location`` is where that
    stands, ``reason`` what it says.
    """

    finding: Finding
    kind: str
    location: Location
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one run, sorted; the only thing that reporters see.

    ``host`` is the id of the first host, ``hosts`` those of all.
    """

    tool_version: str
    host: str
    components: tuple[CheckedArtifact, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class CallChain:
    """A way through a finished component's code, from where a run begins to a function of an import.

    ``kind`` is ``export``, ``start`` or ``constructor``; ``export`` the component's export and ``function``
    the function in it ("" for an export that is a function itself). ``leaked`` says whether that export is
    in the component's own world, None when that is not known. ``imported`` is the function of the import.
    ``steps`` are functions, the last one the core module's import; of a very long way only the first and
    the last ones, with ``omitted`` others between them.
    """

    kind: str
    export: str
    function: str
    leaked: bool | None
    imported: str
    steps: tuple[OriginStep, ...]
    omitted: int = 0

    @property
    def possible(self) -> bool:
        """Whether it rests on a call through a table."""
        return any(step.possible for step in self.steps)


@dataclass(frozen=True, slots=True)
class Why:
    """Why one component has one import: every chain from the component to the WIT line, the best first.

    ``kind`` is ``import`` or ``export``; ``status`` says who provides an import, or "" for an export;
    ``certainty`` is ``observed`` for a binary, else ``certain``, ``possible`` or ``unused``; ``note`` is
    for people, when there is something that the chains cannot say. ``calls`` are the ways to it through
    the component's code, None when nobody asked for them; ``reached_by`` and ``calls_note`` belong to them.
    """

    subject: str
    name: str
    kind: str
    status: str
    certainty: str
    chains: tuple[tuple[OriginStep, ...], ...]
    functions: tuple[str, ...] = ()
    note: str = ""
    calls: tuple[CallChain, ...] | None = None
    reached_by: ReachedBy = ReachedBy.UNKNOWN
    calls_note: str = ""
