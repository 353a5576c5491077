"""Go names, as TinyGo and as Go itself write them into the name section.

TinyGo writes them as they are (``(*net/http.Client).Do``, golang.org/x/tools/go/ssa ``Function.RelString``).
Go's linker writes ``_`` for every character that is no letter, digit, ``_`` or ``.``
(``net_http.__Client_.Do``; cmd/link/internal/wasm/asm.go, ``nameRegexp``, Go 1.26), after it has written a dot in
the last element of a package's path as ``%2e`` (cmd/internal/objabi/path.go).
"""

from __future__ import annotations

import re

from wasmdoctor.model.regex import regex
from wasmdoctor.model.symbol import Language, Symbol

_PACKAGE = r"(?:[\w.~-]+/)*[\w~%-]+"
_METHOD = regex(rf"\((\*?)({_PACKAGE})\.(\w+)(?:\[.*\])?\)\.(.+)", re.DOTALL)
_FUNCTION = regex(rf"({_PACKAGE})\.([A-Za-z_][\w$#.:-]*|\(\*\w+\)\.[\w$#.:-]+)(?:\[.*)?", re.DOTALL)
_DOTTED = regex(r"\w+(?:\.[\w-]+)+")
_DOMAIN = regex(r"[a-z]{2,}_")
_POINTER = regex(r"\A__(\w+?)_(?=\.)")
# What LLVM and binaryen append to names of any language.
_SUFFIX = regex(r"(?:\.(?:\d+|llvm\.\w+|cold|part|isra|constprop|specialized|resume|destroy|cleanup))+\Z")


def read_go(name: str) -> Symbol | None:
    """A Go function; None for a name of another shape. ``name`` has a dot, and no suffix of LLVM's."""
    if name.startswith("interface:{"):  # TinyGo's call of a method of an interface: no package has it
        return _symbol(name, "", name.rpartition("}.")[2], name)
    method = _METHOD.fullmatch(name)
    if method:
        star, package, type_, rest = method.groups()
        return _symbol(name, package, f"({star}{type_}).{rest}", name)
    if "#[" in name or "@" in name or "::" in name or ":" in name.partition("/")[0]:
        return None
    if not _DOTTED.fullmatch(name):
        function = _FUNCTION.fullmatch(name)
        return _symbol(name, function[1], function[2], name) if function else None
    package, rest = _flat_package(name)
    if not package or rest[:1].isdigit():
        return None
    rest = _POINTER.sub(r"(*\1)", rest, count=1) if rest.startswith("__") else rest
    return _symbol(name, package, rest, f"{package}.{rest}")


def without_suffix(name: str) -> str:
    """The name without what LLVM appends: ``f.llvm.123``, ``f.1``, ``f.cold``."""
    found = _SUFFIX.search(name[-200:])
    return name[: len(name) - len(found[0])] if found else name


def _symbol(name: str, package: str, rest: str, text: str) -> Symbol:
    package = package.replace("%2e", ".")
    return Symbol(name, Language.GO, package, f"{package}.{rest}" if package else rest, text)


def _flat_package(name: str) -> tuple[str, str]:
    """Package and rest of a name in which every other character has become ``_``.

    Dots stand in the package's path when its first element is a domain (``github.com_x_y.Func``); those
    of its last element read ``_2e``. Further elements with dots are taken for the path while something
    follows them that was a path's separator.
    """
    parts = name.split(".")
    size = 1
    if len(parts) > 2 and _DOMAIN.match(parts[1]):
        size = 2
        while len(parts) > size + 1 and "_" in parts[size].strip("_") and parts[size][0].islower():
            size += 1
    return ".".join(parts[:size]), ".".join(parts[size:])
