"""Modules and items that go, and the ``mod`` lines of bridges in their place."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.plan_a.going import is_export
from wasmdoctor.migrate.plan_a.work import Placed, Work
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.attributes import read_attribute
from wasmdoctor.readers.rust.itemgraph import ItemGraph, ItemNode, Leaf, ModuleNode
from wasmdoctor.readers.rust.tokens import lex

UNNEEDED = "library crates are linked, and export nothing themselves"


class ModuleEdits:
    """Takes dead items and empty modules out."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.dying = self._dying_modules()

    def _dying_modules(self) -> dict[int, set[str]]:
        """For each component, the modules of which nothing stays."""
        votes: dict[tuple[str, str, int], bool] = {}
        per: list[dict[str, tuple[str, str, int]]] = []
        for position, component in enumerate(self.work.inputs.components):
            graph = component.program.items
            dying = self._dying_in(position, graph)
            keys: dict[str, tuple[str, str, int]] = {}
            for module in graph.modules:
                item = graph.nodes[module.item] if module.item is not None else None
                if item is None:
                    continue
                key = (module.file, item.file, item.span.start)
                keys[module.name] = key
                votes[key] = votes.get(key, True) and module.name in dying
            per.append(keys)
        return {
            position: {name for name, key in keys.items() if votes[key]} for position, keys in enumerate(per)
        }

    def _dying_in(self, position: int, graph: ItemGraph) -> set[str]:
        nodes: dict[str, list[ItemNode]] = {}
        for node in graph.nodes.values():
            nodes.setdefault(node.module, []).append(node)
        files = {
            plan.modules[position]
            for plan in self.work.sites.plans
            if plan.site.file is not None and not plan.keep and position in plan.modules
        }
        bridged = {
            plan.modules[position]
            for plan in self.work.sites.plans
            if plan.bridged and position in plan.modules
        }
        children: dict[str, list[str]] = {}
        for module in graph.modules:
            children.setdefault(module.parent, []).append(module.name)
        dying: set[str] = set()
        for module in reversed(graph.modules):  # children before their parents
            if module.name in files:
                dying.add(module.name)
                continue
            mine = nodes.get(module.name, [])
            lost = [node for node in mine if self.work.gone(node)]
            below = children.get(module.name, [])
            if not lost and not any(name in dying for name in below):
                continue
            rest = [node for node in mine if not self.work.gone(node) and node.kind not in ("use", "mod")]
            if rest or any(name not in dying or name in bridged for name in below):
                continue
            if self._reexports(mine, bridged):
                continue
            dying.add(module.name)
        return dying

    def _reexports(self, nodes: Iterable[ItemNode], bridged: Container[str]) -> bool:
        """Whether a ``pub use`` among nodes passes on what stays elsewhere, or what a bridge has instead."""
        return any(
            node.kind == "use"
            and node.visibility
            and any(leaf.items or not leaf.known or _leads_to(leaf, bridged) for leaf in node.leaves)
            for node in nodes
        )

    def make(self) -> None:
        """Cut the items, the modules' files and lines, and put the bridges' lines in."""
        beside = {
            (placed.plan.modules[p], p): placed for placed in self.work.placed for p in placed.plan.modules
        }
        for position, component in enumerate(self.work.inputs.components):
            graph = component.program.items
            modules = {module.name: module for module in graph.modules}
            gone = self.dying[position]
            for node in graph.nodes.values():
                owner = graph.nodes[node.owner] if node.owner is not None else None
                if node.module in gone or not self.work.is_dead(node) or (owner and self.work.is_dead(owner)):
                    continue
                self.work.cut(node.file, node.full_span, UNNEEDED)
            for name in gone:
                module = modules[name]
                if module.parent in gone:
                    self._remove_files(module)
                    continue
                placed = beside.get((name, position))
                self._module(graph, module, placed if placed is not None and placed.sibling else None)
            for key, placed in beside.items():
                if key[1] == position and placed.sibling and key[0] not in gone:
                    self._after(graph, modules[key[0]], placed)

    def _remove_files(self, module: ModuleNode) -> None:
        if not module.inline:
            self.work.result.removed.add(module.file)

    def _module(self, graph: ItemGraph, module: ModuleNode, placed: Placed | None) -> None:
        """A module of which nothing stays: its file, and its ``mod`` item, or the bridge's in its place."""
        self._remove_files(module)
        assert module.item is not None
        node = graph.nodes[module.item]
        cause = f"nothing of module `{module.name}` is needed any more"
        if placed is None:
            self.work.cut(node.file, node.full_span, cause)
            return
        cause = f"the bridge takes the place of module `{module.name}`"
        data = self.work.read(node.file)
        line = self._mod_line(node, placed.name, data)
        target = self._sorted_place(graph, node, placed.name, data)
        if target is None:
            self.work.cut(node.file, node.full_span, cause, line)
        else:
            self.work.cut(node.file, node.full_span, cause)
            newline = rustedits.newline_of(data)
            self.work.spot(node.file, Span(target, target), line.replace(b"\n", newline) + newline, cause)

    def _after(self, graph: ItemGraph, module: ModuleNode, placed: Placed) -> None:
        """Bindings in a file that stays: the bridge's module comes after theirs."""
        assert module.item is not None
        node = graph.nodes[module.item]
        data = self.work.read(node.file)
        line = self._mod_line(node, placed.name, data)
        end = data.find(b"\n", node.span.end)
        end = len(data) if end < 0 else end + 1
        target = self._sorted_place(graph, node, placed.name, data, stays=True)
        newline = rustedits.newline_of(data)
        at = end if target is None else target
        self.work.spot(
            node.file,
            Span(at, at),
            line.replace(b"\n", newline) + newline,
            f"custom imports of `{module.name}` are called through the bridge",
        )

    def _mod_line(self, node: ItemNode, name: str, data: bytes) -> bytes:
        """The bridge's ``mod`` item, under the same conditions and with the same visibility."""
        indent = rustedits.indent_of(data, node.full_span.start).decode()
        lines = [f"{indent}{text}" for text in _conditions(data, node)]
        front = f"{node.visibility} " if node.visibility else ""
        return "\n".join([*lines, f"{indent}{front}mod {name};"]).encode()

    def _sorted_place(
        self, graph: ItemGraph, node: ItemNode, name: str, data: bytes, *, stays: bool = False
    ) -> int | None:
        """Where in a group of ``mod x;`` lines a name belongs, as rustfmt sorts them; None for right here."""
        group = [
            other
            for other in graph.nodes.values()
            if other.kind == "mod"
            and other.file == node.file
            and other.module == node.module
            and data[other.span.end - 1 : other.span.end] == b";"
        ]
        group.sort(key=lambda other: other.span.start)
        if node not in group:
            return None
        at = group.index(node)
        low = high = at
        while low > 0 and _adjacent(data, group[low - 1], group[low]):
            low -= 1
        while high + 1 < len(group) and _adjacent(data, group[high], group[high + 1]):
            high += 1
        rest = [other for other in group[low : high + 1] if stays or other is not node]
        following = next((other for other in rest if other.name > name), None)
        before = [other for other in rest if other.name < name]
        if following is not None and (not before or before[-1].span.start < following.span.start):
            if (
                not stays
                and (following.span.start > node.span.start)
                and (not before or before[-1].span.start < node.span.start)
            ):
                return None
            return data.rfind(b"\n", 0, following.full_span.start) + 1
        if following is None and before and before[-1].span.start > node.span.start:
            end = data.find(b"\n", before[-1].span.end)
            return len(data) if end < 0 else end + 1
        return None


def _leads_to(leaf: Leaf, bridged: Container[str]) -> bool:
    return any(ref.bindings in bridged and not is_export(ref.relative) for ref in leaf.bindings)


def _conditions(data: bytes, node: ItemNode) -> Iterator[str]:
    """The ``cfg`` attributes before an item, as written."""
    tokens = lex(data, node.full_span.start, node.span.start)
    at = 0
    while at < len(tokens):
        if tokens[at].text == "#":
            depth, end = 0, at + 1
            while end < len(tokens):
                depth += (tokens[end].text == "[") - (tokens[end].text == "]")
                if depth == 0:
                    break
                end += 1
            span = Span(tokens[at].start, tokens[min(end, len(tokens) - 1)].end)
            if read_attribute(data, span.start, span.end).name == "cfg":
                yield data[span.start : span.end].decode("utf-8", "replace")
            at = end
        at += 1


def _adjacent(data: bytes, one: ItemNode, other: ItemNode) -> bool:
    """Whether nothing but one line end stands between two items."""
    between = data[one.span.end : other.full_span.start]
    return not between.strip() and between.count(b"\n") == 1
