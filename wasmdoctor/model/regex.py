"""Regular expressions that are compiled when they are first used, for programs that start often.

Python compiles an expression in 0.1 to 1.5 ms (3.11), and the modules that ``check`` loads have more than a hundred,
of which a run uses a few. What is wrong with one shows when it is used: the tests use all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import compile as regex
else:
    import re

    class regex:
        """As ``re.compile``: what stands for the compiled expression, which makes it when it is first asked."""

        def __init__(self, pattern, flags=0):
            self._asked = pattern, flags

        def __getattr__(self, name):
            if name.startswith("__"):  # what copying and the like ask of any object
                raise AttributeError(name)
            value = getattr(re.compile(*self._asked), name)
            self.__dict__[name] = value
            return value


__all__ = ["regex"]
