"""WD111: the adapter in a component is for another WASI release than is needed."""

from __future__ import annotations

from pathlib import Path
from subprocess import run

import pytest
from conftest import WASM_TOOLS
from skew.skew_support import adapted, coded, embedded, findings, packages


def codes(path: Path, host: str = "wasmtime") -> dict[str, str]:
    """The severities of what is said about versions."""
    return {f.code: f.severity.value for f in findings(path, host) if f.code in ("WD102", "WD109", "WD111")}


def test_an_older_adapter_is_a_note_and_says_which_to_take(tmp_path: Path) -> None:
    app = adapted(tmp_path, "0.2.6", "0.2.0")
    (found,) = coded(app, "WD111")
    assert found.severity.value == "note"
    assert (
        found.message == "the preview1 adapter in this component is for WASI 0.2.0, the rest asks for 0.2.6"
    )
    assert "the one of wasmtime 35 or later" in found.help
    assert "hosts that match versions by track take both" in found.help
    assert codes(app) == {"WD111": "note"}, "the adapter's version alone is not WD109's"


def test_an_adapter_of_the_same_release(tmp_path: Path) -> None:
    assert codes(adapted(tmp_path, "0.2.6", "0.2.6")) == {}


def test_a_newer_adapter_is_no_finding_of_its_own(tmp_path: Path) -> None:
    assert "WD111" not in codes(adapted(tmp_path, "0.2.0", "0.2.6"))


def test_an_adapter_for_a_release_candidate_is_an_error(tmp_path: Path) -> None:
    app = adapted(tmp_path, "0.2.6", "0.2.0-rc-2023-11-10")
    (found,) = coded(app, "WD111")
    assert found.severity.value == "error"
    assert (
        "is for WASI 0.2.0-rc-2023-11-10, and wasmtime@48 does not take its imports: `wasi:cli/exit@"
        in found.message
    )
    assert "a newer adapter" in found.help
    (version,) = coded(app, "WD102")
    assert "the preview1 adapter brings this version" in version.help
    assert "in wit/" not in version.help


def test_on_a_host_that_compares_names_as_texts_the_other_side_is_told(tmp_path: Path) -> None:
    """The adapter is right there: what is newer than the host is the crate's WIT, which WD102 says."""
    app = adapted(tmp_path, "0.2.6", "0.2.0")
    assert codes(app, "wasmtime@18") == {"WD102": "error"}
    (found,) = coded(app, "WD102", "wasmtime@18")
    assert found.interface == "wasi:cli/environment@0.2.6"
    assert "wasmdoctor migrate --wasi 0.2.0" in found.help


def test_the_encoder_refuses_an_adapter_without_the_function(tmp_path: Path) -> None:
    """The one way in which an older adapter breaks a build: wasm-tools says so, and there is no component."""
    text = """(module (import "wasi_snapshot_preview1" "sock_frob" (func))
        (memory (export "memory") 1) (func (export "go")))"""
    core = embedded(tmp_path, "export go: func();", {}, text)
    adapter = embedded(
        tmp_path,
        "import wasi:cli/exit@0.2.0;",
        packages("wasi:cli@0.2.0"),
        """(module (func (export "proc_exit") (param i32)))""",
        "wasi_snapshot_preview1",
    )
    done = run([WASM_TOOLS, "component", "new", core, "--adapt", adapter], capture_output=True, check=False)
    assert done.returncode
    assert b"adapter module did not export `sock_frob`" in done.stderr


def test_the_encoder_refuses_a_newer_copy_that_lacks_what_the_adapter_calls(tmp_path: Path) -> None:
    """It takes the newer version of an interface for both: a copy that was cut down is not enough."""
    adapter = embedded(
        tmp_path,
        "import wasi:cli/exit@0.2.0;",
        packages("wasi:cli@0.2.0"),
        """(module (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
            (func (export "proc_exit") (param i32) (call $exit (i32.const 0))))""",
        "wasi_snapshot_preview1",
    )
    copy = {"cli.wit": "package wasi:cli@0.2.6; interface exit { other: func(); }"}
    text = """(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1) (func (export "go")))"""
    core = embedded(tmp_path, "import wasi:cli/exit@0.2.6; export go: func();", copy, text)
    done = run([WASM_TOOLS, "component", "new", core, "--adapt", adapter], capture_output=True, check=False)
    assert done.returncode
    assert b"`wasi:cli/exit@0.2.0` is missing function `exit`" in done.stderr


@pytest.mark.parametrize("host", ["wasmtime", "jco", "wasmtime@25"])
def test_it_is_the_same_on_all_hosts_that_take_both(tmp_path: Path, host: str) -> None:
    assert codes(adapted(tmp_path, "0.2.6", "0.2.0"), host) == {"WD111": "note"}
