"""Links that terminals open with a click (OSC 8), as styles of rich."""

from __future__ import annotations

import os
from urllib.parse import quote


def link(folder: str, path: str, style: str = "") -> str:
    """A style with a link to a file: ``path`` is shown relative to ``folder``; "" as folder is no link."""
    if not folder:
        return style
    url = "file://" + quote(os.path.normpath(os.path.join(folder, path)), errors="replace")
    return f"{style} link {url}".strip()
