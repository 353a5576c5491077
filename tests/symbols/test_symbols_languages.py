"""Names of all languages, as they stand in real binaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pace import within

from wasmdoctor.model.symbol import Language
from wasmdoctor.readers.symbols import MAX_NAME, read_symbol

RUST, CPP, GO, AS, PLAIN = Language.RUST, Language.CPP, Language.GO, Language.ASSEMBLYSCRIPT, Language.PLAIN

# name: language, package, path. From rustc 1.96; wasi-sdk's clang (StarlingMonkey), mangled and as wasm-ld
# leaves them; TinyGo's documentation and Go 1.26; asc 0.28; and C.
NAMES = {
    "_RNvNtCs6DXkGYLi8lr_4shop3net7connect": (RUST, "shop", "shop::net::connect"),
    "_ZN4core3fmt5write17h05af221e174051e9E": (RUST, "core", "core::fmt::write"),
    "url::parser::Parser::fragment::h7c62250205a4e4bc": (RUST, "url", "url::parser::Parser::fragment"),
    # Without hashes, as LLVM demangles v0.
    "<alloc::vec::Vec<u8> as core::clone::Clone>::clone": (RUST, "alloc", "alloc::vec::<Vec as Clone>::clone"),
    "core::ptr::drop_glue::<pyo3::err::PyErr> (.llvm.18192069016607016116)": (
        RUST,
        "core",
        "core::ptr::drop_glue",
    ),
    "<str>::trim_end_matches::<<char>::is_whitespace>": (RUST, "core", "str::trim_end_matches"),
    "<shop::Price>::of::<fn(u8) -> (u8, u8)>": (RUST, "shop", "shop::Price::of"),
    "_$LT$core..fmt..Error$u20$as$u20$core..fmt..Debug$GT$::fmt::hffe343f4ed8e1477 (.21)": (
        RUST,
        "core",
        "core::fmt::<Error as Debug>::fmt",
    ),
    "_ZN3foo3barEv": (CPP, "foo", "foo::bar"),
    "_Z3addii": (CPP, "", "add"),
    "_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backERKi": (CPP, "std", "std::__2::vector::push_back"),
    "_ZN2js3FooD2Ev": (CPP, "js", "js::Foo::~Foo"),
    "_ZThn8_N2js3Foo3barEv": (CPP, "js", "js::Foo::bar"),
    "_ZZ4mainENKUlvE_clEv": (CPP, "main", "main::'lambda'::operator()"),
    "_ZN12_GLOBAL__N_13fooEv": (CPP, "", "(anonymous namespace)::foo"),
    "bool js::GCMarker::doMarking<4u>(JS::SliceBudget&, js::gc::ShouldReportMarkTime)": (
        CPP,
        "js",
        "js::GCMarker::doMarking",
    ),
    "JS::ubi::Concrete<js::jit::JitCode>::coarseType() const": (CPP, "JS", "JS::ubi::Concrete::coarseType"),
    "JS::operator<<(std::__2::basic_ostream<char, std::__2::char_traits<char>>&, JS::RegExpFlags)": (
        CPP,
        "JS",
        "JS::operator<<",
    ),
    "std::__2::basic_ostream<char>& std::__2::operator<<[abi:nn210104]<std::__2::char_traits<char>>(int)": (
        CPP,
        "std",
        "std::__2::operator<<",
    ),
    "std::__2::enable_if<std::numeric_limits<short>::is_integer && sizeof (short) < 8, long long>::type IndexOf<short>(js::Array*)": (
        CPP,
        "",
        "IndexOf",
    ),
    "date_getUTCMonth(JSContext*, unsigned int, JS::Value*) (.llvm.1180141420643113879)": (
        CPP,
        "",
        "date_getUTCMonth",
    ),
    "operator new(unsigned long)": (CPP, "", "operator new"),
    "js::Foo::operator bool() const": (CPP, "js", "js::Foo::operator bool"),
    "decltype(auto) mozilla::Variant<int>::match<f>(f&&)": (CPP, "mozilla", "mozilla::Variant::match"),
    "_GLOBAL__sub_I_event_loop.cpp": (CPP, "", "_GLOBAL__sub_I_event_loop.cpp"),
    "main.main": (GO, "main", "main.main"),
    "main.main$1": (GO, "main", "main.main$1"),
    "main.init#1": (GO, "main", "main.init#1"),
    "runtime.run$1$gowrapper": (GO, "runtime", "runtime.run$1$gowrapper"),
    "(*net/http.Client).Do": (GO, "net/http", "net/http.(*Client).Do"),
    "(main.T).Get$bound": (GO, "main", "main.(T).Get$bound"),
    "github.com/x/y.Func": (GO, "github.com/x/y", "github.com/x/y.Func"),
    "example.com/x.y/inner.F": (GO, "example.com/x.y/inner", "example.com/x.y/inner.F"),
    "(*github.com/x/y.Tree[int]).Walk": (GO, "github.com/x/y", "github.com/x/y.(*Tree).Walk"),
    "slices.SortFunc[[]int int]": (GO, "slices", "slices.SortFunc"),
    "interface:{Error:func:{}{basic:string}}.Error$invoke": (GO, "", "Error$invoke"),
    "sync.__Mutex_.lockSlow": (GO, "sync", "sync.(*Mutex).lockSlow"),
    "internal_poll.__FD_.Read": (GO, "internal_poll", "internal_poll.(*FD).Read"),
    "example.com_x.y_inner.Value.Get": (GO, "example.com_x.y_inner", "example.com_x.y_inner.Value.Get"),
    "assembly/index/run": (AS, "assembly", "assembly/index/run"),
    "assembly/index/Foo.make": (AS, "assembly", "assembly/index/Foo.make"),
    "assembly/index/run~anonymous|0": (AS, "assembly", "assembly/index/run~anonymous|0"),
    "assembly/index/opt@varargs": (AS, "assembly", "assembly/index/opt@varargs"),
    "start:assembly/index": (AS, "assembly", "assembly/index"),
    "export:assembly/index/run": (AS, "assembly", "assembly/index/run"),
    "~lib/map/Map<~lib/string/String,~lib/array/Array<i32>>#set": (AS, "~lib", "~lib/map/Map#set"),
    "~lib/function/Function<%28i32%2Ci32%29=>i32>~visit": (AS, "~lib", "~lib/function/Function~visit"),
    "src/shop/Shop#open": (AS, "src", "src/shop/Shop#open"),
    "PyErr_GivenExceptionMatches": (PLAIN, "", "PyErr_GivenExceptionMatches"),
    "_RAISE_SYNTAX_ERROR_INVALID_TARGET": (PLAIN, "", "_RAISE_SYNTAX_ERROR_INVALID_TARGET"),
    "cabi_realloc": (PLAIN, "", "cabi_realloc"),
    "run-scenario": (PLAIN, "", "run-scenario"),
    "shop:net/tcp@0.1.0#connect": (PLAIN, "", "shop:net/tcp@0.1.0#connect"),
    "shop:net/tcp@0.1.0#[method]socket.send": (PLAIN, "", "shop:net/tcp@0.1.0#[method]socket.send"),
    "cabi_post_shop:net/tcp@0.1.0#connect": (PLAIN, "", "cabi_post_shop:net/tcp@0.1.0#connect"),
    "__cxx_global_array_dtor.6": (PLAIN, "", "__cxx_global_array_dtor.6"),
    "do_read.llvm.123.cold": (PLAIN, "", "do_read.llvm.123.cold"),
    "~stack_check": (PLAIN, "", "~stack_check"),
    "": (Language.NONE, "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("name", "wanted"), NAMES.items())
def test_language_package_and_path(name: str, wanted: tuple[Language, str, str]) -> None:
    symbol = read_symbol(name)
    assert symbol.mangled == name
    assert (symbol.language, symbol.package, symbol.path) == wanted


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backERKi", "std::__2::vector<int, std::__2::allocator<int>>::push_back(int const&)"),
        ("_ZN3foo3barEv.llvm.123", "foo::bar()"),
        ("date_getUTCMonth(JSContext*) (.llvm.118)", "date_getUTCMonth(JSContext*)"),
        ("sync.__Mutex_.lockSlow", "sync.(*Mutex).lockSlow"),
        ("_ZN4core3fmt5write17h05af221e174051e9E", "core::fmt::write"),
    ],
)  # fmt: skip
def test_text_for_people(name: str, text: str) -> None:
    assert read_symbol(name).text == text


HOSTILE = {
    "a long C++ name": "_ZN" + "3foo" * 2000 + "Ev",
    "nested templates": "_Z1f" + "1AI" * 2600 + "i" + "E" * 2600 + "v",
    "substitutions that double": "_Z1fI" + "".join(f"1AIS{i}_S{i}_E" for i in range(200)) + "Evv",
    "open brackets": "a::b" + "<" * 8000,
    "closed brackets": "a::b(" + ">" * 8000,
    "operators": "operator<" * 800 + "::(",
    "parentheses": "f" + "(" * 8000 + "::",
    "one long identifier": "_" * 8000 + "::h0123456789abcdeZ",
    "dots": "a." * 4080,
    "slashes": "a/" * 4080 + "b.c",
    "tildes": "~lib/" + "a~" * 4000,
    "suffixes": "a" + ".1" * 4000,
    "Go's flat names": "a.com_" + "_b." * 2600 + "c",
    "ten megabytes": "_ZN" + "9" * 10_000_000,
    "other scripts": "ŝ" * 8000 + "::" + "(" + "ß" * 90,
    "surrogates": "\udcff\udcff.a\udcff",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_names_are_read_at_once(what: str) -> None:
    name = HOSTILE[what]
    with within(0.5):
        symbol = read_symbol(name)
    assert symbol.mangled == name
    assert len(symbol.text) <= max(2 * MAX_NAME, 65_536)
    assert len(symbol.path) <= 2 * MAX_NAME


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_taken(name: str) -> None:
    symbol = read_symbol(name)
    assert symbol.mangled == name
    assert (symbol.language is Language.NONE) == (name == "")


@given(
    st.text(alphabet="_ZNRSt3a:<>()[]{}'* .$~/|#@operat&", max_size=60),
    st.sampled_from(["", "_Z", "_ZN", "a::", "~lib/", "(*"]),
)
def test_any_text_that_looks_like_a_name_is_taken(text: str, prefix: str) -> None:
    symbol = read_symbol(prefix + text)
    assert symbol.path or not symbol.mangled
