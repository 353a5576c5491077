"""``plan``: the ways out of a workspace's custom imports, each with what it changes and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.linking import judge
from wasmdoctor.discover import DiscoverError, Discovery, discover, display_path, workspace_root
from wasmdoctor.migrate.diff import unified_diff
from wasmdoctor.migrate.inputs import component_name as name_of
from wasmdoctor.model.binding import Certainty, Predicted, Prediction
from wasmdoctor.model.cargo import SourceKind, TargetKind
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import Surface, Trouble, WorkspacePlans
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BodyKind, BridgeMode, Plan, PlanId
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.pipeline.crates import Crates, crates_of
from wasmdoctor.pipeline.needed import needed_in_adapter, needed_in_bridge
from wasmdoctor.pipeline.overlay import edited_crates
from wasmdoctor.pipeline.project import Maker, Project, predicted_file
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.toolchain import Toolchain


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asks of ``plan``: ``only`` one plan, or all; the rest as on the command line.

    ``adapter_name`` and ``adapter_folder`` are for plan B's crate, ``adapter_from`` is a component to use instead
    of one.
    """

    paths: tuple[str, ...]
    cwd: Path
    host: str = "wasmtime"
    flags: tuple[str, ...] = ()
    target: str | None = None
    bridge: BridgeMode = BridgeMode.WASI
    keep_wit: bool = False
    only: PlanId | None = None
    adapter_name: str = ""
    adapter_folder: str = ""
    adapter_from: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One cargo workspace that is planned for: its folder, and its crates with paths relative to it."""

    root: Path
    crates: Crates

    @property
    def makers(self) -> list[Maker]:
        """What it builds for the target that has bindings or component metadata."""
        return [
            Maker(self.crates, component)
            for component in self.crates.components
            if component.crate.component or self.crates.analysis(component).bindings.bindings
        ]


@dataclass(frozen=True, slots=True)
class Planned:
    """The plans for one workspace, and the components of the tree as each plan's edits would leave it."""

    plans: WorkspacePlans
    edited: Mapping[PlanId, Sequence[Maker]]


def plans(options: PlanOptions, catalog: Catalog, toolchain: Toolchain) -> list[WorkspacePlans]:
    """The plans for every cargo workspace that the paths belong to, sorted by folder.

    Raises DiscoverError when there is none, HostError for an unknown host, CatalogError for broken data.
    """
    found = places(options, catalog, toolchain)
    return [plan_place(place, options, catalog, toolchain).plans for place in found]


def places(options: PlanOptions, catalog: Catalog, toolchain: Toolchain) -> list[Place]:
    """The cargo workspaces that the paths lie in or above. Raises DiscoverError when there are none."""
    found = discover(options.paths, options.cwd, binaries=False)
    outer: dict[Path, Path] = {}
    problems: list[str] = []
    for named in found.roots:
        folder = (named if named.is_dir() else named.parent).resolve()
        above = workspace_root(folder) or folder
        project = Project(Discovery(roots=[folder]), above, toolchain, options.target, catalog.std)
        for each in project.crates.values():
            outer |= {(above / crates.cargo.folder).resolve(): above for crates in each}
        problems += [
            f"{problem.location}: {problem.message}"
            for workspace in project.workspaces.values()
            for problem in workspace.problems
        ]
    made = [_place(root, above, options, catalog, toolchain) for root, above in sorted(outer.items())]
    result = [place for place in made if place is not None]
    if not result:
        shown = ", ".join(f"`{path}`" for path in options.paths)
        why = "".join(f"\n  {problem}" for problem in problems)
        help_ = why or "\n  name a folder with a Cargo.toml: plans are made from Rust sources"
        raise DiscoverError(f"no cargo workspace can be read at {shown}{help_}")
    return result


def _place(
    root: Path, outer: Path, options: PlanOptions, catalog: Catalog, toolchain: Toolchain
) -> Place | None:
    workspace = Workspace(outer, root, toolchain)
    all_crates = crates_of(workspace, options.target, std=catalog.std)
    return next((Place(root, crates) for crates in all_crates if crates.cargo.folder == "."), None)


