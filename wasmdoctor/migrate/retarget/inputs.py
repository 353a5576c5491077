"""What retargeting takes: a workspace's WIT, Rust and manifests, read by others. Nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping

from wasmdoctor.graph.rustnames import RustNames
from wasmdoctor.migrate.inputs import Tree
from wasmdoctor.model.binding import Binding, Prediction
from wasmdoctor.model.cargo import CrateId, Package
from wasmdoctor.model.host import WitFacts
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Resolution
from wasmdoctor.readers.rust import Program


@dataclass(frozen=True, slots=True)
class RustCode:
    """One component or library of the workspace, with the crates that it is built from.

    ``crate_ids`` maps the program's crate names to packages, ``own`` are those whose sources are the user's.
    ``names`` are what is in a bindings module, by its path.
    """

    program: Program
    crate_ids: Mapping[str, CrateId]
    own: frozenset[CrateId]
    bindings: tuple[Binding, ...]
    prediction: Prediction
    names: Mapping[str, RustNames] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetargetInputs:
    """One cargo workspace.

    ``root`` is its folder, which edits stay below; ``wit`` are all files of its WIT folders, copies in ``deps``
    and lock files included; ``roots`` what is read together: each WIT folder and each ``generate!`` call, by
    path or place. ``facts`` are the facts about WASI 0.2.
    """

    root: str
    files: Tree
    wit: tuple[str, ...]
    roots: Mapping[str, Resolution]
    code: tuple[RustCode, ...]
    packages: tuple[Package, ...]
    facts: WitFacts
