"""How many bytes each crate has in a finished component. All numbers are bytes, unless they say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.symbol import Language


class SizeKind(StrEnum):
    """Whose code a row counts.

    ``PACKAGE``: a crate (or a C++ namespace, a Go package: what ``Symbol.package`` says). ``STD``: Rust's
    own library with the crates that it brings along. ``PLAIN``: functions of one module whose names have no
    package, such as those of C. ``UNNAMED``: functions without a name. ``ADAPTER``: a module that adapts preview 1.
    ``SHIM``: the modules that wit-component adds to tie the others together.
    """

    PACKAGE = "package"
    STD = "std"
    PLAIN = "plain"
    UNNAMED = "unnamed"
    ADAPTER = "adapter"
    SHIM = "shim"


@dataclass(frozen=True, slots=True)
class CodeSize:
    """One row: the code of one owner.

    ``name`` is the package's name, or the crate's where no package is known; of ``PLAIN`` and ``ADAPTER`` the
    module's; "" for the other kinds, and for a module without a name. ``packages`` are the packages that it may be, one when it is certain. ``bytes`` are those
    of ``functions`` function bodies, of which ``own`` are reached from the component's own exports and
    ``leaked`` only from leaked ones. The rest is reached from neither. ``parts`` tells the crates apart that
    the row counts together. ``users`` are the crates that generic functions of this one were compiled for,
    as far as v0 names say: that code exists because they use it.
    """

    kind: SizeKind
    language: Language
    name: str
    bytes: int
    functions: int
    own: int = 0
    leaked: int = 0
    packages: tuple[CrateId, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModuleSize:
    """What a core module consists of.

    ``code`` is the function bodies, ``data`` the data section, ``debug`` the sections with DWARF,
    ``names`` the name section, ``customs`` all other custom sections, and ``rest`` what is left: types,
    imports, exports, tables, and the headers of sections. ``name`` is the module's own, or "".
    """

    name: str
    role: ModuleRole
    size: int
    functions: int
    code: int
    data: int = 0
    debug: int = 0
    names: int = 0
    customs: int = 0

    @property
    def rest(self) -> int:
        """All that has no number of its own."""
        return max(self.size - self.code - self.data - self.debug - self.names - self.customs, 0)


@dataclass(frozen=True, slots=True)
class CodeSizes:
    """The code of a component by owner, the largest first, and its modules in the order of the file.

    ``size`` is the whole file. ``reached`` tells that ``own`` and ``leaked`` of the rows were counted: else
    they are 0 and mean nothing.
    """

    size: int
    rows: tuple[CodeSize, ...]
    modules: tuple[ModuleSize, ...]
    reached: bool = False

    @property
    def code(self) -> int:
        """All function bodies."""
        return sum(row.bytes for row in self.rows)

    @property
    def leaked(self) -> int:
        """What only leaked exports reach: the code that falls away with them."""
        return sum(row.leaked for row in self.rows)

    def of(self, name: str) -> tuple[CodeSize, ...]:
        """The rows of a package or crate of that name (dashes or underscores), "std" too."""
        wanted = name.replace("-", "_")
        return tuple(
            row
            for row in self.rows
            if row.name.replace("-", "_") == wanted
            or wanted in (part.replace("-", "_") for part in row.parts)
        )
