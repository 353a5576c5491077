"""Rust names of WIT items, as wit-bindgen makes them.

Rules: wit-bindgen 0.48.1 and 0.63.0, ``crates/rust`` (``to_rust_ident``, ``to_upper_camel_case``,
``compute_module_path``), ``crates/core`` (``name_package_module``), and heck 0.5 for the cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Function, FunctionRole

KEYWORDS: Final = frozenset(
    """as break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref
    return self static struct super trait true type unsafe use where while async await dyn abstract become box do
    final macro override priv typeof unsized virtual yield try""".split()
)
"""The WIT names that get a ``_``: the list of ``to_rust_ident``, which compares before it changes the case."""

ModulePath = tuple[str, ...]
"""A module's path, seen from the module that holds all bindings: ``("ns", "pkg", "iface")``; () is itself."""


def words(name: str) -> Iterator[str]:
    """The words of a name, as heck splits it: at ``-`` and other signs, at ``aB`` and before ``Bc`` in ``ABc``."""
    for part in _alphanumeric(name):
        start, mode = 0, ""
        for index, (char, after) in enumerate(pairwise(part)):
            mode_after = "lower" if char.islower() else "upper" if char.isupper() else mode
            if mode_after == "lower" and after.isupper():
                yield part[start : index + 1]
                start, mode = index + 1, ""
            elif mode == "upper" and char.isupper() and after.islower():
                yield part[start:index]
                start, mode = index, ""
            else:
                mode = mode_after
        yield part[start:]


def _alphanumeric(name: str) -> Iterator[str]:
    """The longest stretches of letters and digits."""
    return iter("".join(char if char.isalnum() else " " for char in name).split())


def snake(name: str) -> str:
    """``tcp-socket`` to ``tcp_socket``, keywords left alone."""
    return "_".join(word.lower() for word in words(name))


def identifier(name: str) -> str:
    """A function, parameter, field or module: ``open-file`` to ``open_file``, ``type`` to ``type_``."""
    return f"{name}_" if name in KEYWORDS else snake(name)


def camel(name: str) -> str:
    """``tcp-socket`` to ``TcpSocket``: an enum's or a variant's case."""
    return "".join(word[:1].upper() + word[1:].lower() for word in words(name))


def type_name(name: str) -> str:
    """A type's name; ``guest`` gives ``Guest_``, because ``Guest`` is the trait that exports are written for."""
    return "Guest_" if name == "guest" else camel(name)


def flag_name(name: str) -> str:
    """``read-only`` to ``READ_ONLY``: the constant of a flag, and of nothing else."""
    return "_".join(word.upper() for word in words(name))


def function_name(function: Function) -> str:
    """The Rust name of a function or method: ``new`` of a constructor, the last part of a method's name.

    A setter is ``set_name`` (wit-bindgen 0.63).
    """
    if function.role is FunctionRole.CONSTRUCTOR:
        return "new"
    name = function.name.rpartition("]")[2]
    if function.role is not FunctionRole.FREE:
        name = name.partition(".")[2]
    return identifier(f"set-{name}" if function.accessor == "set" else name)


def parameter_names(function: Function) -> tuple[str, ...]:
    """The Rust names of all parameters; that of a method's receiver is ``self``."""
    names = [identifier(param.name) for param in function.params]
    if function.role is FunctionRole.METHOD and names:
        names[0] = "self"
    return tuple(names)


def package_versions(packages: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The versions ("" for none) of each package, by its name without version; see ``module_path``.

    ``packages`` are the names of **all** packages that a world was resolved with (``Resolution.packages``),
    used or not: wit-bindgen counts them all.
    """
    found: dict[str, set[str]] = {}
    for package in packages:
        name, _, version = package.partition("@")
        found.setdefault(name, set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}


def module_path(
    interface: str, versions: Mapping[str, frozenset[str]], *, exported: bool = False
) -> ModulePath:
    """Where an interface's items are: ``ns:my-pkg/iface@1.0.0`` gives ``("ns", "my_pkg", "iface")``.

    ``interface`` is its full name, or the label of one that is written inside a world. When ``versions``
    (see ``package_versions``) has several of the package, the version is in the module's name:
    ``my_pkg1_0_0``. ``exported`` puts ``exports`` before it.
    """
    front = ("exports",) if exported else ()
    name = ExternName.parse(interface)
    if name.kind != "interface" or name.package is None or name.interface is None:
        return (*front, identifier(interface))
    namespace, _, package = name.package.partition(":")
    module = snake(package)
    if len(versions.get(name.package, ())) > 1 and name.version:
        module += snake(name.version)
    return (*front, identifier(namespace), module, identifier(name.interface))


def relative(here: ModulePath, there: ModulePath) -> str:
    """The Rust path of a module as seen from another one: ``super::iface`` within a package; "" for itself.

    The shortest one; wit-bindgen always goes up to the module that holds all bindings and down again.
    """
    if here == there:
        return ""
    shared = next(
        (index for index, (left, right) in enumerate(zip(here, there, strict=False)) if left != right),
        min(len(here), len(there)),
    )
    return "::".join((*("super",) * (len(here) - shared), *there[shared:]))


@dataclass(frozen=True, slots=True)
class Modules:
    """Where all interfaces of some bindings are.

    ``versions`` as ``package_versions`` gives it. ``remapped`` maps an interface's full name to the Rust
    path that ``with`` names for it (``::wasip2::io::poll``, or ``crate::mine``); ``exported`` are the
    interfaces whose types are taken from the ``exports`` module.
    """

    versions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remapped: Mapping[str, str] = field(default_factory=dict)
    exported: frozenset[str] = frozenset()

    def path(self, interface: str) -> ModulePath:
        """The module of an interface, or of the world itself (``interface`` is then "")."""
        if not interface:
            return ()
        return module_path(interface, self.versions, exported=interface in self.exported)

    def item(self, here: ModulePath, interface: str, name: str) -> str:
        """The Rust path of an interface's item ``name`` (Rust), for code in the module ``here``."""
        front = self.remapped.get(interface) or relative(here, self.path(interface))
        if not front:
            return name
        return f"{front}::{name}"
