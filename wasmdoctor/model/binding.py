"""What ties a crate to WIT: bindings, the worlds they stand for, and what a build is expected to give."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.cargo import CrateId, LinkedCrate
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Step


class SiteKind(StrEnum):
    """How a crate comes to have bindings."""

    GENERATE = "generate! call"
    FILE = "bindings file"
    EXTERN = "extern block"
    OUT_DIR = "build script"
    MACRO = "macro of another crate"


class Evidence(StrEnum):
    """What a claim rests on, weakest first: sources, an rlib's section, the finished component."""

    SOURCES = "sources"
    RLIB = "rlib"
    COMPONENT = "component"

    @property
    def strength(self) -> int:
        """Greater is stronger."""
        return list(Evidence).index(self)


class Certainty(StrEnum):
    """Whether something will be in the component.

    ``CERTAIN``: code that is surely kept calls it. ``LIKELY``: code calls it, but under a condition that
    the compiler may decide (a branch, a closure, a loop). ``POSSIBLE``: it depends on what cannot be
    known before a build (a method on an unknown type, a macro, a cfg). ``UNUSED``: the binding offers it
    and nothing calls it, so the encoder drops it.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNUSED = "unused"

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return list(Certainty).index(self)


@dataclass(frozen=True, slots=True)
class BoundItem:
    """One import or export of a world that a crate binds.

    ``kind`` is ``interface``, ``func`` or ``type``; ``functions`` and ``resources`` are names as
    encoded. ``steps`` are the WIT lines from the world to the item; empty when no WIT was found.
    ``needs`` maps a function to the interfaces that define its types: they are imported with it.
    """

    name: str
    kind: str
    functions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """Bindings in one crate: where they stand, and the world they are for.

    ``module`` is the Rust path of the module that holds them. ``world`` is its full name, ""
    for an extern block. ``compiled`` is False when a cfg leaves them out, None when that is not known.
    ``exported`` says that the crate calls ``export!`` for it, so that its exports reach the binary.
    ``opaque`` marks bindings whose code is not in the sources (a build script or a macro makes them):
    what is used of them cannot be known.
    """

    crate: CrateId
    kind: SiteKind
    location: Location
    module: str
    world: str
    world_location: Location | None
    imports: Mapping[str, BoundItem]
    exports: Mapping[str, BoundItem]
    compiled: bool | None = True
    exported: bool = False
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """One way on which an import or export comes into a component: the chain of crates, and the binding.

    ``name`` is the item's name in that binding's world (versions of one track are merged later).
    ``linked`` is None when the binding stands in the component's own crate.
    """

    name: str
    linked: LinkedCrate | None
    binding: Binding
    certainty: Certainty
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Predicted:
    """One import or export of a component that is not built yet, or not looked at.

    ``functions`` are those that are certainly or possibly used. ``carriers`` is empty for what std and
    the adapter bring; ``source`` is then ``std``.
    """

    name: str
    certainty: Certainty
    carriers: tuple[Carrier, ...] = ()
    functions: tuple[str, ...] = ()
    source: str = "crate"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What building one crate for one target would give.

    ``unseen`` are places whose code is not in the sources (a build script or another crate's macro makes
    it): what they bring cannot be known before a build, so the lists may lack it.
    """

    crate: CrateId
    target: str
    imports: Mapping[str, Predicted] = field(default_factory=dict)
    exports: Mapping[str, Predicted] = field(default_factory=dict)
    unseen: tuple[Location, ...] = ()
