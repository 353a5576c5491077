"""Whatever the format: names from a hostile binary command no terminal, forge no line, and stay data in markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hostile.hostile_bytes import instances
from hostile.serving import Server

from wasmdoctor.cli.outputs import RENDERERS

NAMES = [
    "esc:a/\x1b]0;owned\x07\x1b[2J\x1b[31mred@1.0.0",
    "bidi:a/\u202egnp.exe\u2066\u200f",
    "c1:a/\x9b1m\x85\u2028x",
    "nul:a/\x00\x08\x7f",
    "line:a/x\nFORGED error[WD999] a line of its own\r\n::error file=x::FORGED command\n##[error]FORGED",
    "html:a/</script><script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "attr:a/\" onmouseover=\"alert(1)' x='",
    "md:a/[x](javascript:alert(1)) `code` ![i](https://example.org/x) | a | <b>",
    "rich:a/[red]x[/red][link=https://example.org]y[/link]",
    'dot:a/"]; x -> y; \\N{}<b>',
    'mermaid:a/"]-->|x|b;click a href "javascript:alert(1)" %% end subgraph',
    'json:a/","x":[1],"\\u0000',
    "percent:a/%0A::error::FORGED %s {0} ${x} $(reboot) `reboot`",
]
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

# Commands that show names of a binary, by name, with what the file is called that they write.
COMMANDS: dict[str, tuple[str, ...]] = {
    **{f"check {one}": ("check", "x.wasm", "--format", one) for one in sorted(RENDERERS)},
    "check quiet": ("check", "x.wasm", "--quiet"),
    "check verbose": ("check", "x.wasm", "--verbose"),
    "check narrow": ("check", "x.wasm"),
    **{
        f"graph {one}": ("graph", "x.wasm", "--format", one)
        for one in ("text", "json", "dot", "mermaid", "svg", "html")
    },
    "why text": ("why", "x.wasm"),
    "why json": ("why", "x.wasm", "--format", "json"),
    "sizes text": ("why", "--sizes", "x.wasm"),
    "sizes svg": ("why", "--sizes", "x.wasm", "--format", "svg"),
    "sizes html": ("why", "--sizes", "x.wasm", "--format", "html"),
    "compose": ("compose", "x.wasm", "y.wasm", "--dry-run", "-o", "out.wasm"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("names")
    (made / "x.wasm").write_bytes(instances(NAMES))
    (made / "y.wasm").write_bytes(instances(NAMES[:3]))
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


class Page(HTMLParser):
    """What tags and attributes a page really has."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bad += [f"<{tag} {name}>" for name, _ in attrs if name.startswith("on")]
        self.bad += [
            f"{name}={value}"
            for name, value in attrs
            if value and value.strip().lower().startswith("javascript:")
        ]
        if tag == "img" and dict(attrs).get("src") == "x":
            self.bad.append("<img>")


def held(output: str, text: str) -> None:
    """What holds for every output."""
    raw = {
        char
        for char in text
        if (char < " " and char not in "\n\t") or "\x7f" <= char < "\xa0" or char in BIDI
    }
    assert not raw, f"raw control characters: {raw!r}"
    forged = [
        line
        for line in text.splitlines()
        if line.lstrip().startswith(("FORGED", "::error file=x::FORGED", "##[error]FORGED"))
    ]
    assert not forged, forged
    assert "Traceback" not in text
    kind = output.rpartition(" ")[2]
    if kind in ("json", "sarif", "gitlab"):
        json.loads(text)
    elif kind == "jsonl":
        for line in text.splitlines():
            json.loads(line)
    elif kind in ("svg", "junit"):
        root = ElementTree.fromstring(text)
        bad = [name for item in root.iter() for name in item.attrib if name.startswith("on")]
        assert not bad, bad
        assert not [
            item
            for item in root.iter()
            if item.tag.endswith(("script", "foreignObject")) and "alert" in (item.text or "")
        ]
    elif kind == "html":
        page = Page()
        page.feed(text)
        assert not page.bad, page.bad
        assert "<script>alert" not in text
    elif kind == "markdown":
        # Code in backticks is text, and so are lines that begin with a tag: Markdown is not read in them.
        plain = [re.sub(r"(`+)[^`].*?\1", "", line) for line in text.splitlines() if not line.startswith("<")]
        assert not [line for line in plain if "](javascript:" in line or "![i](" in line]
        assert "<script>" not in text


@pytest.mark.parametrize("output", COMMANDS)
def test_names_are_data(output: str, folder: Path, server: Server) -> None:
    done = server.run(folder, *COMMANDS[output], env={"COLUMNS": "40" if output == "check narrow" else "120"})
    assert done["code"] in (0, 1), (done["code"], done["err"])
    assert done["out"].strip(), done["err"]
    shows = not output.startswith(
        ("sizes", "compose")
    )  # these are about crates, and about what fits together
    assert not shows or "esc:a" in done["out"], "the names are not even shown"
    held(output, done["out"])
    held("stderr", done["err"])


def test_names_in_colour_command_nothing_else(folder: Path, server: Server) -> None:
    """With colour on, only the program's own sequences are there."""
    done = server.run(folder, "check", "x.wasm", "--color", "always")
    own = re.sub(r"\x1b\[[0-9;]*m", "", done["out"])
    assert done["out"] != own, "there is no colour to look at"
    held("colour", own)