def plan_place(place: Place, options: PlanOptions, catalog: Catalog, toolchain: Toolchain) -> Planned:
    """The plans for one cargo workspace."""
    host = catalog.host(options.host, options.flags)
    makers = place.makers
    troubles = troubles_of(makers, host)
    wanted = [plan for plan in PlanId if options.only in (None, plan)]
    made = {
        plan: _MAKERS[plan](_Question(place, makers, troubles, host, options, catalog)) for plan in wanted
    }
    after: dict[PlanId, Mapping[str, Surface]] = {}
    edited: dict[PlanId, Sequence[Maker]] = {}
    for id_, plan in made.items():
        if plan.changes:
            edited[id_] = makers_after(place, makers, plan.changes, toolchain)
            plan = _with_needs(plan, makers, edited[id_])
            after[id_] = {component_name(maker): after_plan(maker, plan) for maker in edited[id_]}
            if plan.compositions:
                after[id_] = {**after[id_], **_compositions(plan, after[id_], options, place)}
            made[id_] = _with_surfaces(plan, after[id_])
    # Who asks for one plan has chosen; there is nothing to compare it with.
    best = _best(made) if options.only is None else None
    if best is not None and troubles:
        made[best] = replace(made[best], recommended=True)
    plans = WorkspacePlans(
        folder=display_path(place.root, options.cwd),
        target=place.crates.target,
        host=host.id,
        troubles=tuple(troubles),
        plans=tuple(made.values()),
        before={component_name(maker): surface_of(maker) for maker in makers},
        after=after,
        std=place.crates.std.brought_by,
        verdict=_verdict(best, made) if troubles else "",
        diffs={id_: unified_diff(plan.changes) for id_, plan in made.items() if plan.changes},
        problems=tuple(
            dict.fromkeys((*place.crates.workspace.problems, *place.crates.problems, *_unbound(makers)))
        ),
    )
    return Planned(plans, edited)


def _unbound(makers: Iterable[Maker]) -> Iterator[Problem]:
    """What is wrong with bindings in this project's own sources: nothing is known of what those import."""
    for maker in makers:
        for problem in maker.analysis.bindings.problems:
            if not problem.location.path.startswith(("/", "../", "~")):
                yield problem


@dataclass(frozen=True, slots=True)
class _Question:
    place: Place
    makers: Sequence[Maker]
    troubles: Sequence[Trouble]
    host: HostView
    options: PlanOptions
    catalog: Catalog

    @property
    def interfaces(self) -> list[str]:
        """The names that nobody provides, each once."""
        return sorted({trouble.name for trouble in self.troubles})


SURE = (Certainty.CERTAIN, Certainty.LIKELY)


def component_name(maker: Maker) -> str:
    """What a component is called: its package, or for one of several programs its own name."""
    return name_of(maker.component.package, maker.component.target)


def surface(prediction: Prediction) -> Surface:
    """A prediction as names, the sure ones apart from those that are only possible.

    What code calls under a condition counts as sure: a debug build keeps it (graph/prediction.py).
    """

    def names(side: Iterable[Predicted], *, wanted: bool) -> tuple[str, ...]:
        return tuple(
            sorted(
                p.name
                for p in side
                if p.certainty is not Certainty.UNUSED and (p.certainty in SURE) is wanted
            )
        )

    imports, exports = prediction.imports.values(), prediction.exports.values()
    return Surface(
        names(imports, wanted=True),
        names(exports, wanted=True),
        names(imports, wanted=False),
        names(exports, wanted=False),
        tuple(sorted(p.name for p in exports if p.carriers and all(c.linked for c in p.carriers))),
    )


RUN = "wasi:cli/run"


def surface_of(maker: Maker) -> Surface:
    """A component's prediction as names. A program exports that it can be run, at the version of the adapter or
    linker that makes a component of it (wasi:cli, world ``command``)."""
    found = surface(maker.analysis.prediction)
    if maker.component.target.kind is not TargetKind.BIN or RUN in found.possible_exports:
        return found
    return replace(found, possible_exports=tuple(sorted((*found.possible_exports, RUN))))


