"""What becomes of each place that binds a world under plan C: custom imports leave it, and all else stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wasmdoctor.migrate.inputs import PlanInputs, Site
from wasmdoctor.migrate.plan_a.findings import (
    Finding,
    Findings,
    SiteKey,
    custom_imports,
    is_custom,
    is_member,
    site_key,
)
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites, import_paths, is_composed, touched_members
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.wit import Interface, WorldItem, WorldItemKind


def find(inputs: PlanInputs) -> Findings:
    """The custom imports of all components, and which of them can be cured while all exports stay."""
    found = [
        finding
        for component in inputs.components
        for finding in custom_imports(inputs, component, frozenset())
    ]
    shared = _shared(inputs)
    found = [
        Finding(f.component, f.name, f.location, f.reason or shared.get((f.component, f.name), ""))
        for f in found
    ]
    left: dict[str, str] = {}
    for finding in found:
        if finding.reason:
            left.setdefault(finding.name, finding.reason)
    # One binding may serve several components: what one of them must keep stays for all.
    settled = [Finding(f.component, f.name, f.location, f.reason or left.get(f.name, "")) for f in found]
    return Findings(tuple(settled), left)


def _shared(inputs: PlanInputs) -> Mapping[tuple[str, str], str]:
    """Imports with functions whose types exports of the same world use: the exports go on needing them."""
    found: dict[tuple[str, str], str] = {}
    for component in inputs.components:
        for site in component.sites:
            for name, export in needed_by_exports(site).items():
                item = site.world.imports.get(name) if site.world is not None else None
                if item is None or item.interface is None or not item.interface.functions:
                    continue
                reason = (
                    f"the exported `{export}` of `{site.crate.name}` uses types of it, and stays: "
                    "put these types into an interface of their own first"
                )
                found.setdefault((component.name, name), reason)
    return found


def needed_by_exports(site: Site) -> Mapping[str, str]:
    """The imports of a site that its exports take types from, directly or not, each with one such export."""
    if site.world is None:
        return {}
    interfaces = {
        interface.name: interface
        for package in site.resolution.packages.values()
        for interface in package.interfaces.values()
    }
    found: dict[str, str] = {}
    for export in site.world.exports.values():
        bound = site.binding.exports.get(export.name)
        waiting = [*_depends(export.interface)]
        waiting += [name for needs in (bound.needs if bound else {}).values() for name in needs]
        while waiting:
            name = waiting.pop()
            if name in found or name in site.world.exports:
                continue
            found[name] = export.name
            waiting += _depends(interfaces.get(name))
    return {name: export for name, export in found.items() if name in site.world.imports}


def _depends(interface: Interface | None) -> Iterable[str]:
    return interface.depends if interface is not None else ()


def plan_sites(inputs: PlanInputs, findings: Findings) -> Sites:
    """What becomes of the sites of all components that have a finding to cure."""
    affected = {finding.component for finding in findings.curable}
    plans: dict[SiteKey, SitePlan] = {}
    for position, component in enumerate(inputs.components):
        for site in component.sites:
            if not is_member(inputs, component, site.crate) or site.binding.compiled is False:
                continue
            key = site_key(site)
            if key not in plans:
                cure = _cure(inputs, findings, site)
                plans[key] = SitePlan(site, {}, False, cure, import_paths(site))
            plans[key].modules[position] = site.module
    touched = touched_members(inputs, affected)
    chosen = tuple(plan for plan in plans.values() if plan.crate in touched and plan.cure)
    return Sites(chosen, frozenset(), frozenset(), frozenset(affected))


def _cure(inputs: PlanInputs, findings: Findings, site: Site) -> frozenset[str]:
    """The imports of a site that go: custom ones, but for those that exports need types of."""
    items: Mapping[str, WorldItem] = site.world.imports if site.world else {}
    stays = needed_by_exports(site)
    return frozenset(
        name
        for name in site.binding.imports
        if is_custom(inputs, name)
        and name not in findings.left
        and name not in stays
        and not (name in items and items[name].kind is WorldItemKind.TYPE)
        and not is_composed(inputs, site, name)
    )


def component_crates(inputs: PlanInputs) -> Iterator[CrateId]:
    """The crates whose manifest says that they are components, with a world of their own."""
    for component in inputs.components:
        for crate in component.graph.crates.values():
            if crate.component is not None:
                yield crate.id
