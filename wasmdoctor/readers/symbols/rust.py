"""Rust symbol names: v0 and legacy mangling, taken apart as far as crate, path and readable text go.

Rules: rustc book, "v0 Symbol Format"; the readable text is that of rustc-demangle 0.1 without hashes
(its alternate form, which ``wasm-tools demangle`` prints too). Constants in generic arguments are the one
thing that is abbreviated: string and aggregate constants read ``_``.

No library is used because none says which crate a function is written in. They print what rustc-demangle
prints, and that leaves out the path of an ``impl`` block, which a v0 name has: ``<Vec<u8> as Codec>::put``
can be code of any crate. docs/dependencies.md has the numbers; the tests compare the text with theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from wasmdoctor.model.artifact import Mangling, RustSymbol
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.symbol import Language, Symbol

MAX_SYMBOL = 16 * 1024
"""Longer names are not demangled."""
MAX_DIGITS = 16
"""Of a number in base 62; 64 bits have at most 11."""
MAX_DEPTH = 200
MAX_TEXT = 32 * 1024
"""Of all parts together. Backreferences can double a text with each byte; real texts have 1,448 at most."""

BASIC_TYPES = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8", "i": "isize",
    "j": "usize", "l": "i32", "m": "u32", "n": "i128", "o": "u128", "s": "i16", "t": "u16", "u": "()",
    "v": "...", "x": "i64", "y": "u64", "z": "!", "p": "_",
}  # fmt: skip
BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
INTEGERS = frozenset("ahsltmxynojic")

_LEGACY_HASH = regex(r"h[0-9a-f]{16}")
_CRATE_HASH = regex(r"(?<!\w)([A-Za-z_]\w*)\[([0-9a-f]{1,16})\](?=::)")
_PATH = regex(r"\w+(?:::\w+)*")
_LEGACY_ESCAPES = {
    "SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ",",
}  # fmt: skip
_LEGACY_ESCAPE = regex(r"\$(SP|BP|RF|LT|GT|LP|RP|C|u[0-9a-f]{1,6})\$|\.\.")
_FIRST_IDENTIFIER = regex(r"(?<!\w)[A-Za-z_]\w*(?=::)")


class _Invalid(Exception):
    """Not a name of this mangling."""


def demangle(name: str) -> RustSymbol | None:
    """Take a symbol apart as ``read_rust`` does, and say which mangling it has."""
    found = _parsed(name)
    if found is None:
        return None
    mangling, symbol = found
    return RustSymbol(name, mangling, symbol.package, symbol.path, symbol.text, symbol.package_id)


def read_rust(name: str) -> Symbol | None:
    """Take a symbol apart; None for a name that is not mangled Rust (``__wasm_call_ctors``, C, C++).

    A suffix that LLVM appends (``.llvm.123``) is dropped. Names that a tool has demangled already are
    known by the hashes in them (``wasm-tools demangle``, or ``wasm-ld`` without ``--no-demangle``). Never
    raises.
    """
    found = _parsed(name)
    return found[1] if found else None


def readable(text: str) -> Symbol:
    """A demangled name without hashes, which is known to be Rust's; any text is taken."""
    crate = _crate_of(text) if text.startswith("<") else text.partition("::")[0]
    return Symbol(text, Language.RUST, crate, _item_path(text), text)


def _parsed(name: str) -> tuple[Mangling, Symbol] | None:
    if not 3 < len(name) <= MAX_SYMBOL:
        return None
    if "::" in name:
        symbol = _demangled(name)
        return (Mangling.NONE, symbol) if symbol else None
    if not name.isascii():
        return None
    plain = name.partition(".llvm.")[0]
    try:
        for prefix in ("_R", "R", "__R"):
            if plain.startswith(prefix) and plain[len(prefix) : len(prefix) + 1].isupper():
                return Mangling.V0, _v0(name, plain[len(prefix) :])
        for prefix in ("_ZN", "ZN", "__ZN"):
            if plain.startswith(prefix):
                return Mangling.LEGACY, _legacy(name, plain[len(prefix) :])
    except (_Invalid, RecursionError, IndexError):
        return None
    return None


