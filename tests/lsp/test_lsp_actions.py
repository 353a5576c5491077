"""What can be done about a finding: fixes, a comment that accepts it, why, and what the rule means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

if TYPE_CHECKING:
    from conftest import Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRONG = """package acme:app@0.1.0;

interface kept {
    /* 🗄 ä */ record key { /* 🗄🗄 */ list: u8, /* ä */ flags: u32 }
}

world app {
    import wasi:io/poll@0.2.7;
}
"""
POLL = "package wasi:io@0.2.3;\ninterface poll { poll: func() -> u32; }\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "wit/deps/io").mkdir(parents=True)
    (tmp_path / "wit/deps/io/poll.wit").write_text(POLL)
    path = tmp_path / "wit/app.wit"
    path.write_text("package acme:app@0.1.0;\n")
    return path


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text after edits, worked out apart from the server; positions in UTF-16."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line.encode("utf-16-le")) + 2)
    data = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        start = starts[edit.range.start.line] + 2 * edit.range.start.character
        end = starts[edit.range.end.line] + 2 * edit.range.end.character
        data = data[:start] + edit.new_text.encode("utf-16-le") + data[end:]
    return data.decode("utf-16-le")


def edits_of(action: types.CodeAction, path: Path, version: int) -> list[types.TextEdit]:
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.uri == path.as_uri()
    assert change.text_document.version == version
    return list(change.edits)


async def test_safe_fixes_of_a_text_that_is_not_saved(editor: Editor, app: Path) -> None:
    editor.open(app)
    editor.change(app, WRONG)
    text = WRONG
    await editor.until_code(app, "WD201")
    for version in range(2, 8):
        found = editor.found(app)
        if not found:
            break
        actions = await editor.actions(app, found[0].range)
        fix = next(a for a in actions if a.edit and a.is_preferred)
        assert fix.kind == types.CodeActionKind.QuickFix
        assert [d.code for d in fix.diagnostics or ()] == [found[0].code]
        before = {(d.code, d.message) for d in found}
        text = applied(text, edits_of(fix, app, version))
        editor.change(app, text)
        await editor.until(lambda before=before: {(d.code, d.message) for d in editor.found(app)} != before)
    assert text == WRONG.replace("list:", "%list:").replace("flags:", "%flags:").replace("@0.2.7", "@0.2.3")
    await editor.until(lambda: not editor.found(app))


async def test_a_fix_that_may_change_a_build_is_not_preferred(editor: Editor, app: Path) -> None:
    text = "package acme:app@0.1.0;\nworld app {\n    import wasi:io/pol@0.2.3;\n}\n"
    editor.open(app)
    editor.change(app, text)
    found = await editor.until_code(app, "WD202")
    fixes = [a for a in await editor.actions(app, found.range) if a.edit and "Accept" not in a.title]
    assert [bool(a.is_preferred) for a in fixes] == [False]
    assert "may change what a build gives" in fixes[0].title
    assert applied(text, edits_of(fixes[0], app, 2)) == text.replace("/pol@", "/poll@")


async def test_a_comment_that_accepts_a_finding_wants_its_reason(editor: Editor, app: Path) -> None:
    text = "package acme:app@0.1.0;\nworld app {\n\t/* 🗄 */ import wasi:io/pol@0.2.3;\n}\n"
    editor.open(app)
    editor.change(app, text)
    found = await editor.until_code(app, "WD202")
    accept = next(a for a in await editor.actions(app, found.range) if a.title.startswith("Accept WD202"))
    assert not accept.is_preferred
    text = applied(text, edits_of(accept, app, 2))
    assert text.split("\n")[2] == "\t// wasmdoctor: allow(WD202) -- "
    editor.change(app, text)
    await editor.until_code(app, "WD004")
    editor.change(app, text.replace("-- \n", "-- it comes with the next release\n"))
    await editor.until(lambda: not editor.found(app))


async def test_why_and_explain_open_a_page(editor: Editor, app: Path) -> None:
    editor.open(app)
    editor.change(app, "package acme:app@0.1.0;\nworld app {\n    import wasi:io/pol@0.2.3;\n}\n")
    found = await editor.until_code(app, "WD202")
    actions = {a.title.partition(" ")[0]: a for a in await editor.actions(app, found.range) if a.command}
    text = await editor.run(actions["Why:"])
    assert "wit/app.wit:3" in text or "app.wit:3" in text
    shown = await editor.until(lambda: [d for d in editor.client.shown_documents if d.uri.endswith("why.md")])
    assert Path(shown[-1].uri.removeprefix("file://")).read_text() == text
    text = await editor.run(actions["Explain"])
    assert text.startswith("# WD202 unresolved-package")
    assert await editor.until(
        lambda: [d for d in editor.client.shown_documents if d.uri.endswith("WD202.md")]
    )


async def test_other_kinds_of_actions_are_not_ours(editor: Editor, app: Path) -> None:
    editor.open(app)
    editor.change(app, WRONG)
    found = await editor.until_code(app, "WD201")
    context = types.CodeActionContext([found], only=[types.CodeActionKind.Refactor])
    wanted = types.CodeActionParams(types.TextDocumentIdentifier(app.as_uri()), found.range, context)
    assert not await editor.client.text_document_code_action_async(wanted)
