"""What Rust sources say about bindings: modules, ``generate!`` calls, bindings files, imports and their uses.

``compiled`` is True or False when the target decides it, None when a ``cfg`` could not be evaluated.
Module and item paths are written ``crate_name::module::item``; methods ``module::Type::name``, those of a
trait ``module::<Type as Trait>::name``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem, Span


class Generator(StrEnum):
    """What a bindings macro or file was made by."""

    WIT_BINDGEN = "wit-bindgen"
    CARGO_COMPONENT = "cargo-component"
    WASMTIME = "wasmtime"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """A source file of a crate and the module that it holds.

    ``declared`` is the ``mod`` line (or ``include!``) that brings it, None for the crate's root.
    ``decided_by`` is the ``cfg`` attribute (or ``#[path]`` choice) that makes ``compiled`` not True.
    """

    path: str
    module: str
    declared: Location | None
    compiled: bool | None
    decided_by: Location | None = None
    included: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """An ``include!``; ``path`` is None when it cannot be known, ``text`` is the argument as written."""

    location: Location
    module: str
    path: str | None
    text: str
    compiled: bool | None
    uses_out_dir: bool


@dataclass(frozen=True, slots=True)
class OptionElement:
    """One element of an option's list or map: its key ("" in a list), its value, and the value's span."""

    key: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class GenerateOption:
    """One option of a bindings macro.

    ``kind`` is ``flag``, ``string``, ``bool``, ``list``, ``map``, ``path`` or ``other``; ``value`` is the
    string, or the text as written; ``span`` covers name and value, ``value_span`` only the value.
    """

    name: str
    kind: str
    value: str
    elements: tuple[OptionElement, ...]
    span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class GenerateCall:
    """One call of a macro that makes bindings.

    ``span`` is the call from path to closing delimiter; ``full_span`` includes attributes before it and a
    semicolon after it. ``macro`` is the path as written; ``certain`` is False when the macro could not be
    traced to its crate, or stands inside another macro (``inside`` names that one). ``bindings`` is the
    path of what the items go to: the module, or the function around the call.
    """

    generator: Generator
    crate: str
    module: str
    bindings: str
    macro: str
    location: Location
    span: Span
    full_span: Span
    compiled: bool | None
    options: tuple[GenerateOption, ...] = ()
    problems: tuple[Problem, ...] = ()
    certain: bool = True
    inside: str = ""

    def option(self, name: str) -> GenerateOption | None:
        """The last option of that name."""
        return next((option for option in reversed(self.options) if option.name == name), None)

    def strings(self, name: str) -> tuple[str, ...]:
        """The values of a string or list option; empty when it is not given."""
        option = self.option(name)
        if option is None:
            return ()
        if option.kind == "string":
            return (option.value,)
        return tuple(element.value for element in option.elements)

    @property
    def world(self) -> str | None:
        """The world as written, or None: wit-bindgen then takes the package's only world."""
        option = self.option("world")
        return option.value if option is not None and option.kind == "string" else None

    @property
    def paths(self) -> tuple[str, ...]:
        """WIT paths, relative to the crate's manifest; empty means ``wit`` (without ``inline``)."""
        return self.strings("path")

    @property
    def inline(self) -> str | None:
        """Inline WIT, or None."""
        option = self.option("inline")
        return option.value if option is not None and option.kind == "string" else None

    @property
    def with_(self) -> Mapping[str, str]:
        """The ``with`` map: interface or type -> Rust path, or ``generate``."""
        option = self.option("with")
        return {} if option is None else {element.key: element.value for element in option.elements}


@dataclass(frozen=True, slots=True)
class SectionName:
    """A ``component-type:...`` section's name in parts; parts that its format lacks are ""."""

    name: str
    tool: str = ""
    version: str = ""
    package: str = ""
    world: str = ""
    content: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class WorldSection:
    """An encoded world in a bindings file: the section's name and the decoded bytes.

    ``in_macro`` when it stands in a macro's rules, as the section of exports does: it is only there when
    that macro is called.
    """

    section: SectionName
    payload: bytes
    location: Location
    span: Span
    compiled: bool | None
    in_macro: bool


@dataclass(frozen=True, slots=True)
class ExternImport:
    """A function of a ``#[link(wasm_import_module = "...")]`` block.

    ``generated`` when it stands in generated bindings; ``function`` is the Rust item around the block
    ("" at module level).
    """

    module: str
    name: str
    rust_name: str
    crate: str
    rust_module: str
    function: str
    location: Location
    module_location: Location
    block_span: Span
    compiled: bool | None
    generated: bool

    @property
    def id(self) -> str:
        """The Rust function's path, as in ``Reachability``."""
        return f"{self.function or self.rust_module}::{self.rust_name}"


@dataclass(frozen=True, slots=True)
class ExportedSymbol:
    """A function that the linked module exports by name (``export_name``, ``no_mangle``)."""

    name: str
    function: str
    location: Location
    compiled: bool | None
    in_macro: bool
    generated: bool


@dataclass(frozen=True, slots=True)
class BindingsFile:
    """Generated bindings found by what they contain, in the module tree or in a file on its own.

    ``options`` are the header's ``Options used`` lines; ``with_`` those of them that map an interface.
    """

    crate: str
    module: str
    path: str
    location: Location
    generator: Generator
    version: str
    options: tuple[str, ...]
    with_: Mapping[str, str]
    sections: tuple[WorldSection, ...]
    imports: tuple[ExternImport, ...]
    exports: tuple[ExportedSymbol, ...]
    compiled: bool | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportCall:
    """A call of a bindings module's ``export!`` macro.

    ``bindings`` is the bindings module's path, "" when it could not be found out.
    """

    crate: str
    module: str
    macro: str
    type: str
    bindings: str
    location: Location
    span: Span
    full_span: Span
    compiled: bool | None
    certain: bool


@dataclass(frozen=True, slots=True)
class GuestImpl:
    """An ``impl Guest for X`` block; ``relative`` is the trait's path inside the bindings module.

    ``functions`` are the names of its functions, ``function_ids`` their paths as in ``Function.id``.
    """

    crate: str
    module: str
    bindings: str
    relative: tuple[str, ...]
    trait: str
    type: str
    functions: tuple[str, ...]
    function_ids: tuple[str, ...]
    location: Location
    span: Span
    full_span: Span
    compiled: bool | None
    certain: bool


@dataclass(frozen=True, slots=True)
class UseSite:
    """A place where code names something of a bindings module.

    ``kind``: ``use`` (a declaration), ``call``, ``path`` (a value or pattern), ``type``, ``method`` (the
    last name of ``relative`` is a method of the type before it), ``impl`` (a trait or type in an impl
    head), ``macro`` (inside a macro's arguments). ``relative`` is the path inside the bindings module;
    ``glob`` a ``use ...::*`` of it. ``function`` is the item that the code stands in, "" for none.
    ``certain`` is False when it is one of several readings. ``bindings`` may also be a module that
    includes an unknown file of a build script: whether that holds bindings cannot be seen.
    """

    crate: str
    module: str
    function: str
    bindings: str
    relative: tuple[str, ...]
    kind: str
    location: Location
    span: Span
    compiled: bool | None
    certain: bool
    glob: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class MethodCandidate:
    """A method call on a receiver of unknown type: it may be one of an imported resource."""

    crate: str
    module: str
    function: str
    name: str
    location: Location
    span: Span
    compiled: bool | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function, method, constant or static of a crate.

    ``attributes`` are the names of its attributes (``no_mangle``, ``wstd::main``, ``test``). ``public``
    when declared ``pub`` without restriction. ``trait`` is the path as written, "" for none.
    """

    id: str
    crate: str
    module: str
    kind: str
    name: str
    location: Location
    span: Span
    full_span: Span
    attributes: tuple[str, ...]
    public: bool
    compiled: bool | None
    type: str = ""
    trait: str = ""


@dataclass(frozen=True, slots=True)
class ForeignMacro:
    """A macro of another crate at a function or impl block, or between items.

    ``name`` as written; ``crate`` that has it: one of the program, or the package's name. ``functions`` (ids) are those
    that it gets: the one it stands at, or those that a call names and that the types it names implement.
    ``definitions`` are the macro's own items where its crate is read, ``exporting`` whether their sources speak of exports
    (None when they are not read), ``exports`` the bindings modules whose ``export!`` they call.
    """

    name: str
    crate: str
    location: Location
    functions: tuple[str, ...]
    definitions: tuple[str, ...]
    exporting: bool | None
    exports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reachability:
    """Items reached from given roots: by paths alone, and by anything that may be a call.

    ``plain`` is the part of ``certain`` that is reached through code that stands under no condition.
    """

    certain: frozenset[str] = field(default_factory=frozenset)
    possible: frozenset[str] = field(default_factory=frozenset)
    plain: frozenset[str] = field(default_factory=frozenset)
