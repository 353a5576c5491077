"""What a process that judges needs, loaded before it is forked."""

import wasmdoctor.checks
import wasmdoctor.graph.assemble
import wasmdoctor.lsp.jobs
import wasmdoctor.pipeline.check
import wasmdoctor.pipeline.fix
import wasmdoctor.pipeline.frames
import wasmdoctor.pipeline.judging
import wasmdoctor.pipeline.overlay
import wasmdoctor.pipeline.project  # noqa: F401
