"""A plain Rust module with the API of the bindings that it takes the place of.

Modules, types and signatures are those of wit-bindgen's import side (0.48.1 and 0.63.0); the bodies come, for
each function, from the first source that has one, and else refuse.

Layout, for ``src/wasi_bridge.rs``: that file holds the module tree, and the world's own types and functions;
each interface has a file below ``src/wasi_bridge/`` (``ns/pkg/iface.rs``), and so has each file of the runtime
that the bodies name (``runtime/tcp.rs``).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.body import Bodies, Body, ResourceBody
from wasmdoctor.migrate.bridge.docs import Docs, no_docs
from wasmdoctor.migrate.bridge.items import FLAGS_MACRO, definition
from wasmdoctor.migrate.bridge.names import (
    ModulePath,
    Modules,
    function_name,
    module_path,
    package_versions,
    parameter_names,
    type_name,
)
from wasmdoctor.migrate.bridge.options import generate_options
from wasmdoctor.migrate.bridge.refusal import ErrorCases, Refusals
from wasmdoctor.migrate.bridge.types import Types
from wasmdoctor.migrate.inputs import Bridge, BridgeRequest, NewDependency
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BodyKind, BridgeFunction
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import (
    Function,
    Interface,
    Resolution,
    TypeDef,
    TypeKind,
    WorldItem,
    WorldItemKind,
)

STANDARD_TRACK: Final = "0.2"
"""The semver track of the standard interfaces that ``Parts.standard`` speaks of."""


MakeBodies = Callable[[Types, Mapping[str, Interface]], Bodies]
"""Makes a source of bodies for one bridge, from its types and from all interfaces by full name."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What bridges are made of, besides the WIT.

    ``sources`` are asked for bodies in this order; when none has one, the function refuses, with an error out
    of ``cases`` if it can. ``runtime`` are the Rust files that bodies may name, by name. ``standard`` maps
    standard interfaces (``wasi:io/poll``, without version) to the Rust module of a crate that has the same
    API (``::wasip2::io::poll``); they are taken from there. ``dependencies`` are the crates that ``standard``
    and the bodies need. ``docs`` gives the documentation of WIT items.
    """

    sources: Sequence[MakeBodies] = ()
    cases: ErrorCases = field(default_factory=ErrorCases)
    runtime: Mapping[str, str] = field(default_factory=dict)
    standard: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, NewDependency] = field(default_factory=dict)
    docs: Docs = no_docs


def bridge_module(request: BridgeRequest, resolution: Resolution, parts: Parts) -> Bridge:
    """The module that is asked for; see the contract in ``migrate.inputs``.

    It always has an answer: functions and types that only wit-bindgen's async runtime could offer (``future``,
    ``stream``, ``error-context``) are left out, with a comment in their place, and refuse in ``functions``.
    """
    return _Writer(request, resolution, parts).bridge()


@dataclass(slots=True)
class _File:
    """The text of one module while it is made: blocks are separated by empty lines."""

    path: ModulePath
    head: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    runtime: set[str] = field(default_factory=set)
    helpers: dict[str, None] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The blocks, helpers last."""
        return "\n\n".join((*self.blocks, *self.helpers))


