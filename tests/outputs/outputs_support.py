"""A workspace in a repository, reports made by hand, and the real judges of each format."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import CheckedArtifact, Finding, ImportVerdict, OriginStep, Report, Status
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import ExternKind

TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS", Path.home() / ".cache/wasmdoctor-tools")) / "outputs"

ROOT_MANIFEST = '[workspace]\nmembers = ["app", "net"]\nresolver = "2"\n'
APP_MANIFEST = """\
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
net = { path = "../net" }
wit-bindgen = "0.48"
"""
NET_MANIFEST = (
    '[package]\nname = "net"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nwit-bindgen = "0.48"\n'
)
APP_WIT = "package shop:app@0.1.0;\n\nworld app {\n    export run: func() -> u32;\n}\n"
APP_RUST = """\
wit_bindgen::generate!("app");

struct App;

impl Guest for App {
    fn run() -> u32 {
        net::stock()
    }
}

export!(App);
"""
NET_WIT = """\
package shop:net@0.1.0;

interface store {
    count: func() -> u32;
}

world net {
    import store;
}
"""
NET_RUST = """\
wit_bindgen::generate!("net");

pub fn stock() -> u32 {
    shop::net::store::count()
}
"""
PLAIN_NET_RUST = "pub fn stock() -> u32 {\n    7\n}\n"

GOOD: dict[str, str] = {
    ".gitignore": "target/\n",
    "Cargo.toml": ROOT_MANIFEST,
    "app/Cargo.toml": APP_MANIFEST,
    "app/src/lib.rs": APP_RUST,
    "app/wit/world.wit": APP_WIT,
    "net/Cargo.toml": NET_MANIFEST,
    "net/src/lib.rs": PLAIN_NET_RUST,
}
"""A workspace whose component imports nothing."""

LEAK: dict[str, str] = {"net/src/lib.rs": NET_RUST, "net/wit/world.wit": NET_WIT}
"""What makes the component of GOOD import an interface that nobody provides."""


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def git(folder: Path, *words: str) -> str:
    """Run git there, without anybody's configuration; what it printed."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
    return done.stdout


def committed(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A repository with these files in one commit."""
    write(folder, files)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


# Everything that a terminal, a browser, an XML reader, a renderer or a runner might obey.
HOSTILE = (
    "evil%0A::set-output name=x::y\n::error::no `tick` ``two`` | <script>alert(1)</script> &amp; "
    "[a](http://e.invalid) ![i](x) @nobody #1 \x1b[31m \u202e \x00 \ufffe ]]> '\" \\ *b* _c_ ~~d~~ $x$"
)


def finding(**changes: object) -> Finding:
    """A finding as a rule makes it, on an import that a linked crate brought."""
    origin = (
        OriginStep("crate", "app", Location("app/Cargo.toml", 11, 1), "sources"),
        OriginStep("crate", "net", Location("net/Cargo.toml", 2, 8), "rlib", "target/x/libnet.rlib"),
        OriginStep("world", "net", Location("net/wit/world.wit", 7, 7)),
    )
    values: dict[str, object] = {
        "code": "WD101",
        "name": "nonstandard-import",
        "severity": Severity.ERROR,
        "confidence": Confidence.HIGH,
        "message": "nobody provides `shop:net/store@0.1.0`",
        "subject": "target/wasm32-wasip2/debug/app.wasm",
        "location": Location("net/wit/world.wit", 8, 12),
        "interface": "shop:net/store@0.1.0",
        "help": "link it as Rust\nor compose",
        "origin": origin,
        "plans": ("a", "c"),
        "fingerprint": "0123456789abcdef0123456789abcdef",
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def report(*findings: Finding, more: Iterable[CheckedArtifact] = ()) -> Report:
    """A report on the component of :func:`finding`."""
    verdict = ImportVerdict("shop:net/store@0.1.0", ExternKind.INSTANCE, Status.UNPROVIDED)
    app = CheckedArtifact("target/wasm32-wasip2/debug/app.wasm", "component", 10, imports=(verdict,))
    return Report("0.1.0", "wasmtime@50", (app, *more), findings)


def hostile_report() -> Report:
    """Every text of it is hostile."""
    step = OriginStep("crate", HOSTILE, Location(HOSTILE, 3, 4), "rlib", HOSTILE)
    bad = finding(
        message=HOSTILE,
        subject=HOSTILE,
        location=Location(HOSTILE, 5, 6),
        interface=HOSTILE,
        help=HOSTILE,
        origin=(step,),
        related=((Location(HOSTILE, 7), HOSTILE),),
    )
    verdict = ImportVerdict(HOSTILE, ExternKind.INSTANCE, Status.UNPROVIDED)
    artifact = CheckedArtifact(HOSTILE, "component", 10, imports=(verdict,))
    return Report("0.1.0", HOSTILE, (artifact,), (bad,), notes=(HOSTILE,))


def repository() -> Repository:
    """The folder `shop` of a repository is where the report was made; what is below `target` is a binary."""
    names = ("app/Cargo.toml", "net/Cargo.toml", "net/wit/world.wit")
    home = Location("shop/app/Cargo.toml", 1)
    return Repository({name: f"shop/{name}" for name in names}, {"target/wasm32-wasip2/debug/app.wasm": home})


CATALOG = Catalog()


def sarif_troubles(folder: Path, documents: Mapping[str, str]) -> list[str]:
    """What the SARIF Multitool says of logs: against the schema, the specification and GitHub's rules."""
    for name, text in documents.items():
        (folder / name).write_text(text, "utf-8")
    program = TOOLS / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    assert program.is_file(), "run tests/tools/setup.sh"
    out = folder / "validation.sarif"
    kinds = ["--rule-kind", "Sarif;Ghas", "--output", str(out), "--log", "ForceOverwrite"]
    done = subprocess.run(
        [program, "validate", *(str(folder / name) for name in documents), *kinds],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text("utf-8-sig"))["runs"][0]
    assert (
        len(found.get("artifacts", [])) >= len(documents) or f"{len(documents)} files scanned" in done.stdout
    )
    return sorted(
        f"{result['ruleId']} {json.dumps(result['message'])}"
        for result in found.get("results", [])
        if result.get("level", "warning") in ("error", "warning")
    )
