"""Modules of Python's own that others import and hardly use, for programs that start often.

click and ``dataclasses`` import ``inspect``, and with it the parser's nodes, a tokenizer and a disassembler: an
eighth of the time in which the help is printed (Python 3.11). All that click asks of it is how to take the indentation
from a docstring, which is here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def on_call(name: str, *functions: str) -> Iterator[None]:
    """A block whose imports may take functions of a module that is only loaded when one of them is called.

    For a module of Python's own that another package imports by ``from NAME import FUNCTION`` and hardly calls.
    """
    if name in sys.modules:
        yield
        return
    standing = sys.modules[name] = ModuleType(name)
    standing.__dict__.update({function: _on_call(name, function) for function in functions})
    try:
        yield
    finally:
        # What else of it is imported later comes from the module itself.
        if sys.modules.get(name) is standing:
            del sys.modules[name]


def _on_call(name: str, function: str) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        found: object = getattr(import_module(name), function)(*args, **kwargs)
        return found

    return call


def from_modules(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """The ``__getattr__`` (PEP 562) of a package that gives what its modules have, and loads each when asked for it.

    ``modules`` has the names, with spaces between, by the module that has them.
    """
    homes = {name: f"{package}.{module}" for module, names in modules.items() for name in names.split()}

    def __getattr__(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return __getattr__


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
