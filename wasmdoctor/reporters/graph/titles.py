"""What nodes and edges are called: a name, a detail below it, and words for people.

Everything that these functions give is safe to show: names come from files that anybody may have made.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

from wasmdoctor.graph.network import Edge, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.escape import safe

HEADINGS = {
    NodeKind.COMPONENT: "Components",
    NodeKind.MODULE: "Core modules",
    NodeKind.CRATE: "Crates",
    NodeKind.BINDING: "Bindings",
    NodeKind.WORLD: "Worlds",
    NodeKind.INTERFACE: "Interfaces",
    NodeKind.HOST: "Hosts",
    NodeKind.FILE: "Files",
}
"""The kinds in the order in which everything shows them: from what needs to what is needed."""

SEEN = {
    Evidence.SOURCES: "from sources",
    Evidence.RLIB: "observed in rlib",
    Evidence.COMPONENT: "observed in component",
}

ORDER = {kind: number for number, kind in enumerate(HEADINGS)}

# U+FFFE and U+FFFF are no characters of XML 1.0 (production "Char").
_NOT_XML = {code: f"\\u{{{code:x}}}" for code in (0xFFFE, 0xFFFF)}


@dataclass(frozen=True, slots=True)
class Title:
    """A node's name, and what tells it from others of that name: package, version, folder or place."""

    name: str
    detail: str = ""


def one_line(text: str) -> str:
    """``text`` on one line, without anything that a terminal, browser or XML parser would obey."""
    return safe(text).replace("\n", "\\u{a}").translate(_NOT_XML)


def title(node: Node, facts: NodeFacts) -> Title:
    """The label taken apart as its kind asks for, with the note."""
    name, detail = _parts(node.kind, facts)
    details = " · ".join(part for part in (detail, facts.note) if part)
    return Title(one_line(name) or "(no name)", one_line(details))


def _parts(kind: NodeKind, facts: NodeFacts) -> tuple[str, str]:
    label, place = facts.label, facts.location
    match kind:
        case NodeKind.INTERFACE | NodeKind.WORLD:
            return _wit(label)
        case NodeKind.CRATE | NodeKind.HOST:
            name, _, version = label.replace("@", " ", 1).partition(" ")
            return (name, version) if version[:1].isdigit() else (label, "")
        case NodeKind.BINDING:
            line = place_of(Location(place.path, place.line)) if place else ""
            return label.removesuffix(f" {line.rpartition('/')[2]}"), line
        case _:
            path = place.path if place and place.path.rpartition("/")[2] == label else label
            folder, _, name = path.rpartition("/")
            return name, folder


def _wit(label: str) -> tuple[str, str]:
    """``poll`` and ``wasi:io@0.2.6`` of ``wasi:io/poll@0.2.6``; a package's own name for its ``*``."""
    path, at, version = label.partition("@")
    package, slash, name = path.partition("/")
    if not slash or ":" not in package:
        return label, ""
    return (package, version) if name == "*" else (name, package + at + version)


def columns(text: str) -> int:
    """The width of a text in columns of a monospaced font: two for East Asian wide characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shortened(shown: Title, name: int, detail: int) -> Title:
    """A title that is no wider than so many columns: names are cut in the middle, details at an end."""
    return Title(_middle_cut(shown.name, name), _end_cut(shown.detail, detail))


def _middle_cut(text: str, most: int) -> str:
    if columns(text) <= most:
        return text
    return f"{_start(text, most - most // 2 - 1)}…{_start(text[::-1], most // 2)[::-1]}"


def _end_cut(text: str, most: int) -> str:
    """A path keeps its end, anything else its beginning."""
    if columns(text) <= most:
        return text
    if "/" in text and " " not in text:
        return f"…{_start(text[::-1], most - 1)[::-1]}"
    return f"{_start(text, most - 1).rstrip(', ')}…"


def _start(text: str, most: int) -> str:
    used = 0
    for number, char in enumerate(text):
        used += columns(char)
        if used > most:
            return text[:number]
    return text


def place_of(location: Location | None) -> str:
    """``path:line:column`` to show, or ""; without the folders above a crate in Cargo's registry."""
    if location is None:
        return ""
    _, found, after = str(location).partition("/registry/src/")
    if found and "/" in after:
        return one_line(f"…/{after.partition('/')[2]}")
    return one_line(str(location))


def says(edge: Edge) -> str:
    """What is known of an edge besides its ends, for people: how sure, on what evidence, where, the note."""
    words = []
    if edge.certainty is not Certainty.CERTAIN:
        words.append(edge.certainty.value)
    if edge.evidence is not Evidence.SOURCES:
        words.append(SEEN[edge.evidence])
    if edge.location:
        words.append(place_of(edge.location))
    if edge.note:
        words.append(one_line(edge.note))
    return ", ".join(words)


def severity(finding: str) -> Severity | None:
    """The severity that a node's finding names: None without one, a warning when the word is unknown."""
    if not finding:
        return None
    return Severity(finding) if finding in list(Severity) else Severity.WARNING


def counted(network: Network) -> str:
    """``2 components, 3 crates, ...`` with how many have findings."""
    nodes = network.nodes()
    kinds = Counter(node.kind for node in nodes)
    words = [plural(kinds[kind], HEADINGS[kind].lower()) for kind in HEADINGS if kinds[kind]]
    found = Counter(severity(network.facts(node).finding) for node in nodes)
    marked = [f"{found[level]} with {with_article(level)}" for level in Severity if found[level]]
    return "; ".join(", ".join(part) for part in (words, marked) if part) or "nothing to show"


def with_article(level: Severity) -> str:
    """``an error``, ``a warning``, ``a note``."""
    return f"an {level.value}" if level is Severity.ERROR else f"a {level.value}"


def plural(count: int, words: str) -> str:
    """A number with a word that is given as its plural in s."""
    return f"{count} {words.removesuffix('s') if count == 1 else words}"