class _Writer:
    """Makes one bridge."""

    def __init__(self, request: BridgeRequest, resolution: Resolution, parts: Parts) -> None:
        self.request = request
        self.parts = parts
        self.versions = package_versions(resolution.packages)
        self.interfaces = _interfaces(request, resolution)
        self.scopes: dict[str, Mapping[str, TypeDef]] = {"": {}}
        used: list[tuple[str, Function, bool]] = []
        for scope, types, functions, inward in _scopes_of_worlds(resolution, request):
            self.scopes.setdefault(scope, types)
            self.scopes[scope] = self.scopes[scope] or types
            used += [(scope, function, inward) for function in functions]
        self.scopes.update((name, interface.types) for name, interface in self.interfaces.items())
        own = [item.function for item in request.world.imports.values() if item.function is not None]
        self.world = Interface(
            "",
            request.world.short,
            request.world.package,
            request.world.location,
            self.scopes[""],
            {function.name: function for function in own},
        )
        self.options = generate_options(request.options)
        self.types = self._types(Modules(self.versions, request.with_), used)
        self.outward = self.types
        if request.exported_types:
            outward = Modules(self.versions, request.with_, frozenset(request.exported_types))
            self.outward = self._types(outward, used)
        self.sources: tuple[Bodies, ...] = tuple(make(self.types, self.interfaces) for make in parts.sources)
        self.files: dict[ModulePath, _File] = {}
        self.reused: dict[ModulePath, str] = {}
        self.runtime: set[str] = set()
        self.functions: list[BridgeFunction] = []
        self.has_flags = False

    def interface(self, name: str) -> Interface:
        """An interface by its name; that of the world's own items for ""."""
        return self.interfaces.get(name, self.world)

    def insides(self, interface: Interface, resource: str) -> tuple[Bodies | None, ResourceBody | None]:
        """What a resource holds, and the source that says so; None for both when it holds nothing."""
        for source in self.sources:
            insides = source.resource(interface, resource)
            if insides is not None and insides.field:
                return source, insides
        return None, None

    def is_written(self, interface: str) -> bool:
        """Whether an interface's types are defined here, rather than taken from elsewhere."""
        return interface not in self.request.with_ and not self._standard(interface)

    def _types(self, modules: Modules, used: list[tuple[str, Function, bool]]) -> Types:
        imported = [(where, function) for where, function, inward in used if inward]
        imported += [
            (name, function)
            for name in self.request.imports
            if name in self.interfaces
            for function in self.interfaces[name].functions.values()
        ]
        exported = [(where, function) for where, function, inward in used if not inward]
        return Types(self.scopes, modules, self.options, imported, exported)

    def bridge(self) -> Bridge:
        """The files and what belongs to them."""
        root = self.files[()] = _File(())
        only_types = self._only_types()
        items = [self.request.world.imports.get(name) for name in self.request.imports]
        self._world_items(root, [item for item in items if item and item.kind is not WorldItemKind.INTERFACE])
        for name in self.request.imports:
            if name in self.interfaces:
                self._interface(self.interfaces[name], self.types)
        for name in only_types:
            self._interface(self.interfaces[name], self.types, with_functions=False)
        for name in self.request.exported_types:
            if name in self.interfaces:
                self._interface(self.interfaces[name], self.outward, with_functions=False, exported=True)
        return Bridge(self._texts(root), tuple(self.functions), self._dependencies())

    def _only_types(self) -> list[str]:
        """The interfaces that others take types from, and that are neither asked for nor elsewhere."""
        wanted = [*self.request.types_only]
        waiting = [*self.request.imports, *self.request.types_only, *self.request.exported_types, ""]
        while waiting:
            name = waiting.pop()
            for type_ in self.scopes.get(name, {}).values():
                used = type_.used_from
                if used and used in self.interfaces and used not in wanted:
                    wanted.append(used)
                    waiting.append(used)
        taken = {*self.request.imports, *self.request.exported_types, *self.request.with_}
        return [name for name in wanted if name in self.interfaces and name not in taken]

    def _dependencies(self) -> Mapping[str, NewDependency]:
        bodies = any(function.body is not BodyKind.REFUSES for function in self.functions)
        return self.parts.dependencies if bodies or self.reused or self.runtime else {}

    # What stands in the module tree

    def _interface(
        self, interface: Interface, types: Types, *, with_functions: bool = True, exported: bool = False
    ) -> None:
        path = module_path(interface.name, self.versions, exported=exported)
        if path in self.files or path in self.reused or interface.name in self.request.with_:
            return
        standard = None if exported else self._standard(interface.name)
        if standard:
            self.reused[path] = standard
            return
        file = self.files[path] = _File(path)
        title = f"`{interface.name}`, for this component's own exports" if exported else f"`{interface.name}`"
        file.head = rust.comment(f"{title}\n\n{self.parts.docs(interface.location, '')}", "//!")
        scope = _Scope(self, file, interface, types)
        scope.all_types()
        if with_functions:
            scope.all_functions()
            return
        for resource in interface.resources:
            scope.resource(resource, ())

    def _standard(self, interface: str) -> str:
        name = ExternName.parse(interface)
        return self.parts.standard.get(name.unversioned, "") if name.track == STANDARD_TRACK else ""

    def _world_items(self, root: _File, items: Sequence[WorldItem]) -> None:
        """The world's own types and functions: those of a resource are imports of their own."""
        scope = _Scope(self, root, self.world, self.types)
        functions = [item.function for item in items if item.function is not None]
        for item in items:
            if item.type is not None and item.type.kind is TypeKind.RESOURCE:
                scope.resource(item.type.name, [f for f in functions if f.resource == item.type.name])
            elif item.type is not None:
                scope.type(item.type)
        for function in functions:
            if not function.resource:
                scope.free(function)

    # The text of files

    def _texts(self, root: _File) -> Mapping[str, bytes]:
        path = PurePosixPath(self.request.path)
        folder = path.parent if path.name in ("mod.rs", "lib.rs", "main.rs") else path.with_suffix("")
        runtime = self._runtime_name()
        texts = {self.request.path: self._root_text(root, runtime)}
        for file in self.files.values():
            if file.path:
                texts[str(folder.joinpath(*file.path)) + ".rs"] = _file_text(file, runtime)
        for name in sorted(self.runtime):
            texts[str(folder / runtime / f"{name}.rs")] = self.parts.runtime.get(name, "")
        return {name: f"{text.strip()}\n".encode() for name, text in sorted(texts.items())}

    def _runtime_name(self) -> str:
        """``runtime``, or the next name that no module of the tree has."""
        taken = {path[0] for path in (*self.files, *self.reused) if path}
        name = "runtime"
        while name in taken:
            name += "_"
        return name

    def _root_text(self, root: _File, runtime: str) -> str:
        lines = [_introduction(self.request, self.functions), "", "#![allow(dead_code)]", ""]
        if self.has_flags:
            lines += [FLAGS_MACRO]
        tree = _Tree()
        for path in self.files:
            if path:
                tree.at(path[:-1]).files.append(path[-1])
        for path, target in self.reused.items():
            name = path[-1]
            suffix = "" if target.rpartition("::")[2] == name else f" as {name}"
            tree.at(path[:-1]).uses.append(f"pub use {target}{suffix};")
        modules = list(tree.lines(0))
        lines += [*modules, ""] if modules else []
        if self.runtime:
            lines += [
                f"mod {runtime} {{",
                *(f"    pub mod {name};" for name in sorted(self.runtime)),
                "}",
                "",
            ]
        text = "\n".join((*lines, root.text()))
        return text.replace("{runtime}", runtime)


