"""How components are wired into one: who gives what to whom, and what stands in the way."""

from __future__ import annotations

from wasmdoctor.model.finding import Finding
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wasm import Extern


@dataclass(frozen=True, slots=True)
class Wire:
    """``consumer`` imports ``name``; ``provider`` exports it as ``export``. Both are paths."""

    consumer: str
    name: str
    provider: str
    export: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A component that exports the interface and does not fit.

    ``function`` is the function (or resource) in question; ``wanted`` and ``offered`` are its signatures,
    ``offered`` "" when it is not there. For another version ``function`` is "", and both are versions.
    """

    consumer: str
    name: str
    provider: str
    function: str
    wanted: str
    offered: str


@dataclass(frozen=True, slots=True)
class Double:
    """An import that several components provide, none of which was preferred."""

    consumer: str
    name: str
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """A plan of wiring.

    ``root`` is the path of the component whose exports the result has, "" when that is not decided:
    ``candidates`` are then the components that nobody needs. ``order`` are the paths of all that get in,
    each behind those it needs, the root last. ``unused`` are components that the root does not need.
    ``imports`` are the imports of the result, ``host`` those of them that the host provides,
    ``missing`` (consumer, import) what nobody provides. ``cycles`` are rings of paths, the first path not
    repeated.
    """

    root: str
    candidates: tuple[str, ...]
    order: tuple[str, ...]
    unused: tuple[str, ...]
    wires: tuple[Wire, ...]
    imports: tuple[str, ...]
    host: tuple[str, ...]
    exports: tuple[Extern, ...]
    missing: tuple[tuple[str, Extern], ...] = ()
    doubles: tuple[Double, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether it can be made: imports that are missing only stay imports."""
        return bool(self.root) and not (self.doubles or self.cycles)


@dataclass(frozen=True, slots=True)
class Composed:
    """What came of it.

    ``document`` is the wiring as .wac text, "" when there is none. ``made_by`` names the tool, "" when
    nothing was made; ``size`` is that of the result in bytes. ``imports`` are those that the result has.
    """

    composition: Composition
    findings: tuple[Finding, ...]
    document: str
    host: str
    output: str
    made_by: str = ""
    size: int = 0
    imports: tuple[str, ...] = ()
