"""Plan B from facts to edits."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from wasmdoctor.migrate.bridge.derived import standard_modules
from wasmdoctor.migrate.bridge.guest import BINDINGS, GuestRequest, guest_source, unsupported
from wasmdoctor.migrate.bridge.module import STANDARD_TRACK
from wasmdoctor.migrate.bridge.names import Modules, module_path, package_versions
from wasmdoctor.migrate.bridge.types import Types
from wasmdoctor.migrate.bridge.wasi import REQUIREMENT
from wasmdoctor.migrate.inputs import (
    Bridge,
    BridgeMaker,
    BridgeRequest,
    ComponentInput,
    NewDependency,
    PlanInputs,
)
from wasmdoctor.migrate.plan_a.findings import provider_for
from wasmdoctor.migrate.plan_a.plan import PREVIEW1, moved, relative
from wasmdoctor.migrate.plan_b.crate import Place, manifest_text, member_edits, name_from, place_for
from wasmdoctor.migrate.plan_b.missing import Group, Missing, groups, missing
from wasmdoctor.migrate.plan_b.sources import (
    AdapterWit,
    Source,
    adapter_wit,
    declares,
    exported,
    interface_of,
    is_plain,
    sources,
    world_function,
)
from wasmdoctor.migrate.plan_b.wac import Instance, document
from wasmdoctor.migrate.result import LeftImport, PlanResult, left_steps
from wasmdoctor.migrate.words import written_out
from wasmdoctor.model.cargo import TargetKind
from wasmdoctor.model.edit import Create, Edit
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import CompositionPlan, ManualStep
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Function, Interface, Type, WorldItemKind
from wasmdoctor.readers.cargo.files import join

BRIDGE = "wasi_bridge"
"""The module of the adapter that does the work."""


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """What a person may ask of plan B: the adapter's name, and its folder relative to the workspace."""

    name: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class PlanBResult(PlanResult):
    """Plan B's result. ``adapter`` is the new crate's name, ``copied`` are the WIT packages that had to be
    copied into it."""

    adapter: str = ""
    compositions: tuple[CompositionPlan, ...] = ()
    copied: tuple[str, ...] = ()


NOTHING = "there is nothing to cure: no component has an import that the host and the workspace lack"


def plan_b(
    inputs: PlanInputs,
    bridge: BridgeMaker,
    options: AdapterOptions = AdapterOptions(),  # noqa: B008  (frozen)
) -> PlanBResult:
    """Plan B for a workspace. ``bridge`` makes the module that the adapter calls.

    No file of a crate that is there changes, except ``members`` of the workspace's manifest. Planning on the result
    finds nothing to cure: a member exports what was missing.
    """
    all_sources = sources(inputs)
    found = missing(inputs, lambda name: declares(all_sources, inputs, name))
    if not found.names:
        return PlanBResult(False, NOTHING)
    return _Plan(inputs, bridge, options, found, all_sources).make()


