"""What makes it impossible to go on. Everything else that is wrong is a finding."""

from __future__ import annotations


class WasmdoctorError(Exception):
    """It could not run: the command line ends with exit code 2 and this text, whose lines after the first say
    what to do. All exceptions that callers have to expect derive from it."""
