"""A workspace whose packages and comments carry hostile names, and which has something to be planned."""

from __future__ import annotations

import json
from pathlib import Path

from hostile.hostile_cases import write

DEPENDENCIES = '[dependencies]\nwit-bindgen = "0.48"\n'


def quoted(name: str) -> str:
    """A TOML string."""
    return json.dumps(name).replace("\x7f", "\\u007f")


def make_workspace(folder: Path, names: list[str]) -> Path:
    """A program that links a library for each name; each library binds an interface that nobody provides."""
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["*"]\nresolver = "2"\n'})
    dependencies = calls = ""
    for n, name in enumerate(names):
        comment = "\n".join(f"// {line}" for line in name.replace("\0", "").splitlines())
        manifest = f'[package]\nname = {quoted(name)}\nversion = "0.1.0"\nedition = "2021"\n'
        manifest += f'[lib]\nname = "l{n}"\ncrate-type = ["cdylib", "rlib"]\n{DEPENDENCIES}'
        wit = f"package a{n}:b;\ninterface c {{ f: func(); }}\nworld w {{ import c; export run: func(); }}\n"
        source = 'wit_bindgen::generate!({ world: "w", path: "wit" });\n'
        source = f"{comment}\n{source}{comment}\npub fn f() {{ a{n}::b::c::f(); }}\n"
        files = {f"c{n}/Cargo.toml": manifest, f"c{n}/src/lib.rs": source, f"c{n}/wit/world.wit": wit}
        write(folder, dict(files))
        dependencies += f'l{n} = {{ path = "../c{n}", package = {quoted(name)} }}\n'
        calls += f"l{n}::f(); "
    manifest = f'[package]\nname = {quoted(names[0] + names[1])}\nversion = "0.1.0"\nedition = "2021"\n'
    manifest += f'[lib]\nname = "app"\ncrate-type = ["cdylib"]\n{DEPENDENCIES}{dependencies}'
    source = 'wit_bindgen::generate!({ world: "app", path: "wit" });\nstruct S;\n'
    source += f"impl Guest for S {{ fn run() {{ {calls} }} }}\nexport!(S);\n"
    wit = "package x:app;\nworld app { export run: func(); }\n"
    write(folder, {"app/Cargo.toml": manifest, "app/src/lib.rs": source, "app/wit/world.wit": wit})
    return folder
