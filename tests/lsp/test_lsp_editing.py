"""Findings come as somebody types, and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

if TYPE_CHECKING:
    from conftest import Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = """package acme:store@0.1.0;

/// Where blobs are kept. 🗄
interface blobs {
    record blob { name: string }
    get: func(name: string) -> blob;
}

world app {
    import blobs;
}
"""


def wit(folder: Path, text: str = GOOD) -> Path:
    path = folder / "wit" / "store.wit"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


async def test_an_error_that_is_typed_shows_and_goes_again(editor: Editor, tmp_path: Path) -> None:
    path = wit(tmp_path)
    editor.open(path)
    editor.change(path, GOOD.replace("import blobs", "import blabs"))
    found = await editor.until_code(path, "WD202")
    assert found.source == "wasmdoctor"
    assert found.severity is types.DiagnosticSeverity.Error
    assert found.range == types.Range(types.Position(9, 11), types.Position(9, 16))
    editor.change(path, GOOD)
    await editor.until(lambda: not editor.found(path))
    assert path.read_text() == GOOD


async def test_what_is_typed_quickly_is_judged_once_it_is_over(editor: Editor, tmp_path: Path) -> None:
    path = wit(tmp_path)
    editor.open(path)
    for length in range(len(GOOD) - 40, len(GOOD) + 1):
        editor.change(path, GOOD[:length])
    editor.change(path, GOOD + "interface {}\n")
    await editor.until_code(path, "WD201")
    assert [each.range.start.line for each in editor.found(path)] == [11]


async def test_a_workspace_that_is_no_longer_open_is_no_longer_shown(editor: Editor, tmp_path: Path) -> None:
    path = wit(tmp_path, GOOD.replace("import blobs", "import blabs"))
    editor.open(path)
    await editor.until(lambda: editor.found(path))
    editor.close(path)
    await editor.until(lambda: not editor.found(path))


async def test_findings_of_a_whole_workspace_with_the_way_they_came(
    editor: Editor, copied: Callable[[str], Path]
) -> None:
    root = copied("scheduler")
    path = root / "core-libs/wit/world.wit"
    editor.open(path)
    found = await editor.until_code(path, "WD101")
    assert [Path(each.location.uri).name for each in found.related_information or ()][:4] == [
        "Cargo.toml",
        "Cargo.toml",
        "component.rs",
        "world.wit",
    ]
    assert "also in" in found.message
    manifest = root / "actions-http/Cargo.toml"
    assert await editor.until_code(manifest, "WD301"), "of a file that is not open"
    again = (path, "WD101", found.range)
    same = [d for d in editor.found(again[0]) if (d.code, d.range) == again[1:]]
    assert len(same) == 1, "one line that is to blame in four components is shown once"


async def test_unsaved_rust_counts(editor: Editor, copied: Callable[[str], Path]) -> None:
    root = copied("workspaces/single-crate")
    rust = root / "src/lib.rs"
    editor.open(rust)
    manifest, wit_file = root / "Cargo.toml", root / "wit/world.wit"
    await editor.until_code(wit_file, "WD107")
    assert "WD104" in editor.codes(manifest)
    editor.change(rust, "// nothing is bound any more\n")
    await editor.until(lambda: not editor.codes(wit_file) and "WD104" not in editor.codes(manifest))
    editor.close(rust)


async def test_unsaved_manifests_count(editor: Editor, copied: Callable[[str], Path]) -> None:
    root = copied("workspaces/single-crate")
    manifest, wit_file = root / "Cargo.toml", root / "wit/world.wit"
    text = manifest.read_text()
    editor.open(manifest)
    await editor.until_code(wit_file, "WD107")
    editor.change(manifest, text.replace('"cdylib"', '"rlib"'))
    await editor.until(lambda: "WD104" not in editor.codes(manifest))
    editor.change(manifest, text[: len(text) // 2] + '\n= = "\n')
    await editor.until_code(manifest, "WD003")
    editor.change(manifest, text)
    await editor.until_code(manifest, "WD104")


async def test_what_is_tagged(editor: Editor, copied: Callable[[str], Path]) -> None:
    path = copied("workspaces/single-crate") / "wit/world.wit"
    editor.open(path)
    found = await editor.until_code(path, "WD107")
    assert found.tags == (types.DiagnosticTag.Unnecessary,) or found.tags == [types.DiagnosticTag.Unnecessary]


async def test_a_configuration_holds_while_it_is_written(editor: Editor, tmp_path: Path) -> None:
    path = wit(tmp_path, GOOD.replace("import blobs", "import blabs"))
    config = tmp_path / "wit" / "wasmdoctor.toml"
    config.write_text('ignore = ["WD2"]\n')
    editor.open(path)
    await asyncio.sleep(0)
    editor.open(config)
    editor.change(config, 'ignore = ["WD2"]\n# 🗄\nignoer = ["WD1"]\n')
    found = await editor.until(lambda: editor.found(config))
    assert found[0].code == "configuration"
    assert "ignoer" in found[0].message
    assert found[0].range.start.line == 2
    editor.change(config, "")
    await editor.until_code(path, "WD202")
    assert not editor.found(config)
    editor.change(config, 'ignore = ["WD2"]\n')
    await editor.until(lambda: not editor.found(path))


async def test_a_host_that_is_not_known_is_shown_where_it_is_named(
    editor: Editor, copied: Callable[[str], Path]
) -> None:
    root = copied("workspaces/single-crate")
    config = root / "wasmdoctor.toml"
    config.write_text('hosts = ["wasmtame@46"]\n')
    editor.open(config)
    found = await editor.until(lambda: editor.found(config))
    assert "wasmtame" in found[0].message
    editor.change(config, 'hosts = ["wasmtime@29"]\n')
    await editor.until(lambda: not editor.found(config))
    shown = await editor.until_code(root / "Cargo.toml", "WD104")
    assert "wasmtime@29" in shown.message


async def test_a_change_on_disk_counts(editor: Editor, tmp_path: Path) -> None:
    path = wit(tmp_path)
    editor.open(path)
    broken = tmp_path / "wit" / "more.wit"
    broken.write_text("package acme:store@0.1.0;\ninterface {}\n")
    watched = [registration.method for registration in editor.client.registered]
    assert watched == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
    change = types.FileEvent(broken.as_uri(), types.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await editor.until_code(broken, "WD201")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{" * 20_000,
        "package a:b;\n" + "interface i { " * 3000,
        "\x00\ufeff\u2028",
        "world \r w { import ",
    ],
    ids=["empty", "braces", "nested", "odd", "torn"],
)
async def test_broken_text_does_not_end_the_server(editor: Editor, tmp_path: Path, text: str) -> None:
    path = wit(tmp_path)
    editor.open(path)
    editor.change(path, text)
    for line in (0, 1, 7):
        await editor.hover(path, (line, 5))
        await editor.definition(path, (line, 5))
    editor.change(path, GOOD + "interface {}\n")
    await editor.until_code(path, "WD201")


async def test_broken_rust_does_not_end_the_server(editor: Editor, copied: Callable[[str], Path]) -> None:
    root = copied("workspaces/single-crate")
    rust = root / "src/lib.rs"
    text = rust.read_text()
    editor.open(rust)
    for broken in (text[: len(text) // 2], "wit_bindgen::generate!({ path: ", "((((" * 5000, text):
        editor.change(rust, broken)
        await editor.hover(rust, (0, 3))
        await editor.definition(rust, (2, 3))
    await editor.until_code(root / "wit/world.wit", "WD107")


async def test_files_that_are_none_of_ours_are_left_alone(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n")
    lonely = tmp_path / "lonely.rs"
    lonely.write_text('wit_bindgen::generate!({ world: "app" });\n')
    for each in (path, lonely):
        editor.open(each)
        assert await editor.hover(each, (0, 2)) == ""
        assert await editor.definition(each, (0, 2)) == []
        editor.close(each)
    untitled = types.TextDocumentItem("untitled:Untitled-1", "wit", 1, "interface {}")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(untitled))
    assert not editor.client.messages
