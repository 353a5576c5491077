"""Plan B from facts to edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from wasmdoctor.migrate.plan_a.plan import LeftImport
from wasmdoctor.migrate.plan_b.crate import Place, label, manifest_text, member_edits, place_for
from wasmdoctor.migrate.plan_b.missing import Missing, applications, missing
from wasmdoctor.migrate.plan_b.sources import (
    AdapterWit,
    Source,
    adapter_wit,
    exported,
    interface_of,
    is_plain,
    sources,
    world_function,
)
from wasmdoctor.migrate.plan_b.wac import document
from wasmdoctor.model.cargo import TargetKind
from wasmdoctor.model.edit import Create, Edit, Move
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeFunction, ManualStep
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Function, Interface, WorldItemKind
from wasmdoctor.readers.cargo.files import is_below, join

BRIDGE = "wasi_bridge"
"""The module of the adapter that does the work."""


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """What a person may ask of plan B: the adapter's name, and its folder relative to the workspace."""

    name: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class CompositionPlan:
    """One application composed with the adapter.

    ``application`` and ``adapter`` are the packages' names (``adapter`` a file's path for one that the person
    has), ``names`` the imports of the application that the adapter provides, ``document`` the .wac file,
    ``output`` the composed component.
    """

    application: str
    adapter: str
    names: tuple[str, ...]
    document: str
    output: str


