"""Modules of Python's own that others import and hardly use, for programs that start often.

click and ``dataclasses`` import ``inspect``, and with it the parser's nodes, a tokenizer and a disassembler: an
eighth of the time in which the help is printed (Python 3.11). All that click asks of it is how to take the indentation
from a docstring, which is here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


class _Later(ModuleType):
    """Stands for a module until something of it is asked for that is not at hand."""

    def __getattr__(self, name: str) -> object:
        own = self.__name__
        if sys.modules.get(own) is self:
            del sys.modules[own]
        module = import_module(own)
        # Who has this one has all of it from now on.
        self.__dict__.update(vars(module))
        return getattr(module, name)


def later(name: str, **at_hand: object) -> None:
    """Have a module loaded when something of it is asked for that is not ``at_hand``, unless it is loaded."""
    if name not in sys.modules:
        module = sys.modules[name] = _Later(name)
        module.__dict__.update(at_hand)


def cleandoc(doc: str) -> str:
    """A docstring without its indentation, and without empty lines around it: as ``inspect.cleandoc``."""
    first, *rest = doc.expandtabs().split("\n")
    indents = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    lines = [first.lstrip(), *(line[min(indents, default=0) :] for line in rest)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)
