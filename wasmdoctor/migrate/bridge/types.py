"""The Rust text of WIT types, as wit-bindgen writes it where they are used.

Rules: wit-bindgen 0.48.1 and 0.63.0, ``crates/rust/src/interface.rs`` (``TypeMode``, ``type_mode_for_id``,
``print_ty``, ``modes_of``) and ``crates/core/src/types.rs`` (``TypeInfo``). The text is the same up to
notation: ``Vec<u8>`` stands for ``_rt::Vec::<u8>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from wasmdoctor.migrate.bridge.names import Modules, type_name
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.wit import Function, FunctionRole, Type, TypeDef, TypeKind

PRIMITIVES: Final = {
    "bool": "bool",
    "u8": "u8",
    "u16": "u16",
    "u32": "u32",
    "u64": "u64",
    "s8": "i8",
    "s16": "i16",
    "s32": "i32",
    "s64": "i64",
    "f32": "f32",
    "f64": "f64",
    "float32": "f32",
    "float64": "f64",
    "char": "char",
}
"""WIT's primitive types in Rust, ``string`` left out because its text depends on where it stands."""

ASYNC_KINDS: Final = frozenset(("future", "stream", "error-context"))
"""Types that only the runtime of wit-bindgen implements."""

_STANDARD: Final = {
    "Vec": "::std::vec::Vec",
    "String": "::std::string::String",
    "Option": "::core::option::Option",
    "Result": "::core::result::Result",
}


class Ownership(StrEnum):
    """The option ``ownership`` of ``generate!``: whether records and variants borrow when they are passed."""

    OWNING = "owning"
    BORROWING = "borrowing"
    DUPLICATE = "borrowing-duplicate-if-necessary"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a ``generate!`` call that the API depends on.

    ``derives`` are ``additional_derives``, ``derives_ignore`` the WIT names of types that do not get them.
    ``unused_types`` is ``generate_unused_types``. ``types`` maps types that ``with`` remaps, as
    ``ns:pkg/iface@1.0.0/type``, to the Rust path that stands for them.
    """

    ownership: Ownership = Ownership.OWNING
    derives: tuple[str, ...] = ()
    derives_ignore: frozenset[str] = frozenset()
    raw_strings: bool = False
    unused_types: bool = False
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of a type, through everything in it (wit-bindgen's ``TypeInfo``).

    ``borrowed``: a parameter of an imported function. ``owned``: a result, or in an exported function.
    ``error``: the error of a function's result. The others: whether there are lists (or strings), resources,
    borrowed handles, owned handles, and types that only an async runtime has.
    """

    borrowed: bool = False
    owned: bool = False
    error: bool = False
    has_list: bool = False
    has_resource: bool = False
    has_borrow: bool = False
    has_own: bool = False
    has_async: bool = False

    def __or__(self, other: Info) -> Info:
        return Info(
            self.borrowed or other.borrowed,
            self.owned or other.owned,
            self.error or other.error,
            self.has_list or other.has_list,
            self.has_resource or other.has_resource,
            self.has_borrow or other.has_borrow,
            self.has_own or other.has_own,
            self.has_async or other.has_async,
        )

    @property
    def clone(self) -> bool:
        """Whether a record or variant can be cloned."""
        return not self.has_resource

    @property
    def copy(self) -> bool:
        """Whether a record or variant can be copied."""
        return not self.has_list and not self.has_resource


class Style(StrEnum):
    """How lists are written: ``Vec<T>``, ``&[T]``, or ``&T`` around what is otherwise owned."""

    OWNED = "owned"
    BORROWED = "borrowed"
    TOP = "only the top borrowed"


@dataclass(frozen=True, slots=True)
class Mode:
    """How one level of a type is written (wit-bindgen's ``TypeMode``). ``lifetime`` is "" where there is none."""

    lifetime: str = ""
    lists_borrowed: bool = False
    style: Style = Style.OWNED


OWNED: Final = Mode()
"""The mode of results, fields of owned types, and everything that is given away."""

Key = tuple[str, str]
"""A named type: the full name of the interface (or "" for the world) and the type's own name."""


