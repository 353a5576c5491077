"""``dataclass`` as in Python's ``dataclasses``, for programs that start often and use few of their classes.

Python's own compiles six to ten functions for each class when a module is loaded: 0.4 to 1 ms each, 0.1 s for
the hundred and more classes that ``check`` loads (Python 3.11), a third of its time. Here the only function that is
compiled is ``__init__``, when the first object is made; comparison, hash and representation are functions that all
classes share. Its code is compiled once for all classes with so many fields, and gets their names. What a class has and does is the same, ``dataclasses.replace``, ``fields`` and ``asdict`` included;
of the options there are those that are used here. Type checkers see Python's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    import dataclasses
    from dataclasses import MISSING, FrozenInstanceError, field
    from functools import lru_cache
    from operator import attrgetter
    from reprlib import recursive_repr
    from types import FunctionType

    FIELDS = "__record_fields__"
    _PLAIN = field()
    HANDLED = ("default", "default_factory", "init", "repr", "compare")

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, order=False):
        """As ``dataclasses.dataclass``: decorate a class whose annotations are its fields."""

        def made(cls):
            return _made(cls, frozen=frozen, slots=slots, eq=eq, order=order)

        return made if cls is None else made(cls)

    def replace(record, /, **changes):
        """As ``dataclasses.replace``: a copy with other values of some fields."""
        fields = getattr(type(record), FIELDS, None)
        if fields is None:
            return dataclasses.replace(record, **changes)
        for name, spec in fields.items():
            if not spec.init:
                if name in changes:
                    raise ValueError(f"field {name} is declared with init=False, it cannot be replaced")
            elif name not in changes:
                changes[name] = getattr(record, name)
        return type(record)(**changes)

    def _made(cls, *, frozen, slots, eq, order):
        """The class with its methods; a new one when it is to have slots."""
        space = dict(cls.__dict__)
        own = {
            name: _spec(cls, name, space[name]) if name in space else _PLAIN
            for name, type_ in cls.__annotations__.items()
            if "ClassVar" not in type_ or not type_.startswith(("ClassVar", "typing.ClassVar"))
        }
        fields = own if len(cls.__mro__) == 2 else _inherited(cls) | own
        methods = {FIELDS: fields, "__dataclass_fields__": _FIELDS_LATER, "__init__": _first(frozen, slots)}
        methods["__match_args__"] = tuple([name for name, spec in fields.items() if spec.init])
        methods["__repr__"] = _repr
        if eq:
            methods |= _comparisons([name for name, spec in fields.items() if spec.compare], order)
            if "__hash__" not in space or (space["__hash__"] is None and "__eq__" in space):
                values = methods.pop("values")
                space["__hash__"] = (lambda self: hash(values(self))) if frozen else None
            else:
                del methods["values"]
        if frozen:
            methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
            if slots:
                methods |= {"__getstate__": _state, "__setstate__": _set_state}
        space = methods | space
        return _with_slots(cls, space, own) if slots else _in_place(cls, space, own)

    def _inherited(cls):
        """The fields of the classes that a class is made from."""
        fields = {}
        for base in reversed(cls.__mro__[1:-1]):  # not those of object
            described = base.__dict__.get("__dataclass_fields__", {})
            fields |= base.__dict__.get(FIELDS, described if isinstance(described, dict) else {})
        return fields

    def _spec(cls, name, default):
        """What a field with a default is declared with, as a ``dataclasses.Field``."""
        spec = default if isinstance(default, dataclasses.Field) else field(default=default)
        if spec.metadata or spec.hash is not None or spec.kw_only is True:
            raise TypeError(f"{cls.__name__}.{name}: of the options of a field only {HANDLED} are handled")
        if type(spec.default) in (list, dict, set):
            raise ValueError(f"mutable default for field {name} is not allowed: use default_factory")
        return spec

    def _with_slots(cls, space, own):
        inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
        for name in (*own, "__dict__", "__weakref__"):
            space.pop(name, None)
        space["__slots__"] = tuple([name for name in own if name not in inherited])
        made = type(cls)(cls.__name__, cls.__bases__, space)
        made.__qualname__ = cls.__qualname__
        return made

    def _in_place(cls, space, own):
        for name, value in space.items():
            if cls.__dict__.get(name, MISSING) is not value:
                setattr(cls, name, value)
        for name, spec in own.items():
            if spec.default is not MISSING:
                setattr(cls, name, spec.default)
            elif name in cls.__dict__:
                delattr(cls, name)
        return cls

    class _Fields:
        """``__dataclass_fields__``, for who asks: taken from a class that ``dataclasses`` makes then."""

        def __get__(self, instance, owner):
            fields = [(name, "object", _copy(spec)) for name, spec in getattr(owner, FIELDS).items()]
            # Only the fields are wanted: no methods are compiled, and no signature is worked out for a docstring.
            found = dataclasses.make_dataclass(
                owner.__name__,
                fields,
                namespace={"__doc__": "-"},
                init=False,
                repr=False,
                eq=False,
                match_args=False,
            ).__dataclass_fields__
            for name, described in found.items():
                written = (getattr(c, "__annotations__", {}).get(name) for c in owner.__mro__)
                described.type = next((type_ for type_ in written if type_ is not None), "object")
            owner.__dataclass_fields__ = found
            return found

    _FIELDS_LATER = _Fields()

    def _copy(spec):
        return field(**{name: getattr(spec, name) for name in HANDLED})

    def _first(frozen, slots):
        """The ``__init__`` of a class until it is called: makes the real one, and calls that."""

        def __init__(self, *args, **kwargs):
            cls = next(c for c in type(self).__mro__ if c.__dict__.get("__init__") is __init__)
            cls.__init__ = _compiled(cls, frozen, slots)
            cls.__init__(self, *args, **kwargs)

        return __init__

    def _compiled(cls, frozen, slots):
        """The real ``__init__`` of a class."""
        names, setters, defaults, last = [], [], [], []
        space = cls.__dict__
        for name, spec in getattr(cls, FIELDS).items():
            if spec is _PLAIN and slots and name in space and not defaults:  # most are
                names.append(name)
                setters.append(space[name].__set__)
                continue
            factory = None if spec.default_factory is MISSING else spec.default_factory
            if not spec.init:
                if factory is not None or spec.default is not MISSING:
                    last.append((_setter(cls, name, frozen, slots), factory, spec.default))
                continue
            names.append(name)
            setter = _setter(cls, name, frozen, slots)
            setters.append(setter if factory is None else _made_when_missing(setter, factory))
            if factory is not None or spec.default is not MISSING:
                defaults.append(_FACTORY if factory is not None else spec.default)
            elif defaults:
                raise TypeError(f"non-default argument {name!r} follows default argument")
        globals_ = {f"s{number}": setter for number, setter in enumerate(setters)}
        post = hasattr(cls, "__post_init__")
        if last or post:
            globals_["last"] = _last(last, post)
        code = _code(len(names), bool(last or post)).replace(co_varnames=("self", *names))
        made = FunctionType(code, globals_, "__init__", tuple(defaults))
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        made.__module__ = cls.__module__
        return made

    @lru_cache(maxsize=128)
    def _code(count, more):
        """The code of an ``__init__`` with so many parameters; ``more`` is done when all are set."""
        names = [f"a{number}" for number in range(count)]
        lines = [f"s{number}(self, a{number})" for number in range(count)] + ["last(self)"] * more
        space = {}
        exec(f"def __init__({', '.join(['self', *names])}):\n  " + "\n  ".join(lines or ["pass"]), space)
        return space["__init__"].__code__

    def _setter(cls, name, frozen, slots):
        """What sets a field of an object, given both."""
        if slots:
            return next(c.__dict__[name] for c in cls.__mro__ if name in c.__dict__).__set__
        set_ = object.__setattr__ if frozen else setattr
        return lambda self, value: set_(self, name, value)

    def _made_when_missing(setter, factory):
        return lambda self, value: setter(self, factory() if value is _FACTORY else value)

    def _last(fields, post):
        """What follows when all that is given is set: fields that cannot be given, and ``__post_init__``."""

        def last(self):
            for setter, factory, default in fields:
                setter(self, default if factory is None else factory())
            if post:
                self.__post_init__()

        return last

    _FACTORY = object()

    def _comparisons(names, order):
        if len(names) > 1:
            values = attrgetter(*names)
        elif names:
            one = attrgetter(names[0])

            def values(self):
                return (one(self),)
        else:

            def values(self):
                return ()

        def __eq__(self, other):
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        found = {"values": values, "__eq__": __eq__}
        if order:

            def __lt__(self, other):
                return values(self) < values(other) if other.__class__ is self.__class__ else NotImplemented

            def __le__(self, other):
                return values(self) <= values(other) if other.__class__ is self.__class__ else NotImplemented

            def __gt__(self, other):
                return values(self) > values(other) if other.__class__ is self.__class__ else NotImplemented

            def __ge__(self, other):
                return values(self) >= values(other) if other.__class__ is self.__class__ else NotImplemented

            found |= {"__lt__": __lt__, "__le__": __le__, "__gt__": __gt__, "__ge__": __ge__}
        return found

    @recursive_repr()
    def _repr(self):
        shown = [
            f"{name}={getattr(self, name)!r}" for name, spec in getattr(self, FIELDS).items() if spec.repr
        ]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _refuse_set(self, name, value):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_delete(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, name) for name in getattr(self, FIELDS)]

    def _set_state(self, state):
        for name, value in zip(getattr(self, FIELDS), state, strict=True):
            object.__setattr__(self, name, value)


__all__ = ["dataclass", "field", "replace"]
