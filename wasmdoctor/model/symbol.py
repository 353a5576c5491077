"""The names of functions in a binary, read back into what people wrote."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Problem


class Language(StrEnum):
    """The language that a function's name is mangled for.

    ``PLAIN`` is a name that says no language: C, assembly, or one that a person or a generator chose
    (``#[no_mangle]``, ``cabi_realloc``, ``run-scenario``). ``NONE`` is the absence of a name.
    """

    RUST = "rust"
    CPP = "c++"
    GO = "go"
    ASSEMBLYSCRIPT = "assemblyscript"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Symbol:
    """The name of a function, taken apart.

    ``mangled`` is the name as it stands in the binary, ``text`` as people read it, without hashes.
    ``package`` is what the function belongs to, as far as the name says: in Rust the crate that it is
    written in (for a method that of its ``impl`` block; with legacy mangling, that of the type), in Go
    the package's path, in AssemblyScript the first folder (``assembly``, ``~lib``), in C++ the outermost
    namespace or class; "" when there is none. ``path`` is ``text`` without types, arguments and results:
    ``crate::module::<Type as Trait>::method``, ``ns::Type::method``, ``pkg/path.(*Type).Method``.

    Only Rust's v0 mangling fills the last two: ``package_id`` is rustc's number for the crate, in
    hexadecimal, which tells two versions of one crate apart, and ``user`` the crate that a generic
    function was compiled for, "" for a function that is not generic.
    """

    mangled: str
    language: Language
    package: str
    path: str
    text: str
    package_id: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class SourceLines:
    """Where functions begin in their sources: by the offset that was asked for, None when it is not told."""

    places: Mapping[int, Location | None]
    problems: tuple[Problem, ...] = ()
