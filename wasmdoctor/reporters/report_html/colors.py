"""The colours of the report, from those of the pictures, as variables of its style sheet."""

from __future__ import annotations

from wasmdoctor.reporters.graph.palette import DARK, LIGHT, Colors

TEXTS = {
    "light": {"error": "#b3121f", "warning": "#8a5200", "note": "#0a6272", "fine": "#126a32"},
    "dark": {"error": "#ff8d98", "warning": "#f3b04a", "note": "#66cfe0", "fine": "#6bd691"},
}
"""Colours for words on the page, on boxes and on bands: 4.5 : 1 at least (WCAG 2.2, 1.4.3)."""

FINE = {"light": "#e6f5ea", "dark": "#123020"}


def variables() -> str:
    """The variables, light and dark."""
    return (
        f":root {{ {_named(LIGHT, 'light')} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_named(DARK, 'dark')} }} }}"
    )


def scheme(colors: Colors, name: str) -> dict[str, str]:
    """The variables of one scheme, by name, as ``#rrggbb``."""
    return {
        "page": colors.page,
        "band": colors.band,
        "box": colors.box,
        "outer": colors.outer_box,
        "border": colors.border,
        "text": colors.text,
        "quiet": colors.quiet,
        "line": colors.line,
        "accent": colors.accent,
        **TEXTS[name],
        **{f"{level.value}-fill": fill for level, (_, fill) in colors.findings.items()},
        **{f"{level.value}-line": border for level, (border, _) in colors.findings.items()},
        "fine-fill": FINE[name],
        **{f"kind-{kind.value}": color for kind, color in colors.kinds.items()},
        **{f"edge-{kind.name.lower()}": color for kind, color in colors.edges.items()},
    }


def _named(colors: Colors, name: str) -> str:
    return " ".join(f"--{key}: {value};" for key, value in scheme(colors, name).items())
