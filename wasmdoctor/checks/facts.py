"""What the rules look at, and what they give: facts in, drafts of findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.finding import OriginStep
from wasmdoctor.model.host import HostView, WitFacts
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Confidence, Lookalikes, Severity
from wasmdoctor.model.skew import NO_SKEW, SkewFacts
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.stdimport import StdImport
from wasmdoctor.model.wasm import WasmFile

if TYPE_CHECKING:
    from wasmdoctor.checks.sources import SourceFacts
    from wasmdoctor.model.binding import Certainty
    from wasmdoctor.model.remedy import Remedy


@dataclass(frozen=True, slots=True)
class Origin:
    """How an import came into a component: the steps, the WIT line to open first, and how sure it is."""

    steps: tuple[OriginStep, ...]
    line: Location | None
    certainty: Certainty


Relation = Literal["mode", "version", "other"]


@dataclass(frozen=True, slots=True)
class Starter:
    """A host, by name, version and mode, that can start a component; ``command`` as it would be typed.

    ``relation`` says what it is to the host that was asked about: the same at another ``mode``, the same
    in another ``version``, or an``other`` host. ``spec`` is what `--host` takes.
    """

    spec: str
    export: str
    command: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Home:
    """Another host (``id`` with its version, ``name`` as ``--host`` takes it) that has an interface, with flags."""

    id: str
    name: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that rules may know of a run.

    ``verdicts`` maps a component's path to the verdicts on its imports, in the order of the binary;
    ``declarations`` an interface (``ns:pkg/name``, with the version, and without) to the line of the one world
    that imports it, else (without) to where WIT sources declare it;
    ``problems`` are what discovery and readers could not read; ``invalid`` a path to what the
    validator said; ``tool_problem`` why wasm-tools could not answer, or ""; ``sources`` what is known of
    the sources, one record for each folder, empty when they were not asked for; ``origins`` maps a
    component's path and an import's name to the way on which it came in, ``export_origins`` an export's;
    ``starters`` maps the path of a component that the host cannot start to the hosts that can; ``skew`` is
    what is known of versions; ``std`` says of imports that nobody provides, by the same keys as ``origins``,
    that a language's own library brought them; ``homes`` the other hosts that have an interface, by its name.
    """

    files: tuple[WasmFile, ...]
    host: HostView
    verdicts: Mapping[str, tuple[Verdict, ...]]
    lookalikes: Lookalikes
    standard: tuple[WitFacts, ...] = ()
    declarations: Mapping[str, Location] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    invalid: Mapping[str, str] = field(default_factory=dict)
    tool_problem: str = ""
    sources: tuple[SourceFacts, ...] = ()
    origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)
    export_origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)
    starters: Mapping[str, tuple[Starter, ...]] = field(default_factory=dict)
    skew: SkewFacts = NO_SKEW
    std: Mapping[tuple[str, str], StdImport] = field(default_factory=dict)
    homes: Mapping[str, tuple[Home, ...]] = field(default_factory=dict)

    def components(self) -> Iterator[WasmFile]:
        """The components that could be read at least in part."""
        return (file for file in self.files if file.component is not None)

    def place(self, file: str, interface: str) -> Location:
        """Where to point a person for an import: the WIT line that brings it, else the binding that has it
        without WIT, else the line that declares the interface, else the binary."""
        origin = self.origins.get((file, interface))
        if origin and origin.line:
            return origin.line
        for step in origin.steps if origin else ():
            if step.kind == "binding" and step.location.line:
                return step.location
        for name in (interface, interface.partition("@")[0]):
            if name in self.declarations:
                return self.declarations[name]
        return Location(file)


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before the catalog gives it its name, severity and plans.

    ``severity`` and ``confidence`` are set only where a rule knows better than its default. ``exported``
    says that ``interface`` is an export, since a component may import one of the same name. ``remedies`` are what
    ``check --fix`` may do about it, the best first.
    """

    subject: str
    message: str
    location: Location
    interface: str = ""
    help: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None
    related: tuple[tuple[Location, str], ...] = ()
    plans: tuple[str, ...] | None = None
    origin: tuple[OriginStep, ...] = ()
    exported: bool = False
    remedies: tuple[Remedy, ...] = ()
