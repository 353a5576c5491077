"""``graph --format text``: an indented tree from components to interfaces, each node written out once."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.graph.emphasis import shortcuts, undemanded
from wasmdoctor.reporters.graph.titles import ORDER, SEEN, counted, one_line, place_of, severity, title

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
LEAST_TEXT = 20
"""Columns that a line keeps for its text. A branch that is indented further goes on as a tree of its own."""

MOST_LEVELS = 40
"""However wide the window is: nobody follows deeper guides."""

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
    EdgeKind.DEPENDS,
]
_SAID = {EdgeKind.IMPORTS: "imports", EdgeKind.EXPORTS: "exports", EdgeKind.INCLUDES: "includes"}
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
            console.print("no components and no crates to show")
            return
        tree = _Tree(console, network, style)
        tree.write()
        console.print()
        if tree.cut:
            console.print(Text("(below) goes on in a tree further down", style="dim"), soft_wrap=True)
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
        self.cut = False
        self._console = console
        self._network = network
        self._guides = _UNICODE if style.unicode else _ASCII
        self._skipped = shortcuts(network)
        self._unasked = undemanded(network)
        self._branches = {node: self._below(node) for node in network.nodes()}
        self._done: set[Node] = set()
        # Below the deepest level a line still has the guide to its branches and a hanging indent of two.
        levels = (console.width - LEAST_TEXT - 2) // len(self._guides.branch) - 1
        self._deepest = min(max(levels, 1), MOST_LEVELS)
        self._later: list[Node] = []

    def _below(self, node: Node) -> list[Edge]:
        """What stands below a node. Who provides an interface stands on the interface's own line."""
        first: dict[tuple[EdgeKind, Node], Edge] = {}
        for edge in self._network.out(node):
            if edge not in self._skipped and edge.kind is not EdgeKind.PROVIDES:
                first.setdefault((edge.kind, edge.target), edge)
        return sorted(first.values(), key=lambda edge: (_ORDER.index(edge.kind), edge.target))

    def write(self) -> None:
        """All trees: first what nothing leads to, then what only a cycle leads to."""
        nodes = sorted(self._network.nodes(), key=lambda node: (ORDER[node.kind], node))
        led_to = {edge.target for edges in self._branches.values() for edge in edges}
        provided = {node for node in nodes if self._network.out(node, EdgeKind.PROVIDES)}
        roots = [node for node in nodes if node not in led_to]
        for node in [*roots, *nodes]:
            if node not in self._done and not (node.kind is NodeKind.HOST and node in provided):
                self._root(node)

    def _root(self, node: Node) -> None:
        """A tree, and then those of the branches that were too deep for it."""
        later = [node]
        while later:
            node = later.pop(0)
            if node not in self._done:
                if self._done and self._branches[node]:
                    self._console.print()
                self._line("", "", node, None)
                self._open(node, "", 0)
            later, self._later = [*later, *self._later], []

    def _open(self, node: Node, indent: str, level: int) -> None:
        """Write the branches of a node. Recursion ends at ``_deepest`` levels."""
        self._done.add(node)
        note, edges = self._folded(node), self._branches[node]
        for number, edge in enumerate(edges):
            self._branch(edge, indent, level, last=number == len(edges) - 1 and not note)
        if note:
            self._print(indent + self._guides.last, indent + self._guides.none, Text(note, "dim"))

    def _folded(self, node: Node) -> str:
        """What of a crate's dependencies is not shown one by one: a line below it."""
        return one_line(self._network.facts(node).note) if node.kind is NodeKind.CRATE else ""

    def _branch(self, edge: Edge, indent: str, level: int, *, last: bool) -> None:
        node, guides = edge.target, self._guides
        below = indent + (guides.none if last else guides.past)
        more = bool(self._branches[node] or self._folded(node))
        again = more and node in self._done
        deep = more and not again and level + 1 >= self._deepest
        self.repeated |= again
        mark = " (*)" if again else " (below)" if deep else ""
        self._line(indent + (guides.last if last else guides.branch), below, node, edge, mark)
        if deep:
            self._later.append(node)
            self.cut = True
        elif not again:
            self._open(node, below, level + 1)

    def _line(self, lead: str, below: str, node: Node, edge: Edge | None, mark: str = "") -> None:
        """One node, with how it is reached, its place, who provides it, and its finding."""
        facts = self._network.facts(node)
        text = Text(self._word(node, edge), style="dim")
        level = severity(facts.finding)
        label = title(node, facts).name if node.kind is NodeKind.BINDING else one_line(facts.label)
        text.append(label, "not dim " + (MARK[level][1] if level else self._look(node)))
        text.append(mark, "not dim")
        if level:
            text.append(f"  {MARK[level][0]}", f"not dim {MARK[level][1]}")
        for words in self._marks(node, edge):
            text.append(f"  {words}")
        hang = below if edge else ""
        open_below = not mark and bool(self._branches[node] or self._folded(node))
        self._print(lead, hang + (self._guides.past if open_below else self._guides.none), text)

    def _look(self, node: Node) -> str:
        return "dim" if self._network.facts(node).external else NAME_STYLE.get(node.kind, "default")

    def _word(self, node: Node, edge: Edge | None) -> str:
        kind = _KIND.get(node.kind, f"{node.kind.value} ")
        said = _SAID.get(edge.kind, "") if edge else ""
        return f"{said} {kind}" if said else kind

    def _marks(self, node: Node, edge: Edge | None) -> Iterator[str]:
        facts = self._network.facts(node)
        if node.kind is not NodeKind.CRATE and facts.note:
            yield f"({one_line(facts.note)})"
        providers = sorted({one.source for one in self._network.into(node, EdgeKind.PROVIDES)})
        if providers:
            names = ", ".join(one_line(self._network.facts(one).label) for one in providers)
            yield f"✓ from {names}"
        if node in self._unasked and not (edge and edge.certainty is Certainty.UNUSED):
            yield "no component imports it"
        if edge is not None and edge.certainty is not Certainty.CERTAIN:
            yield edge.certainty.value
        if edge is not None and edge.evidence is Evidence.RLIB:
            yield f"({SEEN[edge.evidence]})"
        place = place_of((edge.location if edge and edge.kind in _EDGE_PLACE else None) or facts.location)
        if place and place != one_line(facts.label):
            yield place
        if edge is not None and edge.note:
            yield f"[{one_line(edge.note)}]"

    def _print(self, lead: str, below: str, text: Text) -> None:
        """Wrapped to the width; the guides go on beside further lines."""
        width = max(self._console.width - len(below) - 2, LEAST_TEXT)
        for number, line in enumerate(text.wrap(self._console, width, overflow="fold")):
            line.rstrip()
            start = Text(f"{below}  " if number else lead, style="dim")
            self._console.print(start.append_text(line), soft_wrap=True)
