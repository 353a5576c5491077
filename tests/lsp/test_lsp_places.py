"""Hovers, definitions, references and symbols; positions count in what was agreed on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

if TYPE_CHECKING:
    from conftest import Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLL = """package wasi:io@0.2.3;

/// Waiting for several things at once.
interface poll {
    /// What can be waited for.
    resource pollable {
        ready: func() -> bool;
    }
    poll: func(in: list<borrow<pollable>>) -> list<u32>;
}
"""
APP = """package acme:app@0.1.0;

use wasi:io/poll@0.2.3 as waiting;

interface store {
    use waiting.{pollable as handle};
    use wasi:io/poll@0.2.3.{pollable};
    record key { name: string }
    /* 🗄🗄 */ get: func(of: key, when: pollable, or: handle) -> option<key>;
}

world part { import store; }

world app {
    include part;
    import wasi:io/poll@0.2.3;
    import acme:elsewhere/thing@1.0.0;
    export run: func();
}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "wit/deps/io").mkdir(parents=True)
    (tmp_path / "wit/deps/io/poll.wit").write_text(POLL)
    path = tmp_path / "wit/app.wit"
    path.write_text(APP)
    return path


def at(text: str, needle: str, inside: int = 1) -> tuple[int, int]:
    offset = text.index(needle) + inside
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    return text.count("\n", 0, offset), len(before.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("needle", "inside", "file", "name"),
    [
        ("wasi:io/poll@0.2.3 as", 3, "poll.wit", "poll"),
        ("waiting.{", 2, "poll.wit", "poll"),
        ("pollable as", 2, "poll.wit", "pollable"),
        ("pollable};", 2, "poll.wit", "pollable"),
        ("key, when", 1, "app.wit", "key"),
        ("key>", 1, "app.wit", "key"),
        ("pollable, or", 7, "poll.wit", "pollable"),
        ("handle) ->", 2, "poll.wit", "pollable"),
        ("import store", 9, "app.wit", "store"),
        ("include part", 9, "app.wit", "part"),
        ("import wasi:io/poll@0.2.3;", 20, "poll.wit", "poll"),
        ("get: func", 1, "app.wit", "get"),
    ],
)
async def test_definitions_across_packages(
    editor: Editor, app: Path, needle: str, inside: int, file: str, name: str
) -> None:
    editor.open(app)
    assert await editor.definition(app, at(APP, needle, inside)) == [(file, name)]


async def test_what_means_nothing_leads_nowhere(editor: Editor, app: Path) -> None:
    editor.open(app)
    for needle in ("acme:elsewhere", "package acme", "string }", "🗄🗄", "when:"):
        assert await editor.definition(app, at(APP, needle, 1)) == [], needle


async def test_definitions_in_texts_that_are_not_saved(editor: Editor, app: Path) -> None:
    text = APP.replace("record key", "/* ä🗄 */ record schlüssel").replace(
        "import store", "/* 🗄 */ import store"
    )
    text = text.replace("schlüssel", "clef")
    editor.open(app, text)
    assert await editor.definition(app, at(text, "import store", 9)) == [("app.wit", "store")]
    more = text.replace("interface store", "interface kept {}\n\ninterface store")
    editor.change(app, more)
    assert await editor.definition(app, at(more, "import store", 9)) == [("app.wit", "store")]
    poll = app.parent / "deps/io/poll.wit"
    editor.open(poll, "// 🗄\n" + POLL)
    assert await editor.definition(app, at(more, "import wasi", 20)) == [("poll.wit", "poll")]
    editor.close(poll)
    editor.close(app)


async def test_a_hover_says_what_it_is_and_who_provides_it(editor: Editor, app: Path) -> None:
    editor.open(app)
    await editor.until_code(app, "WD202")
    text = await editor.hover(app, at(APP, "import wasi:io/poll@0.2.3;", 20))
    assert "interface wasi:io/poll@0.2.3" in text
    assert "Waiting for several things at once." in text
    assert "provides it" in text
    text = await editor.hover(app, at(APP, "pollable, or", 3))
    assert "resource pollable" in text
    assert "What can be waited for." in text
    assert "key" in await editor.hover(app, at(APP, "get: func", 1))


