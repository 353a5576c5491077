"""Byte offsets and the protocol's positions."""

from __future__ import annotations

import pytest

from wasmdoctor.lsp.positions import At, Lines
from wasmdoctor.model.source import Location, SourceText

TEXT = "a🗄b\r\nä\n\rlast"


@pytest.mark.parametrize(
    ("encoding", "units"), [("utf-8", (0, 1, 5, 6)), ("utf-16", (0, 1, 3, 4)), ("utf-32", (0, 1, 2, 3))]
)
def test_characters_count_in_the_encoding_that_was_agreed_on(encoding: str, units: tuple[int, ...]) -> None:
    lines = Lines(TEXT.encode(), encoding)
    for offset, character in zip((0, 1, 5, 6), units, strict=True):
        assert lines.at(offset) == At(0, character)
        assert lines.offset(0, character) == offset


def test_lines_end_as_the_protocol_says() -> None:
    data = TEXT.encode()
    lines = Lines(data, "utf-16")
    assert [lines.at(data.index(word)) for word in (b"\xc3\xa4", b"last")] == [At(1, 0), At(3, 0)]
    assert lines.offset(0, 99) == data.index(b"\r\n")
    assert lines.offset(3, 99) == len(data)
    assert lines.offset(99, 0) == len(data)
    assert lines.line_start(len(data)) == data.index(b"last")


def test_the_middle_of_a_character_is_its_start() -> None:
    assert Lines(TEXT.encode(), "utf-16").offset(0, 2) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_places_of_readers_are_found_again(encoding: str) -> None:
    data = TEXT.encode()
    source, lines = SourceText("a.wit", data), Lines(data, encoding)
    for offset in (0, 1, 5, 6, 8, 10, 11, 12, len(data)):
        assert lines.of(source.location(offset)) == offset
        assert lines.offset(*lines.at(offset)) <= offset
    assert lines.of(Location("a.wit")) == 0
    assert lines.of(Location("a.wit", 99, 1)) == len(data)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\n\xf0\x9f", b"\r", b"\n\n"])
def test_odd_bytes_have_positions_too(data: bytes) -> None:
    lines = Lines(data, "utf-16")
    for offset in range(-1, len(data) + 2):
        line, character = lines.at(offset)
        assert 0 <= lines.offset(line, character) <= len(data)
