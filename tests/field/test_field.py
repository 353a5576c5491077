"""The field's cases: wasmdoctor names the fault at its line, and its cure makes the failure go."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from field import field

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import make_field  # noqa: E402  (a script, found by the line above)

# One worker for all: they share what they played (see field.play).
pytestmark = [pytest.mark.xdist_group("field"), pytest.mark.rust]
