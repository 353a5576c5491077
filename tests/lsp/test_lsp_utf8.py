"""An editor that counts in bytes (Helix, Zed and newer Neovim prefer it)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities


def support():
    spec = importlib.util.spec_from_file_location("lsp_editor", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EDITOR = support()
WRONG = """package a:b;
interface i {
    /* 🗄 ä */ record r { flags: u32 }
    /* 🗄 */ record q { n: u8 }
    /* 🗄 */ f: func() -> q;
}
"""


@pytest_lsp.fixture(config=EDITOR.CONFIG)
async def bytes_client(lsp_client: LanguageClient):
    capabilities = client_capabilities("visual-studio-code")
    capabilities.general.position_encodings = [types.PositionEncodingKind.Utf8]
    async for _ in EDITOR.session(lsp_client, capabilities):
        yield


@pytest.mark.asyncio
async def test_positions_are_bytes(bytes_client: LanguageClient, tmp_path: Path) -> None:
    assert bytes_client.said.capabilities.position_encoding == "utf-8"
    editor = EDITOR.Editor(bytes_client)
    path = tmp_path / "i.wit"
    path.write_text(WRONG)
    editor.open(path)
    found = await editor.until_code(path, "WD201")
    line = WRONG.split("\n")[2].encode()
    start = line.index(b"flags")
    assert (found.range.start.line, found.range.start.character) == (2, start)
    assert found.range.end.character == start + len(b"flags")
    fix = next(a for a in await editor.actions(path, found.range) if a.is_preferred)
    (edit,) = fix.edit.document_changes[0].edits
    assert edit.range.start.character == start
    line = WRONG.split("\n")[4].encode()
    assert await editor.definition(path, (4, line.index(b"q;"))) == [("i.wit", "q")]
