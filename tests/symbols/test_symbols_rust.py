"""Symbols read as wasm-tools (rustc-demangle) reads them; crate and path are those of the code that wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.artifact import Mangling
from wasmdoctor.readers.symbols.rust import demangle, read_rust

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


Told = Callable[[list[str]], list[str]]


def _without_hashes(name: str) -> str:
    name = re.sub(r"(?<=\w)\[[0-9a-f]{1,16}\]", "", name)
    name = re.sub(r"(?<![\w#.])(-?\d+)[iu](?:8|16|32|64|128|size)\b", r"\1", name)
    return re.sub(r"::h[0-9a-f]{16}$", "", name)


def test_reads_as_wasm_tools_does(told_by_wasm_tools: Told) -> None:
    valid = [name for name, wanted in NAMES.items() if wanted and ".llvm." not in name]
    told = [_without_hashes(name) for name in told_by_wasm_tools(valid)]
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


def test_who_a_generic_function_was_compiled_for() -> None:
    generic = read_rust("_RINvNtCs6itnLAVtEEk_4core3mem6forgethECs1MuMukdOCFr_3std")
    assert generic
    assert (generic.package, generic.path, generic.user) == ("core", "core::mem::forget", "std")
    plain = read_rust("_RNvCs6DXkGYLi8lr_4shop1f")
    assert plain
    assert plain.user == ""


def test_the_crate_of_an_impl_for_a_type_of_others() -> None:
    """The reason for a parser of our own: what libraries print of this name has no trace of ``shop``."""
    name = "_RNvXs_NtCs6DXkGYLi8lr_4shop3netINtNtCseGwq4AwZjO9_5alloc3vec3VechENtNtCs6itnLAVtEEk_4core5clone5Clone5clone"
    symbol = read_rust(name)
    assert symbol
    assert symbol.text == "<alloc::vec::Vec<u8> as core::clone::Clone>::clone"
    assert (symbol.package, symbol.path) == ("shop", "shop::net::<Vec as Clone>::clone")
