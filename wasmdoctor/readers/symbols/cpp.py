"""C++ names: Itanium mangling, and what wasm-ld makes of it (it demangles the name section unless told not to).

The text is that of the ``demangle`` library, which agrees with LLVM's demangler; the path is taken from the
text, so that both kinds of names have the same.
"""

from __future__ import annotations

from wasmdoctor.model.regex import regex
from wasmdoctor.model.symbol import Language, Symbol

ANONYMOUS = "(anonymous namespace)"
_MANGLED = regex(r"_{1,4}Z")
_LABEL = regex(
    r"(?:(?:non-)?virtual thunk to|covariant return thunk to|guard variable for|vtable for|VTT for|typeinfo for"
    r"|typeinfo name for|construction vtable for|thread-local (?:initialization|wrapper) routine for"
    r"|reference temporary #\d+ for) "
)
_OPERATORS = r"<=>|<<=|>>=|->\*|->|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%^&|]=?|[~!=<>,]"
_OPERATOR = regex(rf"operator(?!\w)(?:\(\)|\[\]|{_OPERATORS})?")
_NO_BRACKETS = regex(r"operator(?:<=>|<<=|>>=|->\*|->|<<|>>|<=|>=|<|>)| (?:[<>]|<<|>>|<=|>=|->) ")
"""Where angle brackets are none: operators, in names and in expressions."""
_QUALIFIERS = regex(r"(?: const| volatile| &&?)*(?=::)")
_OPEN, _CLOSE = "(<[{", ")>]}"


def read_cpp(name: str) -> Symbol | None:
    """A mangled name; None when it is not one."""
    if not _MANGLED.match(name) or not name.isascii():
        return None
    import demangle

    try:
        # A dot begins what LLVM appended (``.llvm.123``).
        text = demangle.demangle_strict(name.partition(".")[0], language="itanium")
    except (demangle.DemanglingError, RecursionError):
        return None
    return demangled(name, text)


def demangled(name: str, text: str) -> Symbol:
    """A symbol of the readable text of a C++ function; any text is taken."""
    path = path_of(text)
    first, found, _ = path.partition("::")
    package = first if found and not first.startswith((ANONYMOUS, "'", "{")) else ""
    return Symbol(name, Language.CPP, package, path, text)


def path_of(text: str) -> str:
    """``void ns::Type<int>::f<char>(int) const`` to ``ns::Type::f``: no arguments, no result.

    Of a function inside another (``main()::'lambda'()::operator()() const``) both stay.
    """
    label = _LABEL.match(text)
    at = label.end() if label else 0
    out: list[str] = []
    while at < len(text):
        char = text[at]
        operator = _OPERATOR.match(text, at) if char == "o" and _starts_name(out) else None
        if operator and operator.end() < len(text):
            at = operator.end()
            out.append(operator[0])
            if text[at] not in "(<[":  # a conversion, or new and delete: its type is its name
                end = text.find("(", at)
                end = len(text) if end < 0 else end
                out.append(text[at:end])
                at = end
        elif text.startswith(ANONYMOUS, at):
            out.append(ANONYMOUS)
            at += len(ANONYMOUS)
        elif char == "(":
            at = _after(text, at)
            rest = _QUALIFIERS.match(text, at)
            at = rest.end() if rest else at
            if not text.startswith("::", at) and "".join(out[-8:]) != "decltype":
                break
        elif char in "<[":
            at = _after(text, at)
        elif char == "{":
            end = _after(text, at)
            out.append(text[at:end])
            at = end
        elif char == " ":
            out.clear()
            at += 1
        else:
            out.append(char)
            at += 1
    return "".join(out).lstrip("*&") or text


def is_function(text: str) -> bool:
    """Whether a demangled name has a function's arguments outside of all angle brackets: C++ has, Rust has not."""
    depth = 0
    at = 0
    while at < len(text):
        char = text[at]
        if char == "(" and depth == 0:
            return True
        if char in "o " and (found := _NO_BRACKETS.match(text, at)):
            at = found.end()
            continue
        if char == "<":
            depth += 1
        elif char == ">" and text[at - 1 : at] not in ("-", "="):
            depth = max(depth - 1, 0)
        at += 1
    return False


def _starts_name(out: list[str]) -> bool:
    return not out or not (out[-1][-1:].isalnum() or out[-1].endswith("_"))


def _after(text: str, start: int) -> int:
    """The place after the bracket that closes the one at ``start``; the end if none does."""
    depth = 0
    at = start
    while at < len(text):
        char = text[at]
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
            if depth == 0:
                return at + 1
        elif char in "o " and (found := _NO_BRACKETS.match(text, at)):
            at = found.end()
            continue
        at += 1
    return at
