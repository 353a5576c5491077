"""Call sites of custom functions: which call a standard function themselves from now on, and which the bridge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wasmdoctor.migrate.bridge.derived import CRATE
from wasmdoctor.migrate.inputs import BridgeMaker, BridgeRequest, ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.going import is_export
from wasmdoctor.migrate.plan_a.sites import RustPath, SitePlan, Sites, note_remapped, note_use
from wasmdoctor.migrate.plan_c.forward import standard_calls
from wasmdoctor.migrate.plan_c.sites import component_crates
from wasmdoctor.model.plan import BridgeFunction, CallSite, CallTarget
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import UseSite
from wasmdoctor.model.source import Span
from wasmdoctor.readers.cargo.files import is_below
from wasmdoctor.readers.rust.tokens import IDENT, lex

PROBE = "probe.rs"
"""The file of a bridge that is made to be looked at, and not written."""

Place = tuple[str, Span]
"""A file and a span in it."""


@dataclass(slots=True)
class Calls:
    """All call sites, by place. ``direct`` are the paths that take the place of others in the code;
    ``functions`` tells of each site plan's functions that are called so what they need."""

    sites: dict[Place, CallSite] = field(default_factory=dict)
    direct: dict[Place, str] = field(default_factory=dict)
    functions: dict[int, dict[str, BridgeFunction]] = field(default_factory=dict)

    def listed(self) -> tuple[CallSite, ...]:
        """The call sites in order of file and place."""
        return tuple(self.sites[place] for place in sorted(self.sites))

    def spans(self, path: str) -> list[Span]:
        """The spans of a file that are replaced."""
        return [span for file, span in self.direct if file == path]

    def needed(self, plan: SitePlan) -> list[BridgeFunction]:
        """The functions of a site that are called without the bridge."""
        return list(self.functions.get(id(plan), {}).values())


def plan_calls(inputs: PlanInputs, sites: Sites, bridge: BridgeMaker) -> Calls:
    """What becomes of the call sites.

    Notes in the plans of ``sites`` what is left for their bridges, and whether their bindings stay.
    """
    found = Calls()
    components = frozenset(component_crates(inputs))
    for plan in sites.plans:
        _Site(inputs, plan, bridge, found).note()
    note_remapped(inputs.components, sites.plans)
    for plan in sites.plans:
        plan.keep = bool(plan.others or plan.site.binding.exports) or plan.crate in components
    return found


@dataclass(frozen=True, slots=True)
class _Standard:
    """A custom function that only calls a standard one: the path of that, and what is told of it."""

    path: str
    about: BridgeFunction


class _Site:
    """The uses of one site's bindings."""

    def __init__(self, inputs: PlanInputs, plan: SitePlan, bridge: BridgeMaker, found: Calls) -> None:
        self.inputs = inputs
        self.plan = plan
        self.found = found
        self.components = [(inputs.components[position], module) for position, module in plan.modules.items()]
        self.standard = self._standard(bridge)
        self.kept: set[RustPath] = set()
        self.inner = {id(component): self._inner_uses(component) for component, _ in self.components}
        self.hiding = {id(component): _hiding(component) for component, _ in self.components}

    def note(self) -> None:
        """Sorts the call sites, then notes what the code names besides."""
        uses = [found for component, module in self.components for found in self._uses(component, module)]
        stay = {(use.location.path, use.span) for component, use in uses if not self._changes(component, use)}
        for component, use in uses:
            self._call(component, use, (use.location.path, use.span) not in stay)
        for component, module in self.components:
            self._names(component, module)

    def _uses(self, component: ComponentInput, module: str) -> Iterator[tuple[ComponentInput, UseSite]]:
        for use in component.program.use_sites:
            if use.bindings == module and use.kind != "use":
                yield component, use

    def _call(self, component: ComponentInput, use: UseSite, direct: bool) -> None:
        names = component.names.get(use.bindings)
        called = names.called(use.relative) if names is not None else None
        if called is None or called[0] not in self.plan.cure:
            return
        place = (use.location.path, use.span)
        name = self.standard[use.relative].path if direct else ""
        target = CallTarget.STANDARD if direct else CallTarget.BRIDGE
        self.found.sites[place] = CallSite(use.location, *called, target, name)
        if direct:
            self.found.direct[place] = name
            functions = self.found.functions.setdefault(id(self.plan), {})
            functions["::".join(use.relative)] = self.standard[use.relative].about
        else:
            self.kept.add(use.relative)
            self.plan.functions.setdefault(called[0], set()).add(called[1])

    def _names(self, component: ComponentInput, module: str) -> None:
        """What code names of the bindings, but for the calls that no longer do."""
        graph = component.program.items
        for uses in graph.uses.values():
            for ref in uses.bindings:
                if ref.bindings == module and (
                    ref.relative not in self.standard or ref.relative in self.kept
                ):
                    note_use(self.plan, ref.relative)
        for node in graph.nodes.values():
            for leaf in node.leaves if node.exported or node.visibility else ():
                for ref in leaf.bindings:
                    if ref.bindings == module and not leaf.glob and not is_export(ref.relative):
                        note_use(self.plan, ref.relative)

    # Which calls may change

    def _standard(self, bridge: BridgeMaker) -> Mapping[RustPath, _Standard]:
        """The functions of the bridge that only call a standard one, by path."""
        site = self.plan.site
        package = next(
            (
                self.inputs.cargo.packages.get(component.graph.crates[self.plan.crate].manifest)
                for component, _ in self.components
            ),
            None,
        )
        if site.world is None or package is None or package.edition == "2015":
            return {}
        imports = tuple(name for name in site.binding.imports if name in self.plan.cure)
        options = site.call.options if site.call is not None else ()
        request = BridgeRequest(
            self.plan.crate.name, "crate::probe", PROBE, site.world, imports, options=options
        )
        made = bridge(request, site.resolution)
        calls = standard_calls(PROBE, made.files, (CRATE,))
        about = {(function.interface, function.function): function for function in made.functions}
        found: dict[RustPath, _Standard] = {}
        for component, module in self.components:
            names = component.names.get(module)
            for path, target in calls.items():
                called = names.called(path) if names is not None else None
                if called is None:
                    continue
                function = about.get(called) or about.get(("", called[1]))
                if function is not None:
                    found[path] = _Standard(target, function)
        return found

    def _changes(self, component: ComponentInput, use: UseSite) -> bool:
        """Whether the path at a call site can be that of the standard function."""
        if use.relative not in self.standard or use.kind not in ("call", "path") or not use.certain:
            return False
        path = use.location.path
        if component.crate_ids.get(use.crate) != self.plan.crate or not is_below(path, self.inputs.root):
            return False
        if any(use.relative[: len(taken)] == taken for taken in self.inner[id(component)]):
            return False
        if use.module in self.hiding[id(component)]:
            return False
        data = self.inputs.files.read(path) or b""
        tokens = lex(data, use.span.start, use.span.end)
        return bool(tokens) and all(token.kind == IDENT or token.text == "::" for token in tokens)

    def _inner_uses(self, component: ComponentInput) -> list[RustPath]:
        """What ``use`` declarations inside of functions bring: they are no items, and stay."""
        return [
            use.relative
            for use in component.program.use_sites
            if use.kind == "use" and use.function and use.bindings in self.plan.modules.values()
        ]


def _hiding(component: ComponentInput) -> set[str]:
    """Modules in which the crate's name stands for something else."""
    graph = component.program.items
    return {
        node.module
        for node in graph.nodes.values()
        if node.name == CRATE or any(leaf.alias == CRATE for leaf in node.leaves)
    }
