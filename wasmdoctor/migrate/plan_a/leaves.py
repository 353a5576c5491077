"""Names that ``use`` declarations bring and nobody needs any more."""

from __future__ import annotations

from wasmdoctor.migrate.inputs import ComponentInput
from wasmdoctor.migrate.plan_a.going import alive_names, is_export
from wasmdoctor.migrate.plan_a.sites import RustPath, SitePlan, exports_at
from wasmdoctor.migrate.plan_a.work import Work
from wasmdoctor.readers.rust.itemgraph import ItemNode, Leaf, ModuleNode


def unused_leaves(work: Work, position: int, component: ComponentInput) -> None:
    """Take out of one component's ``use`` declarations what is gone, and what lost its last user."""
    graph = component.program.items
    crates = {graph.nodes[key].crate for key in graph.nodes if work.gone(graph.nodes[key])} | {
        plan.modules[position].partition("::")[0] for plan in work.sites.plans if position in plan.modules
    }
    facts = _UseFacts(work, position, component)
    for node in graph.nodes.values():
        if node.kind != "use" or node.extern_crate or work.in_removed(node):
            continue
        gone = {leaf.span for leaf in node.leaves if facts.goes(node, leaf, crates)}
        if gone:
            work.without(node, gone)


class _UseFacts:
    """Whether names that ``use`` declarations bring are still needed."""

    def __init__(self, work: Work, position: int, component: ComponentInput) -> None:
        self.work = work
        self.position = position
        self.graph = component.program.items
        self.plans = {plan.modules[position]: plan for plan in work.sites.plans if position in plan.modules}
        self.replaced = {
            placed.plan.modules[position]
            for placed in work.placed
            if placed.sibling and position in placed.plan.modules
        }
        self.names: dict[str, set[str]] = {}
        self.below: dict[str, list[ModuleNode]] = {}
        for module in self.graph.modules:
            self.below.setdefault(module.name, []).append(module)

    def goes(self, node: ItemNode, leaf: Leaf, crates: set[str]) -> bool:
        """Whether a name must go, or has lost its last user."""
        if leaf.bindings:
            return all(self._lost(ref.bindings, ref.relative, leaf.glob) for ref in leaf.bindings)
        if leaf.modules and all(name in self._dying for name in leaf.modules):
            return True
        if leaf.items and all(self.work.gone(self.graph.nodes[key]) for key in leaf.items):
            return True
        if node.crate not in crates or node.visibility or leaf.glob or leaf.alias == "_":
            return False
        if leaf.path and leaf.path[-1] in ("generate",) and self._was_generator(node, leaf):
            return leaf.alias not in self._alive_in(node)
        return self._mentioned_by_dead(node, leaf) and self._unused(node, leaf)

    @property
    def _dying(self) -> set[str]:
        return {
            module.name
            for module in self.graph.modules
            if module.item is not None
            and self.work.in_removed(self.graph.nodes[module.item])
            and module.name not in self.replaced
        }

    def _lost(self, bindings: str, relative: RustPath, glob: bool) -> bool:
        """Whether what a leaf names in bindings is there no longer, under this path or the bridge's."""
        plan = self.plans.get(bindings)
        if plan is None:
            return False
        if not relative:
            return not plan.keep and not plan.bridged
        if is_export(relative):
            if not plan.library:
                return False
            return not (relative[0] == "exports" and plan.exported and self._keeps(plan, relative))
        found = plan.paths.of(relative)
        if found & plan.used or found - plan.cure:
            return False
        return bool(found)

    def _keeps(self, plan: SitePlan, relative: RustPath) -> bool:
        return bool(exports_at(plan, relative) & plan.exported)

    def _was_generator(self, node: ItemNode, leaf: Leaf) -> bool:
        return any(
            plan.site.call is not None and plan.site.call.location.path == node.file and not plan.keep
            for plan in self.plans.values()
        )

    def _mentioned_by_dead(self, node: ItemNode, leaf: Leaf) -> bool:
        return any(
            leaf.alias in self.graph.uses[other.id].segments
            for other in self.graph.nodes.values()
            if other.module == node.module and self.work.gone(other)
        )

    def _unused(self, node: ItemNode, leaf: Leaf) -> bool:
        if leaf.alias in self._alive_in(node):
            return False
        return not self._may_be_trait(node, leaf)

    def _may_be_trait(self, node: ItemNode, leaf: Leaf) -> bool:
        """A trait is used by method calls that do not name it: a name that may be one stays with them."""
        if not leaf.alias[:1].isupper():
            return False
        if leaf.items:
            if all(self.graph.nodes[key].kind != "trait" for key in leaf.items):
                return False
        elif any(
            leaf.alias in self.graph.uses[other.id].types
            for other in self.graph.nodes.values()
            if other.module == node.module and self.work.gone(other)
        ):
            return False
        return any(
            self.graph.uses[other.id].methods
            for other in self.graph.nodes.values()
            if (other.module == node.module or other.module.startswith(f"{node.module}::"))
            and not self.work.gone(other)
        )

    def _alive_in(self, node: ItemNode) -> set[str]:
        """All names in code that stays and may see a module's private ``use``."""
        if node.module in self.names:
            return self.names[node.module]
        found: set[str] = set()
        files: dict[str, list[tuple[int, int]]] = {}
        for other in self.graph.nodes.values():
            if other.module != node.module and not other.module.startswith(f"{node.module}::"):
                continue
            spans = files.setdefault(other.file, [])
            if self.work.gone(other) or (other.kind == "use" and other.module == node.module):
                spans.append((other.full_span.start, other.full_span.end))
        for module in self.graph.modules:
            if module.name == node.module or module.name.startswith(f"{node.module}::"):
                files.setdefault(module.file, [])
        for file, spans in files.items():
            if file not in self.work.result.removed:
                cut = [(cut.span.start, cut.span.end) for cut in self.work.cuts.get(file, ())]
                found |= alive_names(self.work.read(file), [*spans, *cut])
        self.names[node.module] = found
        return found
