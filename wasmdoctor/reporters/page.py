"""One self-contained HTML page: no network, and nothing runs or styles it but what is in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape


def page(title: str, style: str, body: str, *, more_styles: Sequence[str] = (), script: str = "") -> str:
    """The whole page. ``title`` is text; ``body`` is markup that ends with a line end, escaped already.

    ``style`` stands in the head; ``more_styles`` are those inside ``body`` and ``script`` the one inside it,
    which the policy has to allow (Content Security Policy Level 3, "hash-source").
    """
    styles = " ".join(_hash(text) for text in (style, *more_styles))
    scripts = f" script-src {_hash(script)};" if script else ""
    policy = f"default-src 'none'; style-src {styles};{scripts} base-uri 'none'; form-action 'none'"
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="wasmdoctor">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
