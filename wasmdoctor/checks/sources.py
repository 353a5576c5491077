"""What rules may know of the sources: one record for each cargo workspace or folder of WIT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wasmdoctor.model.record import dataclass, field

if TYPE_CHECKING:  # the readers of sources take long to load, and not every run needs them
    from wasmdoctor.graph.bindings import CrateBindings
    from wasmdoctor.model.binding import Binding, Prediction
    from wasmdoctor.model.cargo import Crate, CrateGraph, LinkedCrate, Package
    from wasmdoctor.model.cargo import Workspace as CargoWorkspace
    from wasmdoctor.model.rust import BindingsFile
    from wasmdoctor.model.source import Location, Problem, SourceText
    from wasmdoctor.model.wit import Resolution


@dataclass(frozen=True, slots=True)
class WitUse:
    """WIT that a ``generate!`` call reads together.

    ``location`` is the call, ``paths`` the folders and files that it names (as all paths here), ``inline``
    the WIT in the call with the line numbers of the Rust file, ``resolution`` what they mean. ``compiled``
    is False when a cfg leaves the call out.
    """

    location: Location
    paths: tuple[str, ...]
    inline: SourceText | None
    resolution: Resolution
    compiled: bool | None


def _unknown(binding: Binding, name: str) -> bool:
    """Whether code names an import, when nobody has looked."""
    return True


@dataclass(frozen=True, slots=True)
class ComponentFacts:
    """One crate that becomes a component: what it is built from, what it binds, what a build would give.

    ``built`` are the paths of binaries of this run that it seems to have built; ``files`` the generated
    bindings among the sources of its crates. ``mentions`` says whether anything in its crates names an import of
    a binding, called or not.
    """

    crate: Crate
    package: Package
    graph: CrateGraph
    linked: tuple[LinkedCrate, ...]
    bindings: CrateBindings
    prediction: Prediction
    built: tuple[str, ...] = ()
    files: tuple[BindingsFile, ...] = ()
    mentions: Callable[[Binding, str], bool] = _unknown


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """The sources around one folder.

    ``wit`` maps each WIT package folder to what it means (its problems are in it); ``texts`` are the
    bytes of small files that rules compare or read themselves, by path: ``deps.toml``, ``deps.lock``,
    ``wkg.lock``, ``wkg.toml``, cargo's configuration, and every .wit file. ``times`` are modification
    times (ns) of the source files of what was built, by path. ``wit_uses`` is what each ``generate!`` call
    reads; ``unreadable`` are files of which nothing is known; ``libraries`` are members with a library that is no component and linked into none.
    """

    folder: str
    target: str
    cargo: tuple[CargoWorkspace, ...] = ()
    components: tuple[ComponentFacts, ...] = ()
    wit: Mapping[str, Resolution] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    unreadable: tuple[Problem, ...] = ()
    wit_uses: tuple[WitUse, ...] = ()
    libraries: tuple[ComponentFacts, ...] = ()
