"""Findings, edits and places in the protocol's terms."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types

from wasmdoctor.lsp.documents import Snapshot
from wasmdoctor.lsp.judging import Answer
from wasmdoctor.lsp.navigate import Place, Symbol
from wasmdoctor.lsp.positions import START, At, Lines, Range
from wasmdoctor.model.digest import digest
from wasmdoctor.model.edit import Create, Edit, Move, Remove, Replace
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location, Span
from wasmdoctor.reporters.ci import advice, message, step_text
from wasmdoctor.reporters.escape import one_line

SOURCE = "wasmdoctor"
CONFIGURATION = "configuration"
"""What stands for a rule's code where a configuration cannot be used."""

MOST_OTHERS = 5
"""Components that are named in one finding, besides the first."""

SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
UNNECESSARY = frozenset(
    {"unused-suppression", "unused-custom-import", "unused-world-import", "expired-suppression"}
)
DEPRECATED = frozenset({"deprecated-interface"})
"""Rules (by name) whose places an editor may grey out, or strike through."""

KINDS = {
    "package": types.SymbolKind.Package,
    "world": types.SymbolKind.Module,
    "interface": types.SymbolKind.Interface,
    "func": types.SymbolKind.Function,
    "record": types.SymbolKind.Struct,
    "resource": types.SymbolKind.Class,
    "enum": types.SymbolKind.Enum,
    "variant": types.SymbolKind.Enum,
    "flags": types.SymbolKind.Enum,
    "type": types.SymbolKind.TypeParameter,
}


def position(at: At) -> types.Position:
    """A position."""
    return types.Position(at.line, at.character)


def range_of(where: Range) -> types.Range:
    """A range."""
    return types.Range(position(where.start), position(where.end))


def location(place: Place, snapshot: Snapshot) -> types.Location:
    """A range in a file, under the editor's own name for it."""
    return types.Location(snapshot.uri(place.path), range_of(place.range))


def symbol(each: Symbol) -> types.DocumentSymbol:
    """A declaration."""
    return types.DocumentSymbol(
        name=each.name or "_",
        kind=KINDS.get(each.kind, types.SymbolKind.Variable),
        range=range_of(each.range),
        selection_range=range_of(each.selection),
        detail=each.kind,
        children=[symbol(child) for child in each.children],
    )


def where(finding: Finding, answer: Answer) -> Range:
    """The range of a finding."""
    place = finding.location
    return answer.ranges.get((place.path, place.line, place.column, finding.interface), START)


def diagnostic(finding: Finding, answer: Answer, root: Path, snapshot: Snapshot) -> types.Diagnostic:
    """A finding, with the way on which an import came in as related places."""
    help_ = advice(finding)
    others = answer.shared.get(finding.fingerprint, ())
    text = message(finding)
    if others:
        text += f"\nalso in {', '.join(map(one_line, others[:MOST_OTHERS]))}"
        text += f" and {len(others) - MOST_OTHERS} more" if len(others) > MOST_OTHERS else ""
    text += f"\nhelp: {help_[0]}" if help_ else ""
    related = [(step.location, step_text(step)) for step in finding.origin if step.location.line]
    related += [(place, one_line(about)) for place, about in finding.related]
    return types.Diagnostic(
        range=range_of(where(finding, answer)),
        message=text,
        severity=SEVERITY[finding.severity],
        code=finding.code,
        source=SOURCE,
        tags=_tags(finding),
        related_information=[
            types.DiagnosticRelatedInformation(_related(place, answer, root, snapshot), about)
            for place, about in dict.fromkeys(related)
        ],
        data={"fingerprint": finding.fingerprint},
    )


def _tags(finding: Finding) -> list[types.DiagnosticTag] | None:
    if finding.name in UNNECESSARY:
        return [types.DiagnosticTag.Unnecessary]
    return [types.DiagnosticTag.Deprecated] if finding.name in DEPRECATED else None


def _related(place: Location, answer: Answer, root: Path, snapshot: Snapshot) -> types.Location:
    found = answer.ranges.get((place.path, place.line, place.column, ""), START)
    return types.Location(snapshot.uri(root / place.path), range_of(found))


