"""Symbols read as wasm-tools (rustc-demangle) reads them; crate and path are those of the code that wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.artifact import Mangling
from wasmdoctor.readers.artifacts import demangle
from wasmdoctor.readers.wasm import BytesSource, read_core_module
from wasmdoctor.readers.wasm.cursor import Cursor

# Real names that rustc 1.95 and 1.96 gave to functions, and what their crate and path are.
NAMES = {
    "_RNvNvMs4_NtNtNtNtCsg6VDzOErxKA_9shop_core9component4shop3net8wasi_tcpNtB7_9TcpSocket7connect11wit_import6": (
        "shop_core",
        "shop_core::component::shop::net::wasi_tcp::TcpSocket::connect::wit_import6",
    ),
    "_RNvNvXs1_NtNtNtNtCsg6VDzOErxKA_9shop_core9component4shop3net8wasi_tcpNtB7_9TcpSocketNtNtBd_3__rt12WasmResource4drop4drop": (
        "shop_core",
        "shop_core::component::shop::net::wasi_tcp::<TcpSocket as WasmResource>::drop::drop",
    ),
    "_RNvNvNtNtNtNtCsg6VDzOErxKA_9shop_core9component4shop3net12wasi_network17resolve_addresses11wit_import2": (
        "shop_core",
        "shop_core::component::shop::net::wasi_network::resolve_addresses::wit_import2",
    ),
    "_ZN4wasi7lib_gen18wasi_snapshot_preview18fd_write17h33aeb12ec25abb21E": None,
    "_ZN22wasi_snapshot_preview18bindings4wasi3cli4exit4exit10wit_import17hce5b4e4b2c207012E": (
        "wasi_snapshot_preview1",
        "wasi_snapshot_preview1::bindings::wasi::cli::exit::exit::wit_import",
    ),
    "_ZN128_$LT$wasi_snapshot_preview1..bindings..wasi..io..error..Error$u20$as$u20$wasi_snapshot_preview1..bindings.._rt..WasmResource$GT$4drop4drop17h126ca568d93f391eE": (
        "wasi_snapshot_preview1",
        "wasi_snapshot_preview1::bindings::wasi::io::error::<Error as WasmResource>::drop::drop",
    ),
    "_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h00da52c8f8df5527E": (
        "core",
        "core::ops::function::FnOnce::call_once{{vtable.shim}}",
    ),
    "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_": (
        "core",
        "core::slice::<Iter as Iterator>::rposition::{closure#0}",
    ),
    "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std": (
        "alloc",
        "alloc::alloc::box_free",
    ),
    "_RNvXs_NtCs6DXkGYLi8lr_4shop3netRFKCTjQhEEmNtB4_7Connect4open": (
        "shop",
        "shop::net::<&extern \"C\" fn((usize, &mut u8)) -> u32 as Connect>::open",
    ),
    "_RINvCs6DXkGYLi8lr_4shop3getAhj7b_SmPcOaKb1_Ka7f_EB2_": ("shop", "shop::get"),
    "_RNvCs6DXkGYLi8lr_4shopu3nna_xqa8e": None,
    "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y": (
        "utf8_idents",
        "utf8_idents::საჭმელად_გემრიელი_სადილი",
    ),
    "_RMC5krateDG_NtB0_5Traitp1TRL0_hEL_": ("krate", "krate::dyn for<'a> krate::Trait<T = &'a u8>"),
    "_RMC5krateWmORm1_m2_Rm5_m6_E": ("krate", "krate::u32 is 1..=2 | 5..=6"),
    "_RNvC5krate3foo.llvm.9D1C9369": ("krate", "krate::foo"),
}  # fmt: skip


def demangled_by_wasm_tools(make: Any, wasm_tools: Callable[..., bytes], names: list[str]) -> list[str]:
    """The names as wasm-tools writes them into a name section, without hashes and types of numbers."""
    imports = b"".join(make.name("m") + make.name("f") + b"\0\0" for _ in names)
    listed = b"".join(make.leb(i) + make.name(name) for i, name in enumerate(names))
    module = make.module + make.section(1, b"\x01\x60\0\0")
    module += make.section(2, make.leb(len(names)) + imports)
    module += make.custom("name", make.section(1, make.leb(len(names)) + listed))
    demangled = wasm_tools("demangle", "-", stdin=module)
    (custom,) = read_core_module(BytesSource(demangled), "x.wasm").custom_sections
    cursor = Cursor(demangled[custom.offset : custom.offset + custom.size])
    assert cursor.byte() == 1  # function names
    cursor.u32()
    found = [(cursor.u32(), cursor.name()) for _ in range(cursor.count())]
    return [_without_hashes(name) for _, name in found]


def _without_hashes(name: str) -> str:
    name = re.sub(r"(?<=\w)\[[0-9a-f]{1,16}\]", "", name)
    name = re.sub(r"(?<![\w#.])(-?\d+)[iu](?:8|16|32|64|128|size)\b", r"\1", name)
    return re.sub(r"::h[0-9a-f]{16}$", "", name)


def test_reads_as_wasm_tools_does(make: Any, wasm_tools: Callable[..., bytes]) -> None:
    valid = [name for name, wanted in NAMES.items() if wanted and ".llvm." not in name]
    told = demangled_by_wasm_tools(make, wasm_tools, valid)
    ours = [symbol.text for name in valid if (symbol := demangle(name))]
    assert ours == told


@pytest.mark.parametrize(("name", "wanted"), NAMES.items())
def test_crate_and_path(name: str, wanted: tuple[str, str] | None) -> None:
    symbol = demangle(name)
    assert (symbol and (symbol.crate, symbol.path)) == wanted
    if symbol:
        assert symbol.mangled == name
        assert symbol.mangling is (Mangling.V0 if name.startswith("_R") else Mangling.LEGACY)


def test_crates_of_one_name_have_different_numbers() -> None:
    one, two = demangle("_RNvCs6DXkGYLi8lr_4shop1f"), demangle("_RNvCs6DXkGYLi8ls_4shop1f")
    assert one
    assert two
    assert one.text == two.text
    assert one.crate_id != two.crate_id


@pytest.mark.parametrize(
    ("name", "crate", "path"),
    [
        (
            "<shop[bba9ea732e0f3176]::net::Socket>::new::wit_import0",
            "shop",
            "shop::net::Socket::new::wit_import0",
        ),
        ("shop::net::connect::h33aeb12ec25abb21", "shop", "shop::net::connect"),
    ],
)
def test_names_that_a_tool_demangled_before(name: str, crate: str, path: str) -> None:
    symbol = demangle(name)
    assert symbol
    assert (symbol.crate, symbol.path, symbol.mangling) == (crate, path, Mangling.NONE)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "_R",
        "main",
        "__wasm_call_ctors",
        "__imported_wasi_snapshot_preview1_fd_write",
        "_ZN3std4pairE",
        "_ZNSt3__16vectorIiE9push_backEv",
        "std::__1::vector<int>::push_back(int const&)",
        "_RNvC5krate",
        "_RNvB_3foo",
        "_RNvC99999999999999999999krate3foo",
        "_R" + "NvC5krate3foo" * 4000,
        "_RMC5krate" + "R" * 5000 + "u",
        "_RMC5krate" + "TB9_" * 1000 + "E" * 1000,
    ],
)
def test_what_is_no_rust_name(name: str) -> None:
    assert demangle(name) is None


def test_texts_that_double_stay_small() -> None:
    # Each tuple holds the one before twice: 2^40 characters if it were written out.
    name = "_RMC1x" + "T" * 40 + "u"
    name += "".join(f"B{_base62(5 + 40 - i)}E" for i in range(40))
    symbol = demangle(name)
    assert symbol is None or len(symbol.text) < 100_000


def _base62(value: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "_" if value == 0 else f"{digits[(value - 1) % 62]}_"


@given(st.text(alphabet="NvMXYIBCRTFDEKLpsu_0123456789abhjmz", max_size=40))
def test_any_v0_name_is_taken_or_refused(text: str) -> None:
    symbol = demangle("_R" + text)
    assert symbol is None or symbol.crate


@given(st.text(alphabet="0123456789abhE_$.LTGu2", max_size=40))
def test_any_legacy_name_is_taken_or_refused(text: str) -> None:
    symbol = demangle("_ZN" + text + "17h0123456789abcdefE")
    assert symbol is None or symbol.mangling is Mangling.LEGACY