def _v0(mangled: str, text: str) -> Symbol:
    parser = _V0(text.partition(".")[0])
    path = parser.path(value=True)
    # The instantiating crate, which says who compiled the code, not who wrote it.
    user = parser.path(value=False).crate if parser.pos < len(parser.text) else ""
    if parser.pos < len(parser.text) or not path.crate:
        raise _Invalid
    return Symbol(mangled, Language.RUST, path.crate, path.item, path.text, path.crate_id, user)


@dataclass(slots=True)
class _Path:
    """``text`` as people read it, ``item`` as ``Symbol.path`` says, the crate that it is written in."""

    text: str
    item: str
    crate: str
    crate_id: str


class _V0:
    """A recursive-descent parser of a v0 symbol without its prefix ``_R``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.depth = 0
        self.written = 0
        self.lifetimes = 0

    def next(self) -> str:
        char = self.text[self.pos]
        self.pos += 1
        return char

    def eat(self, char: str) -> bool:
        if self.text[self.pos : self.pos + 1] == char:
            self.pos += 1
            return True
        return False

    def base62(self) -> int:
        """``_`` is 0, ``0_`` is 1, and so on."""
        end = self.text.find("_", self.pos, self.pos + MAX_DIGITS + 1)
        if end < 0:
            raise _Invalid
        digits = self.text[self.pos : end]
        self.pos = end + 1
        return _base62(digits)

    def optional62(self, tag: str) -> int:
        return self.base62() + 1 if self.eat(tag) else 0

    def identifier(self) -> tuple[str, int]:
        """A name and its disambiguator (0 for the first of that name)."""
        disambiguator = self.optional62("s")
        return self.plain_identifier(), disambiguator

    def plain_identifier(self) -> str:
        punycode = self.eat("u")
        start = self.pos
        if self.text[start : start + 1] == "0":
            self.pos += 1
        else:
            while self.text[self.pos : self.pos + 1].isdigit():
                self.pos += 1
        digits = self.text[start : self.pos]
        if not digits or len(digits) > 6:
            raise _Invalid
        length = int(digits)
        self.eat("_")
        name = self.text[self.pos : self.pos + length]
        if len(name) != length:
            raise _Invalid
        self.pos += length
        return _punycode(name) if punycode else name

    def backref(self) -> int:
        """The place that a backreference names; always before the reference, so that loops end."""
        start = self.pos - 1
        target = self.base62()
        if target >= start:
            raise _Invalid
        return target

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Invalid

    def spend(self, text: str) -> str:
        self.written += len(text)
        if self.written > MAX_TEXT:
            raise _Invalid
        return text

    def path(self, *, value: bool) -> _Path:
        """A path; ``value`` says that generic arguments are written ``::<...>``."""
        self.enter()
        found = self._path(value=value)
        self.spend(found.text)
        self.depth -= 1
        return found

    def silent_path(self) -> None:
        self.path(value=False)

    def _path(self, *, value: bool) -> _Path:
        match self.next():
            case "C":
                name, disambiguator = self.identifier()
                return _Path(name, name, name, f"{disambiguator:x}")
            case "N":
                return self._nested(value=value)
            case "M":
                outer = self._impl_path()
                type_ = self.type()
                last = _last_segment(type_)
                return _Path(f"<{type_}>", f"{outer.item}::{last}", outer.crate, outer.crate_id)
            case "X":
                outer = self._impl_path()
                type_ = self.type()
                trait = self.path(value=False)
                item = f"{outer.item}::<{_last_segment(type_)} as {_last_segment(trait.text)}>"
                return _Path(f"<{type_} as {trait.text}>", item, outer.crate, outer.crate_id)
            case "Y":
                type_ = self.type()
                trait = self.path(value=False)
                text = f"<{type_} as {trait.text}>"
                return _Path(text, trait.item, trait.crate, trait.crate_id)
            case "I":
                base = self.path(value=value)
                arguments = ", ".join(self._generic_arguments())
                text = f"{base.text}{'::' if value else ''}<{arguments}>"
                return _Path(text, base.item, base.crate, base.crate_id)
            case "B":
                return self._at(self.backref(), value=value)
        raise _Invalid

    def _at(self, target: int, *, value: bool) -> _Path:
        back, self.pos = self.pos, target
        found = self.path(value=value)
        self.pos = back
        return found

    def _nested(self, *, value: bool) -> _Path:
        namespace = self.next()
        if not namespace.isalpha():
            raise _Invalid
        outer = self.path(value=value)
        name, disambiguator = self.identifier()
        if namespace.isupper():
            word = {"C": "closure", "S": "shim"}.get(namespace, namespace)
            segment = f"{{{word}{':' if name else ''}{name}#{disambiguator}}}"
        elif name:
            segment = name
        else:
            return outer
        return _Path(f"{outer.text}::{segment}", f"{outer.item}::{segment}", outer.crate, outer.crate_id)

    def _impl_path(self) -> _Path:
        self.optional62("s")
        return self.path(value=False)

    def _generic_arguments(self) -> list[str]:
        arguments: list[str] = []
        while not self.eat("E"):
            if self.eat("L"):
                arguments.append(self._lifetime())
            elif self.eat("K"):
                arguments.append(self._const())
            else:
                arguments.append(self.type())
        return arguments

    def _lifetime(self) -> str:
        index = self.base62()
        if index == 0:
            return "'_"
        depth = self.lifetimes - index
        if depth < 0:
            raise _Invalid
        return f"'{chr(ord('a') + depth)}" if depth < 26 else f"'_{depth}"

    def type(self) -> str:
        """A type as text."""
        self.enter()
        text = self.spend(self._type())
        self.depth -= 1
        return text

    def _type(self) -> str:
        tag = self.next()
        if tag in BASIC_TYPES:
            return BASIC_TYPES[tag]
        match tag:
            case "R" | "Q":
                lifetime = self._lifetime() + " " if self.eat("L") else ""
                lifetime = "" if lifetime == "'_ " else lifetime
                return f"&{lifetime}{'mut ' if tag == 'Q' else ''}{self.type()}"
            case "P":
                return f"*const {self.type()}"
            case "O":
                return f"*mut {self.type()}"
            case "A":
                element = self.type()
                return f"[{element}; {self._const()}]"
            case "S":
                return f"[{self.type()}]"
            case "T":
                items = self._until_end()
                return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
            case "F":
                return self._binder(self._function)
            case "D":
                return self._dyn()
            case "W":
                return f"{self.type()} is {self._pattern()}"
            case "B":
                target = self.backref()
                back, self.pos = self.pos, target
                text = self.type()
                self.pos = back
                return text
        self.pos -= 1
        return self.path(value=False).text

    def _pattern(self) -> str:
        """The pattern of a pattern type: a range, a choice of ranges, or not null."""
        self.enter()
        match self.next():
            case "R":
                text = f"{self._const()}..={self._const()}"
            case "O":
                choices: list[str] = []
                while not self.eat("E"):
                    choices.append(self._pattern())
                text = " | ".join(choices)
            case "N":
                text = "!null"
            case _:
                raise _Invalid
        self.depth -= 1
        return text

    def _until_end(self) -> list[str]:
        items: list[str] = []
        while not self.eat("E"):
            items.append(self.type())
        return items

    def _binder(self, inside: Callable[[], str]) -> str:
        count = self.optional62("G")
        if count > 1000:
            raise _Invalid
        before = self.lifetimes
        self.lifetimes += count
        names = [self._bound(before + i) for i in range(count)]
        text = inside()
        self.lifetimes = before
        return f"for<{', '.join(names)}> {text}" if names else text

    def _bound(self, depth: int) -> str:
        return f"'{chr(ord('a') + depth)}" if depth < 26 else f"'_{depth}"

    def _function(self) -> str:
        text = "unsafe " if self.eat("U") else ""
        if self.eat("K"):
            abi = "C" if self.eat("C") else self.plain_identifier().replace("_", "-")
            text += f'extern "{abi}" '
        items: list[str] = []
        while not self.eat("E"):
            splat = "#[splat] " if self.eat("w") else ""
            items.append(splat + self.type())
        result = self.type()
        return f"{text}fn({', '.join(items)}){'' if result == '()' else f' -> {result}'}"

    def _dyn(self) -> str:
        bounds = self._binder(self._bounds)
        if not self.eat("L"):
            raise _Invalid
        lifetime = self._lifetime()
        return f"dyn {bounds}" + ("" if lifetime == "'_" else f" + {lifetime}")

    def _bounds(self) -> str:
        traits: list[str] = []
        while not self.eat("E"):
            trait = self.path(value=False).text
            bindings: list[str] = []
            while self.eat("p"):
                name = self.plain_identifier()
                bindings.append(f"{name} = {self._const() if self.eat('K') else self.type()}")
            if bindings and trait.endswith(">"):
                trait = f"{trait[:-1]}, {', '.join(bindings)}>"
            elif bindings:
                trait = f"{trait}<{', '.join(bindings)}>"
            traits.append(trait)
        return " + ".join(traits)

    def _const(self) -> str:
        self.enter()
        text = self._const_text()
        self.depth -= 1
        return text

    def _const_text(self) -> str:
        tag = self.next()
        if tag == "p":
            return "_"
        if tag == "B":
            target = self.backref()
            back, self.pos = self.pos, target
            text = self._const()
            self.pos = back
            return text
        if tag in INTEGERS or tag == "b":
            negative = self.eat("n")
            digits = self._hex()
            value = int(digits or "0", 16)
            if tag == "b":
                return "true" if value else "false"
            if tag == "c":
                return repr(chr(value)) if value < 0x110000 else "_"
            # rustc-demangle leaves numbers of more than 64 bits in hexadecimal.
            shown = str(value) if len(digits.lstrip("0")) <= 16 else f"0x{digits}"
            return f"-{shown}" if negative else shown
        return self._aggregate(tag)

    def _hex(self) -> str:
        end = self.text.index("_", self.pos) if "_" in self.text[self.pos :] else -1
        digits = self.text[self.pos : end]
        if end < 0 or any(char not in "0123456789abcdef" for char in digits):
            raise _Invalid
        self.pos = end + 1
        return digits

    def _aggregate(self, tag: str) -> str:
        """Step over a constant that is a string, reference, array, tuple or struct."""
        match tag:
            case "e":
                self._hex()
            case "R" | "Q":
                self._const()
            case "A" | "T":
                while not self.eat("E"):
                    self._const()
            case "V":
                self.silent_path()
                match self.next():
                    case "U":
                        pass
                    case "T":
                        while not self.eat("E"):
                            self._const()
                    case "S":
                        while not self.eat("E"):
                            self.identifier()
                            self._const()
                    case _:
                        raise _Invalid
            case _:
                raise _Invalid
        return "_"


@lru_cache(maxsize=4096)
def _base62(digits: str) -> int:
    """Digits, lower-case and upper-case letters; the crates' numbers among them are the same again and again."""
    value = 0
    for char in digits:
        digit = BASE62.find(char)
        if digit < 0:
            raise _Invalid
        value = value * 62 + digit
    value += bool(digits)
    if value > 1 << 64:
        raise _Invalid
    return value


