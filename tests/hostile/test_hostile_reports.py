"""Whatever the format: names from hostile files command no terminal, forge no line, and stay data in markup."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import pytest
from hostile.hostile_bytes import component, instances
from hostile.hostile_workspace import make_workspace, quoted
from hostile.serving import Server
from markdown_it import MarkdownIt
from tests_support import PROGRAM, run

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

# The same as names of three packages: each workspace is read many times.
PACKAGES = ["".join(NAMES[:4]), NAMES[4], "".join(NAMES[5:])]

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
    "compose json": ("compose", "x.wasm", "y.wasm", "--dry-run", "--format", "json"),
    "compose by own document": ("compose", "own.wac", "--dry-run"),
    "compose wac": ("compose", "x.wasm", "y.wasm", "--dry-run", "--format", "wac"),
    "hosts for": ("hosts", "for", "x.wasm"),
    "hosts for verbose": ("hosts", "for", "x.wasm", "--verbose"),
    "hosts for own": ("hosts", "for", "x.wasm", "--config", "hosts.toml"),
    "hosts": ("hosts", "--config", "hosts.toml"),
    "hosts json": ("hosts", "--config", "hosts.toml", "--format", "json"),
    "hosts show": ("hosts", "show", "own", "--config", "hosts.toml"),
    "hosts show json": ("hosts", "show", "own", "--config", "hosts.toml", "--format", "json"),
    "hosts diff": ("hosts", "diff", "own@1", "own@2", "--config", "hosts.toml"),
    "hosts diff json": ("hosts", "diff", "own@1", "own@2", "--config", "hosts.toml", "--format", "json"),
    "check for own host": ("check", "x.wasm", "--host", "own", "--config", "hosts.toml", "--verbose"),
    "hosts for json": ("hosts", "for", "x.wasm", "--format", "json"),
    **{f"merge {one}": ("merge", "1.json", "2.json", "--format", one) for one in sorted(RENDERERS)},
    "explain": ("explain", "--file", "error.txt"),
    "explain json": ("explain", "--file", "error.txt", "--format", "json"),
    "config": ("config", "show", "--config", "own.toml"),
    "config json": ("config", "show", "--config", "own.toml", "--format", "json"),
    "configured": ("check", "x.wasm", "--config", "own.toml"),
}

# Commands that show names of a workspace: of packages, paths, and what stands in sources.
SOURCES: dict[str, tuple[str, ...]] = {
    **{f"plan {one}": ("plan", ".", "--format", one) for one in ("text", "json", "markdown", "html")},
    **{f"plan {one} details": ("plan", ".", "--plan", one) for one in "abc"},
    "plan narrow": ("plan", "."),
    "migrate": ("migrate", "--plan", "a", "--dry-run", "--allow-dirty", "."),
    "migrate refused": ("migrate", "--plan", "b", "--dry-run", "--allow-dirty", "."),
    "why sources": ("why", "a1:b/c", "."),
    "why all": ("why", "a1:b/c", ".", "--all"),
    "why crate": ("why", "--crate", PACKAGES[0].replace("[", "[[]"), "."),
    "why of sources json": ("why", "a1:b/c", ".", "--format", "json"),
    **{
        f"graph of sources {one}": ("graph", ".", "--expand", "--format", one)
        for one in ("text", "json", "dot", "mermaid", "svg", "html")
    },
    **{
        f"check of sources {one}": ("check", ".", "--format", one)
        for one in ("text", "github", "markdown", "html", "sarif")
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("names")
    (made / "x.wasm").write_bytes(instances(NAMES))
    (made / "y.wasm").write_bytes(instances(NAMES[:3]))
    for number, name in enumerate(("x", "y"), 1):
        words = (
            "check",
            f"{name}.wasm",
            "--shard",
            f"{number}/2",
            "--format",
            "json",
            "-o",
            f"{number}.json",
        )
        assert run(*words, cwd=made).returncode in (0, 1)
    # Both files belong to one of the shares: what the other has is added to it, as if it had been there.
    error = (
        "Error: component imports instance `{}`, but a matching implementation was not found in the linker\n"
    )
    (made / "error.txt").write_text("".join(map(error.format, NAMES)))
    (made / "hosts.toml").write_text('data = "data"\n')
    (made / "data/hosts").mkdir(parents=True)
    (made / "data/hosts/own.toml").write_text(own_host())
    (made / "own.wac").write_text(f"package a:b;\n// {''.join(NAMES)}\nlet x = new {NAMES[0]} {{ ... }};\n")
    ignored = ", ".join(json.dumps(name.replace("\x7f", "")) for name in NAMES)
    (made / "own.toml").write_text(f"exclude = [{ignored}]\n[severity]\n")
    return made


def own_host() -> str:
    """A profile of a host all of whose texts are hostile; of its two versions one has no interfaces."""
    text = quoted("".join(NAMES))
    names = [name for name in NAMES if not set(name) & set("\n,")]
    lists = {"1": "", "2": ", ".join(names)}
    rule = f"[name_rules.exact]\ntext = {text}\nevidence = {text}\n"
    head = (
        f'schema = 1\nname = "own"\ntitle = {text}\nabout = {text}\nsource = {text}\ndefault_mode = "host"\n'
    )
    lines = "".join(
        f'[[lines]]\nfirst = "{first}"\nname_rule = "exact"\nevidence = {text}\n'
        f"[lines.modes.host]\nprovides.default = {quoted(provides)}\n"
        for first, provides in lists.items()
    )
    return head + rule + lines


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("workspace"), PACKAGES)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


class Page(HTMLParser):
    """What tags and attributes a page really has."""

    def __init__(self, scripts: bool = False) -> None:
        super().__init__()
        self.scripts = scripts
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bad += [f"<{tag} {name}>" for name, _ in attrs if name.startswith("on")]
        self.bad += [
            f"{name}={value}"
            for name, value in attrs
            if value and value.strip().lower().startswith("javascript:")
        ]
        if tag == "script" and self.scripts is False:
            self.bad.append("<script>")
        if tag == "img" and dict(attrs).get("src") in ("x", "https://example.org/x"):
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
    kind = output.removesuffix(" details").rpartition(" ")[2]
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
        page = Page(scripts=True)
        page.feed(text)
        assert not page.bad, page.bad
        assert "<script>alert" not in text
    elif kind == "markdown":
        # Read as GitHub reads it, with HTML let through: what was a name must have become text or code.
        reader = MarkdownIt("commonmark", {"html": True}).enable("table")
        reader.validateLink = lambda url: True  # type: ignore[method-assign]
        page = Page()
        page.feed(reader.render(text))
        assert not page.bad, page.bad


@pytest.mark.parametrize("output", COMMANDS)
def test_names_are_data(output: str, folder: Path, server: Server) -> None:
    done = server.run(folder, *COMMANDS[output], env={"COLUMNS": "40" if output == "check narrow" else "120"})
    assert done["code"] in (0, 1), (done["code"], done["err"])
    assert done["out"].strip(), done["err"]
    # Sizes are about crates, compose is about what fits together, and an output that is quiet about names is fine.
    shows = not output.startswith(("sizes", "compose"))
    assert not shows or "esc:a" in done["out"], "the names are not even shown"
    held(output, done["out"])
    held("stderr", done["err"])


@pytest.mark.parametrize("output", SOURCES)
def test_names_of_sources_are_data(output: str, workspace: Path, server: Server) -> None:
    narrow = output.endswith("narrow")
    done = server.run(workspace, *SOURCES[output], env={"COLUMNS": "40" if narrow else "120"})
    assert done["code"] in (0, 1, 2), (done["code"], done["err"])
    shown = done["out"] + done["err"]
    # A dry run without --diff tells of files only, and a refusal of what is in the way.
    assert output.startswith("migrate") or re.search("[a-z0-9]+:a/|a1:b", shown), "no name is even shown"
    held(output, done["out"])
    held("stderr", done["err"])


def test_names_of_a_text_on_standard_input_are_data(folder: Path, tmp_path: Path, server: Server) -> None:
    """`explain -`: what another program printed, with its escapes, and with lines beyond all measure."""
    error = (
        "Error: component imports instance `{}`, but a matching implementation was not found in the linker\n"
    )
    long = "x" * 3_000_000
    texts = {
        "names": "".join(map(error.format, NAMES)),
        "coloured": f"\x1b[1m\x1b[31m{error.format(NAMES[0])}\x1b[0m\x1b]8;;https://example.org\x07link\x1b]8;;\x07",
        "a long line": error.format(long),
        "a long line before": long + "\n" + error.format(NAMES[4]),
        "escapes without end": "\x1b[" * 500_000,
        "bidi": BIDI * 10_000 + error.format(NAMES[1]),
    }
    for case, text in texts.items():
        (tmp_path / "in.txt").write_text(text)
        for words in (("explain", "-"), ("explain", "-", "--format", "json")):
            done = server.run(folder, *words, stdin=tmp_path / "in.txt")
            assert done["code"] in (0, 1), (case, done["code"], done["err"])
            assert done["out"] or done["err"], case
            assert len(done["out"]) < 100_000, (case, len(done["out"]))
            assert done["seconds"] < 2, (case, done["seconds"])
            held(words[-1] if words[-1] == "json" and done["out"] else "text", done["out"])
            held("stderr", done["err"])
    (tmp_path / "in.txt").write_bytes(bytes(range(256)) * 100)
    done = server.run(folder, "explain", "-", stdin=tmp_path / "in.txt")
    assert done["code"] in (0, 1), done["err"]
    held("text", done["out"])
    held("stderr", done["err"])


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.partition(":")[0])
def test_names_of_an_imported_host_are_data(name: str, tmp_path: Path, server: Server) -> None:
    """`hosts import` of a component with such names: a profile that is read as it was meant, or a refusal."""
    (tmp_path / "instance.wasm").write_bytes(instances([name]))
    (tmp_path / "function.wasm").write_bytes(component([name], [name]))
    written = 0
    for kind in ("instance", "function"):
        done = server.run(tmp_path, "hosts", "import", kind, f"{kind}.wasm")
        assert done["code"] in (0, 2), done["err"]
        assert done["out"] or done["err"]
        held("text", done["out"])
        held("stderr", done["err"])
        if done["code"] == 0:
            written += 1
            for words in (("show", kind), ("show", kind, "--format", "json"), ("diff", kind, "wasmtime")):
                done = server.run(tmp_path, "hosts", *words)
                assert done["code"] in (0, 1), (words, done["err"])
                held(words[-1], done["out"])
    made = tmp_path / "wasmdoctor.d/hosts"
    assert len(list(made.iterdir()) if made.exists() else []) == written
    assert {path.name for path in tmp_path.iterdir()} <= {"wasmdoctor.d", "instance.wasm", "function.wasm"}


def test_names_in_colour_command_nothing_else(folder: Path, server: Server) -> None:
    """With colour on, only the program's own sequences are there."""
    done = server.run(folder, "check", "x.wasm", "--color", "always")
    own = re.sub(r"\x1b\[[0-9;]*m", "", done["out"])
    assert done["out"] != own, "there is no colour to look at"
    held("colour", own)


