"""Projects written to a folder and read by the real readers, and what one rule says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from wasmdoctor.catalog import Catalog, rules_folder
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import judge
from wasmdoctor.discover import discover
from wasmdoctor.pipeline.binaries import read_binaries
from wasmdoctor.pipeline.project import Project
from wasmdoctor.toolchain import Toolchain


def facts_of(root: Path, cwd: Path | None = None, host: str = "wasmtime") -> Facts:
    """Everything that rules see of the sources and binaries below a folder, made as ``check`` makes it."""
    cwd = cwd or root
    found = discover([str(root)], cwd)
    project = Project(found, cwd, Toolchain())
    files = read_binaries(found)
    built = project.makers(files)
    files += [file for file, _ in project.predicted(built.values())]
    view = Catalog(rules_folder()).host(host, ())
    sources = project.facts(built)
    return Facts(
        files=tuple(files),
        host=view,
        verdicts=judge(files, view),
        lookalikes=Catalog(rules_folder()).lookalikes,
        sources=sources,
    )


def written(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder, by their path."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def crate(name: str, crate_type: str = '["cdylib", "rlib"]', dependencies: str = "", more: str = "") -> str:
    """A manifest with wit-bindgen; ``dependencies`` and ``more`` are lines of TOML."""
    return f"""\
[package]
name = "{name}"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = {crate_type}

[dependencies]
wit-bindgen = "0.48.1"
{dependencies}
{more}"""


def component(world: str, body: str, export: str = "run") -> str:
    """A library that generates bindings for a world and exports one function, whose body is given."""
    return f"""\
wit_bindgen::generate!({{ world: "{world}", path: "wit" }});
struct App;
impl Guest for App {{
    fn {export}() {{ {body} }}
}}
export!(App);
"""


def shown(drafts: Iterable[Draft]) -> list[str]:
    """Findings as ``path:line:column: message``; every one has a line, and a help."""
    lines = []
    for draft in drafts:
        assert draft.location.line, draft
        assert draft.help, draft
        lines.append(f"{draft.location}: {draft.message}")
    return lines
