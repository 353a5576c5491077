"""The catalog's rows read a text, and what a test may expect of that."""

from __future__ import annotations

from functools import cache

from errortexts.error_texts import Case

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.errortext import FIELD, PLACEHOLDERS, ErrorReading
from wasmdoctor.pipeline.explain import explain_text


@cache
def catalog() -> Catalog:
    return Catalog()


def read(text: str) -> ErrorReading:
    return explain_text(text, catalog())


def assert_recognised(case: Case, text: str) -> None:
    """The text gives exactly one error, that of the case, with its values."""
    found = read(text).recognised
    assert [one.row.key for one in found] == [case.row], text
    (one,) = found
    assert one.code == case.code, text
    for name, value in case.values.items():
        assert one.values.get(name) == value, (name, one.values, text)
    if case.place:
        assert str(one.place) == case.place, text
    if case.said_by:
        assert one.said_by == case.said_by, text
    assert one.next, "a command to run next"
    left = FIELD.findall(one.what + one.cure)
    assert not [name for name in left if name.rstrip("0123456789") in PLACEHOLDERS], (one.what, one.cure)
