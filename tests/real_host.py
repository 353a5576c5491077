"""A real wasmtime, and the comparison of its verdict with ours."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.rule import Severity
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

# The Python library links WASI 0.2 alone; `p3=n` makes the profile of the command say the same.
FLAGS = ("p3=n",)
HOST = f"wasmtime@{installed('wasmtime').partition('.')[0]}"


class Host:
    """A real wasmtime with its default WASI, asked through its own linker."""

    def __init__(self, *, http: bool = False) -> None:
        config = Config()
        config.cranelift_opt_level = "none"
        self.engine = Engine(config)
        self.linker = Linker(self.engine)
        self.linker.add_wasip2()
        if http:
            self.linker.add_wasi_http()

    def refusal(self, data: bytes) -> str:
        """What it says when it refuses to link or even to load, "" when it links."""
        try:
            component = Component(self.engine, data)
            store = Store(self.engine)
            store.set_wasi(WasiConfig())
            self.linker.instantiate(store, component)
        except WasmtimeError as error:
            return str(error)
        return ""


def errors(path: Path, data: bytes, catalog: Catalog, *flags: str) -> list[str]:
    path.write_bytes(data)
    report = check(
        CheckOptions((str(path),), path.parent, host=HOST, flags=(*FLAGS, *flags)), catalog, Toolchain()
    )
    return [f.message for f in report.findings if f.code.startswith("WD1") and f.severity is Severity.ERROR]


def assert_agree(host: Host, catalog: Catalog, path: Path, data: bytes, what: str) -> bool:
    """Whether both link it; fails when only one does."""
    refusal, found = host.refusal(data), errors(path, data, catalog)
    assert bool(refusal) == bool(found), (
        f"{what}\nwasmtime: {refusal or 'links'}\nwasmdoctor: {found or 'clean'}"
    )
    return not refusal