class _Plan:
    """One plan in the making."""

    def __init__(
        self,
        inputs: PlanInputs,
        bridge: BridgeMaker,
        options: AdapterOptions,
        found: Missing,
        all_sources: Sequence[Source],
    ) -> None:
        self.inputs = inputs
        self.bridge = bridge
        self.options = options
        self.missing = found
        self.sources = all_sources
        self.left: dict[str, str] = {}

    def make(self) -> PlanBResult:
        """The whole plan."""
        functions = self._functions()
        names = self._interfaces()
        if not functions and not names:
            return PlanBResult(False, self._why_not(), left=self._left())
        composed = groups(self.inputs, self.missing.consumers)
        apps = [group.application for group in composed]
        like = next(iter(apps), None)
        place = place_for(self.inputs, self._name(names, like), self.options.name, self.options.folder)
        if isinstance(place, str):
            return PlanBResult(False, place, left=self._left())
        package = f"{self._namespace(names, like)}:{self._free_package(names, like, place)}"
        about = f"What {_shown(apps)} and hosts do not have."
        wit = adapter_wit(self.inputs, self.sources, names, functions, place.folder, package, about)
        if isinstance(wit, str):
            return PlanBResult(False, wit, left=self._left())
        return self._result(place, wit, composed, like)

    # What to export

    def _interfaces(self) -> tuple[str, ...]:
        """The interfaces to export; those that cannot be are noted as left."""
        wanted = [name for name in self.missing.names if ExternName.parse(name).kind == "interface"]
        able = [name for name in wanted if self._can_export(name)]
        if not able:
            return ()
        types = [name for name in self.missing.types if interface_of(self.sources, name) is not None]
        return exported(self.sources, [*able, *types], self._is_custom)

    def _is_custom(self, name: str) -> bool:
        return not self.inputs.provided(name)

    def _can_export(self, name: str) -> bool:
        """Whether an adapter can export an interface, with those that it uses."""
        group = exported(self.sources, [name], self._is_custom)
        if not group:
            self.left[name] = (
                f"no WIT in the sources declares `{name}`, which an adapter would have to export"
            )
            return False
        for one in group:
            interface = interface_of(self.sources, one)
            assert interface is not None
            why = self._obstacle(name, interface)
            if why:
                self.left[name] = why
                return False
        return True

    def _obstacle(self, name: str, interface: Interface) -> str:
        types = _types_of(self.sources)
        for function in interface.functions.values():
            why = unsupported(types, interface.name, function)
            if why:
                return f"`{function.name}` of `{interface.name}` cannot be written in plain Rust: {why}"
            if self._lists_borrowed(types, interface.name, function):
                return (
                    f"`{function.name}` of `{interface.name}` takes a list of borrowed standard resources, for which "
                    "wit-bindgen (0.48.1) writes code that does not compile when it is exported"
                )
        owner = self._exporter(interface.name) if interface.name != name else ""
        if owner and interface.resources:
            return (
                f"it takes resources of `{interface.name}`, which `{owner}` exports: "
                "a component that hands them on must be composed with that one too"
            )
        return ""

    def _lists_borrowed(self, types: Types, interface: str, function: Function) -> bool:
        """Whether a list of borrowed handles is taken, of a resource that the adapter does not export."""
        waiting: list[tuple[Type | None, bool]] = [(param.type, False) for param in function.params]
        while waiting:
            type_, inside = waiting.pop()
            if type_ is None:
                continue
            if type_.kind == "borrow" and inside:
                found = types.definition(interface, type_.name)
                if found is not None and not self._is_custom(found[0]):
                    return True
            waiting += [(arg, inside or type_.kind == "list") for arg in type_.args]
        return False

    def _exporter(self, name: str) -> str:
        for component in self.inputs.components:
            if name in component.prediction.exports:
                return component.name
        return ""

    def _functions(self) -> tuple[Function, ...]:
        """The worlds' own functions to export."""
        found: list[Function] = []
        for name in self.missing.names:
            if ExternName.parse(name).kind == "interface":
                continue
            item = world_function(self.sources, self.inputs, name)
            if item is None:
                self.left[name] = (
                    f"no world in the sources declares `{name}`, which an adapter would have to export"
                )
            elif item.kind is WorldItemKind.INTERFACE:
                self.left[name] = (
                    f"`{name}` is an interface written inside of a world: give it a name of its own in a package, "
                    "so that another world can export it"
                )
            elif item.function is None or item.function.resource:
                self.left[name] = (
                    f"`{name}` belongs to a resource of a world, which no other component can export"
                )
            elif not is_plain(item.function):
                self.left[name] = (
                    f"`{name}` is a world's own function with named types: put it into an interface, "
                    "so that another world can export it"
                )
            elif item.function.is_async:
                self.left[name] = f"`{name}` cannot be written in plain Rust: it is async"
            else:
                found.append(item.function)
        return tuple(found)

    # Names

    def _name(self, names: Sequence[str], like: ComponentInput | None) -> str:
        """``<package>-adapter``: the WIT package's name when there is one, else the application's."""
        packages = {ExternName.parse(name).package or "" for name in names if name in self.missing.names}
        if len(packages) == 1:
            return f"{name_from(packages.pop().rpartition(':')[2])}-adapter"
        return f"{name_from(like.name if like is not None else '')}-adapter"

    def _namespace(self, names: Sequence[str], like: ComponentInput | None) -> str:
        for name in names:
            namespace = ExternName.parse(name).namespace
            if namespace:
                return namespace
        for site in like.sites if like is not None else ():
            if site.world is not None and ":" in site.world.package:
                return site.world.package.partition(":")[0]
        return "local"

    def _free_package(self, names: Sequence[str], like: ComponentInput | None, place: Place) -> str:
        """The adapter's WIT package, without namespace: named as the crate, unless there is one of that name."""
        namespace = self._namespace(names, like)
        taken = {package.base for source in self.sources for package in source.resolution.packages.values()}
        name = name_from(place.name)
        while f"{namespace}:{name}" in taken:
            name += "-world"
        return name

    # The result

    def _result(
        self, place: Place, wit: AdapterWit, composed: Sequence[Group], like: ComponentInput | None
    ) -> PlanBResult:
        apps = [group.application for group in composed]
        with_ = self._with(wit)
        made = self.bridge(self._request(place, wit, with_), wit.resolution)
        dependencies = dict(made.dependencies)
        if any(path.startswith("::wasip2::") for path in with_.values()):
            dependencies.setdefault("wasip2", NewDependency(REQUIREMENT))
        description = f"Exports what {_shown(apps)} and hosts do not have"
        manifest, macro = manifest_text(self.inputs, place, like, description, dependencies)
        request = GuestRequest(wit.world, wit.resolution, wit.paths, BRIDGE, with_, macro=macro)
        compositions = [self._composition(place, group) for group in composed]
        edits = [
            *member_edits(self.inputs, place),
            *self._files(place, wit, made, manifest, guest_source(request).encode()),
            *(self._document(place, *pair) for pair in zip(compositions, composed, strict=True)),
        ]
        return PlanBResult(
            True,
            self._reason(wit, apps),
            tuple(moved(self.inputs, edit) for edit in edits),
            self._manual(place, wit),
            made.functions,
            {name: one.requirement for name, one in sorted(dependencies.items())},
            self._left(),
            _LOSES,
            build_steps(self.inputs, composed, (place.name, f"{place.stem}.wasm"), compositions),
            place.name,
            tuple(compositions),
            wit.copied,
        )

    def _with(self, wit: AdapterWit) -> dict[str, str]:
        """The Rust modules of the interfaces that stay imports: of the crate that has them, else of the bindings."""
        modules = standard_modules()
        versions = package_versions(wit.resolution.packages)
        found: dict[str, str] = {}
        for name, item in wit.world.imports.items():
            if item.kind is not WorldItemKind.INTERFACE:
                continue
            parsed = ExternName.parse(name)
            standard = modules.get(parsed.unversioned, "") if parsed.track == STANDARD_TRACK else ""
            found[name] = standard or "::".join(("crate", BINDINGS, *module_path(name, versions)))
        return found

    def _request(self, place: Place, wit: AdapterWit, with_: Mapping[str, str]) -> BridgeRequest:
        """The bridge has the import side of what the world exports."""
        twin = replace(wit.world, imports=wit.world.exports, exports={})
        path = relative(self.inputs, join(place.folder, f"src/{BRIDGE}.rs"))
        return BridgeRequest(place.name, f"crate::{BRIDGE}", path, twin, tuple(twin.imports), with_=with_)

    def _files(
        self, place: Place, wit: AdapterWit, made: Bridge, manifest: bytes, source: bytes
    ) -> list[Edit]:
        cause = f"the adapter `{place.name}`"
        files = {
            place.manifest: manifest,
            join(place.folder, "src/lib.rs"): source,
            **{join(place.folder, path): data for path, data in wit.files.items()},
            **{join(self.inputs.root, path): data for path, data in made.files.items()},
        }
        return [Create(path, data, cause) for path, data in sorted(files.items())]

    def _composition(self, place: Place, group: Group) -> CompositionPlan:
        own = {name for member in group.members for name in self._provided(member)}
        path = relative(self.inputs, join(place.folder, f"{name_from(group.application.name)}.wac"))
        return composition_plan(group, place.name, own, path)

    def _provided(self, member: ComponentInput) -> tuple[str, ...]:
        """The imports of a component that the adapter provides."""
        return tuple(sorted(set(self.missing.consumers.get(member.name, ())) - self.left.keys()))

    def _document(self, place: Place, plan: CompositionPlan, group: Group) -> Create:
        provided = {member.name: self._provided(member) for member in group.members}
        return document_edit(self.inputs, plan, group, name_from(place.name), f"{place.stem}.wasm", provided)

    def _reason(self, wit: AdapterWit, apps: Sequence[ComponentInput]) -> str:
        names = listed([f"`{name}`" for name in wit.world.exports])
        composed = listed([f"`{app.name}`" for app in apps])
        return f"an adapter component exports {names}, and is composed with {composed}; their crates stay as they are"

    def _manual(self, place: Place, wit: AdapterWit) -> tuple[ManualStep, ...]:
        steps = [*left_steps(self._left())]
        functions = [name for name, item in wit.world.exports.items() if item.kind is WorldItemKind.FUNC]
        if functions:
            names = listed([f"`{name}`" for name in functions])
            path = relative(self.inputs, join(place.folder, "wit/world.wit"))
            steps.append(
                ManualStep(
                    Location(path),
                    f"have `wac` on PATH when you compose: {names} belongs to no interface, and `wasm-tools "
                    "compose` (1.262) gives interfaces only",
                )
            )
        if wit.copied:
            names = listed([f"`{name}`" for name in wit.copied])
            path = relative(self.inputs, join(place.folder, "wit/deps"))
            steps.append(
                ManualStep(
                    Location(path),
                    f"{names} had to be copied, since no path inside of the project leads to that WIT: "
                    "change the copy with the original (composing tells when they differ: WD110)",
                )
            )
        return tuple(dict.fromkeys(steps))

    def _left(self) -> tuple[LeftImport, ...]:
        return tuple(
            LeftImport(component, name, self.missing.places[name], self.left[name])
            for component, names in self.missing.consumers.items()
            for name in names
            if name in self.left
        )

    def _why_not(self) -> str:
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.left.items():
            by_reason.setdefault(reason, []).append(name)
        return "; ".join(
            reason
            if all(name in reason for name in names)
            else f"{listed([f'`{n}`' for n in names])}: {reason}"
            for reason, names in by_reason.items()
        )


