"""What a person reads when a function has another type, or is not there: WD110 and WD115."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Finding, Report, Status
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

Wat = Callable[[str], bytes]


def report(folder: Path, host: str, *, flags: tuple[str, ...] = (), **files: bytes) -> Report:
    for name, data in files.items():
        (folder / f"{name}.wasm").write_bytes(data)
    options = CheckOptions(tuple(f"{name}.wasm" for name in files), folder, host=host, flags=flags)
    return check(options, Catalog(), Toolchain())


def found(report: Report, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def asks(name: str, exports: str) -> str:
    return f'(component (import "{name}" (instance {exports})))'


CLOCK = "wasi:clocks/monotonic-clock@0.2.0"


def test_a_mismatch_names_both_signatures_and_the_place(wat: Wat, tmp_path: Path) -> None:
    data = wat(asks(CLOCK, '(export "now" (func (param "zone" string) (result u64)))'))
    (finding,) = found(report(tmp_path, "wasmtime@46", app=data), "WD110")
    assert finding.message == (
        "wasmtime@46 has `wasi:clocks/monotonic-clock@0.2.12`, but the function `now` has another type there"
    )
    assert finding.interface == CLOCK
    assert finding.plans == ()
    assert finding.help.splitlines()[:3] == [
        "`now` is imported as func(zone: string) -> u64",
        "wasmtime@46 has it as func() -> instant",
        "they differ in the number of parameters: 1 (`zone`) in the component, none in wasmtime@46",
    ]
    assert "build against the WIT of `wasi:clocks/monotonic-clock@0.2.12`" in finding.help


def test_a_host_that_checks_no_types_says_nothing(wat: Wat, tmp_path: Path) -> None:
    data = wat(asks(CLOCK, '(export "now" (func (result string)))'))
    assert found(report(tmp_path, "jco", app=data), "WD110") == []
    assert found(report(tmp_path, "spin@3.4", app=data), "WD110") != []
    assert found(report(tmp_path, "wasmcloud", app=data), "WD110") != []


def test_many_functions_are_one_finding(dummy: Callable[..., bytes], tmp_path: Path) -> None:
    """One type that is in many functions: two are shown in full, the place is in the type."""
    wit = """package wasi:io@0.2.3;
    interface error { resource error { to-debug-string: func() -> string; } }
    interface streams {
      use error.{error};
      variant stream-error { last-operation-failed(error), closed, lost }
      resource input-stream {
        read: func(len: u64) -> result<list<u8>, stream-error>;
        skip: func(len: u64) -> result<u64, stream-error>;
        blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
        blocking-skip: func(len: u64) -> result<u64, stream-error>;
      }
      resource output-stream { flush: func() -> result<_, stream-error>; }
    }"""
    world = "package my:app; world w { import wasi:io/streams@0.2.3; export run: func(); }"
    (finding,) = found(report(tmp_path, "wasmtime@39", app=dummy(world, "w", {"io.wit": wit})), "WD110")
    assert finding.message.endswith(
        "but the functions `[method]input-stream.blocking-read`, `[method]input-stream.blocking-skip`, "
        "`[method]input-stream.read`, `[method]input-stream.skip` and 1 more have other types there"
    )
    assert (
        "they differ in the cases of `stream-error` in error of the result: `lost` in the component, "
        "no such case in wasmtime@39"
    ) in finding.help
    assert len(finding.help.splitlines()) == 7


def test_the_versions_that_take_it_are_named(wat: Wat, tmp_path: Path) -> None:
    """Those that have it as they are, and those that have it with a flag."""
    data = wat(asks("wasi:cli/exit@0.2.12", '(export "exit-with-code" (func (param "status-code" u8)))'))
    (finding,) = found(report(tmp_path, "wasmtime@25", app=data), "WD115")
    assert finding.message == "wasmtime@25 has `wasi:cli/exit@0.2.1`, but without `exit-with-code`"
    assert finding.help.splitlines() == [
        "`exit-with-code` is imported as func(status-code: u8); wasi:cli has it since 0.2.1",
        "needs wasmtime 27 to 45 with `-S cli-exit-with-code` or 46 or later; or drop the call, and the import goes with it",
    ]


def test_a_function_that_no_version_links(wat: Wat, tmp_path: Path) -> None:
    resource = '(export "response-outparam" (type $r (sub resource)))'
    send = "[method]response-outparam.send-informational"
    data = wat(
        asks(
            "wasi:http/types@0.2.12",
            f'{resource} (export "{send}" (func (param "self" (borrow $r)) (param "status" u16)))',
        )
    )
    (finding,) = found(report(tmp_path, "wasmtime@46", flags=("http",), app=data), "WD115")
    assert "no version of wasmtime known here links it" in finding.help
    assert "wasi:http has it since 0.2.6" in finding.help


def test_missing_and_mistyped_are_told_apart(wat: Wat, tmp_path: Path) -> None:
    data = wat(asks(CLOCK, '(export "now" (func (result u32))) (export "later" (func (result u32)))'))
    whole = report(tmp_path, "wasmtime@46", app=data)
    (mismatch,), (missing,) = found(whole, "WD110"), found(whole, "WD115")
    assert "`later`" not in mismatch.message
    assert "`now`" not in missing.message
    assert "`later` is imported as func() -> u32" in missing.help
    (item,) = whole.components[0].imports
    assert item.status is Status.UNPROVIDED


PROVIDER = """(component
  (component $inner
    (core module $m (func (export "f") (param i32) (result i32) local.get 0))
    (core instance $i (instantiate $m))
    (type $e (enum "a" "b"))
    (export $x "e" (type $e))
    (func (export "f") (param "x" $x) (result $x) (canon lift (core func $i "f"))))
  (instance $it (instantiate $inner))
  (export "shop:net/api@1.2.0" (instance $it)))"""


def consumer(cases: str, parameter: str = "x") -> str:
    return asks(
        "shop:net/api@1.0.0",
        f"""(type $e (enum {cases})) (export "e" (type $x (eq $e)))
        (export "f" (func (param "{parameter}" $x) (result $x)))""",
    )


def test_another_component_of_the_run(wat: Wat, tmp_path: Path) -> None:
    """What it exports must have the types that are asked for; then there is one finding, not two."""
    provider = wat(PROVIDER)
    fits = report(tmp_path, "wasmtime@46", app=wat(consumer('"a" "b"')), lib=provider)
    assert found(fits, "WD110") == found(fits, "WD101") == []
    for other in (consumer('"a" "b" "c"'), consumer('"a" "b"', "another")):
        whole = report(tmp_path, "wasmtime@46", app=wat(other), lib=provider)
        (finding,) = found(whole, "WD110")
        assert found(whole, "WD101") == []
        assert finding.subject == "app.wasm"
        assert finding.message == (
            "lib.wasm exports `shop:net/api@1.2.0`, but the function `f` has another type there"
        )
        assert finding.related[0][0].path == "lib.wasm"
    assert (
        "they differ in the name of a parameter: `another` in the component, `x` in lib.wasm" in finding.help
    )
