"""Answers on disk: written and read strictly, whatever stands there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.cache.answers import HEAD, MOST_INPUTS, Answer, decode, encode, is_harmless, question
from wasmdoctor.cache.observed import Observed

PATHS = st.text(st.characters(blacklist_characters="\n", blacklist_categories=("Cs",)), max_size=20).map(
    "/".__add__
)
INPUTS = st.dictionaries(
    st.tuples(st.sampled_from("sld"), PATHS),
    st.lists(st.integers(0, 2**63), max_size=7).map(tuple),
    min_size=1,
    max_size=5,
)


def observed(inputs: object) -> Observed:
    made = Observed("/")
    made.inputs = inputs  # type: ignore[assignment]
    return made


def payload(text: str = "fine\n", code: int = 0, inputs: object = ()) -> bytes:
    made = encode(Answer(text, code), observed(dict(inputs)))  # type: ignore[call-overload]
    assert made is not None
    return made


@given(
    st.text(st.characters(min_codepoint=32, blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp"))),
    st.integers(0, 1),
    INPUTS,
)
def test_an_answer_is_read_as_it_was_written(
    text: str, code: int, inputs: dict[tuple[str, str], tuple[int, ...]]
) -> None:
    answer, found = decode(payload(text, code, inputs))
    assert (answer.text, answer.code, found) == (text, code, inputs)


def test_paths_that_are_no_unicode() -> None:
    inputs = {("s", "/\udcff name"): (1, 2)}
    assert decode(payload(inputs=inputs))[1] == inputs
    assert encode(Answer("", 0), observed({("s", "/two\nlines"): (1,)})) is None


@given(st.binary(max_size=200), st.integers(0, 200), st.booleans())
def test_whatever_stands_there_is_an_answer_or_refused(noise: bytes, at: int, whole: bool) -> None:
    good = payload("text\n", 1, {("s", "/a"): (1, 2, 3), ("d", "/b"): ()})
    data = noise if whole else good[:at] + noise + good[at + len(noise) :]
    try:
        answer, inputs = decode(data)
    except ValueError:
        return
    assert answer.code in (0, 1)
    assert is_harmless(answer.text)
    assert all(path.startswith("/") and kind in "sld" for kind, path in inputs)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD,
        HEAD + b"\n2\n0\n",
        HEAD + b"\n0\n-1\n",
        HEAD + b"\n0\n99\nshort",
        HEAD + b"\n0\n0\ns 1 relative\n",
        HEAD + b"\n0\n0\nz 1 /kind\n",
        HEAD + b"\n0\n0\ns 1,x /number\n",
        HEAD + b"\n0\n0\ns 1 /cut",
        HEAD + b"\n0\n6\n\x1b]0;hi\x07",
        b"another program 1\n0\n0\n",
        HEAD + b"\n0\n4\nfine",
        HEAD + b"\n0\n4\nfine" + b"s  /a\n" * (MOST_INPUTS + 1),
    ],
)
def test_what_no_run_would_have_written_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(data)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("plain\ttext\n✗ and so on\n", True),
        ("\x1b[1;31merror\x1b[0m", True),
        ("\x1b]8;;file:///a\x1b\\a\x1b]8;;\x1b\\", True),
        ("\x1b]8;;file:///a\x1b\\a\x1b]8;;", False),
        ("\x1b]8;;file:///a and all that follows is hidden", False),
        ("\x1b]8;;file:///a\x1b[0m\x1b\\", False),
        ("\x1b\\", False),
        ("\u202egnp.exe", False),
        ("\x1b[2J", False),
        ("\x1b]0;title\x07", False),
        ("\x1bc", False),
        ("\x9b31m", False),
        ("\b\b", False),
        ("\r", False),
    ],
)
def test_what_a_terminal_may_be_told(text: str, harmless: bool) -> None:
    assert is_harmless(text) is harmless


def test_a_question_is_all_that_an_answer_depends_on(tmp_path: Path) -> None:
    environment = {"HOME": "/home/a", "OTHER": "1"}
    key = question(["check", "."], environment, "/a", sys.stdout)
    assert question(["check", "."], {**environment, "OTHER": "2"}, "/a", sys.stdout) == key
    with (tmp_path / "latin").open("w", encoding="latin-1") as latin:
        others = [
            question(["check", "..", "."], environment, "/a", sys.stdout),
            question(["check", "."], environment, "/b", sys.stdout),
            question(["check", "."], {**environment, "NO_COLOR": "1"}, "/a", sys.stdout),
            question(["check", "."], {**environment, "CARGO_HOME": "/c"}, "/a", sys.stdout),
            question(["check", "."], {**environment, "WASMDOCTOR_WASM_TOOLS": "/t"}, "/a", sys.stdout),
            question(["check", "."], environment, "/a", latin),
        ]
    assert len({key, *others}) == 7
