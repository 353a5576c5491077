"""An editor in small: a real client of the protocol, connected to the real server in a process of its own."""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def make_client() -> LanguageClient:
    client = make_test_lsp_client()
    client.registered = []

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(client: LanguageClient, params: types.RegistrationParams) -> None:
        client.registered += params.registrations

    return client


CONFIG = ClientServerConfig(
    server_command=[sys.executable, "-m", "wasmdoctor", "lsp"],
    server_env={**os.environ, "PYTHONPATH": str(ROOT)},
    client_factory=make_client,
)


class Editor:
    """What a person does in an editor, and sees there. Positions are (line, character) from 0."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}

    def open(self, path: Path, text: str | None = None) -> None:
        uri = path.as_uri()
        self.versions[uri], self.texts[uri] = 1, path.read_text() if text is None else text
        document = types.TextDocumentItem(uri, path.suffix.strip("."), 1, self.texts[uri])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def change(self, path: Path, text: str) -> None:
        uri = path.as_uri()
        self.versions[uri] += 1
        self.texts[uri] = text
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def close(self, path: Path) -> None:
        document = types.TextDocumentIdentifier(path.as_uri())
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def found(self, path: Path) -> Sequence[types.Diagnostic]:
        return self.client.diagnostics.get(path.as_uri(), ())

    def codes(self, path: Path) -> set[str]:
        return {str(each.code) for each in self.found(path)}

    async def until(self, holds: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while not (value := holds()):
            assert time.monotonic() < end, f"not so after {PATIENCE} s; shown: {self.shown()}"
            assert self.client.error is None, self.client.error
            await asyncio.sleep(0.02)
        return value

    def shown(self) -> list[str]:
        return [
            f"{uri[-40:]} {d.code} {d.range}" for uri, each in self.client.diagnostics.items() for d in each
        ]

    async def until_code(self, path: Path, code: str) -> types.Diagnostic:
        return await self.until(lambda: next((d for d in self.found(path) if d.code == code), None))

    async def hover(self, path: Path, at: tuple[int, int]) -> str:
        place = types.HoverParams(types.TextDocumentIdentifier(path.as_uri()), types.Position(*at))
        found = await self.client.text_document_hover_async(place)
        return found.contents.value if found else ""

    async def definition(self, path: Path, at: tuple[int, int]) -> list[tuple[str, str]]:
        """The files that a name leads to, and what stands at the place there."""
        place = types.DefinitionParams(types.TextDocumentIdentifier(path.as_uri()), types.Position(*at))
        return [self._place(each) for each in await self.client.text_document_definition_async(place) or ()]

    async def references(self, path: Path, at: tuple[int, int]) -> list[tuple[str, str]]:
        context = types.ReferenceContext(include_declaration=True)
        place = types.ReferenceParams(
            context, types.TextDocumentIdentifier(path.as_uri()), types.Position(*at)
        )
        return [self._place(each) for each in await self.client.text_document_references_async(place) or ()]

    def _place(self, location: types.Location) -> tuple[str, str]:
        path = Path(location.uri.removeprefix("file://"))
        text = self.texts.get(location.uri) or path.read_text()
        encoding = self.client.said.capabilities.position_encoding
        return path.name, between(text, location.range, encoding)

    async def actions(self, path: Path, where: types.Range) -> list[types.CodeAction]:
        wanted = types.CodeActionParams(
            types.TextDocumentIdentifier(path.as_uri()), where, types.CodeActionContext(self.found(path))
        )
        return [_action(each) for each in await self.client.text_document_code_action_async(wanted) or ()]

    async def run(self, action: types.CodeAction) -> Any:
        assert action.command is not None
        call = types.ExecuteCommandParams(action.command.command, action.command.arguments)
        return await self.client.workspace_execute_command_async(call)


def _action(each: types.CodeAction | types.Command) -> types.CodeAction:
    # lsprotocol 2025.0 takes every action that has a command for a plain Command, with the record as text.
    if isinstance(each, types.CodeAction):
        return each
    record = ast.literal_eval(each.command)
    return types.CodeAction(each.title, command=types.Command(**record))


def between(text: str, where: types.Range, encoding: str) -> str:
    """What stands in a range of a text, worked out apart from the server."""
    unit = {"utf-16": 2, "utf-8": 1}[encoding]
    codec = {"utf-16": "utf-16-le", "utf-8": "utf-8"}[encoding]
    lines = text.split("\n")
    assert where.start.line == where.end.line, where
    data = lines[where.start.line].encode(codec)
    return data[where.start.character * unit : where.end.character * unit].decode(codec)


async def session(client: LanguageClient, capabilities: types.ClientCapabilities) -> AsyncIterator[None]:
    client.said = await client.initialize_session(types.InitializeParams(capabilities=capabilities))
    yield
    await client.shutdown_session()


@pytest_lsp.fixture(config=CONFIG, scope="module")
async def client(lsp_client: LanguageClient):
    async for _ in session(lsp_client, client_capabilities("visual-studio-code")):
        yield


@pytest.fixture(scope="module")
def editor(client: LanguageClient) -> Editor:
    return Editor(client)


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of the projects in ``fixtures``."""

    def copy(name: str) -> Path:
        target = tmp_path / Path(name).name
        shutil.copytree(ROOT / "fixtures" / name, target, ignore=shutil.ignore_patterns("target", "prebuilt"))
        return target

    return copy
