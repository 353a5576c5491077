"""Texts that remember how they were made."""

from __future__ import annotations

import copy
import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.text import Text, joined, phrase, say, translated
from wasmdoctor.reporters.wrapping import cells, cut, wrap

GERMAN = {
    "{name} has {count}": "{count} hat {name}",
    " and {more} more": " und {more} weitere",
    "with {{braces}}": "mit {{Klammern}}",
    "one": "eins",
}


def german(template: str) -> str:
    return GERMAN.get(template, template)


def test_a_text_is_its_english_string() -> None:
    text = say("{name} has {count}", name="a", count=3)
    assert text == "a has 3"
    assert {text: 1}["a has 3"] == 1
    assert json.dumps([text]) == '["a has 3"]'
    assert type(str(text)) is str


def test_values_are_translated_too() -> None:
    text = say("{name} has {count}", name="`x`" + say(" and {more} more", more=2), count=say("one"))
    assert text == "`x` and 2 more has one"
    assert translated(text, german) == "eins hat `x` und 2 weitere"


def test_what_is_joined_or_added_remembers() -> None:
    text = joined("\n", [say("one"), "two", ">" + say("one") + "<"])
    assert text == "one\ntwo\n>one<"
    assert translated(text, german) == "eins\ntwo\n>eins<"
    assert [translated(line, german) for line in text.splitlines()] == ["eins", "two", ">eins<"]
    text += say(" and {more} more", more=1)
    assert translated(text, german).endswith("< und 1 weitere")


def test_replacing_keeps_the_template_where_it_can() -> None:
    text = say("{name} has {count}", name="\0host\0", count=1).replace("\0host\0", "spin")
    assert translated(text, german) == "1 hat spin"
    assert say("{a}{b}", a="x", b="y").replace("xy", "z") == "z"
    assert say("one").replace("on", "tw") == "twe"


def test_braces_that_are_meant() -> None:
    assert translated(phrase("with {braces}"), german) == "mit {Klammern}"
    assert say("with {{braces}}") == "with {braces}"


def test_copies_and_other_processes() -> None:
    text = joined(", ", [say("{name} has {count}", name="a", count=1), "b"])
    for other in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert isinstance(other, Text)
        assert translated(other, german) == "1 hat a, b"


WORDS = st.text(alphabet="ab c，。（）组件导入`-", max_size=60)


@given(WORDS, st.integers(4, 30))
def test_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert cells(line) <= width or line[-1] in "，。）" or line[0] in "（", (line, width)


def test_lines_begin_and_end_where_they_may() -> None:
    assert wrap("导入接口，导出（接口）。", 8) == ["导入接", "口，导出", "（接", "口）。"]
    assert wrap("use `a b` 组件", 5) == ["use", "`a b`", "组件"]
    assert wrap("组件 abcd  efgh", 5) == ["组件", "abcd", "efgh"]
    assert wrap("wasmdoctor", 4) == ["wasm", "doct", "or"]
    assert wrap("", 5) == [""]


def test_what_fits_into_columns() -> None:
    assert cells("组件 a") == 6
    assert cells("e\u0301") == 1
    assert cut("组件导入", 5) == "组件"