def problem(message_: str, help_: str, found: Range) -> types.Diagnostic:
    """Something that is wrong with the configuration."""
    text = one_line(message_) + (f"\nhelp: {one_line(help_)}" if help_ else "")
    return types.Diagnostic(
        range_of(found), text, types.DiagnosticSeverity.Error, CONFIGURATION, source=SOURCE
    )


def workspace_edit(
    edits: Iterable[Edit], answer: Answer, root: Path, snapshot: Snapshot, *, files: bool, versions: bool
) -> types.WorkspaceEdit | None:
    """Edits as one change of the workspace; None when a text is no longer the one that was judged.

    ``versions`` says that the editor takes versioned changes, ``files`` that it makes, removes and moves files.
    """
    by_path: dict[str, list[Replace]] = {}
    operations: list[types.CreateFile | types.RenameFile | types.DeleteFile | types.TextDocumentEdit] = []
    for edit in edits:
        if isinstance(edit, Replace):
            by_path.setdefault(edit.path, []).append(edit)
        elif not (files and versions):
            return None
        else:
            operations += _operations(edit, root, snapshot)
    changes: dict[str, list[types.TextEdit]] = {}
    documents: list[types.TextDocumentEdit] = []
    for path, each in by_path.items():
        try:
            data = snapshot.read(root / path)
        except (OSError, ValueError):
            return None
        if answer.digests.get(path) != digest(data):
            return None
        lines = Lines(data, snapshot.encoding)
        texts = [
            types.TextEdit(range_of(lines.range(e.span)), e.data.decode("utf-8", "replace"))
            for e in sorted(each, key=lambda e: e.span)
        ]
        uri = snapshot.uri(root / path)
        changes[uri] = texts
        documents.append(_document_edit(uri, snapshot.version(root / path), texts))
    if versions:
        return types.WorkspaceEdit(document_changes=[*documents, *operations])
    return types.WorkspaceEdit(changes=changes)


def _document_edit(uri: str, version: int | None, texts: list[types.TextEdit]) -> types.TextDocumentEdit:
    return types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), list(texts))


def _operations(
    edit: Create | Remove | Move, root: Path, snapshot: Snapshot
) -> list[types.CreateFile | types.RenameFile | types.DeleteFile | types.TextDocumentEdit]:
    uri = snapshot.uri(root / edit.path)
    if isinstance(edit, Remove):
        return [types.DeleteFile(uri)]
    if isinstance(edit, Move):
        return [types.RenameFile(uri, snapshot.uri(root / edit.to))]
    start = types.Range(types.Position(0, 0), types.Position(0, 0))
    text = types.TextEdit(start, edit.data.decode("utf-8", "replace"))
    return [types.CreateFile(uri), _document_edit(uri, None, [text])]


def suppression(
    finding: Finding, root: Path, snapshot: Snapshot, *, versions: bool
) -> types.WorkspaceEdit | None:
    """A comment on a line of its own before the finding's, whose reason is left to be written."""
    place = finding.location
    path = root / place.path
    sign = {".wit": "//", ".rs": "//", ".toml": "#"}.get(path.suffix)
    if sign is None or not place.line:
        return None
    try:
        data = snapshot.read(path)
    except (OSError, ValueError):
        return None
    lines = Lines(data, snapshot.encoding)
    start = lines.line_start(lines.of(place))
    indent = data[start : start + len(data[start:]) - len(data[start:].lstrip(b" \t"))].decode(
        "ascii", "replace"
    )
    end = "\r\n" if b"\r\n" in data else "\n"
    text = f"{indent}{sign} wasmdoctor: allow({finding.code}) -- {end}"
    edit = types.TextEdit(range_of(lines.range(Span(start, start))), text)
    uri = snapshot.uri(path)
    if versions:
        return types.WorkspaceEdit(document_changes=[_document_edit(uri, snapshot.version(path), [edit])])
    return types.WorkspaceEdit(changes={uri: [edit]})