async def test_a_hover_on_what_nobody_provides_in_a_workspace(
    editor: Editor, copied: Callable[[str], Path]
) -> None:
    root = copied("workspaces/composed")
    path = root / "wit/press.wit"
    editor.open(path)
    await editor.until_code(path, "WD101")
    line = next(n for n, text in enumerate(path.read_text().split("\n")) if "import paper" in text)
    text = await editor.hover(path, (line, 13))
    assert "does not provide it" in text
    assert "press-client/Cargo.toml` imports it; provided by nobody" in text or "the component" in text


async def test_a_hover_on_a_dependency_says_what_it_brings(
    editor: Editor, copied: Callable[[str], Path]
) -> None:
    root = copied("scheduler")
    manifest = root / "scheduler/Cargo.toml"
    editor.open(manifest)
    await editor.until_code(root / "core-libs/Cargo.toml", "WD301")
    text = manifest.read_text()
    line = next(n for n, each in enumerate(text.split("\n")) if each.startswith("scheduler-core"))
    found = await editor.hover(manifest, (line, 4))
    assert "Brings into `scheduler/Cargo.toml`" in found
    assert "`scheduler:core-libs/wasi-tcp@0.1.0`: nobody provides it" in found
    assert await editor.hover(manifest, (0, 1)) == ""
    editor.close(manifest)


async def test_a_macro_leads_to_its_world(editor: Editor, copied: Callable[[str], Path]) -> None:
    root = copied("scheduler")
    rust = root / "core-libs/src/component.rs"
    text = rust.read_text()
    assert "generate!" in text
    editor.open(rust)
    line = next(n for n, each in enumerate(text.split("\n")) if "generate!" in each)
    assert await editor.definition(rust, (line, 16)) == [("world.wit", "scheduler-core")]
    await editor.until_code(root / "core-libs/wit/world.wit", "WD101")
    found = await editor.hover(rust, (line, 16))
    assert "world scheduler:core-libs/scheduler-core" in found
    assert "Brings into" in found
    editor.close(rust)


async def test_strings_of_a_macro(editor: Editor, copied: Callable[[str], Path]) -> None:
    rust = copied("workspaces/include-with") / "depot-mapped/src/lib.rs"
    text = rust.read_text()
    editor.open(rust)
    assert await editor.definition(rust, at(text, '"../goods"', 4)) == [("goods.wit", "")]
    assert await editor.definition(rust, at(text, '"depot:goods/store', 8)) == [("goods.wit", "store")]
    assert await editor.definition(rust, at(text, "import depot:goods/store", 12)) == [("goods.wit", "store")]
    assert "Bindings" not in await editor.hover(rust, at(text, "struct Mapped", 2))
    assert await editor.definition(rust, at(text, "struct Mapped", 8)) == []
    shifted = "// 🗄🗄🗄 ä\n" + text.replace("wit_bindgen::generate!", "/* 🗄 */ wit_bindgen::generate!")
    editor.change(rust, shifted)
    assert await editor.definition(rust, at(shifted, '"depot:goods/parcels', 8)) == [("goods.wit", "parcels")]
    editor.close(rust)


async def test_references(editor: Editor, app: Path) -> None:
    editor.open(app)
    found = await editor.references(app, at(APP, "pollable, or", 3))
    assert sorted(found) == [
        ("app.wit", "handle"),
        ("app.wit", "handle"),
        ("app.wit", "pollable"),
        ("app.wit", "pollable"),
        ("app.wit", "pollable"),
        ("poll.wit", "pollable"),
        ("poll.wit", "pollable"),
    ]
    found = await editor.references(app, at(APP, "interface store", 11))
    assert found == [("app.wit", "store"), ("app.wit", "store")]


async def test_symbols(editor: Editor, app: Path) -> None:
    editor.open(app)
    wanted = types.DocumentSymbolParams(types.TextDocumentIdentifier(app.as_uri()))
    found = await editor.client.text_document_document_symbol_async(wanted)
    assert [(each.name, each.detail) for each in found] == [
        ("store", "interface"),
        ("part", "world"),
        ("app", "world"),
    ]
    assert [child.name for child in found[0].children] == ["key", "get"]


async def test_what_the_server_says_it_can(editor: Editor) -> None:
    can = editor.client.said.capabilities
    assert can.position_encoding == "utf-16"
    assert can.hover_provider
    assert can.definition_provider
    assert can.references_provider
    assert can.document_symbol_provider
    assert can.code_action_provider
    assert set(can.execute_command_provider.commands) == {"wasmdoctor.why", "wasmdoctor.explain"}
