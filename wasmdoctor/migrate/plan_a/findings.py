"""Which custom imports a workspace's components have, and which of them plan A can cure.

A custom import is one that the host has in no version, that code really uses or that brings a resource, and
that no other component of the workspace exports. It can be cured where all bindings that bring it are Rust
sources of this workspace that say what they bind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs, Site
from wasmdoctor.model.binding import Binding, Carrier, Certainty, Predicted, SiteKind
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import Generator
from wasmdoctor.model.source import Location

SiteKey = tuple[str, int]
"""A site: the file that it stands in, and the offset of the call (0 for a bindings file)."""


def site_key(site: Site) -> SiteKey:
    """What tells a site from all others of the workspace, whichever component it was read for."""
    return (site.binding.location.path, site.call.span.start if site.call else 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """A custom import of one component; ``reason`` says why plan A cannot cure it, or is ""."""

    component: str
    name: str
    location: Location
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """All custom imports. ``left`` maps names that stay to why, for all components."""

    all: tuple[Finding, ...]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def curable(self) -> tuple[Finding, ...]:
        """Those that the plan is for."""
        return tuple(finding for finding in self.all if not finding.reason)


def libraries(inputs: PlanInputs) -> frozenset[CrateId]:
    """The members that another component's crate links: they stop being components."""
    return frozenset(
        link.crate.id
        for component in inputs.components
        for link in component.linked
        if is_member(inputs, component, link.crate.id)
    )


def find(inputs: PlanInputs) -> Findings:
    """The custom imports of all components."""
    linked = libraries(inputs)
    found = [
        finding for component in inputs.components for finding in custom_imports(inputs, component, linked)
    ]
    left: dict[str, str] = {}
    for finding in found:
        if finding.reason:
            left.setdefault(finding.name, finding.reason)
    # One binding may serve several components: what one of them must keep stays for all.
    settled = [Finding(f.component, f.name, f.location, f.reason or left.get(f.name, "")) for f in found]
    return Findings(tuple(settled), left)


def is_custom(inputs: PlanInputs, name: str) -> bool:
    """Whether an import is the project's own: no host interface, in any version."""
    return not inputs.provided(name)


def is_member(inputs: PlanInputs, component: ComponentInput, crate: CrateId) -> bool:
    """Whether a crate is a member of the workspace, so that it may be edited."""
    found = component.graph.crates.get(crate)
    return found is not None and found.is_member and found.manifest in inputs.cargo.members


def custom_imports(
    inputs: PlanInputs, component: ComponentInput, linked: frozenset[CrateId]
) -> Iterator[Finding]:
    """The custom imports of one component; ``linked`` are the crates that stop being components."""
    for name, predicted in component.prediction.imports.items():
        if predicted.source == "std" or predicted.certainty is Certainty.UNUSED:
            continue
        if not is_custom(inputs, name) or not _needs_provider(predicted):
            continue
        if provider_for(inputs, component, name):
            continue  # the workspace composes them: its import is meant to be one
        yield Finding(component.name, name, _place(predicted), _reason(inputs, component, predicted, linked))


def _needs_provider(predicted: Predicted) -> bool:
    """Whether a linker needs something for it: an instance of types alone is nothing to provide."""
    for carrier in predicted.carriers:
        item = carrier.binding.imports.get(carrier.name)
        if carrier.certainty is not Certainty.UNUSED and (
            carrier.functions or item is None or item.resources or item.kind == "func"
        ):
            return True
    return False


def provider_for(inputs: PlanInputs, component: ComponentInput, name: str) -> str:
    """Another component that exports the interface and is not linked into this one, or ""."""
    linked = {link.crate.id for link in component.linked}
    wanted = ExternName.parse(name).unversioned
    for other in inputs.components:
        if other.crate.id == component.crate.id or other.crate.id in linked:
            continue
        for export in other.prediction.exports:
            if ExternName.parse(export).unversioned == wanted:
                return other.name
    return ""


def _place(predicted: Predicted) -> Location:
    """The WIT line that brings the import, else its binding."""
    carrier = predicted.carriers[0]
    item = carrier.binding.imports.get(carrier.name)
    return item.steps[0].location if item is not None and item.steps else carrier.binding.location


def _reason(
    inputs: PlanInputs, component: ComponentInput, predicted: Predicted, linked: frozenset[CrateId]
) -> str:
    """Why an import cannot be cured: the first of its carriers that stands in the way, blocks by hand first."""
    carriers = [carrier for carrier in predicted.carriers if carrier.certainty is not Certainty.UNUSED]
    carriers.sort(key=lambda carrier: carrier.binding.kind is not SiteKind.EXTERN)
    reasons = (_obstacle(inputs, component, carrier, linked) for carrier in carriers)
    return next((reason for reason in reasons if reason), "")


def _obstacle(
    inputs: PlanInputs, component: ComponentInput, carrier: Carrier, linked: frozenset[CrateId]
) -> str:
    binding = carrier.binding
    crate = binding.crate.name
    match binding.kind:
        case SiteKind.EXTERN:
            return (
                f"`{crate}` imports it by hand, in an `extern` block at {binding.location}: "
                "there is no API that a bridge could take the place of"
            )
        case SiteKind.OUT_DIR:
            return f"a build script of `{crate}` writes its bindings: they are not in the sources ({binding.location})"
        case SiteKind.MACRO:
            return f"a macro of another crate makes the bindings of `{crate}` ({binding.location})"
        case _:
            pass
    if not is_member(inputs, component, binding.crate):
        return f"the bindings are in `{crate}`, which is not a member of this workspace ({binding.location})"
    site = _site(component, binding)
    if site is None:
        return f"the bindings at {binding.location} cannot be told apart from other code"
    if site.file is not None and site.file.generator is Generator.OTHER:
        return (
            f"`{crate}` imports it by hand, with an encoded world of its own ({binding.location}): "
            "there is no API that a bridge could take the place of"
        )
    if site.world is None:
        return f"the WIT of the bindings in {binding.location.path} is not there, so what they offer is not known"
    if site.call is not None and (site.call.inside or not site.call.certain):
        return f"the macro call at {site.call.location} could not be traced to wit-bindgen"
    if site.call is not None and site.call.bindings != site.call.module:
        return f"the bindings stand inside of a function ({site.call.location})"
    if binding.crate not in linked and _needed_resources(site, carrier.name):
        exports = ", ".join(f"`{name}`" for name in _users(site, carrier.name))
        return (
            f"the exported {exports} of `{crate}` hands on a resource of it: "
            "a component that gets resources of another one needs that other one"
        )
    return ""


def _site(component: ComponentInput, binding: Binding) -> Site | None:
    return next((site for site in component.sites if site.binding is binding), None)


def _users(site: Site, name: str) -> list[str]:
    """The kept exports of a site whose types come from an interface."""
    return [
        export.name
        for export in site.binding.exports.values()
        if any(name in needs for needs in export.needs.values())
    ]


def _needed_resources(site: Site, name: str) -> bool:
    """Whether an export needs an imported interface that has resources."""
    item = site.binding.imports.get(name)
    return bool(item and item.resources and site.binding.exported and _users(site, name))
