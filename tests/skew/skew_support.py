"""Components whose versions do not fit together, made with the real wasm-tools, and what `check` says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from conftest import run_tool

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Finding
from wasmdoctor.pipeline.check import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

# WASI in small: of each interface one function, or one resource.
INTERFACES = {
    "wasi:io": "interface poll { resource pollable { ready: func() -> bool; } }\n"
    "interface streams { use poll.{pollable}; resource input-stream { subscribe: func() -> pollable; } }",
    "wasi:random": "interface random { get-random-u64: func() -> u64; }",
    "wasi:cli": "interface exit { exit: func(status: result); }\ninterface environment { initial-cwd: func() -> option<string>; }",
    "wasi:clocks": "interface monotonic-clock { now: func() -> u64; }\ninterface timezone { utc-offset: func() -> s32; }",
    "wasi:http": "interface handler { handle: func(); }\ninterface incoming-handler { handle: func(); }\n"
    "interface client { send: func(); }",
    "wasi:keyvalue": "interface atomics { increment: func(); }",
    "wasi:config": "interface runtime { get-all: func(); }",
    "wasi:nn": "interface inference { load: func(); }",
}


def packages(*names: str) -> dict[str, str]:
    """The reduced packages with these full names (``wasi:io@0.2.0``), as files below ``deps``."""
    return {
        f"{name.replace(':', '-').replace('@', '-')}.wit": f"package {name};\n{INTERFACES[name.partition('@')[0]]}\n"
        for name in names
    }


def wit(folder: Path, world: str, deps: Mapping[str, str], package: str = "my:app") -> Path:
    """A WIT folder with the world ``w`` and packages below ``deps``."""
    (folder / "deps").mkdir(parents=True)
    (folder / "main.wit").write_text(f"package {package};\nworld w {{ {world} }}\n")
    for name, text in deps.items():
        (folder / "deps" / name).write_text(text)
    return folder


def imports(folder: Path, *names: str, more: str = "") -> Path:
    """A component, ``app.wasm``, that imports interfaces of the reduced packages by full name."""
    needed = dict.fromkeys(f"{n.partition('/')[0]}@{n.partition('@')[2]}".rstrip("@") for n in names)
    world = " ".join(f"import {name};" for name in names) + more
    source = wit(folder / "wit", world, packages(*needed))
    core, app = folder / "core.wasm", folder / "app.wasm"
    core.write_bytes(run_tool("component", "embed", "--dummy", source, "-w", "w"))
    app.write_bytes(run_tool("component", "new", core))
    return app


def embedded(folder: Path, world: str, deps: Mapping[str, str], text: str, name: str = "core") -> Path:
    """A core module of its text, with the world ``w`` embedded."""
    source = wit(folder / f"{name}-wit", world, deps, f"my:{name.replace('_', '-')}")
    written, core = folder / f"{name}.wat", folder / f"{name}.wasm"
    written.write_text(text)
    core.write_bytes(run_tool("component", "embed", source, written, "-w", "w"))
    return core


def adapted(folder: Path, core_version: str, adapter_version: str) -> Path:
    """A component, ``app.wasm``, whose core module calls preview 1 and WASI at one version, with an adapter that
    is for another."""
    exit_, env = f"wasi:cli/exit@{adapter_version}", f"wasi:cli/environment@{core_version}"
    adapter = embedded(
        folder,
        f"import {exit_};",
        packages(f"wasi:cli@{adapter_version}"),
        f"""(module (import "{exit_}" "exit" (func $exit (param i32)))
            (func (export "proc_exit") (param i32) (call $exit (i32.const 0))))""",
        "wasi_snapshot_preview1",
    )
    core = embedded(
        folder,
        f"import {env}; export go: func();",
        packages(f"wasi:cli@{core_version}"),
        f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "{env}" "initial-cwd" (func $cwd (param i32)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "go") (call $cwd (i32.const 0)) (call $exit (i32.const 0))))""",
    )
    app = folder / "app.wasm"
    app.write_bytes(run_tool("component", "new", core, "--adapt", adapter))
    return app


def findings(path: Path, host: str = "wasmtime", *flags: str) -> list[Finding]:
    """What `check` finds about one file."""
    options = CheckOptions((path.name,), path.parent, host, flags)
    return list(check(options, Catalog(), Toolchain()).findings)


def coded(path: Path, code: str, host: str = "wasmtime") -> list[Finding]:
    """The findings of one rule about one file."""
    return [finding for finding in findings(path, host) if finding.code == code]
