"""The edits of Rust files while they are made."""

from __future__ import annotations

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.inputs import BridgeRequest, PlanInputs
from wasmdoctor.migrate.plan_a.going import node_key
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.rustedits import Cut, UseTree
from wasmdoctor.model.edit import Edit, Remove, Replace
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Span
from wasmdoctor.readers.cargo.files import folder_of, join
from wasmdoctor.readers.rust.itemgraph import ItemNode

MAX_PARENTS = 64
"""How many folders upwards rustfmt's configuration is looked for."""


@dataclass(slots=True)
class Placed:
    """Where a site's bridge goes.

    ``sibling`` when it takes the place of the bindings module, else it lies inside of it. ``name`` is the
    module's, ``module`` its path in the program's names, ``file`` its file. ``clashing`` are names at the top
    of the bindings that stay, which the bridge has too: paths through them get the bridge's name put in.
    """

    plan: SitePlan
    sibling: bool
    name: str
    module: str
    file: str
    clashing: frozenset[str] = frozenset()


@dataclass(slots=True)
class RustEdits:
    """What the Rust side of the plan comes to. ``removed`` are files that go."""

    edits: list[Edit] = field(default_factory=list)
    manual: list[ManualStep] = field(default_factory=list)
    requests: list[tuple[SitePlan, BridgeRequest]] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    obstacles: list[str] = field(default_factory=list)


class Work:
    """The edits of Rust files while they are made: what is cut, what is put where, and where bridges go."""

    def __init__(self, inputs: PlanInputs, sites: Sites) -> None:
        self.inputs = inputs
        self.sites = sites
        self.result = RustEdits()
        self.cuts: dict[str, list[Cut]] = {}
        self.spots: dict[str, dict[Span, tuple[bytes, str]]] = {}
        self.placed: list[Placed] = []
        self.data: dict[str, bytes] = {}
        self.widths: dict[str, int] = {}
        self.gone_calls = self._call_keys()

    def read(self, path: str) -> bytes:
        """The bytes of a file as it was read."""
        if path not in self.data:
            self.data[path] = self.inputs.files.read(path) or b""
        return self.data[path]

    def cut(self, path: str, span: Span, cause: str, put: bytes = b"") -> None:
        """Take a span out of a file; ``put`` takes its place."""
        cut = Cut(span, cause, put)
        known = self.cuts.setdefault(path, [])
        if cut not in known:
            known.append(cut)

    def spot(self, path: str, span: Span, data: bytes, cause: str) -> None:
        """Replace exactly a span of a file."""
        self.spots.setdefault(path, {})[span] = (data, cause)

    def _call_keys(self) -> set[tuple[str, int]]:
        """The ``generate!`` calls that go."""
        return {
            (plan.site.call.location.path, plan.site.call.span.start)
            for plan in self.sites.plans
            if plan.site.call is not None and not plan.keep
        }

    def is_dead(self, node: ItemNode) -> bool:
        """Whether an item goes with the exports of libraries."""
        return node_key(node) in self.sites.dead

    def gone(self, node: ItemNode) -> bool:
        """Whether an item goes: a dead one, or a ``generate!`` call."""
        return self.is_dead(node) or (node.kind == "call" and (node.file, node.span.start) in self.gone_calls)

    def in_removed(self, node: ItemNode) -> bool:
        """Whether an item lies in something that goes as a whole."""
        if node.file in self.result.removed:
            return True
        return any(
            cut.span.start <= node.span.start and node.span.end <= cut.span.end
            for cut in self.cuts.get(node.file, ())
        )

    def without(self, node: ItemNode, gone: set[Span]) -> None:
        """Take names out of a ``use`` declaration, by the spans of their leaves."""
        data = self.read(node.file)
        cause = "nothing uses it any more"
        tree = rustedits.use_tree(data, node.span)
        if tree is None or all(Span(leaf.start, leaf.end) in gone for leaf, _ in tree.leaves()):
            self.cut(node.file, node.full_span, cause)
            return
        left = rustedits.without(tree, lambda leaf: Span(leaf.start, leaf.end) in gone)
        if left is None:
            self.cut(node.file, node.full_span, cause)
            return
        self.retext(node, tree, left, cause)

    def retext(self, node: ItemNode, tree: UseTree, made: UseTree, cause: str) -> None:
        """Write a ``use`` declaration's tree anew, as rustfmt would."""
        data = self.read(node.file)
        indent = len(rustedits.indent_of(data, node.span.start))
        before = tree.start - node.span.start
        text = rustedits.use_text(made, indent, before, self.width(node.file))
        newline = rustedits.newline_of(data).decode()
        self.spot(node.file, Span(tree.start, tree.end), text.replace("\n", newline).encode(), cause)

    def width(self, path: str) -> int:
        """rustfmt's ``max_width`` for a file: its configuration is looked for upwards."""
        folder = folder_of(path)
        if folder not in self.widths:
            self.widths[folder] = self._configured_width(folder)
        return self.widths[folder]

    def _configured_width(self, folder: str) -> int:
        for _ in range(MAX_PARENTS):
            for name in ("rustfmt.toml", ".rustfmt.toml"):
                data = self.inputs.files.read(join(folder, name))
                if data is not None:
                    for line in data.decode("utf-8", "replace").splitlines():
                        key, _, value = line.partition("=")
                        if key.strip() == "max_width" and value.strip().isdigit():
                            return int(value)
                    return rustedits.DEFAULT_WIDTH
            if folder in (".", "", "/"):
                break
            folder = folder_of(folder)
        return rustedits.DEFAULT_WIDTH

    def is_formatted(self, node: ItemNode, tree: UseTree) -> bool:
        """Whether a ``use`` declaration is as rustfmt would write it."""
        data = self.read(node.file)
        indent = len(rustedits.indent_of(data, node.span.start))
        text = rustedits.use_text(tree, indent, tree.start - node.span.start, self.width(node.file))
        return text.encode() == data[tree.start : tree.end].replace(b"\r\n", b"\n")

    def write(self) -> None:
        """Turn what was gathered into edits."""
        for path in sorted(self.result.removed):
            self.result.edits.append(Remove(path, "nothing of this file is needed any more"))
        for path in sorted({*self.cuts, *self.spots} - self.result.removed):
            data = self.read(path)
            made = rustedits.cut_items(path, data, self.cuts.get(path, ()))
            spans = [edit.span for edit in made]
            for span, (text, cause) in sorted(self.spots.get(path, {}).items()):
                if any(
                    cut.start < span.end and span.start < cut.end for cut in spans if span.start != span.end
                ):
                    continue
                made.append(Replace(path, span, text, cause))
            self.result.edits += made