@dataclass(slots=True)
class _Tree:
    """Modules in modules."""

    inner: dict[str, _Tree] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)

    def at(self, path: ModulePath) -> _Tree:
        """The module of a path; it is made when it is not there."""
        here = self
        for name in path:
            here = here.inner.setdefault(name, _Tree())
        return here

    def lines(self, depth: int) -> Iterator[str]:
        """The text."""
        front = rust.INDENT * depth
        yield from (f"{front}{line}" for line in sorted(self.uses))
        if self.uses and self.files:
            yield ""
        # rustfmt sorts modules that stand in files, and leaves those between braces where they are.
        yield from (f"{front}pub mod {name};" for name in sorted(self.files))
        for index, (name, module) in enumerate(sorted(self.inner.items())):
            if index or self.files or self.uses:
                yield ""
            yield f"{front}pub mod {name} {{"
            yield from module.lines(depth + 1)
            yield f"{front}}}"


@dataclass(slots=True)
class _Scope:
    """Writes the items of one interface (or of the world, whose name is "") into its file."""

    writer: _Writer
    file: _File
    interface: Interface
    types: Types

    @property
    def name(self) -> str:
        """The interface's full name."""
        return self.interface.name

    def all_types(self) -> None:
        """All types except resources."""
        for type_ in self.interface.types.values():
            self.type(type_)

    def type(self, type_: TypeDef) -> None:
        """One type, or a comment when it cannot be had."""
        if type_.kind is TypeKind.RESOURCE or self._remapped(type_.name):
            return
        info = self.types.named_info(self.name, type_.name)
        if info.has_async:
            self._leave_out(type_name(type_.name))
            return
        if type_.kind is TypeKind.FLAGS:
            self.writer.has_flags = True
        text = definition(self.types, self.name, type_, self.writer.parts.docs)
        if text:
            self.file.blocks.append(text)

    def _remapped(self, name: str) -> bool:
        found = self.types.definition(self.name, name)
        return found is not None and f"{found[0]}/{found[1].name}" in self.types.options.types

    def _leave_out(self, name: str) -> None:
        self.file.blocks.append(
            f"// `{name}` is not here: only the async runtime of wit-bindgen has its type."
        )

    def all_functions(self) -> None:
        """All functions, those of a resource behind its struct."""
        for resource in self.interface.resources:
            own = [f for f in self.interface.functions.values() if f.resource == resource]
            self.resource(resource, own)
        for function in self.interface.functions.values():
            if not function.resource:
                self.free(function)

    def free(self, function: Function) -> None:
        """A function without a resource."""
        text = self._function(function, 0)
        if text:
            self.file.blocks.append(text)

    def resource(self, resource: str, functions: Iterable[Function]) -> None:
        """A resource's struct, and its functions in one ``impl``."""
        name = type_name(resource)
        _, insides = self._insides(resource)
        lines = rust.comment(self.writer.parts.docs(self._location(resource), ""))
        if insides is None:
            held = "_private: ()"
        else:
            held = f"pub(crate) inner: {insides.field.replace('{runtime}', self._runtime(insides.runtime))}"
        lines += [f"pub struct {name} {{", f"    {held},", "}"]
        self.file.blocks.append("\n".join(lines))
        calls = (f"debug_struct({rust.string(name)})", "finish_non_exhaustive()")
        self.file.blocks.append(
            f"impl ::core::fmt::Debug for {name} {{\n"
            "    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {\n"
            f"{rust.chain('f', calls, depth=2)}\n    }}\n}}"
        )
        texts = [text for text in (self._function(function, 1) for function in functions) if text]
        if texts:
            self.file.blocks.append("\n".join((f"impl {name} {{", "\n\n".join(texts), "}")))

    def _location(self, type_: str) -> Location:
        return self.interface.types[type_].location

    def _insides(self, resource: str) -> tuple[Bodies | None, ResourceBody | None]:
        return self.writer.insides(self.interface, resource)

    def _function(self, function: Function, depth: int) -> str:
        """The text of a function; "" when it is left out."""
        parts = (*(param.type for param in function.params), function.result)
        if any(self.types.info(self.name, part).has_async for part in parts):
            self._leave_out(function_name(function))
            body = Body(BodyKind.REFUSES, "", "left out: only the async runtime of wit-bindgen has its types")
            self._record(function, body)
            return ""
        body = self._body(function)
        self._record(function, body)
        code = body.code.replace("{runtime}", self._runtime(body.runtime))
        code = self._helpers(body, code)
        used = rust.identifiers(code)
        texts, result = self.types.signature(self.name, function)
        params = [
            "&self" if name == "self" else f"{name if name in used else f'_{name}'}: {text}"
            for name, text in zip(parameter_names(function), texts, strict=True)
        ]
        head = f"pub {'async ' if function.is_async else ''}fn {function_name(function)}"
        docs = [f"{rust.INDENT * depth}{line}" for line in rust.comment(self._docs(function))]
        return "\n".join((*docs, rust.function(head, params, result, code, depth=depth)))

    def _helpers(self, body: Body, code: str) -> str:
        """Notes what stands beside the functions: the body's helpers, and the functions that its code begins with.

        Gives the code that is left. A function stays inside when its name means something else in this file.
        """
        self.file.helpers.update((helper, None) for helper in body.helpers)
        inner, rest = rust.leading_functions(code)
        taken = {function_name(function) for function in self.interface.functions.values()}
        if any(name in taken or self.file.named.get(name, text) != text for name, text in inner.items()):
            return code
        self.file.named.update(inner)
        self.file.helpers.update((text, None) for text in inner.values())
        return rest if inner else code

    def _docs(self, function: Function) -> str:
        return self.writer.parts.docs(function.location, "")

    def _runtime(self, names: Iterable[str]) -> str:
        """Notes that runtime files are used; the module's path in this file."""
        self.file.runtime.update(names)
        self.writer.runtime.update(names)
        return "runtime" if self.file.path else "{runtime}"

    def _record(self, function: Function, body: Body) -> None:
        wanted = self.writer.request.functions.get(self.name or function.name)
        needed = None if wanted is None else function.name in wanted
        self.writer.functions.append(
            BridgeFunction(self.name, function.name, body.kind, body.about, body.imports, needed)
        )

    def _body(self, function: Function) -> Body:
        """The body, from the source that made the resources that the function works with."""
        empty = [name for name in self.interface.resources if self._insides(name)[1] is None]
        for source in self._sources(function):
            body = source.function(self.interface, function)
            if body is not None:
                return body
        return Refusals(self.types, self.writer.parts.cases).function(self.interface, function, empty)

    def _sources(self, function: Function) -> Sequence[Bodies]:
        """Who may be asked: only the one source of all resources that are in play."""
        keys = {(self.name, function.resource)} if function.resource else set()
        for part in (*(param.type for param in function.params), function.result):
            keys |= self.types.live(self.name, part)
        makers = [
            self.writer.insides(self.writer.interface(where), name)[0]
            for where, name in sorted(keys)
            if self.writer.is_written(where) and name in self.writer.interface(where).resources
        ]
        if not makers:
            return self.writer.sources
        first = makers[0]
        return (first,) if first is not None and all(maker is first for maker in makers) else ()


