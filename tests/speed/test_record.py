"""Our ``dataclass`` does what Python's does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from wasmdoctor.model import record

OPTIONS: list[dict[str, bool]] = [
    {"frozen": frozen, "slots": slots, "eq": eq, "order": order}
    for frozen in (False, True)
    for slots in (False, True)
    for eq, order in ((True, False), (False, False), (True, True))
]


def make(module: Any, options: dict[str, bool]) -> type[Any]:
    """The same class by one module or the other."""

    @module.dataclass(**options)
    class Made:
        """One of each kind of field."""

        a: int
        b: str = "b"
        c: list[int] = module.field(default_factory=list)
        d: int = module.field(default=4, compare=False, repr=False)
        e: int = module.field(init=False, default=5)

        def twice(self) -> int:
            """Use a field."""
            return self.a * 2

    return Made


def outcome(act: Callable[[], object]) -> object:
    """What something gives, or which error."""
    try:
        return act()
    except Exception as error:
        return type(error)


ACTS: list[Callable[[type[Any]], object]] = [
    lambda cls: repr(cls(1, "x", [2], 3)),
    lambda cls: (cls(1).a, cls(1).b, cls(1).c, cls(1).d, cls(1).e, cls(1).twice()),
    lambda cls: cls(a=1, d=2).d,
    lambda cls: cls(),
    lambda cls: cls(1, e=2),
    lambda cls: cls(1, z=2),
    lambda cls: cls(1).c is cls(1).c,
    lambda cls: cls(1) == cls(1),
    lambda cls: cls(1, d=7) == cls(1, d=8),
    lambda cls: cls(1) == cls(2),
    lambda cls: cls(1) == (1, "b", [], 5),
    lambda cls: cls(1) != cls(2),
    lambda cls: cls(1) < cls(2),
    lambda cls: cls(1) >= cls(2),
    lambda cls: cls(1) < 2,
    lambda cls: hash(cls(1)) is not None,
    lambda cls: cls.__hash__ is None,
    lambda cls: setattr(cls(1), "a", 2),
    lambda cls: delattr(cls(1), "a"),
    lambda cls: hasattr(cls(1), "__dict__"),
    lambda cls: cls.__match_args__,
    lambda cls: cls.__doc__,
    lambda cls: [(f.name, f.type, f.init, f.repr, f.compare) for f in dataclasses.fields(cls)],
    lambda cls: dataclasses.asdict(cls(1, c=[2])),
    lambda cls: repr(dataclasses.replace(cls(1), b="y")),
    lambda cls: dataclasses.replace(cls(1), e=1),
    lambda cls: repr(copy.deepcopy(cls(1, c=[[1]]))),
    lambda cls: cls.b,
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_does_as_pythons_does(options: dict[str, bool]) -> None:
    ours, theirs = make(record, options), make(dataclasses, options)
    for act in ACTS:
        mine, other = outcome(lambda act=act: act(ours)), outcome(lambda act=act: act(theirs))
        if type(mine).__name__ == "member_descriptor":
            assert type(other).__name__ == "member_descriptor"
        else:
            assert mine == other


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_replacing(options: dict[str, bool]) -> None:
    cls = make(record, options)
    changed = record.replace(cls(1, "x", [2], 3), a=9)
    assert (changed.a, changed.b, changed.c, changed.d) == (9, "x", [2], 3)
    with pytest.raises(ValueError, match="init=False"):
        record.replace(cls(1), e=1)
    with pytest.raises(TypeError):
        record.replace(cls(1), z=1)
    assert record.replace(make(dataclasses, options)(1), a=2).a == 2


@record.dataclass(frozen=True, slots=True)
class Base:
    """A class that another one extends."""

    a: int
    b: int = 2


@record.dataclass(frozen=True, slots=True)
class Derived(Base):
    """It changes a default and adds a field."""

    b: int = 3
    c: int = 4

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("negative")


def test_inheritance_and_what_comes_after_init() -> None:
    assert repr(Derived(1)) == "Derived(a=1, b=3, c=4)"
    assert Base(1) == Base(1, 2)
    assert Base(1, 3) != Derived(1)
    assert Derived.__slots__ == ("c",)
    with pytest.raises(ValueError, match="negative"):
        Derived(-1)
    match Derived(1, 2, 3):
        case Derived(a, b, c):
            assert (a, b, c) == (1, 2, 3)


def test_a_copy_through_a_pipe() -> None:
    for made in (Base(1), Derived(1, 5, 6)):
        assert pickle.loads(pickle.dumps(made)) == made
    assert hash(Derived(1)) == hash(Derived(1))


def test_methods_of_ones_own_stay() -> None:
    @record.dataclass(frozen=True, slots=True)
    class Own:
        """Compares in its own way."""

        a: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    assert Own(1) == Own(2)
    assert (hash(Own(1)), repr(Own(1))) == (7, "own")


def test_something_that_holds_itself_can_be_shown() -> None:
    @record.dataclass
    class Node:
        """A node."""

        inside: list[object]

    node = Node([])
    node.inside.append(node)
    assert "..." in repr(node)


def test_what_is_not_handled_is_refused() -> None:
    with pytest.raises(ValueError, match="mutable default"):

        @record.dataclass
        class Mutable:
            """A list as a default."""

            a: list[int] = []  # noqa: RUF012

    with pytest.raises(TypeError, match="only"):

        @record.dataclass
        class Keywords:
            """An option that nobody uses here."""

            a: int = record.field(kw_only=True)
