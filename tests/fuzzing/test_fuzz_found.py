"""What fuzzing found, each with the smallest input that shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pace import within

from wasmdoctor.model.source import SourceText
from wasmdoctor.pipeline.shard import MergeError, read_shards
from wasmdoctor.readers.artifacts import read_dep_info
from wasmdoctor.readers.cargo.globs import GlobError, _matcher
from wasmdoctor.readers.cargo.version import parse_requirement, parse_version
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.dwarf import SECTIONS, lines
from wasmdoctor.readers.rust.parse import decodable
from wasmdoctor.readers.wasm import BytesSource, read_component


def test_a_rule_with_many_targets_and_many_sources() -> None:
    """All sources were copied for each target: 40 kB took seconds and gigabytes."""
    with within(1):
        found = read_dep_info(b"a " * 10_000 + b"b: " + b"c " * 10_000, "x.d")
        assert found.rules == {}
        assert "targets" in found.problems[0].message
        again = read_dep_info(b"a: b c\n" * 10_000, "x.d")
        assert len(again.rules["a"]) == 20_000


def test_a_table_of_files_that_announces_entries_of_no_bytes() -> None:
    """pyelftools made two billion entries of nothing (DWARF 5, 6.2.4)."""
    from fuzz.seeds import debug_sections

    good = debug_sections(5)
    assert any(lines(good, {16: 16, 64: 16}).places.values())
    line = good[".debug_line"]
    at = line.index(b"\x01\x01\x08\x02/w\0")
    for table in (
        b"\x00\xff\xff\xff\xff\x0f",
        b"\x01\x01\x19\xff\xff\xff\xff\x0f",
        b"\x01\x01\x21\xff\xff\xff\xff\x0f",
    ):
        with within(1):
            found = lines({**good, ".debug_line": line[:at] + table + line[at:]}, {16: 16, 64: 16})
            assert not any(found.places.values())
            assert found.problems
    assert ".debug_line" in SECTIONS


def test_a_requirement_of_blanks() -> None:
    """A pattern with two runs of blanks took quadratic time."""
    with within(1):
        assert parse_requirement(">=1.2," + " " * 60_000 + "x" + " " * 60_000) is None
        assert parse_version("1.2.3-" + "a." * 60_000) is None
        assert parse_requirement(">=1.2, <2") is not None


CRASH = b"\n=== src/lib.rs\nfn f() { a\xff!(); panic\xff\xff!(); std::exit\xfe(1); loop { break; } return; todo\xc3!() }"


def test_rust_that_is_not_utf8_does_not_end_the_process() -> None:
    """tree-sitter 0.26 raised UnicodeDecodeError out of a query's predicate, or died of it (SIGSEGV)."""
    code = (
        "import sys; from fuzz.targets import TARGETS\n"
        "data = sys.stdin.buffer.read()\n"
        "for at in range(20): set(TARGETS['rust'].run(data.replace(b'(', b'\\xff(', at)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=CRASH, capture_output=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr.decode()[-1000:])


@pytest.mark.parametrize(
    "data", [b"", b"plain", b"\xff", b"a\xc3", b"\xed\xa0\x80", "é".encode(), b"\xf0\x9f\xa6"]
)
def test_bytes_stay_where_they_are(data: bytes) -> None:
    made = decodable(data)
    assert len(made) == len(data)
    made.decode("utf-8")
    assert all(new == old or new == 0x3F for new, old in zip(made, data, strict=True))


def test_patterns_of_members_take_no_exponential_time() -> None:
    with within(1):
        assert not _matcher("*a" * 30 + "b").fullmatch("a" * 250)
        assert _matcher("*a" * 30 + "*").fullmatch("a" * 250)
        for pattern, name, matches in (
            ("*", "", True), ("a*", "a", True), ("*b*", "abc", True), ("*b", "bab", True), ("*ab", "aab", True),
            ("a*b*c", "abcbc", True), ("a*b*c", "acb", False), ("?*", "", False), ("*[ab]", "ca", True), ("*[!ab]", "ca", False),
        ):  # fmt: skip
            assert bool(_matcher(pattern).fullmatch(name)) is matches, (pattern, name)
        with pytest.raises(GlobError):
            _matcher("a**b")


@pytest.mark.parametrize(
    "alias", [b"\x00\x10\x01\x00\x00", b"\x00\x10\x00\x00\x00", b"\x00\x02\x00\x00\x00", b"\x03\x01\x00\x00"]
)
def test_aliases_of_sorts_that_do_not_fit(alias: bytes) -> None:
    """A core type that is an alias of a core instance's export ended the reading of calls with a KeyError."""
    data = b"\0asm\x0d\0\1\0" + b"\6" + bytes([1 + len(alias)]) + b"\1" + alias
    assert read_code(BytesSource(data), "x.wasm").modules == ()


def test_a_damaged_custom_section_makes_no_component_invalid() -> None:
    """wasm-tools takes it (core specification, "Custom Section"); we called it malformed."""
    producers = b"\x09producers" + b"\x01\x02\xff\xfe\x00"
    data = b"\0asm\x0d\0\1\0" + b"\0" + bytes([len(producers)]) + producers
    found = read_component(BytesSource(data), "x.wasm")
    assert found.problems == ()
    assert found.producers == {}


def test_an_alias_from_four_billion_scopes_further_out() -> None:
    """Eleven bytes that kept the reader busy for minutes."""
    with within(1):
        alias = b"\x03\x02\xff\xff\xff\xff\x0f\x00"
        data = b"\0asm\x0d\0\1\0" + b"\6" + bytes([1 + len(alias)]) + b"\1" + alias
        (problem,) = read_component(BytesSource(data), "x.wasm").problems
        assert "no scope 4294967295 levels up" in problem.message


def test_more_bodies_than_types_of_functions() -> None:
    """A table that holds a function with a body and without a type ended the reading with an IndexError."""
    caller, body = b"\x07\x00\x41\x00\x11\x00\x00\x0b", b"\x02\x00\x0b"
    code = b"\2" + caller + body
    data = b"\0asm\1\0\0\0" + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\4\4\1\x70\0\1"
    data += b"\7\5\1\1f\0\1" + b"\x09\x07\1\0\x41\0\x0b\1\1" + b"\x0a" + bytes([len(code)]) + code
    (module,) = read_code(BytesSource(data), "x.wasm").modules
    assert module.count == 2


def share(*nodes: object) -> bytes:
    from fuzz.targets import _share_of

    return _share_of(list(nodes))


def test_facts_whose_keys_are_tuples_that_share_their_parts(tmp_path: Path) -> None:
    """To hash the key of a mapping took twice as long with each of its nodes."""
    with within(1):
        (tmp_path / "1.json").write_bytes(
            share(["tuple", "a"], *(["tuple", [n], [n]] for n in range(60)), ["map", [60], "x"])
        )
        with pytest.raises(MergeError, match="neither text nor a tuple of texts"):
            read_shards([tmp_path / "1.json"])


@pytest.mark.parametrize("kind", ["record", "variant", "result"])
def test_facts_with_a_type_that_has_too_few_parts(kind: str, tmp_path: Path) -> None:
    """What writes types out took part after part for the labels that there were: IndexError."""
    nodes = (["tuple"], ["tuple", "a", "b"], ["record", "ValueType", kind, [0], [1], "", "", None])
    (tmp_path / "1.json").write_bytes(share(*nodes))
    with pytest.raises(MergeError, match=f"a {kind} has 2 parts here, not 0"):
        read_shards([tmp_path / "1.json"])


def test_a_message_quotes_no_more_than_can_be_read() -> None:
    """A name of 50,000 characters was in the message whole."""
    from wasmdoctor.readers.cargo import read_lock
    from wasmdoctor.readers.wac import read_wac

    name = "a" * 50_000
    lock = f'version = 4\n[[package]]\nname = "x"\nversion = "1.0.0"\ndependencies = ["{name}"]\n'
    _, (problem,) = read_lock(SourceText("Cargo.lock", lock.encode()))
    assert len(problem.message) < 300
    assert problem.message.startswith("`x` depends on `aaa")
    (problem,) = read_wac(SourceText("x.wac", f'package a:b;\nlet "{name}" = 1;\n'.encode())).problems
    assert len(problem.message) < 300