_LOSES = (
    "one file to build and ship: each component is composed with the adapter, which is one more crate to keep; "
    "what leaks into the components' exports stays there"
)


def composition_plan(group: Group, adapter: str, names: Iterable[str], path: str) -> CompositionPlan:
    """The record of one composition; ``path`` is that of its document."""
    members = tuple(member.name for member in group.members)
    output = f"{stem_of(group.application)}.composed.wasm"
    return CompositionPlan(group.application.name, adapter, members, tuple(sorted(names)), path, output)


def document_edit(
    inputs: PlanInputs,
    plan: CompositionPlan,
    group: Group,
    adapter: str,
    file: str,
    provided: Mapping[str, Sequence[str]],
) -> Create:
    """The .wac document of one composition. ``adapter`` is the adapter's name in it, ``file`` its component,
    ``provided`` what it gives to each member."""
    names = {member.name: name_from(member.name) for member in group.members}
    instances = [Instance(adapter)]
    for member in group.members:
        given = group.given.get(member.name, ())
        own = provided.get(member.name, ())
        others = {provider_for(inputs, member, name) for name in given}
        providers = [adapter] if own else []
        providers += [names[other] for other in names if other in others]
        instances.append(Instance(names[member.name], tuple(sorted((*own, *given))), tuple(providers)))
    files = [f"{name_from(member)}.wasm" for member in plan.members]
    words = ["wasmdoctor", "compose", plan.document, *files, file, "-o", plan.output]
    about = [
        f"Composes `{written_out(plan.application)}` with what provides for it. Run it with:",
        "",
        f"  {written_out(shlex.join(words))}",
    ]
    cause = f"how `{plan.application}` is composed with `{plan.adapter}`"
    return Create(join(inputs.root, plan.document), document(instances, about).encode(), cause)


