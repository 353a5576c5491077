"""The composition root: what each command does, step by step; every step is somebody else's.

``check``    binaries to a report
``sources``  the sources around the binaries, read once and kept
"""

from wasmdoctor.pipeline.check import CheckOptions, Progress, check

__all__ = ["CheckOptions", "Progress", "check"]