def troubles_of(makers: Sequence[Maker], host: HostView, *, sure: bool = False) -> list[Trouble]:
    """The custom imports of predicted components that neither the host nor one of them provides; ``sure``: only
    those that a build will certainly have. What a host has with a flag or in another version is not custom."""
    from wasmdoctor.pipeline.bridges import is_standard

    files = {predicted_file(maker).path: maker for maker in makers}
    verdicts = judge([predicted_file(maker) for maker in makers], host)
    found = [
        Trouble(component_name(files[path]), verdict.name.text, _line(files[path], verdict.name.text))
        for path, each in verdicts.items()
        for verdict in each
        if verdict.unprovided
        and not is_standard(verdict.name.text, host)
        and _counts(files[path], verdict.name.text, sure=sure)
    ]
    return sorted(found, key=lambda trouble: (trouble.component, trouble.name))


def _counts(maker: Maker, name: str, *, sure: bool) -> bool:
    """Whether an import is one to speak of.

    Crates from a registry bind many interfaces, and any method of that name may be meant by code that is read:
    what they only may import is no trouble (and nothing that a plan could edit).
    """
    predicted = maker.analysis.prediction.imports[name]
    crates = maker.component.graph.crates
    ours = any(crates[c.binding.crate].source_kind is SourceKind.PATH for c in predicted.carriers)
    return predicted.certainty in SURE or (ours and not sure)


def _line(maker: Maker, name: str) -> Location:
    """The WIT line that brings an import, else its binding."""
    predicted = maker.analysis.prediction.imports[name]
    for carrier in predicted.carriers:
        item = carrier.binding.imports.get(carrier.name)
        if item is not None and item.steps:
            return item.steps[0].location
        return carrier.binding.location
    return Location(maker.component.crate.manifest)


def makers_after(
    place: Place, before: Sequence[Maker], changes: ChangeSet, toolchain: Toolchain
) -> list[Maker]:
    """The components of the edited tree, read from memory; none when its manifests cannot be read."""
    crates = edited_crates(place.crates, changes, toolchain)
    known = {component_name(maker) for maker in before}
    makers = [Maker(crates, component) for component in crates.components] if crates else []
    return [
        maker
        for maker in makers
        if component_name(maker) in known
        or maker.component.crate.component
        or maker.analysis.bindings.bindings
    ]


def _with_needs(plan: Plan, before: Sequence[Maker], after: Sequence[Maker]) -> Plan:
    """The plan, with what the components of its edited tree still need of its bridge or adapter."""
    if plan.plan is not PlanId.B:
        return replace(plan, bridge=needed_in_bridge(plan.bridge, before, after, plan.changes))
    members = {name for each in plan.compositions for name in each.members}
    consumers = [maker for maker in after if component_name(maker) in members]
    return replace(plan, bridge=needed_in_adapter(plan.bridge, consumers))


def after_plan(maker: Maker, plan: Plan) -> Surface:
    """What a component of the edited tree has: its prediction, and what the bridge is known to call.

    The body of a bridge calls methods of resources, whose types the prediction cannot always know; what each
    body needs is known, and is there when code of a crate that is linked calls the function.
    """
    found = surface_of(maker)
    called = {name for function in plan.bridge if function.needed is not False for name in function.imports}
    linked = plan.dependencies.keys() & {linked.crate.name for linked in maker.component.linked}
    known = [name for name in found.possible_imports if ExternName.parse(name).unversioned in called]
    versioned = {name for name in known if "@" in name} if linked else set()
    if _lacks_a_dependency(maker, plan):
        # The crate that has the versions is not on this machine yet: cargo fetches it when it builds.
        there = {ExternName.parse(name).unversioned for name in (*found.imports, *versioned)}
        versioned |= called - there
    return replace(
        found,
        imports=tuple(sorted({*found.imports, *versioned})),
        possible_imports=tuple(name for name in found.possible_imports if name not in versioned),
    )


