"""The protocol: what an editor says and asks, and the answers. Everything that takes time runs elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from wasmdoctor import __version__
from wasmdoctor.lsp import convert, navigate, words
from wasmdoctor.lsp.documents import LARGEST, Document, Snapshot, is_ours, real_path, root_of
from wasmdoctor.lsp.jobs import Job, OutdatedError, context, warm
from wasmdoctor.lsp.judging import Answer, Question
from wasmdoctor.lsp.packages import Packages
from wasmdoctor.lsp.positions import At
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.pipeline.files import write_whole
from wasmdoctor.toolchain import Toolchain

logger = logging.getLogger(__name__)

QUIET_FOR = 0.3
"""Seconds without a change after which a workspace is judged."""

PATIENCE = 3.0
"""Seconds that a request for code actions waits for a judgement that is under way."""

MOST_FOR_FILE = 500
"""Findings that are shown in one file."""

NOT_SUPPRESSIBLE = frozenset({"WD001", "WD002", "WD003", "WD004", "WD005"})
"""Rules about what cannot be read, and about suppressions: no comment silences them."""

NOT_LOOKED_AT = frozenset({"target", "node_modules", ".git", ".wasmdoctor"})

WATCHED = ("**/*.{wit,wac,rs}", "**/Cargo.{toml,lock}", "**/{wasmdoctor,.wasmdoctor}.toml")

WHY, EXPLAIN = "wasmdoctor.why", "wasmdoctor.explain"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line of the server says; it holds for every workspace."""

    hosts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    config: str | None = None
    isolated: bool = False
    wasm_tools: str | None = None


@dataclass(slots=True)
class Workspace:
    """A folder that is judged as one, and what was found there last.

    ``asked`` counts changes: a judgement that was asked for before the last one is outdated. ``judged`` are the texts
    that ``answer`` is about; ``shown`` what the editor has, by file: diagnostics, with their findings where they are
    not about the configuration.
    """

    root: Path
    asked: int = 0
    timer: asyncio.TimerHandle | None = None
    job: Job | None = None
    answer: Answer | None = None
    judged: Snapshot | None = None
    shown: dict[str, list[tuple[Finding | None, types.Diagnostic]]] = field(default_factory=dict)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""


