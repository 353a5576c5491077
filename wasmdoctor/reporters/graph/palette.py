"""The colours of all pictures, in light and dark. Contrast of text is at least 4.5 : 1 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from wasmdoctor.graph.network import EdgeKind, NodeKind
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity


@dataclass(frozen=True, slots=True)
class Colors:
    """One scheme, as ``#rrggbb``. ``quiet`` is for details and external nodes, ``line`` for structure,
    ``accent`` for what a person chose. A finding has a colour for lines and one to fill boxes with.
    """

    page: str
    band: str
    box: str
    outer_box: str
    border: str
    text: str
    quiet: str
    line: str
    accent: str
    kinds: dict[NodeKind, str]
    edges: dict[EdgeKind, str]
    findings: dict[Severity, tuple[str, str]]

    def edge(self, kind: EdgeKind) -> str:
        """The colour of an edge without a leak."""
        return self.edges.get(kind, self.line)


LIGHT = Colors(
    page="#ffffff",
    band="#f5f7fa",
    box="#ffffff",
    outer_box="#f1f3f6",
    border="#b6bfca",
    text="#1b2430",
    quiet="#566273",
    line="#9aa5b4",
    accent="#1d4ed8",
    kinds={
        NodeKind.COMPONENT: "#2563eb",
        NodeKind.MODULE: "#64748b",
        NodeKind.CRATE: "#b45309",
        NodeKind.BINDING: "#7c3aed",
        NodeKind.WORLD: "#0e7490",
        NodeKind.INTERFACE: "#475569",
        NodeKind.HOST: "#15803d",
        NodeKind.FILE: "#78716c",
    },
    edges={EdgeKind.IMPORTS: "#3b73d9", EdgeKind.EXPORTS: "#9333a8", EdgeKind.PROVIDES: "#2f9e57"},
    findings={
        Severity.ERROR: ("#d4202f", "#fdecee"),
        Severity.WARNING: ("#b26a00", "#fff4dc"),
        Severity.NOTE: ("#0b7285", "#e3f6f9"),
    },
)

DARK = Colors(
    page="#12161c",
    band="#191f27",
    box="#212934",
    outer_box="#1a2029",
    border="#46525f",
    text="#e8edf3",
    quiet="#a3afbd",
    line="#64707f",
    accent="#82aaff",
    kinds={
        NodeKind.COMPONENT: "#6ea0ff",
        NodeKind.MODULE: "#94a3b8",
        NodeKind.CRATE: "#f0a04b",
        NodeKind.BINDING: "#b794f6",
        NodeKind.WORLD: "#4fc3d9",
        NodeKind.INTERFACE: "#a8b4c4",
        NodeKind.HOST: "#5ccb83",
        NodeKind.FILE: "#a8a29e",
    },
    edges={EdgeKind.IMPORTS: "#6c9cf0", EdgeKind.EXPORTS: "#cf8ae0", EdgeKind.PROVIDES: "#4fb877"},
    findings={
        Severity.ERROR: ("#ff7381", "#43191f"),
        Severity.WARNING: ("#f3b04a", "#3d2c0d"),
        Severity.NOTE: ("#58c7da", "#0f3239"),
    },
)
