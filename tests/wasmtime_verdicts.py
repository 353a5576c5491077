"""A program for the Python of any wasmtime release: which components of a folder its linker takes.

    python wasmtime_verdicts.py FOLDER

Prints JSON: the release, and for each way of linking (``wasi``, and ``http`` where the release has it) what
the linker says to each ``*.wasm``, "" when it links it. Uses nothing but wasmtime.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker


def main(folder: Path) -> None:
    config = Config()
    config.cranelift_opt_level = "none"
    engine = Engine(config)
    linkers = {"wasi": Linker(engine)}
    if hasattr(Linker, "add_wasi_http"):
        linkers["http"] = Linker(engine)
    for name, linker in linkers.items():
        linker.add_wasip2()
        if name == "http":
            linker.add_wasi_http()
    said: dict[str, dict[str, str]] = {name: {} for name in linkers}
    for path in sorted(folder.glob("*.wasm")):
        try:
            component = Component(engine, path.read_bytes())
        except WasmtimeError as error:
            for name in linkers:
                said[name][path.name] = f"not loaded: {error}"
            continue
        for name, linker in linkers.items():
            store = Store(engine)
            store.set_wasi(WasiConfig())
            try:
                linker.instantiate(store, component)
                said[name][path.name] = ""
            except WasmtimeError as error:
                said[name][path.name] = str(error)
    print(json.dumps({"version": version("wasmtime"), "said": said}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
