"""What keeps hostile files cheap must not change what honest ones say."""

from __future__ import annotations

import tomllib

import pytest
from hostile.hostile_bytes import (
    COMPONENT,
    MODULE,
    archive,
    custom,
    instances,
    leb,
    member,
    numbered,
    section,
)

from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.artifacts.libraries import MAX_WORLD_SECTIONS, library_worlds
from wasmdoctor.readers.cargo.toml import Table, parse, plain
from wasmdoctor.readers.code.wiring import Wiring
from wasmdoctor.readers.rust.parse import HEAD, MAX_NODES, parse_rust
from wasmdoctor.readers.wasm import BytesSource, read_component
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed
from wasmdoctor.readers.wasm.types import MAX_INSTANCES
from wasmdoctor.readers.wit.parser import parse as parse_wit


@pytest.mark.parametrize("number", [0, 127, 128, 300, 16_383, 16_384, 2**21, 2**28 - 1, 2**28, 2**32 - 1])
def test_numbers_are_read_at_any_length(number: int) -> None:
    assert Cursor(leb(number)).u32() == number
    short = leb(number)
    if len(short) < 5:  # needless bytes are allowed up to five in all
        padded = short[:-1] + bytes((short[-1] | 0x80,)) + b"\x80" * (4 - len(short)) + b"\0"
        assert Cursor(padded).u32() == number


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ends in the middle"),
        (b"\x80", "ends in the middle"),
        (b"\x80\x80\x80\x80", "ends in the middle"),
        (b"\x80\x80\x80\x80\x10", "longer than 32 bits"),
        (b"\x80\x80\x80\x80\x80", "longer than 32 bits"),
    ],
)
def test_numbers_that_are_none(data: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        Cursor(data).u32()


def test_as_many_instances_as_there_may_be() -> None:
    for count, complaints in ((MAX_INSTANCES - 1, 0), (MAX_INSTANCES, 1)):
        data = instances(["a:b/c"]) + section(6, leb(count) + numbered(count, b"\5\0", b"\1a"))
        found = read_component(BytesSource(data), "x.wasm").problems
        assert len(found) == complaints, found
        wiring = Wiring({}, {})
        wiring.run(BytesSource(data))
        assert len(wiring.problems) == complaints, wiring.problems


def test_as_many_encoded_worlds_as_are_read_of_a_library() -> None:
    made = member("a.o/", MODULE + custom("component-type:x", COMPONENT))
    problems = len(library_worlds(BytesSource(archive(made)), "a.rlib").problems)
    found = library_worlds(BytesSource(archive(made * MAX_WORLD_SECTIONS)), "a.rlib").problems
    assert len(found) == problems * MAX_WORLD_SECTIONS
    found = library_worlds(BytesSource(archive(made * (MAX_WORLD_SECTIONS + 50))), "a.rlib").problems
    assert len(found) == problems * MAX_WORLD_SECTIONS + 1
    assert "more than 1000 encoded worlds" in found[-1].message


DOCUMENTS = [
    'a.b.c = "x"\na.b.d = true\na.e = ["x", "y"]\n[t]\na.b = ""\n',
    "a.b = [1, 2, 3 , 40]\nc = [0, -1, 1_000, 0x10, 1979-05-27]\n",
    'a = ["x", 1, "y", 22,]\n',
    'a = """\\\n   x\\   \n\n  y \\\\\n z"""\nb = """"q" ""x"""""\n',
    'a = """x\\\r\n  y\r\nz"""\n',
    "a = ''''x''y'''''\nb = '''\nq'''\n",
    "a . b = 1\na.'c' = 2\na.\"d\" = 3\n",
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_what_is_read_at_one_go_says_the_same(text: str) -> None:
    found = parse(SourceText("Cargo.toml", text.encode()))
    assert isinstance(found, Table), found
    expected = tomllib.loads(text.replace("\r\n", "\n"))
    assert {key: value for key, value in plain(found).items() if key != "c"} == {  # type: ignore[union-attr]
        key: value for key, value in expected.items() if key != "c"
    }


@pytest.mark.parametrize(
    "text", ["a.b = 1\na.b = 2\n", "a = 1\na.b = 2\n", "a.b = 'x'\n[a]\n", 'a.b = "x"\na.b.c = "y"\n']
)
def test_keys_with_dots_are_still_told_when_they_clash(text: str) -> None:
    assert not isinstance(parse(SourceText("Cargo.toml", text.encode())), Table)
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


def test_the_places_of_keys_with_dots() -> None:
    found = parse(SourceText("Cargo.toml", b'[d]\nserde.workspace = "x"\n'))
    assert isinstance(found, Table)
    inner = found["d"].value
    assert isinstance(inner, Table)
    item = inner["serde"].value
    assert isinstance(item, Table)
    assert (inner["serde"].key.start, inner["serde"].key.end) == (4, 9)
    assert (item["workspace"].key.start, item["workspace"].key.end) == (10, 19)


def test_a_dense_file_is_refused_by_its_beginning_and_a_long_one_is_read() -> None:
    dense = parse_rust(b"m!{" + b"a b " * (HEAD // 3) + b"}", "x.rs")
    assert dense.tree is None
    assert "nodes of syntax" in dense.problems[0].message
    long = b"// " + b"some words of a comment " * (HEAD // 20) + b"\nfn f() {}\n"
    assert len(long) > HEAD
    assert len(long.split()) < MAX_NODES
    assert parse_rust(long, "x.rs").tree is not None


def test_a_wit_file_that_is_asked_for_again_is_parsed_once() -> None:
    bad = b"package a:b;\ninterface { }\n"
    first = parse_wit(SourceText("x.wit", bad))
    assert parse_wit(SourceText("x.wit", bytes(bad))) is first
    other = parse_wit(SourceText("y.wit", bad))
    assert other.problems[0].location.path == "y.wit"
    assert parse_wit(SourceText("x.wit", bad + b"\n")) is not first
