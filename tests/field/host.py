"""``wasmtime run|serve [-S flag] FILE`` by the Python library: it links, instantiates, and says what wasmtime says.

The library has no command line; what it can link is that of the command with the same flags.
"""

from __future__ import annotations

import sys

import wasmtime
from wasmtime import component


def main(words: list[str]) -> int:
    """0 when the component links; else wasmtime's own words on standard error, and 1."""
    flags = {words[i + 1] for i, word in enumerate(words[:-1]) if word == "-S"}
    path = words[-1]
    engine = wasmtime.Engine()
    try:
        with open(path, "rb") as file:
            data = file.read()
        if data[:4] == b"\0asm" and data[4:8] != b"\x0d\x00\x01\x00":
            wasmtime.Instance(wasmtime.Store(engine), wasmtime.Module(engine, data), [])
            return 0
        linker = component.Linker(engine)
        linker.add_wasip2()
        if "http" in flags or words[0] == "serve":
            linker.add_wasi_http()
        store = wasmtime.Store(engine)
        store.set_wasi(wasmtime.WasiConfig())
        if hasattr(store, "set_wasi_http") and ("http" in flags or words[0] == "serve"):
            store.set_wasi_http()
        linker.instantiate(store, component.Component(engine, data))
    except (wasmtime.WasmtimeError, OSError) as error:
        print(f"Error: failed to run main module `{path}`\n\nCaused by:\n    {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