def _interfaces(request: BridgeRequest, resolution: Resolution) -> Mapping[str, Interface]:
    """All interfaces by full name, and by label those that are written inside the world."""
    found = {
        interface.name: interface
        for package in resolution.packages.values()
        for interface in package.interfaces.values()
    }
    for item in (*request.world.exports.values(), *request.world.imports.values()):
        if item.interface is not None:
            # A labelled import of a named interface has a module of its own, by its label.
            found[item.name] = replace(item.interface, name=item.name)
    return found


def _scopes_of_worlds(
    resolution: Resolution, request: BridgeRequest
) -> Iterator[tuple[str, Mapping[str, TypeDef], tuple[Function, ...], bool]]:
    """The imports and exports of all worlds: a name for the scope, its types and functions, whether imported.

    A scope of another world than the one asked for gets a name that no interface has.
    """
    for package in resolution.packages.values():
        for world in package.worlds.values():
            front = "" if world.name == request.world.name else f"{world.name} "
            types = {item.type.name: item.type for item in world.imports.values() if item.type is not None}
            for items, inward in ((world.imports, True), (world.exports, False)):
                own = tuple(item.function for item in items.values() if item.function is not None)
                yield front, types, own, inward
                for item in items.values():
                    if item.interface is not None:
                        named = "/" in item.name
                        scope = item.name if named else f"{front}{item.name}"
                        yield scope, item.interface.types, tuple(item.interface.functions.values()), inward