DIFFS = (
    ("plan", ".", "--plan", "a", "--diff"),
    ("migrate", "--plan", "a", "--dry-run", "--diff", "--allow-dirty", "."),
)


@pytest.mark.parametrize("words", DIFFS, ids=lambda words: words[0])
def test_a_diff_is_safe_on_a_terminal_and_exact_elsewhere(
    words: tuple[str, ...], workspace: Path, tmp_path: Path, server: Server
) -> None:
    """What a person sees commands nothing; what a program gets is what `git apply` needs."""
    done = server.run(workspace, *words, "--color", "always")
    assert done["code"] in (0, 1), done["err"]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done["out"])
    assert "esc:a/\\u{1b}]0;owned" in shown
    held("colour", shown)
    done = server.run(workspace, *words)
    diff = done["out"][done["out"].index("diff --git") :]
    assert "// esc:a/\x1b]0;owned" in diff
    copy = tmp_path / "copy"
    shutil.copytree(workspace, copy)
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn"], cwd=copy, input=diff.encode(), capture_output=True, check=False,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)},
    )  # fmt: skip
    assert applied.returncode == 0, applied.stderr
    assert (copy / "c0/src/lib.rs").read_text() != (workspace / "c0/src/lib.rs").read_text()


ERRORS = {
    "a setting": ("check", "x.wasm", "--config", "setting.toml"),
    "a host": ("check", "x.wasm", "--config", "host.toml"),
    "shares": ("merge", "1.json", "other.json"),
    "a damaged share": ("merge", "damaged.json"),
    "a version": ("merge", "version.json"),
    "a journal": ("undo",),
}


