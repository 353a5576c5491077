"""The edits of Rust files: calls that become standard ones, bridges in, and names that nothing uses any more."""

from __future__ import annotations

from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.going import alive_names
from wasmdoctor.migrate.plan_a.leaves import unused_leaves
from wasmdoctor.migrate.plan_a.modules import ModuleEdits
from wasmdoctor.migrate.plan_a.redirect import Redirects
from wasmdoctor.migrate.plan_a.rust import Bridges
from wasmdoctor.migrate.plan_a.sites import Sites
from wasmdoctor.migrate.plan_a.work import Work
from wasmdoctor.migrate.plan_c.calls import Calls
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.itemgraph import ItemGraph, ItemNode, Leaf
from wasmdoctor.readers.rust.tokens import IDENT, lex

DIRECT = "the custom function did nothing but call this one"


def rust_work(inputs: PlanInputs, sites: Sites, calls: Calls) -> Work:
    """The edits of all members' sources and the bridges that they want, before they are written."""
    work = _Work(inputs, sites, calls)
    modules = ModuleEdits(work)
    bridges = Bridges(work, modules)
    bridges.place()
    bridges.calls()
    modules.make()
    names = _Names(work)
    for position, component in enumerate(inputs.components):
        unused_leaves(work, position, component)
        names.make(component)
    redirects = Redirects(work)
    for position, component in enumerate(inputs.components):
        redirects.make(position, component)
    work.result.requests += [(placed.plan, bridges.request(placed)) for placed in work.placed]
    return work


class _Work(Work):
    """Edits around the calls that change by themselves."""

    def __init__(self, inputs: PlanInputs, sites: Sites, calls: Calls) -> None:
        super().__init__(inputs, sites)
        self.calls = calls
        self.unneeded: dict[tuple[str, Span], set[Span]] = {}
        for (path, span), name in calls.direct.items():
            super().spot(path, span, name.encode(), DIRECT)

    def spot(self, path: str, span: Span, data: bytes, cause: str) -> None:
        """Replace exactly a span, unless it is a part of a path that changes as a whole."""
        if not any(one.start <= span.start < one.end for one in self.calls.spans(path)):
            super().spot(path, span, data, cause)

    def without(self, node: ItemNode, gone: set[Span]) -> None:
        """Take names out of a ``use`` declaration, with those that were taken out before."""
        known = self.unneeded.setdefault((node.file, node.full_span), set())
        known |= gone
        super().without(node, known)


class _Names:
    """Names that ``use`` declarations bring, and that only the changed calls had a use for."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.first: dict[str, set[str]] = {}

    def make(self, component: ComponentInput) -> None:
        """Take them out of one component's sources."""
        graph = component.program.items
        for node in graph.nodes.values():
            if node.kind != "use" or node.visibility or node.extern_crate or self.work.in_removed(node):
                continue
            gone = {leaf.span for leaf in node.leaves if self._is_unused(graph, node, leaf)}
            if gone:
                self.work.without(node, gone)

    def _is_unused(self, graph: ItemGraph, node: ItemNode, leaf: Leaf) -> bool:
        if not leaf.bindings or leaf.glob or leaf.alias not in self._firsts(node.file):
            return False
        return leaf.alias not in self._alive_in(graph, node.module)

    def _firsts(self, file: str) -> set[str]:
        """The names that changed paths of a file began with."""
        if file not in self.first:
            data = self.work.read(file)
            paths = [lex(data, span.start, span.end) for span in self.work.calls.spans(file)]
            names = [[token.text for token in path if token.kind == IDENT] for path in paths]
            self.first[file] = {path[0] for path in names if path}
        return self.first[file]

    def _alive_in(self, graph: ItemGraph, module: str) -> set[str]:
        """All names in code that stays and may see a module's private ``use``."""
        spans: dict[str, list[tuple[int, int]]] = {}
        for other in graph.modules:
            if other.name == module or other.name.startswith(f"{module}::"):
                spans.setdefault(other.file, [])
        for node in graph.nodes.values():
            if node.kind == "use" and node.module == module:
                spans.setdefault(node.file, []).append((node.full_span.start, node.full_span.end))
        found: set[str] = set()
        for file, dead in spans.items():
            if file not in self.work.result.removed:
                dead += [(cut.span.start, cut.span.end) for cut in self.work.cuts.get(file, ())]
                dead += [(span.start, span.end) for span in self.work.calls.spans(file)]
                found |= alive_names(self.work.read(file), dead)
        return found
