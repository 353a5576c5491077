"""WD113: a component that the host cannot start, and what is no such finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hosts_support import WORLDS, Dummy, component

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


@pytest.fixture(scope="module")
def folder(dummy: Dummy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("entries")
    for name in WORLDS:
        (made / f"{name}.wasm").write_bytes(component(dummy, name))
    (made / "candidate.wasm").write_bytes(component(dummy, "server", "0.2.0-rc-2023-11-10"))
    return made


def report(folder: Path, host: str, *names: str, **options: Any) -> Report:
    paths = tuple(f"{name}.wasm" for name in names)
    return check(CheckOptions(paths, folder, host=host, **options), Catalog(), Toolchain())


def finding(folder: Path, host: str, *names: str) -> Finding | None:
    found = [f for f in report(folder, host, *names).findings if f.code == "WD113"]
    assert len(found) <= 1
    return found[0] if found else None


CASES = [
    # host, component, severity ("" for no finding), what the help says
    ("wasmtime", "command", "", ""),
    ("wasmtime", "client", "", ""),
    ("wasmtime", "sockets", "", ""),
    ("wasmtime:serve", "server", "", ""),
    ("spin", "server", "", ""),
    ("jco", "server", "", ""),
    ("spin@4", "candidate", "", ""),
    # Asked for this very mode, or a host with one mode.
    ("wasmtime:serve", "command", "error", "check it with `--host wasmtime:run`"),
    ("wasmtime@29:serve", "command", "error", "check it with `--host wasmtime@29:run`"),
    ("wasmtime:run", "server", "error", "start it with `wasmtime serve server.wasm`"),
    ("spin", "command", "error", "other hosts that start it: jco@1.35, wasmtime@48"),
    ("wasmcloud", "sockets", "error", "to be started by wasmcloud@2.7.0, a component exports `wasi:http/inc"),
    ("wasmtime:serve", "nothing", "error", "to be started by wasmtime@48:serve"),
    # Another mode of the same host does.
    ("wasmtime", "server", "note", "`--host wasmtime:serve`, which calls `wasi:http/incoming-handler@0.2.0`"),
    # No mode of this version does.
    ("wasmtime@25", "sockets", "warning", "wasmtime@33:run starts it"),
    ("wasmtime", "candidate", "warning", "wasmtime@15:serve starts it"),
    ("wasmtime", "nothing", "warning", "a component exports `wasi:cli/run` or a function"),
    # Libraries: wasmtime from 33 on and jco call their functions, the others do not.
    ("wasmtime", "library", "", ""),
    ("jco", "library", "", ""),
    ("wasmtime@25", "library", "note", "compose it with a component that imports"),
    ("wasmtime:serve", "library", "warning", "compose it with a component that imports"),
    ("spin", "library", "warning", "compose it with a component that imports"),
    # Nothing is known of what it calls.
    ("none", "nothing", "", ""),
]


@pytest.mark.parametrize(("host", "name", "severity", "said"), CASES)
def test_when_it_speaks(folder: Path, host: str, name: str, severity: str, said: str) -> None:
    found = finding(folder, host, name)
    assert (found.severity.value if found else "") == severity
    if found:
        assert said in found.help
        assert found.message.startswith(f"{Catalog().host(host).id} c")


def test_the_provider_of_another_component_is_meant_so(folder: Path) -> None:
    assert finding(folder, "spin", "library") is not None
    both = report(folder, "spin", "custom", "library").findings
    assert [f.subject for f in both if f.code == "WD113"] == ["custom.wasm"]


def test_a_damaged_component_is_another_finding(folder: Path, tmp_path: Path) -> None:
    data = (folder / "command.wasm").read_bytes()
    (tmp_path / "cut.wasm").write_bytes(data[:60])
    codes = {f.code for f in report(tmp_path, "wasmtime:serve", "cut").findings}
    assert "WD001" in codes
    assert "WD113" not in codes


def test_several_hosts_that_cannot(folder: Path) -> None:
    found = report(folder, "", "command", hosts=("wasmtime:serve", "spin", "wasmtime:run"))
    (one,) = [f for f in found.findings if f.code == "WD113"]
    assert one.hosts == ("wasmtime@48:serve", "spin@4.0.2")
    assert one.message.startswith(
        "the host cannot start it: none of its exports is called there (`wasi:cli/run@"
    )


@pytest.mark.parametrize("host", ["wasmtime", "wasmtime@25", "wasmtime@46"])
def test_the_fixtures_get_no_error(host: str) -> None:
    folders = tuple(str(path.parent) for path in sorted(FIXTURES.rglob("*.wasm")))
    options = CheckOptions(tuple(dict.fromkeys(folders)), FIXTURES, host=host)
    found = check(options, Catalog(), Toolchain()).findings
    assert found
    assert [f.message for f in found if f.code == "WD113" and f.severity.value == "error"] == []


def test_an_instance_under_a_plain_name_is_no_function(tmp_path: Path, wat: Callable[[str], bytes]) -> None:
    """`--invoke exports(...)` would call nothing; the function inside is found by its own name."""
    inner = """(component
      (core module $m (func (export "f")))
      (core instance $i (instantiate $m))
      (func $f (canon lift (core func $i "f")))
      (instance $x (export "inside" (func $f)))
      (export "exports" (instance $x))
      %s)"""
    (tmp_path / "alone.wasm").write_bytes(wat(inner % ""))
    (tmp_path / "both.wasm").write_bytes(wat(inner % '(export "go" (func $f))'))
    alone, both = report(tmp_path, "wasmtime", "alone", "both").components
    assert (alone.start, both.start) == ("", "wasmtime run --invoke 'go(...)' both.wasm")
    assert finding(tmp_path, "wasmtime", "alone") is None
    assert finding(tmp_path, "wasmtime@25", "alone") is not None


def test_a_host_of_ones_own_says_what_it_calls(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/rim.toml").write_text(
        'schema = 1\nname = "rim"\ntitle = "Rim"\nabout = "ours"\nsource = "us"\ndefault_mode = "go"\n'
        '[[lines]]\nfirst = "0"\nname_rule = "exact"\nevidence = "us"\n'
        '[lines.modes.go]\nentries.default = "go, my:app/api@1.0.0"\n'
    )
    catalog = Catalog(extra=(tmp_path,))
    said = {}
    for name in ("library", "sockets", "nothing"):
        options = CheckOptions((f"{name}.wasm",), folder, host="rim")
        found = check(options, catalog, Toolchain()).findings
        said[name] = [f.severity.value for f in found if f.code == "WD113"]
    assert said == {"library": [], "sockets": [], "nothing": ["error"]}


SOURCES = {
    "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    '[dependencies]\nwit-bindgen = "0.48"\n',
    "src/lib.rs": 'wit_bindgen::generate!({ world: "w" });\nfn f() { a::b::c::f(); }\n',
    "wit/world.wit": "package a:b;\ninterface c { f: func(); }\nworld w {\n  import c;\n  EXPORT\n}\n",
    "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
    "target/.rustc_info.json": "{}",
}


@pytest.mark.parametrize(
    ("export", "wat_export", "host"),
    [
        ("", "", "wasmtime"),
        ("export run: func();", '(export "run" (func $f))', "spin"),
    ],
)
def test_the_world_is_where_it_is_asked_for(
    export: str, wat_export: str, host: str, tmp_path: Path, wat: Callable[[str], bytes]
) -> None:
    """Where sources tell the component's own world, a person is sent there and not to the binary."""
    for path, text in SOURCES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text.replace("EXPORT", export))
    made = wat(
        '(component (import "a:b/c" (instance $i (export "f" (func)))) (alias export $i "f" (func $f)) '
        + wat_export
        + ")"
    )
    (tmp_path / "alone.wasm").write_bytes(made)
    binary = tmp_path / "target/wasm32-wasip2/debug/app.wasm"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(made)
    options = CheckOptions(("target", "alone.wasm"), tmp_path, host=host)
    found = [f for f in check(options, Catalog(), Toolchain()).findings if f.code == "WD113"]
    assert {(f.subject, str(f.location)) for f in found} == {
        ("alone.wasm", "alone.wasm"),
        ("target/wasm32-wasip2/debug/app.wasm", "wit/world.wit:3:7"),
    }