@pytest.mark.parametrize("error", ERRORS)
def test_names_in_errors_are_data(error: str, folder: Path, tmp_path: Path, server: Server) -> None:
    """What ends a run with exit code 2 names what a file says, too."""
    forged = NAMES[4] + NAMES[0] + NAMES[1]
    for name in ("x.wasm", "1.json", "2.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "setting.toml").write_text(f"{quoted(forged)} = 1\n")
    (tmp_path / "host.toml").write_text(f"hosts = [{quoted(forged)}]\n")
    share = json.loads((tmp_path / "2.json").read_text())
    other = {**share, "shard": {**share["shard"], "hosts": [forged]}}
    (tmp_path / "other.json").write_text(json.dumps(other))
    facts = [["enum", "ExternKind", forged]]
    (tmp_path / "damaged.json").write_text(json.dumps({**share, "shard": {**share["shard"], "facts": facts}}))
    (tmp_path / "version.json").write_text(json.dumps({**share, "tool": {"version": forged}}))
    journal = tmp_path / ".wasmdoctor/undo/0001"
    journal.mkdir(parents=True)
    (journal / "journal.json").write_text(json.dumps({"version": forged, "label": forged}))
    done = server.run(tmp_path, *ERRORS[error])
    assert done["code"] in (0, 1, 2), (done["code"], done["err"])
    assert done["err"] or done["out"]
    held("stdout", done["out"])
    held("stderr", done["err"])


def test_names_in_an_editor_are_data(workspace: Path) -> None:
    """Messages of diagnostics: no editor gets a control character, or a line that a name made."""
    root = workspace.as_uri()
    messages: list[dict[str, object]] = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None, "rootUri": root}},
        {"method": "initialized", "params": {}},
    ]
    for path in ("app/Cargo.toml", "c1/Cargo.toml", "c1/wit/world.wit", "app/src/lib.rs"):
        file = workspace / path
        document = {
            "uri": file.as_uri(),
            "languageId": file.suffix[1:],
            "version": 1,
            "text": file.read_text(),
        }
        messages.append({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    with subprocess.Popen(
        [*PROGRAM, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for message in messages:
            _send(child.stdin, message)
        found: dict[str, list[dict[str, Any]]] = {}
        while not {"Cargo.toml", "world.wit"} <= {
            uri.rpartition("/")[2] for uri, each in found.items() if each
        }:
            message = _receive(child.stdout)
            if message.get("method") == "textDocument/publishDiagnostics":
                found[message["params"]["uri"]] = message["params"]["diagnostics"]
            elif "id" in message and "method" in message:
                _send(child.stdin, {"id": message["id"], "result": None})
        child.kill()
    texts = [
        text
        for each in found.values()
        for diagnostic in each
        for text in (
            diagnostic["message"],
            *(one["message"] for one in diagnostic.get("relatedInformation", ())),
        )
    ]
    assert any("line:a/x" in text for text in texts), texts
    for text in texts:
        held("message", text)


def _send(stream: IO[bytes], message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()


def _receive(stream: IO[bytes]) -> dict[str, Any]:
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    assert length, "the server has gone"
    message: dict[str, Any] = json.loads(stream.read(length))
    return message
