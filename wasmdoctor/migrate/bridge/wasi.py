"""The parts of bridges that work on standard WASI: mapping rows first, then forwards, and else refusals."""

from __future__ import annotations

from typing import Final

from wasmdoctor.migrate.bridge.derived import CRATE, derived, standard_modules
from wasmdoctor.migrate.bridge.docs import Docs, no_docs
from wasmdoctor.migrate.bridge.mapping import Mapped
from wasmdoctor.migrate.bridge.module import Parts
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.inputs import NewDependency
from wasmdoctor.model.mapping import Mappings

REQUIREMENT: Final = "2"
"""The versions of ``wasip2`` that have the modules and signatures that bodies call."""


def wasi_parts(mappings: Mappings, cases: ErrorCases, docs: Docs = no_docs) -> Parts:
    """What ``--bridge wasi`` makes bridges of. Standard interfaces are taken from the crate ``wasip2``."""
    return Parts(
        sources=(
            lambda types, interfaces: Mapped(mappings, types, interfaces),
            derived(others=cases.general),
        ),
        cases=cases,
        runtime={name: file.text for name, file in mappings.runtime.items()},
        standard=standard_modules(),
        dependencies={CRATE: NewDependency(REQUIREMENT)},
        docs=docs,
    )


def stub_parts(cases: ErrorCases, docs: Docs = no_docs) -> Parts:
    """What ``--bridge stub`` makes bridges of: refusals only, and no dependency."""
    return Parts(cases=cases, docs=docs)
