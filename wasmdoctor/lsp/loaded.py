"""What a process that judges needs, loaded before it is forked."""

from contextlib import suppress
from importlib import import_module

MODULES = (
    "wasmdoctor.lsp.jobs",
    "wasmdoctor.checks",
    "wasmdoctor.graph.assemble",
    "wasmdoctor.pipeline.check",
    "wasmdoctor.pipeline.fix",
    "wasmdoctor.pipeline.frames",
    "wasmdoctor.pipeline.judging",
    "wasmdoctor.pipeline.overlay",
    "wasmdoctor.pipeline.project",
)

for name in MODULES:
    with suppress(Exception):  # the process that needs it fails by itself, and says why
        import_module(name)
