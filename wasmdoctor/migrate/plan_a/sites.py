"""What becomes of each place that binds a world: it goes, it stays with less, or a bridge takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wasmdoctor.migrate.bridge.names import identifier, module_path, package_versions, type_name
from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs, Site
from wasmdoctor.migrate.plan_a.findings import (
    Findings,
    SiteKey,
    is_custom,
    is_member,
    libraries,
    provider_for,
    site_key,
)
from wasmdoctor.migrate.plan_a.going import NodeKey, dead_items, is_export, node_key
from wasmdoctor.migrate.plan_a.walker import Walker
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import WorldItem, WorldItemKind
from wasmdoctor.readers.rust.itemgraph import ItemNode

RustPath = tuple[str, ...]

GENERATED = "generate"
"""What ``with`` says of an interface that the bindings have themselves."""


@dataclass(frozen=True, slots=True)
class ImportPaths:
    """Where the items of a site's imports are inside its bindings module: import -> path of names."""

    paths: Mapping[str, RustPath]

    def of(self, relative: RustPath) -> frozenset[str]:
        """The imports that a path leads to: one, or all below it when it stops before."""
        found: set[str] = set()
        for name, path in self.paths.items():
            length = min(len(path), len(relative))
            if length and path[:length] == relative[:length]:
                found.add(name)
        return frozenset(found)


def import_paths(site: Site) -> ImportPaths:
    """The Rust paths of a site's imports."""
    versions = package_versions(site.resolution.packages)
    items: Mapping[str, WorldItem] = site.world.imports if site.world else {}
    found: dict[str, RustPath] = {}
    for name, bound in site.binding.imports.items():
        item = items.get(name)
        kind = item.kind.value if item is not None else bound.kind
        if kind == WorldItemKind.INTERFACE.value:
            found[name] = module_path(name, versions)
        elif kind == WorldItemKind.FUNC.value:
            found[name] = (identifier(name),)
        else:
            found[name] = (type_name(name),)
    return ImportPaths(found)


@dataclass(slots=True)
class SitePlan:
    """One site and what becomes of it.

    ``modules`` is its module in each component's program, by the component's position. ``library`` when its
    crate stops being a component. ``cure`` are its custom imports. ``used`` are those of them that code which
    stays names, ``others`` the imports that stay and are named; ``exported`` the exports whose types are named
    by code that stays. ``keep`` tells that the bindings stay for what is not custom.
    """

    site: Site
    modules: dict[int, str]
    library: bool
    cure: frozenset[str]
    paths: ImportPaths
    used: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    exported: set[str] = field(default_factory=set)
    tops: set[str] = field(default_factory=set)
    functions: dict[str, set[str]] = field(default_factory=dict)
    keep: bool = False
    traits: list[str] = field(default_factory=list)

    @property
    def crate(self) -> CrateId:
        """The package that the site is in."""
        return self.site.crate

    @property
    def bridged(self) -> bool:
        """Whether code that stays needs a bridge."""
        return bool(self.used or self.exported)

    @property
    def exports_stay(self) -> bool:
        """Whether the bindings go on exporting something."""
        return not self.library and bool(self.site.binding.exports)


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites that change, the items that go, and the crates that stop being components."""

    plans: tuple[SitePlan, ...]
    dead: frozenset[NodeKey]
    converted: frozenset[CrateId]
    affected: frozenset[str]


def plan_sites(inputs: PlanInputs, findings: Findings) -> Sites:
    """What becomes of the sites of all components that have a finding to cure."""
    linked = libraries(inputs)
    cured = {finding.name for finding in findings.curable}
    affected = {finding.component for finding in findings.curable}
    plans: dict[SiteKey, SitePlan] = {}
    for position, component in enumerate(inputs.components):
        for site in component.sites:
            if not is_member(inputs, component, site.crate) or site.binding.compiled is False:
                continue
            key = site_key(site)
            if key not in plans:
                plans[key] = SitePlan(
                    site,
                    {},
                    site.crate in linked,
                    _custom(inputs, findings, site, site.crate in linked),
                    import_paths(site),
                )
            plans[key].modules[position] = site.module
    touched = touched_members(inputs, affected)
    chosen = [
        plan
        for plan in plans.values()
        if plan.crate in touched and (plan.cure or (plan.library and plan.site.binding.exports))
    ]
    if not cured:
        chosen = []
    dropping: dict[int, frozenset[str]] = {
        position: frozenset(
            plan.modules[position] for plan in chosen if plan.library and position in plan.modules
        )
        for position in range(len(inputs.components))
    }
    dead = dead_items(inputs.components, dropping)
    for position, component in enumerate(inputs.components):
        _note_uses(component, position, chosen, dead)
    note_remapped(inputs.components, chosen)
    for plan in chosen:
        plan.keep = bool(plan.others) or plan.exports_stay
    converted = frozenset(
        {crate for crate in touched & linked if _is_component(inputs, crate)}
        | {p.crate for p in chosen if p.library}
    )
    return Sites(tuple(chosen), dead, converted, frozenset(affected))


def _custom(inputs: PlanInputs, findings: Findings, site: Site, library: bool) -> frozenset[str]:
    """The imports of a site that the plan takes away: custom ones, but for those that must stay.

    A type that the world itself uses goes with the exports of a library, and stays where they stay.
    """
    items: Mapping[str, WorldItem] = site.world.imports if site.world else {}
    found: set[str] = set()
    for name in site.binding.imports:
        item = items.get(name)
        if item is not None and item.kind is WorldItemKind.TYPE:
            origin = item.type.used_from if item.type else ""
            if library and origin and is_custom(inputs, origin) and origin not in findings.left:
                found.add(name)
            continue
        if is_custom(inputs, name) and name not in findings.left and not is_composed(inputs, site, name):
            found.add(name)
    return frozenset(found)


def is_composed(inputs: PlanInputs, site: Site, name: str) -> bool:
    """Whether another component, which does not link this crate, exports the interface."""
    return any(
        provider_for(inputs, component, name)
        for component in inputs.components
        if any(site_key(other) == site_key(site) for other in component.sites)
    )


def touched_members(inputs: PlanInputs, affected: Iterable[str]) -> frozenset[CrateId]:
    """The members that are in a component with something to cure."""
    names = set(affected)
    found: set[CrateId] = set()
    for component in inputs.components:
        if component.name not in names:
            continue
        for crate in (component.crate, *(link.crate for link in component.linked)):
            if is_member(inputs, component, crate.id):
                found.add(crate.id)
    return frozenset(found)


def _is_component(inputs: PlanInputs, crate: CrateId) -> bool:
    for component in inputs.components:
        found = component.graph.crates.get(crate)
        if found is not None and found.component is not None:
            return True
    return False


def stays(node: ItemNode, dead: frozenset[NodeKey]) -> bool:
    """Whether an item is not among those that go."""
    return node_key(node) not in dead


def _note_uses(
    component: ComponentInput, position: int, plans: Iterable[SitePlan], dead: frozenset[NodeKey]
) -> None:
    """What code that stays names of the sites' bindings."""
    by_module = {plan.modules[position]: plan for plan in plans if position in plan.modules}
    graph = component.program.items
    for key, uses in graph.uses.items():
        if key >= 0 and not stays(graph.nodes[key], dead):
            continue
        for ref in uses.bindings:
            if ref.bindings in by_module:
                note_use(by_module[ref.bindings], ref.relative)
    for node in graph.nodes.values():
        for leaf in node.leaves if node.exported or node.visibility else ():
            for ref in leaf.bindings:
                if ref.bindings in by_module and not leaf.glob and not is_export(ref.relative):
                    note_use(by_module[ref.bindings], ref.relative)
    for site in component.program.use_sites:
        plan = by_module.get(site.bindings)
        names = component.names.get(site.bindings)
        called = names.called(site.relative) if plan is not None and names is not None else None
        if plan is not None and called is not None:
            plan.functions.setdefault(called[0], set()).add(called[1])


