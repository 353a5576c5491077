"""Names of imports and exports, semantic versions, and tracks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.names import ExternName, Version, track


@pytest.mark.parametrize(
    ("text", "package", "interface", "version"),
    [
        ("wasi:io/poll", "wasi:io", "poll", None),
        ("wasi:io/poll@0.2.0", "wasi:io", "poll", "0.2.0"),
        ("wasi:cli/stdin@0.2.0-rc-2023-12-05", "wasi:cli", "stdin", "0.2.0-rc-2023-12-05"),
        ("a-b:c-d/e-f@1.2.3-rc.1+build.5", "a-b:c-d", "e-f", "1.2.3-rc.1+build.5"),
        ("a:b:c/d@1.0.0", "a:b:c", "d", "1.0.0"),
        ("a:b/c/d@1.0.0", "a:b", "c/d", "1.0.0"),
        ("a:b/JSON-api", "a:b", "JSON-api", None),
        ("a:b/c-2d", "a:b", "c-2d", None),
        ("a:b/c@1", "a:b", "c", "1"),
        ("a:b/c@0.2", "a:b", "c", "0.2"),
        ("a:b/c@0.0.3", "a:b", "c", "0.0.3"),
    ],
)
def test_interface_names(text: str, package: str, interface: str, version: str | None) -> None:
    name = ExternName.parse(text)
    assert (name.kind, name.package, name.interface, name.version) == (
        "interface",
        package,
        interface,
        version,
    )
    assert name.unversioned == f"{package}/{interface}"
    assert str(name) == text


@pytest.mark.parametrize(
    ("text", "annotation", "label", "resource"),
    [
        ("run-scenario", "", "run-scenario", None),
        ("run-HTTP2", "", "run-HTTP2", None),
        ("[constructor]tcp-socket", "constructor", "tcp-socket", "tcp-socket"),
        ("[method]tcp-socket.connect", "method", "connect", "tcp-socket"),
        ("[static]fields.from-list", "static", "from-list", "fields"),
        ("[async]fetch", "async", "fetch", None),
        ("[async method]body.read", "async method", "read", "body"),
        ("[async static]body.make", "async static", "make", "body"),
    ],
)
def test_plain_names(text: str, annotation: str, label: str, resource: str | None) -> None:
    name = ExternName.parse(text)
    assert (name.kind, name.annotation, name.label, name.resource) == ("plain", annotation, label, resource)
    assert name.unversioned == text
    assert name.track is None


def test_a_plain_name_that_implements_an_interface() -> None:
    name = ExternName.parse("[implements=<wasi:keyvalue/store@0.2.0>]cache")
    assert (name.kind, name.annotation, name.label) == ("plain", "implements", "cache")
    assert name.implements == "wasi:keyvalue/store@0.2.0"
    assert (name.package, name.interface, name.version) == ("wasi:keyvalue", "store", "0.2.0")


@pytest.mark.parametrize(
    ("text", "kind", "package", "version", "url", "integrity"),
    [
        ("url=<https://example.org/a.wasm>", "url", None, None, "https://example.org/a.wasm", None),
        ("url=<a>,integrity=<sha256-abc=>", "url", None, None, "a", "sha256-abc="),
        ("integrity=<sha256-abc= sha512-d>", "hash", None, None, None, "sha256-abc= sha512-d"),
        ("locked-dep=<a:b@1.2.3>", "locked-dep", "a:b", "1.2.3", None, None),
        ("locked-dep=<a:b/c>,integrity=<x>", "locked-dep", "a:b", None, None, "x"),
        ("unlocked-dep=<a:b>", "unlocked-dep", "a:b", None, None, None),
        ("unlocked-dep=<a:b@*>", "unlocked-dep", "a:b", "*", None, None),
        ("unlocked-dep=<a:b@{>=1.0.0}>", "unlocked-dep", "a:b", "{>=1.0.0}", None, None),
        ("unlocked-dep=<a:b@{<2.0.0}>", "unlocked-dep", "a:b", "{<2.0.0}", None, None),
        ("unlocked-dep=<a:b@{>=1.0.0 <2.0.0}>", "unlocked-dep", "a:b", "{>=1.0.0 <2.0.0}", None, None),
    ],
)
def test_external_names(
    text: str, kind: str, package: str | None, version: str | None, url: str | None, integrity: str | None
) -> None:
    name = ExternName.parse(text)
    got = (name.kind, name.package, name.version, name.url, name.integrity)
    assert got == (kind, package, version, url, integrity)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-a", "a-", "1a", "aB", "a--b", "a b", "%a", "a_b", "é"),
        *("wasi:", "/a", "a/b", "a:b", "a:b@1.0.0", "A:b/c", "a:B/c", "a:b/c@", "a:b/c@latest", "a:b/c\n"),
        *("a:b/c@1.0", "a:b/c@01.0.0", "a:b/c@1.0.0-01", "a:b/c@1.0.0-", "a:b/c@1.0.0-a..b", "a:b/c@1.0.0+"),
        "a:b/c@18446744073709551616.0.0",
        *(
            "[method]a",
            "[method].b",
            "[method]a.",
            "[static]a.b.c",
            "[constructor]a.b",
            "[other]a",
            "[method",
            "[",
        ),
        *("[implements=<a>]b", "[implements=<a:b/c]d", "[implements=<a:b/c>]", "[implements=<>]x"),
        *(
            "url=<a",
            "url=<a<b>",
            "url=",
            "integrity=<a>,integrity=<b>",
            "locked-dep=<a>",
            "locked-dep=<a:b@1>",
        ),
        *("unlocked-dep=<a:b@1.0.0>", "unlocked-dep=<a:b@{}x>", "unlocked-dep=<a:b@{ <1.0.0}>"),
    ],
)
def test_other_names_are_kept_and_not_understood(text: str) -> None:
    name = ExternName.parse(text)
    assert name.kind == "other"
    assert str(name) == name.unversioned == text
    assert name.package is name.version is name.track is None


@given(
    st.text(alphabet="ab:/@-.<>[]=,{}0129 \n+methodurlconstructorintegrityimplementslocked-dep", max_size=60)
)
def test_no_name_raises(text: str) -> None:
    assert str(ExternName.parse(text)) == text
    track(text)


def test_long_names_do_not_take_long() -> None:
    """A name of megabytes is read in time that grows with its length only (this would hang otherwise)."""
    many = 300_000
    assert ExternName.parse("a-" * many).kind == "other"
    assert ExternName.parse("a:" * many + "b/c").package == "a:" * many + "b"
    assert ExternName.parse("[method]" + "a." * many).kind == "other"
    assert ExternName.parse("a:b/c@1.0.0-" + "1." * many).kind == "other"
    assert ExternName.parse("unlocked-dep=<a:b@{>=" + "{<" * many).kind == "other"
    assert Version.parse("9" * many + ".0.0") is None


# Semantic Versioning 2.0.0, section 11, and the numbers that the semver crate can hold.
ASCENDING = [
    "0.0.1",
    "0.1.0",
    "0.2.0-draft",
    "0.2.0-rc-2023-10-18",
    "0.2.0-rc-2023-11-10",
    "0.2.0",
    "0.2.2",
    "0.2.12",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-beta.99999999999999999999999999",
    "1.0.0-rc.1",
    "1.0.0",
    "1.10.0",
    "2.0.0",
    "18446744073709551615.0.0",
]


def test_versions_sort_as_semver_says() -> None:
    versions = [Version.parse(text) for text in ASCENDING]
    assert None not in versions
    assert [str(v) for v in sorted({v for v in versions if v})] == ASCENDING
    for lower, higher in pairwise(versions):
        assert lower is not None
        assert higher is not None
        assert lower < higher
        assert lower <= higher
        assert higher > lower
        assert higher >= lower
        assert lower != higher


def test_build_metadata_does_not_order() -> None:
    one, other = Version.parse("0.2.6+a"), Version.parse("0.2.6+b")
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "0.2.6+a"
    assert one != "0.2.6"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.3", "1"),
        ("10.0.0", "10"),
        ("0.2.0", "0.2"),
        ("0.2.12", "0.2"),
        ("0.2.99", "0.2"),
        ("0.2.6+build", "0.2"),
        ("1.0.0+build-1", "1"),
        ("0.0.5", None),
        ("0.0.0", None),
        ("0.2.0-draft", None),
        ("0.2.0-rc-2023-12-05", None),
        ("0.2.12-rc1", None),
        ("1.0.0-rc.1+build", None),
        ("1", None),
        ("0.2", None),
        ("", None),
        ("latest", None),
        (None, None),
    ],
)
def test_track(version: str | None, expected: str | None) -> None:
    assert track(version) == expected
