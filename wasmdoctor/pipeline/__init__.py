"""The composition root: what each command does, step by step; every step is somebody else's.

``check``    binaries to a report
``why``      where imports come from, and the graph
``binaries`` what discovery found, opened and read
``sources``, ``crates``, ``evidence``  WIT, crates and build outputs around the binaries, read once and kept
``project``  all of these for one run
"""

from wasmdoctor.pipeline.binaries import Progress
from wasmdoctor.pipeline.check import CheckOptions, check

__all__ = ["CheckOptions", "Progress", "check"]
