"""Records as plain data and back, strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.model.plain import Codec, NotPlain
from wasmdoctor.model.record import dataclass, field, replace


class Sort(StrEnum):
    ONE = "one"
    TWO = "two"


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    place: Place
    sort: Sort
    flag: bool = False
    other: Place | None = None
    text: str | None = None
    texts: tuple[str, ...] = ()
    pair: tuple[str, int] | None = None
    places: tuple[Place, ...] = ()
    names: frozenset[str] | None = None
    by_name: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    value: Plain = ""


Plain = str | int | float | bool | list[Any] | dict[str, Any]
PLACE = Place("a", 1)
THING = Thing("x", PLACE, Sort.TWO)


def codec(*, shared: bool) -> Codec:
    return Codec((Thing, Place, Sort), (Place,) if shared else (), anything=("Plain",))


def there_and_back(value: Thing, *, shared: bool) -> Thing:
    write, read = codec(shared=shared), codec(shared=shared)
    data = write.write("Thing", value)
    table, data = json.loads(json.dumps([write.table(), data]))
    read.know(table)
    found = read.read("Thing", data)
    assert isinstance(found, Thing)
    return found


texts = st.text(max_size=5)
places = st.builds(Place, texts, st.integers())
plain = st.recursive(
    texts | st.integers() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
things = st.builds(
    Thing,
    name=texts,
    place=places,
    sort=st.sampled_from(Sort),
    flag=st.booleans(),
    other=places | st.none(),
    text=texts | st.none(),
    texts=st.lists(texts, max_size=3).map(tuple),
    pair=st.tuples(texts, st.integers()) | st.none(),
    places=st.lists(places, max_size=3).map(tuple),
    names=st.frozensets(texts, max_size=3) | st.none(),
    by_name=st.dictionaries(texts, places, max_size=3).map(MappingProxyType),
    value=plain,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(things, st.booleans())
def test_a_record_comes_back(value: Thing, shared: bool) -> None:
    found = there_and_back(value, shared=shared)
    assert found == replace(value, by_name=found.by_name)
    assert dict(found.by_name) == dict(value.by_name)
    assert type(found.by_name) is MappingProxyType


def test_shared_records_are_written_once_and_are_one_object() -> None:
    value = replace(THING, other=Place("a", 1), places=(Place("a", 1), Place("b", 2)))
    write = codec(shared=True)
    write.write("Thing", value)
    assert write.table() == [["Place", ["a", 1]], ["Place", ["b", 2]]]
    found = there_and_back(value, shared=True)
    assert found.place is found.other is found.places[0]


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1},
        {"place": None},
        {"sort": "two"},
        {"flag": 0},
        {"text": b"x"},
        {"texts": ("a", 1)},
        {"value": (1, 2)},
        {"value": {"x": None}},
        {"other": Thing},
    ],
)
def test_what_does_not_fit_its_annotation_is_not_written(change: dict[str, object]) -> None:
    value = replace(THING, **change)  # type: ignore[arg-type]
    if change == {"sort": "two"}:  # an equal text is the member itself
        assert codec(shared=False).write("Thing", value)[2] == "two"
        return
    with pytest.raises(NotPlain):
        codec(shared=False).write("Thing", value)


def changes(data: Any) -> list[Any]:
    """Data with one value of it, at any depth, replaced by another of each sort."""
    found: list[Any] = [None, 0, -1, True, 1.5, "x", [], [[]], ["x"], {}, {"x": 1}]
    if isinstance(data, list):
        found += [[*data, None], data[:-1]]
        for at, each in enumerate(data):
            found += [[*data[:at], other, *data[at + 1 :]] for other in changes(each)]
    return found


def fits(annotation: str, value: object) -> bool:
    try:
        codec(shared=False).write(annotation, value)
    except (NotPlain, TypeError, ValueError, AttributeError):
        return False
    return True


def test_nothing_is_read_that_would_not_be_written() -> None:
    value = replace(THING, pair=("a", 1), places=(PLACE,), names=frozenset("ab"), by_name={"x": PLACE})
    data = codec(shared=False).write("Thing", value)
    refused = 0
    for other in changes(data):
        try:
            found = codec(shared=False).read("Thing", other)
        except NotPlain:
            refused += 1
            continue
        assert fits("Thing", found), other
    assert refused > 200


@pytest.mark.parametrize(
    "table", [None, {}, [1], [["Place"]], [["Thing", []]], [["Place", ["a", 1], 2]], [[["Place"], ["a", 1]]]]
)
def test_a_table_that_was_not_written(table: object) -> None:
    with pytest.raises(NotPlain):
        codec(shared=True).know(table)


@pytest.mark.parametrize("place", [-1, 1, "0", 0.0, True, None, ["a", 1]])
def test_a_place_that_is_not_in_the_table(place: object) -> None:
    read = codec(shared=True)
    read.know([["Place", ["a", 1]]])
    with pytest.raises(NotPlain):
        read.read("Place", place)