class Types:
    """The named types of some interfaces and of a world, and how they are written in Rust.

    ``scopes`` maps an interface's full name (a label for one inside a world, "" for the world itself) to its
    types. Every type that they use from elsewhere must be among them, or in ``modules.remapped``.
    ``imported`` and ``exported`` are functions with the interface that each is in: what a type is used for
    decides how it is written, so all functions of all worlds belong there.
    """

    def __init__(
        self,
        scopes: Mapping[str, Mapping[str, TypeDef]],
        modules: Modules,
        options: Options = Options(),  # noqa: B008  (frozen)
        imported: Iterable[tuple[str, Function]] = (),
        exported: Iterable[tuple[str, Function]] = (),
    ) -> None:
        self.scopes = scopes
        self.modules = modules
        self.options = options
        self._structure: dict[Key, Info] = {}
        self._uses: dict[Key, Info] = {}
        self._rust_names: dict[str, frozenset[str]] = {}
        for interface, function in imported:
            self._use(interface, function, Info(borrowed=True))
        for interface, function in exported:
            self._use(interface, function, Info(owned=True))

    # What types are

    def find(self, interface: str, name: str) -> TypeDef | None:
        """A named type, or None when nothing is known of it."""
        return self.scopes.get(interface, {}).get(name)

    def definition(self, interface: str, name: str) -> tuple[str, TypeDef] | None:
        """The type that a name leads to through ``use`` and through aliases of named types, and where it is.

        None when it leads to what is not known.
        """
        seen: set[Key] = set()
        while (interface, name) not in seen:
            seen.add((interface, name))
            found = self.find(interface, name)
            if found is None:
                return None
            if found.kind is TypeKind.USE:
                interface, name = found.used_from, found.used_name
            elif found.kind is TypeKind.ALIAS and found.target and found.target.kind == "name":
                name = found.target.name
            else:
                return interface, found
        return None

    def info(self, interface: str, type_: Type | None) -> Info:
        """What is known of a type used in an interface; nothing for None."""
        if type_ is None:
            return Info()
        match type_.kind:
            case "string":
                return Info(has_list=True)
            case "own":
                return Info(has_resource=True, has_own=True)
            case "borrow":
                return Info(has_resource=True, has_borrow=True)
            case "name":
                found = self.find(interface, type_.name)
                if found is not None and found.is_resource:
                    return Info(has_resource=True, has_own=True)
                return self.named_info(interface, type_.name)
            case "error-context":
                return Info(has_resource=True, has_async=True)
            case "future" | "stream":
                return Info(has_resource=True, has_own=True, has_async=True)
        found_info = Info(has_list=type_.kind == "map" or (type_.kind == "list" and type_.size is None))
        for arg in type_.args:
            found_info |= self._structural(interface, arg)
        return found_info

    def named_info(self, interface: str, name: str) -> Info:
        """What is known of a named type, with what functions use it for."""
        return self._shape(interface, name) | self._uses.get((interface, name), Info())

    def _shape(self, interface: str, name: str) -> Info:
        key = (interface, name)
        if key in self._structure:
            return self._structure[key]
        self._structure[key] = Info()  # a type that contains itself is an error of the WIT
        found = self.find(interface, name)
        info = Info()
        if found is None:
            pass
        elif found.kind is TypeKind.RESOURCE:
            info = Info(has_resource=True)
        elif found.kind is TypeKind.USE:
            info = self._shape(found.used_from, found.used_name)
        elif found.kind is TypeKind.ALIAS and found.target and found.target.kind == "name":
            info = self._shape(interface, found.target.name)
        else:
            for part in (found.target, *(member.type for member in found.members)):
                info |= self._structural(interface, part)
        self._structure[key] = info
        return info

    def _structural(self, interface: str, type_: Type | None) -> Info:
        """``info`` without what functions use it for: that belongs to the name that they use."""
        return replace(self.info(interface, type_), borrowed=False, owned=False, error=False)

    def live(self, interface: str, type_: Type | None) -> set[Key]:
        """All named types that a type leads to, those behind names included."""
        found: set[Key] = set()
        waiting = [(interface, type_)]
        while waiting:
            where, current = waiting.pop()
            if current is None:
                continue
            waiting.extend((where, arg) for arg in current.args)
            key = (where, current.name)
            if current.kind not in ("name", "own", "borrow") or key in found:
                continue
            found.add(key)
            named = self.find(*key)
            if named is None:
                continue
            if named.kind is TypeKind.USE:
                waiting.append((named.used_from, Type("name", name=named.used_name)))
            waiting.append((where, named.target))
            waiting.extend((where, member.type) for member in named.members)
        return found

    def _use(self, interface: str, function: Function, use: Info) -> None:
        for param in function.params:
            for key in self.live(interface, param.type):
                self._uses[key] = self._uses.get(key, Info()) | use
        for key in self.live(interface, function.result):
            self._uses[key] = self._uses.get(key, Info()) | Info(owned=True)
        result = function.result
        error = result.args[1] if result and result.kind == "result" else None
        if error and error.kind == "name" and (found := self.definition(interface, error.name)):
            key = (found[0], found[1].name)
            self._uses[key] = self._uses.get(key, Info()) | Info(error=True)

    # How types are written

    def result(self, interface: str, type_: Type | None) -> str:
        """A result's Rust text, ``()`` for None: everything in it is owned."""
        if type_ is None:
            return "()"
        return self.text(interface, type_, self.mode(interface, type_, Style.OWNED, "'_"))

    def parameter(self, interface: str, type_: Type, *, owned: bool = False) -> str:
        """A parameter's Rust text in an imported function; ``owned`` in an async one or a trait to implement."""
        return self.text(interface, type_, self.parameter_mode(interface, type_, owned=owned))

    def parameter_mode(self, interface: str, type_: Type, *, owned: bool = False) -> Mode:
        """The mode of a parameter's type; see ``parameter``."""
        style = Style.TOP if self.options.ownership is Ownership.OWNING else Style.BORROWED
        return self.mode(interface, type_, Style.OWNED if owned else style, "'_")

    def signature(self, interface: str, function: Function) -> tuple[tuple[str, ...], str]:
        """The Rust text of the parameters' types and of the result. The receiver of a method is ``&Self``.

        A constructor gives ``Self``, or ``Result<Self, E>``.
        """
        params = [self.parameter(interface, param.type, owned=function.is_async) for param in function.params]
        if function.role is FunctionRole.METHOD and params:
            params[0] = "&Self"
        if function.role is not FunctionRole.CONSTRUCTOR:
            return tuple(params), self.result(interface, function.result)
        result = "Self"
        if function.result is not None and function.result.kind == "result":
            error = self.result(interface, function.result.args[1])
            result = f"{self.standard(interface, 'Result')}<Self, {error}>"
        return tuple(params), result

    def mode(self, interface: str, type_: Type, style: Style, lifetime: str) -> Mode:
        """The mode for a type used somewhere (wit-bindgen's ``type_mode_for``)."""
        if type_.kind == "string":
            return Mode(lifetime, True, style) if style is not Style.OWNED else OWNED
        if type_.kind in PRIMITIVES or type_.kind == "error-context":
            return OWNED
        return self._mode(self.info(interface, type_), style, lifetime)

    def _named_mode(self, interface: str, name: str, style: Style, lifetime: str) -> Mode:
        """The mode for a named type itself, as ``mode``; a resource is not a handle here."""
        return self._mode(self.named_info(interface, name), style, lifetime)

    def _mode(self, info: Info, style: Style, lifetime: str) -> Mode:
        """wit-bindgen's ``type_mode_for_id``."""
        if info.has_borrow:
            borrows = lifetime
        elif style is Style.OWNED or info.has_own or not info.has_list:
            borrows = ""
        elif not info.owned or self.two_names(info) or self.options.ownership is Ownership.OWNING:
            borrows = lifetime
        else:
            return Mode(lifetime, True, Style.TOP)
        lists_borrowed = bool(borrows) and style is not Style.OWNED
        return Mode(borrows, lists_borrowed, Style.OWNED if info.has_own else style)

    def two_names(self, info: Info) -> bool:
        """Whether a type becomes two, ``FooParam`` and ``FooResult``."""
        wanted = self.options.ownership is Ownership.DUPLICATE
        return wanted and info.borrowed and info.owned and info.has_list and not info.has_own

    def rust_name(self, interface: str, name: str, *, owned: bool = True) -> str:
        """The Rust name of a named type."""
        two = self.two_names(self.named_info(interface, name))
        return type_name(name) + (("Result" if owned else "Param") if two else "")

    def definitions(self, interface: str, name: str) -> tuple[tuple[str, Mode], ...]:
        """The Rust names that a record, variant or alias is defined by, with the mode of its parts.

        Empty when wit-bindgen leaves it out because no function uses it (wit-bindgen's ``modes_of``).
        """
        info = self.named_info(interface, name)
        if not (self.options.unused_types or info.owned or info.borrowed):
            return ()
        owned = self._named_mode(interface, name, Style.OWNED, "'a")
        borrowed = self._named_mode(interface, name, Style.BORROWED, "'a")
        names = self.rust_name(interface, name), self.rust_name(interface, name, owned=False)
        if self.two_names(info):
            return ((names[0], owned), (names[1], borrowed))
        if owned == borrowed or info.owned or self.options.ownership is Ownership.OWNING:
            return ((names[0], owned),)
        return ((names[1], borrowed),)

    def inner(self, interface: str, type_: Type, mode: Mode) -> Mode:
        """The mode one level further in, of a record's field or a list's items (``filter_mode``)."""
        if not mode.lifetime:
            return OWNED
        style = Style.OWNED if mode.style is Style.TOP else mode.style
        return self.mode(interface, type_, style, mode.lifetime)

    def kept(self, interface: str, type_: Type, mode: Mode) -> Mode:
        """As ``inner``, but ``&T`` moves into options, results and tuples (``filter_mode_preserve_top``)."""
        return mode if mode.style is Style.TOP else self.inner(interface, type_, mode)

    def text(self, interface: str, type_: Type, mode: Mode = OWNED, *, here: str | None = None) -> str:
        """The Rust text of a type that is written in ``interface`` (wit-bindgen's ``print_ty``).

        ``here`` is the interface in whose module the text stands, when that is another one. Raises
        ValueError for a type that only an async runtime has.
        """
        here = interface if here is None else here
        if type_.kind in PRIMITIVES:
            return PRIMITIVES[type_.kind]
        match type_.kind:
            case "string":
                return self._string(mode, here)
            case "name":
                return self._name(interface, type_.name, mode, here)
            case "own":
                return self._named(interface, type_.name, mode, here)
            case "borrow":
                return f"{_reference(mode)}{self._named(interface, type_.name, OWNED, here)}"
        return self._anonymous(interface, type_, mode, here)

    def type_path(self, interface: str, name: str, *, owned: bool = True, here: str | None = None) -> str:
        """The Rust path of a named type; ``here`` as in ``text``."""
        found = self.definition(interface, name)
        if found is not None and self.options.types:
            remapped = self.options.types.get(f"{found[0]}/{found[1].name}")
            if remapped:
                return remapped
        front = self.modules.path(interface if here is None else here)
        return self.modules.item(front, interface, self.rust_name(interface, name, owned=owned))

    def standard(self, here: str, name: str) -> str:
        """``Vec``, ``String``, ``Option`` or ``Result``, in full where a WIT type has the same Rust name."""
        if here not in self._rust_names:
            self._rust_names[here] = frozenset(map(type_name, self.scopes.get(here, {})))
        return _STANDARD[name] if name in self._rust_names[here] else name

    def _name(self, interface: str, name: str, mode: Mode, here: str) -> str:
        """A named type; an alias of a string or list is written as that one when it is borrowed."""
        found = self.definition(interface, name)
        target = found[1].target if found and found[1].kind is TypeKind.ALIAS else None
        if found and target and mode.lifetime:
            if target.kind == "string":
                return self._string(mode, here)
            if target.kind == "map" or (target.kind == "list" and target.size is None):
                return self._anonymous(found[0], target, mode, here)
        return self._named(interface, name, mode, here)

    def _named(self, interface: str, name: str, mode: Mode, here: str) -> str:
        front = ""
        if mode.style is Style.TOP and mode.lifetime:
            front = _reference(mode)
            mode = self._named_mode(interface, name, Style.OWNED, mode.lifetime)
        path = self.type_path(interface, name, owned=mode.style is Style.OWNED, here=here)
        return f"{front}{path}{generics(mode)}"

    def _string(self, mode: Mode, here: str) -> str:
        if mode.lifetime:
            return _reference(mode) + ("[u8]" if self.options.raw_strings else "str")
        return (
            f"{self.standard(here, 'Vec')}<u8>" if self.options.raw_strings else self.standard(here, "String")
        )

    def _anonymous(self, interface: str, type_: Type, mode: Mode, here: str) -> str:
        def part(arg: Type | None, arg_mode: Mode = OWNED) -> str:
            return self.text(interface, arg, arg_mode, here=here) if arg else "()"

        def kept(arg: Type | None) -> str:
            return part(arg, self.kept(interface, arg, mode)) if arg else "()"

        args = type_.args
        match type_.kind:
            case "list" if type_.size is not None:
                return f"[{part(args[0])}; {type_.size}]"
            case "list" if args[0]:
                item = part(args[0], self.inner(interface, args[0], mode))
                return (
                    f"{_reference(mode)}[{item}]"
                    if mode.lists_borrowed
                    else f"{self.standard(here, 'Vec')}<{item}>"
                )
            case "map":
                items = ", ".join(part(arg, self.inner(interface, arg, mode)) for arg in args if arg)
                return (
                    f"{_reference(mode) if mode.lists_borrowed else ''}::std::collections::BTreeMap<{items}>"
                )
            case "option":
                return f"{self.standard(here, 'Option')}<{kept(args[0])}>"
            case "result":
                return f"{self.standard(here, 'Result')}<{kept(args[0])}, {kept(args[1])}>"
            case "tuple":
                return f"({kept(args[0])},)" if len(args) == 1 else f"({', '.join(map(kept, args))})"
        raise ValueError(f"no plain Rust type stands for the WIT type `{type_.text}`")


def generics(mode: Mode) -> str:
    """``<'a>`` behind the name of a type that has a lifetime."""
    return f"<{mode.lifetime}>" if mode.lifetime else ""


def _reference(mode: Mode) -> str:
    return "&" if mode.lifetime == "'_" else f"&{mode.lifetime} "
