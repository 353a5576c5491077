"""``graph --format text``: an indented tree from components to interfaces, each node written out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.graph.emphasis import shortcuts, undemanded
from wasmdoctor.reporters.graph.titles import ORDER, counted, one_line, place_of, severity

MARK = {
    Severity.ERROR: ("✗ error", "bold red"),
    Severity.WARNING: ("✗ warning", "bold yellow"),
    Severity.NOTE: ("· note", "bold cyan"),
}
NAME_STYLE = {
    NodeKind.COMPONENT: "bold",
    NodeKind.CRATE: "yellow",
    NodeKind.WORLD: "cyan",
    NodeKind.INTERFACE: "default",
}
LEAST_TEXT = 30
"""Columns that a line keeps for its text. A branch that is indented further goes on as a tree of its own."""

LEAST_LEVELS = 4
"""But a branch is never taken out sooner than this, however narrow the window is."""

# In the order in which a node's branches stand below it.
_ORDER = [
    EdgeKind.BUILT_FROM,
    EdgeKind.CONTAINS,
    EdgeKind.BINDS,
    EdgeKind.FOR,
    EdgeKind.DECLARED_IN,
    EdgeKind.INCLUDES,
    EdgeKind.IMPORTS,
    EdgeKind.EXPORTS,
    EdgeKind.PROVIDES,
    EdgeKind.DEPENDS,
]
_SAID = {EdgeKind.IMPORTS: "imports", EdgeKind.EXPORTS: "exports", EdgeKind.PROVIDES: "provides"}
_KIND = {NodeKind.INTERFACE: "", NodeKind.MODULE: "core module "}
# For these the line that leads there says more than the node's own place: a dependency, an import.
_EDGE_PLACE = (EdgeKind.DEPENDS, EdgeKind.IMPORTS, EdgeKind.EXPORTS, EdgeKind.INCLUDES, EdgeKind.CONTAINS)


@dataclass(frozen=True, slots=True)
class _Guides:
    """What a branch is drawn with: a branch, the last one, the line past it, and nothing."""

    branch: str
    last: str
    past: str
    none: str


_UNICODE = _Guides("├─ ", "└─ ", "│  ", "   ")
_ASCII = _Guides("|- ", "`- ", "|  ", "   ")


def render(network: Network, style: Style) -> str:
    """The graph as trees. ``(*)`` marks a node whose branches stand further up, as in ``cargo tree``."""

    def write(console: Console) -> None:
        if not network.nodes():
            console.print("no components, crates or WIT to show")
            return
        tree = _Tree(console, network, style)
        tree.write()
        console.print()
        if tree.repeated:
            console.print(Text("(*) is written out further up", style="dim"), soft_wrap=True)
        console.print(Text(counted(network)), soft_wrap=False)
        worst = _worst(network)
        if worst:
            line = Text("next: ", style="bold")
            console.print(line.append(f"wasmdoctor why {worst}", style="not bold"), soft_wrap=True)

    return written(style, write)


def _worst(network: Network) -> str:
    """The interface to ask about first."""
    found = [
        (-level.rank, node, network.facts(node).label)
        for node in network.nodes(NodeKind.INTERFACE)
        if (level := severity(network.facts(node).finding))
    ]
    label = min(found)[2] if found else ""
    return label if all(char.isalnum() or char in ":/@.-_" for char in label) else ""


class _Tree:
    """Writes every node once with its branches, and elsewhere by its name."""

    def __init__(self, console: Console, network: Network, style: Style) -> None:
        self.repeated = False
        self._console = console
        self._network = network
        self._guides = _UNICODE if style.unicode else _ASCII
        self._skipped = shortcuts(network)
        self._unasked = undemanded(network)
        self._branches = {node: self._below(node) for node in network.nodes()}
        self._done: set[Node] = set()
        room = max(console.width - LEAST_TEXT, 0)
        self._deepest = max(room // len(self._guides.branch), LEAST_LEVELS)
        self._later: list[Node] = []

    def _below(self, node: Node) -> list[Edge]:
        """What stands below a node. Who provides an interface stands on the interface's own line."""
        edges = [
            edge
            for edge in self._network.out(node)
            if edge not in self._skipped and (edge.kind is not EdgeKind.PROVIDES or self._alone(node))
        ]
        first: dict[tuple[EdgeKind, Node], Edge] = {}
        for edge in edges:
            first.setdefault((edge.kind, edge.target), edge)
        return sorted(first.values(), key=lambda edge: (_ORDER.index(edge.kind), edge.target))

    def _alone(self, node: Node) -> bool:
        """Whether nothing but PROVIDES touches the ends of a node's edges, so that it needs its own tree."""
        return all(
            edge.kind is EdgeKind.PROVIDES
            for out in self._network.out(node)
            for edge in (*self._network.into(out.target), *self._network.out(out.target))
        )

    def write(self) -> None:
        """All trees: first what nothing leads to, then what only cycles lead to."""
        nodes = sorted(self._network.nodes(), key=lambda node: (ORDER[node.kind], node))
        led_to = {
            edge.target for edges in self._branches.values() for edge in edges if edge.target != edge.source
        }
        roots = [node for node in nodes if node not in led_to and self._is_root(node)]
        for node in [*roots, *(node for node in nodes if node.kind is not NodeKind.HOST)]:
            if node not in self._done and (node not in led_to or node in nodes):
                self._root(node)
                while self._later:
                    self._root(self._later.pop(0))

    def _is_root(self, node: Node) -> bool:
        return node.kind is not NodeKind.HOST or bool(self._branches[node]) or not self._network.out(node)

    def _root(self, node: Node) -> None:
        if node in self._done and not self._branches[node]:
            return
        self._line("", "", node, None)
        self._open(node, "", 0)

    def _open(self, node: Node, indent: str, level: int) -> None:
        """Write the branches of a node. Recursion ends at ``_deepest`` levels."""
        self._done.add(node)
        note = self._network.facts(node).note if node.kind is NodeKind.CRATE else ""
        edges = self._branches[node]
        for number, edge in enumerate(edges):
            last = number == len(edges) - 1 and not note
            self._branch(edge, indent, level, last=last)
        if note:
            self._print(indent + self._guides.last, indent + self._guides.none, Text(one_line(note), "dim"))

    def _branch(self, edge: Edge, indent: str, level: int, *, last: bool) -> None:
        node, guides = edge.target, self._guides
        below = indent + (guides.none if last else guides.past)
        again = node in self._done and bool(self._branches[node] or node.kind is NodeKind.CRATE)
        deep = not again and level + 1 >= self._deepest and bool(self._branches[node])
        mark = " (*)" if again and self._branches[node] else " (below)" if deep else ""
        self.repeated |= mark == " (*)"
        self._line(indent + (guides.last if last else guides.branch), below, node, edge, mark)
        if deep:
            if node not in self._later:
                self._later.append(node)
        elif not again:
            self._open(node, below, level + 1)

    def _line(self, lead: str, below: str, node: Node, edge: Edge | None, mark: str = "") -> None:
        """One node, with how it is reached, its place, who provides it, and its finding."""
        facts = self._network.facts(node)
        text = Text(self._word(node, edge), style="dim")
        level = severity(facts.finding)
        text.append(one_line(facts.label), "not dim " + (MARK[level][1] if level else self._look(node)))
        text.append(mark, "not dim")
        if level:
            text.append(f"  {MARK[level][0]}", f"not dim {MARK[level][1]}")
        for words in self._marks(node, edge):
            text.append(f"  {words}")
        hang = below if edge else ""
        open_below = bool(self._branches[node]) and not mark
        self._print(lead, hang + (self._guides.past if open_below else self._guides.none), text)

    def _look(self, node: Node) -> str:
        return "dim" if self._network.facts(node).external else NAME_STYLE.get(node.kind, "default")

    def _word(self, node: Node, edge: Edge | None) -> str:
        kind = _KIND.get(node.kind, f"{node.kind.value} ")
        if edge is not None:
            said = {**_SAID, EdgeKind.INCLUDES: "includes"}.get(edge.kind, "")
            return f"{said} {kind}" if said else kind
        return kind

    def _marks(self, node: Node, edge: Edge | None) -> Iterator[str]:
        facts = self._network.facts(node)
        if node.kind is not NodeKind.CRATE and facts.note:
            yield f"({one_line(facts.note)})"
        providers = sorted({one.source for one in self._network.into(node, EdgeKind.PROVIDES)})
        if providers and (edge is None or edge.kind is not EdgeKind.PROVIDES):
            names = ", ".join(one_line(self._network.facts(one).label) for one in providers)
            yield f"✓ from {names}"
        if node in self._unasked:
            yield "no component imports it"
        if edge is not None and edge.certainty is not Certainty.CERTAIN:
            yield edge.certainty.value
        if edge is not None and edge.evidence is Evidence.RLIB:
            yield f"({edge.evidence.value})"
        place = place_of((edge.location if edge and edge.kind in _EDGE_PLACE else None) or facts.location)
        if place and place != one_line(facts.label):
            yield place
        if edge is not None and edge.note:
            yield f"[{one_line(edge.note)}]"

    def _print(self, lead: str, below: str, text: Text) -> None:
        """Wrapped to the width; the guides go on beside further lines."""
        width = max(self._console.width - len(below) - 2, LEAST_TEXT - 2)
        for number, line in enumerate(text.wrap(self._console, width, overflow="fold")):
            line.rstrip()
            start = Text(f"{below}  " if number else lead, style="dim")
            self._console.print(start.append_text(line), soft_wrap=True)