def _punycode(name: str) -> str:
    """v0 writes punycode with ``_`` for the last ``-``."""
    basic, found, rest = name.rpartition("_")
    try:
        return (f"{basic}-{rest}" if found else name).encode("ascii").decode("punycode")
    except UnicodeError:
        raise _Invalid from None


def _last_segment(text: str) -> str:
    """``a::b::C<D>`` to ``C``; a type that is no path stays as it is."""
    head = text.partition("<")[0]
    if not head or not re.fullmatch(r"[\w:]+", head):
        return text
    return head.rpartition("::")[2]


def _legacy(mangled: str, text: str) -> Symbol:
    segments: list[str] = []
    pos = 0
    while text[pos : pos + 1] != "E":
        digits = re.match(r"[0-9]{1,6}", text[pos : pos + 6])
        if digits is None:
            raise _Invalid
        pos += digits.end()
        segment = text[pos : pos + int(digits[0])]
        if len(segment) != int(digits[0]):
            raise _Invalid
        pos += len(segment)
        segments.append(segment)
    # Without the hash it is C++, whose nested names start the same.
    if len(segments) < 2 or not _LEGACY_HASH.fullmatch(segments.pop()):
        raise _Invalid
    readable = [_unescape(segment) for segment in segments]
    full = "::".join(readable)
    first = readable[0]
    if not first.startswith("<"):
        return Symbol(mangled, Language.RUST, first, full, full)
    return Symbol(mangled, Language.RUST, _crate_of(first), _item_path(full), full)