class Server(LanguageServer):
    """The language server of wasmdoctor."""

    def __init__(self, options: Options) -> None:
        super().__init__("wasmdoctor", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.options = options
        self.documents: dict[str, Document] = {}
        self.workspaces: dict[str, Workspace] = {}
        self.packages = Packages(Toolchain(options.wasm_tools))
        self.starter = context()
        self.judges = ThreadPoolExecutor(2, thread_name_prefix="judge")
        self.readers = ThreadPoolExecutor(2, thread_name_prefix="reader")
        self.folder: str | None = None
        self.told_to_stop = False
        self._tasks: set[asyncio.Task[None]] = set()

    # -- documents --------------------------------------------------------------------------------

    @property
    def encoding(self) -> str:
        """The unit of characters in positions, as was agreed with the editor."""
        return str(
            getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding) or "utf-16"
        )

    def snapshot(self) -> Snapshot:
        """What is open now."""
        return Snapshot({str(each.path): each for each in self.documents.values()}, self.encoding)

    def take(self, uri: str, version: int | None, text: str) -> Document | None:
        """Note the text of a document; None when it is none of ours, or too large."""
        path = real_path(uri)
        if path is None or not is_ours(path):
            return None
        data = text.encode("utf-8", "replace")
        if len(data) > LARGEST:
            self.documents.pop(uri, None)
            return None
        self.documents[uri] = Document(uri, path, version, data)
        return self.documents[uri]

    def workspace_of(self, document: Document | None) -> Workspace | None:
        """The workspace that a document is judged in, noted when it is new."""
        root = root_of(document.path) if document else None
        if root is None:
            return None
        return self.workspaces.setdefault(str(root), Workspace(root))

    # -- judging ----------------------------------------------------------------------------------

    def changed(self, document: Document | None, delay: float) -> None:
        """Judge again what a document belongs to; a configuration or manifest speaks for all that is below it."""
        own = self.workspace_of(document)
        for workspace in list(self.workspaces.values()):
            if workspace is own or (document is not None and _speaks_for(document.path, workspace.root)):
                self.judge_soon(workspace, delay)

    def judge_soon(self, workspace: Workspace, delay: float) -> None:
        """Judge a workspace once nothing has changed in it for ``delay`` seconds; what is under way is outdated."""
        workspace.asked += 1
        workspace.settled.clear()
        if workspace.job is not None:
            workspace.job.end()
        if workspace.timer is not None:
            workspace.timer.cancel()
        workspace.timer = asyncio.get_running_loop().call_later(delay, self._start, workspace)

    def _start(self, workspace: Workspace) -> None:
        workspace.timer = None
        task = asyncio.get_running_loop().create_task(self._judge(workspace))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _judge(self, workspace: Workspace) -> None:
        asked = workspace.asked
        snapshot = self.snapshot()
        question = Question(
            root=str(workspace.root),
            overlay=snapshot.overlay(workspace.root),
            encoding=snapshot.encoding,
            hosts=self.options.hosts,
            flags=self.options.flags,
            config=self.options.config,
            isolated=self.options.isolated,
            wasm_tools=self.options.wasm_tools,
        )
        workspace.job = job = Job(question, self.starter)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self.judges, job.run)
        except OutdatedError:
            return
        except Exception as error:  # a process could not be started: say so, and go on
            answer = Answer(failure=f"the sources could not be judged: {error}")
        if asked != workspace.asked or str(workspace.root) not in self.workspaces:
            return
        workspace.job = None
        workspace.judged = snapshot
        self._show(workspace, answer, snapshot)
        workspace.settled.set()

    def _show(self, workspace: Workspace, answer: Answer, snapshot: Snapshot) -> None:
        """Give the editor what was found, and take back what is gone."""
        if answer.failure:
            if answer.failure != workspace.failure:
                self._say(f"wasmdoctor: {answer.failure}", types.MessageType.Error)
            workspace.failure = answer.failure
            return
        workspace.failure = ""
        workspace.answer = answer
        shown: dict[str, list[tuple[Finding | None, types.Diagnostic]]] = {}
        for finding in answer.findings:
            uri = snapshot.uri(workspace.root / finding.location.path)
            diagnostic = convert.diagnostic(finding, answer, workspace.root, snapshot)
            shown.setdefault(uri, []).append((finding, diagnostic))
        for problem in answer.problems:
            place = problem.location
            found = answer.ranges[place.path, place.line, place.column, ""]
            uri = snapshot.uri(workspace.root / place.path)
            diagnostic = convert.problem(problem.message, problem.help, found)
            shown.setdefault(uri, []).append((None, diagnostic))
        changed = {*workspace.shown, *shown}
        workspace.shown = shown
        for uri in sorted(changed):
            self._publish(uri)

    def _publish(self, uri: str) -> None:
        """Give the editor what all workspaces say of a file: a configuration may be that of several."""
        said = [each for workspace in self.workspaces.values() for _, each in workspace.shown.get(uri, ())]
        diagnostics = {(d.code, d.message, *_pair(d.range.start)): d for d in said}
        document = self.documents.get(uri)
        version = document.version if document else None
        first = list(diagnostics.values())[:MOST_FOR_FILE]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, first, version))

    def _say(self, text: str, kind: types.MessageType) -> None:
        self.window_log_message(types.LogMessageParams(kind, text))
        self.window_show_message(types.ShowMessageParams(kind, text))

    def leave(self, workspace: Workspace) -> None:
        """Forget a workspace of which nothing is open any more."""
        workspace.asked += 1
        if workspace.timer is not None:
            workspace.timer.cancel()
        if workspace.job is not None:
            workspace.job.end()
        self.workspaces.pop(str(workspace.root), None)
        for uri in workspace.shown:
            self._publish(uri)
        workspace.settled.set()

    def end(self) -> None:
        """End everything that is under way, and leave nothing behind."""
        for workspace in self.workspaces.values():
            workspace.asked += 1
            if workspace.timer is not None:
                workspace.timer.cancel()
            if workspace.job is not None:
                workspace.job.end()
        self.judges.shutdown(wait=False, cancel_futures=True)
        self.readers.shutdown(wait=False, cancel_futures=True)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    # -- questions --------------------------------------------------------------------------------

    async def ask(
        self,
        uri: str,
        position: types.Position,
        question: Callable[[navigate.Asked], Result],
    ) -> tuple[Result, Snapshot] | None:
        """Answer a question about a place, in a thread of its own; None for a document that is none of ours."""
        document = self.documents.get(uri)
        if document is None:
            return None
        root = root_of(document.path) or document.path.parent
        workspace = self.workspaces.get(str(root))
        snapshot = self.snapshot()
        asked = navigate.Asked(
            document,
            At(position.line, position.character),
            root,
            snapshot,
            self.packages,
            workspace.answer if workspace else None,
        )
        result = await asyncio.get_running_loop().run_in_executor(self.readers, question, asked)
        return result, snapshot

    async def settle(self, workspace: Workspace) -> None:
        """Wait a little for a judgement that is under way."""
        try:
            await asyncio.wait_for(workspace.settled.wait(), PATIENCE)
        except TimeoutError:
            logger.debug("%s is still being judged", workspace.root)

    def can(self, *names: str) -> Any:
        """A capability of the editor, by its way through the records; None when it has none."""
        value: Any = self.client_capabilities
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return None
        return value

    def actions(self, workspace: Workspace, uri: str, wanted: types.Range) -> Iterator[types.CodeAction]:
        """What can be done about the findings in a range."""
        answer, judged, now = workspace.answer, workspace.judged, self.snapshot()
        if answer is None or judged is None:
            return
        for finding, diagnostic in workspace.shown.get(uri, ()):
            if finding is None or not _touch(diagnostic.range, wanted):
                continue
            preferred = True
            for fix in finding.fixes:
                action = self._fix(fix, diagnostic, workspace, now, preferred=preferred and fix.safe)
                if action is not None:
                    preferred = preferred and not fix.safe
                    yield action
            path = str(workspace.root / finding.location.path)
            same = judged.documents.get(path) == now.documents.get(path)
            if same and finding.code not in NOT_SUPPRESSIBLE:
                edit = convert.suppression(finding, workspace.root, now, versions=self._versions)
                if edit is not None:
                    title = (
                        f"Accept {finding.code} here, with a comment (write the reason behind the hyphens)"
                    )
                    yield _action(title, diagnostic, edit)
            arguments = [str(workspace.root), finding.fingerprint]
            title = f"Why: where {finding.interface or 'this'} comes from"
            yield _command(title, WHY, arguments, diagnostic)
            yield _command(f"Explain {finding.code} {finding.name}", EXPLAIN, [finding.code], diagnostic)

    @property
    def _versions(self) -> bool:
        return bool(self.can("workspace", "workspace_edit", "document_changes"))

    def _fix(
        self,
        fix: SuggestedFix,
        diagnostic: types.Diagnostic,
        workspace: Workspace,
        now: Snapshot,
        *,
        preferred: bool,
    ) -> types.CodeAction | None:
        assert workspace.answer is not None
        kinds = self.can("workspace", "workspace_edit", "resource_operations") or ()
        files = {"create", "delete", "rename"} <= {str(getattr(kind, "value", kind)) for kind in kinds}
        edit = convert.workspace_edit(
            fix.edits, workspace.answer, workspace.root, now, files=files, versions=self._versions
        )
        if edit is None:
            return None
        title = fix.title if fix.safe else f"{fix.title} (may change what a build gives)"
        return _action(title, diagnostic, edit, preferred=preferred)

    def show_page(self, name: str, text: str) -> None:
        """Show a page of text: as a document where the editor can, else as a message."""
        if not self.can("window", "show_document", "support"):
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
            return
        if self.folder is None:
            self.folder = tempfile.mkdtemp(prefix="wasmdoctor-")
        path = Path(self.folder, name)
        write_whole(path, text.encode("utf-8", "replace"))
        self.window_show_document(types.ShowDocumentParams(path.as_uri(), external=False, take_focus=True))


