"""Names of functions, of every language that components are made of, read back into what people wrote.

``rust``            v0 and legacy mangling
``cpp``             Itanium mangling
``go``              TinyGo's names, and what Go's linker leaves of them
``assemblyscript``  asc's names
``packages``        which package of a workspace or Cargo.lock a crate's name stands for
"""

from __future__ import annotations

from functools import lru_cache

from wasmdoctor.model.record import replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.symbol import Language, Symbol
from wasmdoctor.readers.symbols.assemblyscript import read_assemblyscript
from wasmdoctor.readers.symbols.cpp import demangled, is_function, read_cpp
from wasmdoctor.readers.symbols.go import read_go, without_suffix
from wasmdoctor.readers.symbols.packages import (
    CrateName,
    Known,
    Owner,
    crates_in,
    in_std,
    is_std,
    known_packages,
    packages_of,
    version_in_path,
)
from wasmdoctor.readers.symbols.rust import read_rust, readable

__all__ = [
    "MAX_NAME",
    "CrateName",
    "Known",
    "Owner",
    "crates_in",
    "in_std",
    "is_std",
    "known_packages",
    "packages_of",
    "read_symbol",
    "version_in_path",
]

MAX_NAME = 8192
"""Longer names are not taken apart, but cut. The longest of the 38,990 in a JavaScript engine, a Python, two Rust
debug builds, Go and AssemblyScript has 4,090 characters."""


def read_symbol(name: str) -> Symbol:
    """Take the name of a function apart, whatever its language; any text is taken, "" too.

    Names that a linker demangled already (wasm-ld does unless rustc or ``--no-demangle`` tell it not to) are
    known by their shape. The last 8,192 names are remembered.
    """
    if len(name) > MAX_NAME:
        cut = name[:MAX_NAME] + "…"
        return Symbol(name, Language.PLAIN, "", cut, cut)
    return _read(name)


_LINKED_SUFFIX = regex(r" \(\.[\w.$]+\)\Z")
"""What LLVM's demangler makes of ``.llvm.123``: ``f(int) (.llvm.123)``."""


@lru_cache(maxsize=8192)
def _read(name: str) -> Symbol:
    if not name:
        return Symbol("", Language.NONE, "", "", "")
    plain = _LINKED_SUFFIX.sub("", name) if name.endswith(")") else name
    symbol = read_rust(plain) or read_cpp(plain) or _by_shape(plain)
    if symbol is None:
        return Symbol(name, Language.PLAIN, "", plain, plain)
    return symbol if plain == name else replace(symbol, mangled=name)


def _by_shape(name: str) -> Symbol | None:
    """Names without mangling, or of which a linker has taken it away."""
    if "::" in name or name.endswith(")"):
        # What LLVM demangled.
        return readable(name) if name.startswith("<") or not is_function(name) else demangled(name, name)
    if name.startswith("_GLOBAL__"):  # the constructors of a C++ file
        return Symbol(name, Language.CPP, "", name, name)
    symbol = read_assemblyscript(name) if "/" in name else None
    if symbol is None and "." in name:
        plain = without_suffix(name)
        symbol = read_go(plain) if "." in plain else None
        symbol = replace(symbol, mangled=name) if symbol else None
    return symbol