def _file_text(file: _File, runtime: str) -> str:
    lines = [*file.head, ""]
    if file.runtime:
        alias = "" if runtime == "runtime" else " as runtime"
        lines += [f"use {'super::' * len(file.path)}{runtime}{alias};", ""]
    return "\n".join((*lines, file.text()))


def _introduction(request: BridgeRequest, functions: Sequence[BridgeFunction]) -> str:
    """The comment at the top: what this is, whose it is, and what does not work."""
    refusing = [function for function in functions if function.body is BodyKind.REFUSES]
    names = ", ".join(f"`{name}`" for name in request.imports if name in request.world.imports)
    same = (
        "The modules, types and signatures are those that wit-bindgen generates for these imports: code that used "
        "the bindings needs no change but the path. The component does not import them any more."
    )
    paragraphs = [
        f"Plain Rust in the place of the bindings of {names or 'this world'}.",
        same,
        "wasmdoctor wrote this once, and will not write it again: it is part of the project now, so edit it freely.",
    ]
    if functions and not refusing:
        paragraphs.append("All functions work, on standard WASI interfaces.")
    elif functions:
        working = len(functions) - len(refusing)
        paragraphs.append(
            f"{working} of {len(functions)} functions work, on standard WASI interfaces. The others say that they "
            "are not supported, with an error where the interface has one for that, else with a panic: search "
            'for "is not supported".'
            if working
            else "No function does anything yet: each says that it is not supported, with an error where the "
            "interface has one for that, else with a panic."
        )
    lines: list[str] = []
    for paragraph in paragraphs:
        wrapped = textwrap.wrap(paragraph, rust.WIDTH - 4, break_long_words=False, break_on_hyphens=False)
        lines += ["//!", *(f"//! {line}" for line in wrapped)]
    return "\n".join(lines[1:])


Make = Callable[[BridgeRequest, Resolution], Bridge]


def bridge_maker(parts: Parts) -> Make:
    """A ``BridgeMaker`` (``migrate.inputs``) that makes all bridges of these parts."""
    return lambda request, resolution: bridge_module(request, resolution, parts)