def _demangled(name: str) -> Symbol | None:
    """A demangled name with hashes: ``a::b::h<hash>`` (legacy) or ``<a[<hash>]::B>::c`` (v0)."""
    crates = _CRATE_HASH.findall(name)
    if crates:
        crate, id_ = crates[0]
        text = _CRATE_HASH.sub(r"\1", name)
        return Symbol(name, Language.RUST, crate, _item_path(text), text, id_)
    text, _, end = name.rpartition("::")
    if not _LEGACY_HASH.fullmatch(end):
        return None
    return replace(readable(_unescape(text)), mangled=name)


def _crate_of(text: str) -> str:
    """The crate in ``<&mut alloc::vec::Vec<T> as core::fmt::Debug>``: that of the type, else the trait.

    Such names do not say where an ``impl`` stands; one of a foreign trait for a local type is the rule.
    Without any path it is a method of a type like ``str`` or ``[T]``: only Rust's own crates may have those
    (Rust reference, "Inherent implementations"), and nearly all are in ``core``.
    """
    found = _FIRST_IDENTIFIER.search(text, 0, _closing(text))
    return found[0] if found else "core"


def _closing(text: str) -> int:
    """Where the angle bracket closes that ``text`` begins with; its end if none does."""
    depth = 0
    for at, char in enumerate(text):
        if char == "<":
            depth += 1
        elif char == ">" and text[at - 1] != "-":
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def _item_path(text: str) -> str:
    """``<a::b::C<T> as d::E>::f::<U>`` to ``a::b::<C as E>::f``, ``a::g::<U>`` to ``a::g``."""
    if not text.startswith("<"):
        return _without_arguments(text)
    end = _closing(text)
    rest = _without_arguments(text[end + 1 :])
    type_, as_, trait = _without_arguments(text[1:end]).partition(" as ")
    if not _PATH.fullmatch(type_):
        head = (
            f"<{type_} as {_last_segment(trait)}>" if as_ else type_ if type_.isidentifier() else f"<{type_}>"
        )
        return head + rest
    module, _, name = type_.rpartition("::")
    head = f"<{name} as {_last_segment(trait)}>" if as_ else name
    return f"{module}::{head}{rest}" if module else f"{head}{rest}"


def _without_arguments(text: str) -> str:
    """``a::B<T>::f::<U>`` to ``a::B::f``; ``<impl ...>`` of a legacy name is no argument."""
    if "<" not in text:
        return text
    out: list[str] = []
    at = 0
    while (start := text.find("<", at)) >= 0:
        end = start + _closing(text[start:]) + 1
        if text.startswith("<impl ", start) or (start == at == 0 and not out):
            out.append(text[at:end])
        else:
            out.append(text[at:start].removesuffix("::"))
        at = end
    return "".join(out) + text[at:]


def _unescape(segment: str) -> str:
    if segment.startswith("_$"):
        segment = segment[1:]
    return _LEGACY_ESCAPE.sub(_escape, segment)


def _escape(found: re.Match[str]) -> str:
    if found[0] == "..":
        return "::"
    if found[1] in _LEGACY_ESCAPES:
        return _LEGACY_ESCAPES[found[1]]
    code = int(found[1][1:], 16)
    return chr(code) if code < 0x110000 and chr(code).isprintable() else found[0]