def note_use(plan: SitePlan, relative: RustPath) -> None:
    """Notes in a plan what a path inside its bindings leads to."""
    if not relative:
        return
    if is_export(relative):
        if plan.library and relative[0] == "exports":
            found = exports_at(plan, relative)
            plan.exported |= found
            if any(name.startswith("Guest") and not name[5:6].islower() for name in relative[1:]):
                plan.traits.append("::".join(relative))
        elif plan.library and relative[0].startswith("Guest"):
            plan.traits.append("::".join(relative))
        return
    for name in plan.paths.of(relative):
        if name in plan.cure:
            plan.used.add(name)
            plan.tops.add(relative[0])
        else:
            plan.others.add(name)


def exports_at(plan: SitePlan, relative: RustPath) -> set[str]:
    """The exports that a path below ``exports`` leads to."""
    versions = package_versions(plan.site.resolution.packages)
    found: set[str] = set()
    for name, item in plan.site.binding.exports.items():
        if item.kind == "interface":
            path = module_path(name, versions, exported=True)
            length = min(len(path), len(relative))
            if path[:length] == relative[:length]:
                found.add(name)
    return found


def remapped(site: Site) -> Mapping[str, str]:
    """The interfaces whose types a site takes from other modules, with the paths as they are written."""
    found = site.call.with_ if site.call is not None else site.file.with_ if site.file is not None else {}
    return {name: path for name, path in found.items() if path != GENERATED}


def note_remapped(components: Sequence[ComponentInput], plans: Sequence[SitePlan]) -> None:
    """Notes what the bindings that stay, and bridges, take from bindings of other plans.

    Those may take from others again, so that it is gone on with until nothing more is found.
    """
    paths = {id(plan): list(_remapped_into(components, plan, plans)) for plan in plans}
    waiting = [plan for plan in plans if plan.bridged or plan.others or plan.exports_stay]
    seen = {id(plan) for plan in waiting}
    while waiting:
        for other, relative in paths[id(waiting.pop())]:
            note_use(other, relative)
            if id(other) not in seen:
                seen.add(id(other))
                waiting.append(other)


def _remapped_into(
    components: Sequence[ComponentInput], plan: SitePlan, plans: Sequence[SitePlan]
) -> Iterator[tuple[SitePlan, RustPath]]:
    texts = remapped(plan.site)
    for position, module in plan.modules.items() if texts else ():
        walker = Walker(components[position])
        others = {other.modules[position]: other for other in plans if position in other.modules}
        for text in texts.values():
            names, rooted = path_names(text)
            for at, passed in walker.steps(module, names, rooted):
                other = others.get(passed)
                if other is not None and other is not plan:
                    yield other, tuple(names[at + 1 :])


def path_names(text: str) -> tuple[list[str], bool]:
    """The names of a path, and whether it begins with ``::``."""
    names = [name.strip().removeprefix("r#") for name in text.strip().removeprefix("::").split("::")]
    return names, text.strip().startswith("::")