def _touch(one: types.Range, other: types.Range) -> bool:
    return _pair(one.start) <= _pair(other.end) and _pair(other.start) <= _pair(one.end)


def _pair(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _action(
    title: str, diagnostic: types.Diagnostic, edit: types.WorkspaceEdit, *, preferred: bool = False
) -> types.CodeAction:
    return types.CodeAction(
        title, types.CodeActionKind.QuickFix, [diagnostic], is_preferred=preferred or None, edit=edit
    )


def _command(title: str, name: str, arguments: list[Any], diagnostic: types.Diagnostic) -> types.CodeAction:
    command = types.Command(title, name, arguments=arguments)
    return types.CodeAction(title, types.CodeActionKind.QuickFix, [diagnostic], command=command)


def _wanted(kinds: Iterable[str] | None) -> bool:
    """Whether quick fixes are among the kinds of actions that are asked for."""
    return kinds is None or any("quickfix".startswith(str(getattr(kind, "value", kind))) for kind in kinds)


def make_server(options: Options) -> Server:
    """A server with all that it answers to."""
    server = Server(options)
    _add_documents(server)
    _add_questions(server)
    _add_commands(server)
    return server


def _add_documents(server: Server) -> None:
    @server.feature(types.INITIALIZED)
    def initialized(ls: Server, params: types.InitializedParams) -> None:
        ls.judges.submit(warm, ls.starter)
        if ls.can("workspace", "did_change_watched_files", "dynamic_registration"):
            watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            registration = types.Registration(
                "wasmdoctor-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
            )
            ls.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        ls.changed(ls.take(document.uri, document.version, document.text), 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        source = ls.workspace.get_text_document(uri).source
        ls.changed(ls.take(uri, params.text_document.version, source), QUIET_FOR)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        ls.changed(ls.documents.get(params.text_document.uri), 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        document = ls.documents.pop(params.text_document.uri, None)
        workspace = ls.workspace_of(document)
        ls.changed(document, QUIET_FOR)
        open_roots = {root_of(each.path) for each in ls.documents.values()}
        if workspace is not None and workspace.root not in open_roots:
            ls.leave(workspace)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        paths = [path for change in params.changes if (path := real_path(change.uri)) and is_ours(path)]
        for workspace in list(ls.workspaces.values()):
            if any(_concerns(path, workspace.root) for path in paths):
                ls.judge_soon(workspace, QUIET_FOR)

    @server.feature(types.SHUTDOWN)
    def stopped(ls: Server, *_: object) -> None:
        ls.told_to_stop = True
        ls.end()


def _concerns(path: Path, root: Path) -> bool:
    """Whether a change on disk matters to a workspace: what a build writes does not."""
    if path.is_relative_to(root):
        return NOT_LOOKED_AT.isdisjoint(path.relative_to(root).parts[:-1])
    return _speaks_for(path, root)


def _speaks_for(path: Path, root: Path) -> bool:
    """Whether a file is a configuration or manifest above a workspace, or in it."""
    return path.suffix == ".toml" and root.is_relative_to(path.parent)


def _add_questions(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
        found = await ls.ask(params.text_document.uri, params.position, navigate.hover)
        if found is None or found[0] is None:
            return None
        text, where = found[0].text, found[0].range
        kinds = ls.can("text_document", "hover", "content_format") or [types.MarkupKind.Markdown]
        markdown = types.MarkupKind.Markdown in kinds
        kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, text), convert.range_of(where) if where else None)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
        found = await ls.ask(params.text_document.uri, params.position, navigate.definition)
        return [convert.location(place, found[1]) for place in found[0]] if found else []

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
        found = await ls.ask(params.text_document.uri, params.position, navigate.references)
        return [convert.location(place, found[1]) for place in found[0]] if found else []

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        document = ls.documents.get(params.text_document.uri)
        if document is None or document.path.suffix != ".wit":
            return []
        work = partial(navigate.symbols, document, ls.encoding)
        found = await asyncio.get_running_loop().run_in_executor(ls.readers, work)
        return [convert.symbol(each) for each in found]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    async def actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        workspace = ls.workspace_of(ls.documents.get(uri))
        if workspace is None or not _wanted(params.context.only):
            return []
        await ls.settle(workspace)
        return list(ls.actions(workspace, uri, params.range))


def _add_commands(server: Server) -> None:
    @server.command(WHY)
    def why(ls: Server, root: str, fingerprint: str) -> str | None:
        workspace = ls.workspaces.get(root)
        answer = workspace.answer if workspace else None
        found = (f for f in (answer.findings if answer else ()) if f.fingerprint == fingerprint)
        finding = next(found, None)
        if finding is None:
            text = "This finding is gone: the sources have changed since."
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
            return None
        text = words.why(finding)
        ls.show_page("why.md", text)
        return text

    @server.command(EXPLAIN)
    def explain(ls: Server, code: str) -> str | None:
        from wasmdoctor.catalog import Catalog

        try:
            text = words.explain(Catalog().lint(code))
        except LookupError as error:
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, str(error.args[0])))
            return None
        ls.show_page(f"{code}.md", text)
        return text


def serve(options: Options, *, tcp: tuple[str, int] | None = None) -> int:
    """Serve one editor, over standard input and output or a connection, and give the exit code: 1 when it was told
    to exit without having been told to shut down (Language Server Protocol 3.17, "Exit Notification")."""
    server = make_server(options)
    try:
        if tcp is not None:
            server.start_tcp(*tcp)
        else:
            # The protocol keeps its own descriptors; whatever else is printed goes to standard error.
            stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            server.start_io(stdin, stdout)
    finally:
        server.end()
    return 0 if server.told_to_stop else 1