def build_steps(
    inputs: PlanInputs,
    composed: Sequence[Group],
    adapter: tuple[str, str],
    plans: Sequence[CompositionPlan],
) -> tuple[str, ...]:
    """The commands that build what gets into the compositions, and compose it.

    ``adapter`` is the package to build for it, "" when it is there, and its component's file.
    """
    target = inputs.target
    stems = {member.name: stem_of(member) for group in composed for member in group.members}
    built = {member.crate.name: None for group in composed for member in group.members}
    programs = {
        member.name for group in composed for member in group.members if member.target.kind is TargetKind.BIN
    }
    if adapter[0]:
        stems[adapter[0]] = adapter[1].removesuffix(".wasm")
        built[adapter[0]] = None
    packages = shlex.join(word for name in built for word in ("-p", name))
    front = f"target/{target}/debug/"
    if any(component.crate.component for component in inputs.components):
        steps = [f"cargo component build --target {target} {packages}"]
    else:
        steps = [f"cargo build --target {target} {packages}"]
        if not target.endswith("wasip2"):
            steps += [
                f"wasm-tools component new {shlex.quote(f'{front}{stem}.wasm')} "
                f"--adapt {PREVIEW1[name in programs]} -o {shlex.quote(f'{stem}.wasm')}"
                for name, stem in stems.items()
            ]
            front = ""
    given = f"{front}{adapter[1]}" if adapter[0] else adapter[1]
    for plan in plans:
        files = [f"{front}{stems[member]}.wasm" for member in plan.members]
        steps.append(shlex.join(["wasmdoctor", "compose", *files, given, "-o", plan.output]))
    return tuple(steps)


def stem_of(component: ComponentInput) -> str:
    """The name of the file that cargo builds for a component, without ``.wasm``."""
    name = component.target.name
    return name.replace("-", "_") if component.target.kind is TargetKind.LIB else name


def _types_of(all_sources: Sequence[Source]) -> Types:
    """All types of the project, to look into."""
    scopes = {
        interface.name: interface.types
        for source in all_sources
        for package in source.resolution.packages.values()
        for interface in package.interfaces.values()
    }
    return Types(scopes, Modules())


def _shown(apps: Sequence[ComponentInput]) -> str:
    if len(apps) == 1:
        return f"`{written_out(apps[0].name)}` imports"
    return "the components of this workspace import"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names as words: ``a, b and c``; of many, the first ones."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