@dataclass(frozen=True, slots=True)
class PlanBResult:
    """Plan B for one workspace: edits with paths relative to its folder, and what goes with them.

    The fields are those of plan A's result. ``adapter`` is the new crate's name, ``copied`` are the WIT packages
    that had to be copied into it.
    """

    applicable: bool
    reason: str
    edits: tuple[Edit, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    bridge: tuple[BridgeFunction, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    left: tuple[LeftImport, ...] = ()
    loses: str = ""
    steps: tuple[str, ...] = ()
    adapter: str = ""
    compositions: tuple[CompositionPlan, ...] = ()
    copied: tuple[str, ...] = ()


NOTHING = "there is nothing to cure: no component has an import that the host and the workspace lack"


def plan_b(
    inputs: PlanInputs, bridge: BridgeMaker, options: AdapterOptions = AdapterOptions()
) -> PlanBResult:
    """Plan B for a workspace. ``bridge`` makes the module that the adapter calls.

    No file of a crate that is there changes, except ``members`` of the workspace's manifest. Planning on the result
    finds nothing to cure: a member exports what was missing.
    """
    found = missing(inputs)
    if not found.names:
        return PlanBResult(False, NOTHING)
    return _Plan(inputs, bridge, options, found).make()


class _Plan:
    """One plan in the making."""

    def __init__(
        self, inputs: PlanInputs, bridge: BridgeMaker, options: AdapterOptions, found: Missing
    ) -> None:
        self.inputs = inputs
        self.bridge = bridge
        self.options = options
        self.missing = found
        self.sources = sources(inputs)
        self.left: dict[str, str] = {}

    def make(self) -> PlanBResult:
        """The whole plan."""
        functions = self._functions()
        names = self._interfaces()
        if not functions and not names:
            return PlanBResult(False, self._why_not(), left=self._left())
        apps = applications(self.inputs, self.missing.consumers)
        like = next(iter(apps), None)
        place = place_for(self.inputs, self._name(names, like), self.options.name, self.options.folder)
        if isinstance(place, str):
            return PlanBResult(False, place, left=self._left())
        package = f"{self._namespace(names, like)}:{self._free_package(names, like, place)}"
        about = f"What components of this workspace import and hosts do not have ({', '.join(a.name for a in apps)})."
        wit = adapter_wit(self.inputs, self.sources, names, functions, place.folder, package, about)
        if isinstance(wit, str):
            return PlanBResult(False, wit, left=self._left())
        return self._result(place, wit, apps, like)

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
        owner = self._exporter(interface.name) if interface.name != name else ""
        if owner and interface.resources:
            return (
                f"it takes resources of `{interface.name}`, which `{owner}` exports: "
                "a component that hands them on must be composed with that one too"
            )
        return ""

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
            return f"{label(packages.pop().rpartition(':')[2])}-adapter"
        return f"{label(like.name if like is not None else '')}-adapter"

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
        name = label(place.name)
        while f"{namespace}:{name}" in taken:
            name += "-world"
        return name

    # The result

    def _result(
        self, place: Place, wit: AdapterWit, apps: Sequence[ComponentInput], like: ComponentInput | None
    ) -> PlanBResult:
        with_ = self._with(wit)
        made = self.bridge(self._request(place, wit, with_), wit.resolution)
        dependencies = dict(made.dependencies)
        if any(path.startswith("::wasip2::") for path in with_.values()):
            dependencies.setdefault("wasip2", NewDependency(REQUIREMENT))
        description = "What " + ", ".join(f"`{app.name}`" for app in apps) + " imports and hosts do not have"
        manifest, macro = manifest_text(self.inputs, place, like, description, dependencies)
        request = GuestRequest(wit.world, wit.resolution, wit.paths, BRIDGE, with_, macro=macro)
        compositions = [self._composition(place, wit, app) for app in apps]
        edits = [
            *member_edits(self.inputs, place),
            *self._files(place, wit, made, manifest, guest_source(request).encode()),
            *(self._document(place, one, wit) for one in compositions),
        ]
        relative = [_relative(self.inputs, edit) for edit in edits]
        return PlanBResult(
            True,
            self._reason(wit, apps),
            tuple(relative),
            self._manual(place, wit),
            made.functions,
            {name: one.requirement for name, one in sorted(dependencies.items())},
            self._left(),
            _LOSES,
            self._steps(place, apps, compositions),
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
        path = _relative_path(self.inputs, join(place.folder, f"src/{BRIDGE}.rs"))
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

    def _composition(self, place: Place, wit: AdapterWit, app: ComponentInput) -> CompositionPlan:
        own = self.missing.consumers[app.name]
        names = tuple(sorted(name for name in own if name not in self.left))
        path = _relative_path(self.inputs, join(place.folder, f"{label(app.name)}.wac"))
        return CompositionPlan(app.name, place.name, names, path, f"{_stem(app)}.composed.wasm")

    def _document(self, place: Place, plan: CompositionPlan, wit: AdapterWit) -> Create:
        about = [
            f"Composes `{plan.application}` with its adapter. Run it with:",
            "",
            f"  wasmdoctor compose {plan.document} {label(plan.application)}.wasm {place.stem}.wasm -o {plan.output}",
        ]
        text = document(label(plan.application), label(place.name), plan.names, about)
        cause = f"how `{plan.application}` is composed with `{place.name}`"
        return Create(join(self.inputs.root, plan.document), text.encode(), cause)

    def _reason(self, wit: AdapterWit, apps: Sequence[ComponentInput]) -> str:
        names = _list([f"`{name}`" for name in wit.world.exports])
        composed = _list([f"`{app.name}`" for app in apps])
        return f"an adapter component exports {names}, and is composed with {composed}; their crates stay as they are"

    def _manual(self, place: Place, wit: AdapterWit) -> tuple[ManualStep, ...]:
        steps = [
            ManualStep(one.location, f"`{one.component}` keeps the import `{one.name}`: {one.reason}")
            for one in self._left()
        ]
        if wit.copied:
            names = _list([f"`{name}`" for name in wit.copied])
            path = _relative_path(self.inputs, join(place.folder, "wit/deps"))
            steps.append(
                ManualStep(
                    Location(path),
                    f"{names} had to be copied, since no path inside of the project leads to that WIT: "
                    "change the copy with the original (WD203 tells when they differ)",
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
            else f"{_list([f'`{n}`' for n in names])}: {reason}"
            for reason, names in by_reason.items()
        )

    def _steps(
        self, place: Place, apps: Sequence[ComponentInput], compositions: Sequence[CompositionPlan]
    ) -> tuple[str, ...]:
        return build_steps(self.inputs, [*((app.name, _stem(app)) for app in apps), (place.name, place.stem)], [
            (f"{_stem(app)}.wasm", f"{place.stem}.wasm", one.output)
            for app, one in zip(apps, compositions, strict=True)
        ])  # fmt: skip


_LOSES = (
    "one file to build and ship: each component is composed with the adapter, which is one more crate to keep; "
    "what leaks into the components' exports stays there"
)


def build_steps(
    inputs: PlanInputs,
    built: Sequence[tuple[str, str]],
    composed: Sequence[tuple[str, str, str]],
) -> tuple[str, ...]:
    """The commands that build packages (by name, with the stem of each one's file) and compose what they give
    (application, adapter, output)."""
    target = inputs.target
    packages = " ".join(f"-p {name}" for name, _ in built)
    folder = f"target/{target}/debug"
    if any(component.crate.component for component in inputs.components):
        steps = [f"cargo component build --target {target} {packages}"]
    else:
        steps = [f"cargo build --target {target} {packages}"]
        if not target.endswith("wasip2"):
            steps += [
                f"wasm-tools component new {folder}/{stem}.wasm --adapt wasi_snapshot_preview1.reactor.wasm "
                f"-o {stem}.wasm"
                for _, stem in built
            ]
            folder = ""
    front = f"{folder}/" if folder else ""
    stems = {f"{stem}.wasm" for _, stem in built}

    def shown(name: str) -> str:
        return f"{front}{name}" if name in stems else name

    steps += [f"wasmdoctor compose {shown(app)} {shown(adapter)} -o {out}" for app, adapter, out in composed]
    return tuple(steps)


def _stem(component: ComponentInput) -> str:
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


def _relative_path(inputs: PlanInputs, path: str) -> str:
    root = inputs.root
    if root in (".", ""):
        return path
    return path[len(root) + 1 :] if is_below(path, root) else path


def _relative(inputs: PlanInputs, edit: Edit) -> Edit:
    if isinstance(edit, Move):
        return replace(edit, path=_relative_path(inputs, edit.path), to=_relative_path(inputs, edit.to))
    return replace(edit, path=_relative_path(inputs, edit.path))


def _list(names: Sequence[str], most: int = 6) -> str:
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


Planner = Callable[[PlanInputs, BridgeMaker], PlanBResult]
