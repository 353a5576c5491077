"""``wasmtime run|serve [-S flag] [--invoke CALL] FILE`` by the Python library: does it link, and has it the entry?

The library has no command line. What it links is what the command links with the same flags, and its words are
the same; the entry is looked for as the command does it (wasmtime 48, ``src/commands/run.rs`` and ``serve.rs``).
Nothing is called, because the functions of the cases' components trap. Uses nothing but wasmtime, so that any
release of it runs this.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import wasmtime
from wasmtime import component

RELEASE = int(version("wasmtime").partition(".")[0])
NEWEST = "0.2.12" if RELEASE >= 46 else "0.2.6"
ENTRIES = {"run": "wasi:cli/run@0.2.", "serve": "wasi:http/incoming-handler@0.2."}
WASI_3 = {"run": "wasi:cli/run@0.3.0", "serve": "wasi:http/handler@0.3.0"} if RELEASE >= 46 else {}


class Refused(Exception):
    """What the command says and the library does not."""


def main(words: list[str]) -> int:
    """0 when the component links and has what is called; else wasmtime's words on standard error, and 1."""
    mode, path = words[0], words[-1]
    flags = {words[i + 1] for i, word in enumerate(words[:-1]) if word == "-S"}
    try:
        with open(path, "rb") as file:
            data = file.read()
        if data[:4] == b"\0asm" and data[4:8] != b"\x0d\x00\x01\x00":
            _module(mode, data)
        else:
            _component(mode, flags, data, "--invoke" in words)
    except (wasmtime.WasmtimeError, OSError, Refused) as error:
        causes = "\n".join(f"    {line}".rstrip() for line in str(error).splitlines())
        print(f"Error: failed to run main module `{path}`\n\nCaused by:\n{causes}", file=sys.stderr)
        return 1
    return 0


def _module(mode: str, data: bytes) -> None:
    """A core module is run with preview1; a server wants a component."""
    if mode == "serve":
        raise Refused("The serve command currently requires a component")
    engine = wasmtime.Engine()
    linker, store = wasmtime.Linker(engine), wasmtime.Store(engine)
    linker.define_wasi()
    store.set_wasi(wasmtime.WasiConfig())
    linker.instantiate(store, wasmtime.Module(engine, data))


def _component(mode: str, flags: set[str], data: bytes, invoked: bool) -> None:
    config = wasmtime.Config()
    if hasattr(config, "wasm_component_model_async"):
        config.wasm_component_model_async = True
    engine = wasmtime.Engine(config)
    linker, store = component.Linker(engine), wasmtime.Store(engine)
    if "cli=n" not in flags:
        linker.add_wasip2()
        store.set_wasi(wasmtime.WasiConfig())
    if "http" in flags or mode == "serve":
        linker.add_wasi_http()
        store.set_wasi_http()
    made = component.Component(engine, data)
    linker.instantiate(store, made)
    exports = [str(name) for name in dict(made.type.exports(engine))]
    if not invoked and not any(
        each.startswith(ENTRIES[mode]) or each == WASI_3.get(mode) for each in exports
    ):
        raise Refused(f"no exported instance named `{ENTRIES[mode].removesuffix('0.2.')}{NEWEST}`")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