def _lacks_a_dependency(maker: Maker, plan: Plan) -> bool:
    """Whether a crate of the component declares a dependency of the plan whose sources are not there."""
    linked = {linked.crate.name for linked in maker.component.linked if linked.crate.root_file}
    crates = [maker.component.crate, *(linked.crate for linked in maker.component.linked)]
    packages = maker.crates.cargo.packages
    return any(
        dependency.package in plan.dependencies and dependency.package not in linked
        for crate in crates
        if crate.manifest in packages
        for dependency in packages[crate.manifest].dependencies
    )


def _with_surfaces(plan: Plan, after: Mapping[str, Surface]) -> Plan:
    return replace(
        plan,
        imports_after={name: found.imports for name, found in after.items()},
        exports_after={name: found.exports for name, found in after.items()},
    )


def _plan_a(question: _Question) -> Plan:
    from wasmdoctor.pipeline.bridges import plan_a

    if not question.interfaces:
        return Plan(PlanId.A, False, NOTHING)
    return plan_a(
        question.place.crates,
        question.host,
        question.catalog,
        question.options.bridge,
        keep_wit=question.options.keep_wit,
    )


def _plan_b(question: _Question) -> Plan:
    from wasmdoctor.migrate.plan_b import AdapterOptions
    from wasmdoctor.pipeline.adapters import plan_b, read_adapter

    if not question.interfaces:
        return Plan(PlanId.B, False, NOTHING)
    options = question.options
    given = (
        read_adapter(options.adapter_from, options.cwd, question.place.root) if options.adapter_from else None
    )
    wanted = AdapterOptions(options.adapter_name, options.adapter_folder)
    return plan_b(question.place.crates, question.host, question.catalog, options.bridge, wanted, given)


def _compositions(
    plan: Plan, after: Mapping[str, Surface], options: PlanOptions, place: Place
) -> Mapping[str, Surface]:
    """What plan B's compositions import and export."""
    from wasmdoctor.pipeline.adapters import composed_surfaces, outside, read_adapter

    if options.adapter_from:
        given = read_adapter(options.adapter_from, options.cwd, place.root)
        after = {**after, given.path: outside(given)}
    return composed_surfaces(plan.compositions, after)


def _plan_c(question: _Question) -> Plan:
    from wasmdoctor.pipeline.bridges import plan_c

    if not question.interfaces:
        return Plan(PlanId.C, False, NOTHING)
    return plan_c(
        question.place.crates,
        question.host,
        question.catalog,
        question.options.bridge,
        keep_wit=question.options.keep_wit,
    )


_MAKERS = {PlanId.A: _plan_a, PlanId.B: _plan_b, PlanId.C: _plan_c}

NOTHING = "there is nothing to cure: the components have no custom import that nobody provides"


def _list(names: Sequence[str], most: int = 4) -> str:
    shown = [f"`{name}`" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _best(made: Mapping[PlanId, Plan]) -> PlanId | None:
    """The plan to recommend: one component before two, a whole cure before half of one, less work before more."""
    applicable = [id_ for id_ in (PlanId.A, PlanId.B, PlanId.C) if id_ in made and made[id_].applicable]
    return next((id_ for id_ in applicable if not made[id_].left), next(iter(applicable), None))


def _verdict(best: PlanId | None, made: Mapping[PlanId, Plan]) -> str:
    """Why a plan is the recommended one, by facts."""
    match best:
        case PlanId.A:
            plan = made[PlanId.A]
            if plan.left:
                return f"it cures what this workspace's own code imports; {_list(plan.left)} stays"
            refused = sum(f.body is BodyKind.REFUSES and f.needed is not False for f in plan.bridge)
            rest = ""
            if refused:
                who = "1 function" if refused == 1 else f"{refused} functions"
                rest = f"; {who} of the bridge will refuse until somebody writes the body"
            return f"one component that needs nobody but the host, and nothing to compose{rest}"
        case PlanId.B:
            return "plan A does not cure all of it; an adapter does, and leaves the crates as they are"
        case PlanId.C:
            return "plans A and B do not cure all of it; the code that calls the interfaces can be changed"
        case _:
            return ""
