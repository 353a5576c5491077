"""Calls of ``wit_bindgen::generate!`` and of other macros that make bindings, with their options.

Grammar: ``wit_bindgen_rust_macro`` 0.16 to 0.63, ``impl Parse for Config`` and ``impl Parse for Opt``.
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.record import replace
from wasmdoctor.model.rust import GenerateCall, GenerateOption, Generator, OptionElement
from wasmdoctor.model.source import Problem, SourceText, Span
from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.generators import FLAGS, MACRO_NAMES, MACROS, OPTIONS, STRINGS
from wasmdoctor.readers.rust.items import MacroCall, MacroItem, Path
from wasmdoctor.readers.rust.scopes import Index, Resolver, Scope, Unit, state_of
from wasmdoctor.readers.rust.tokens import (
    IDENT,
    MAX_TOKENS,
    OPEN,
    STRING,
    Token,
    closing,
    lex,
    split_commas,
    string_value,
)

MAX_CALLS = 300
"""Calls of bindings macros that are followed in the crates of a component."""


def generate_calls(index: Index, resolver: Resolver) -> list[tuple[GenerateCall, Scope]]:
    """Every bindings macro that is called in the crates, with the scope that its items go to.

    Calls inside other macros (``quote!``, the rules of a ``macro_rules!``) are found as well, and are
    uncertain: what comes of them is not followed.
    """
    found: list[tuple[GenerateCall, Scope]] = []
    # However a crate calls such a macro, in it or in a crate that it names the macro's own name stands somewhere.
    words = [name.encode() for name in MACRO_NAMES]
    crates = index.users_of(name for name, code in index.code.items() if code.holds(*words))
    for unit in (unit for name, code in index.code.items() if name in crates for unit in code.units):
        for call in unit.body.macros:
            made_by = _generator(resolver, unit.scope, unit.source, call)
            if made_by is not None:
                found.append((_call(unit, call, *made_by), unit.scope))
            elif call.path[-1] not in MACRO_NAMES:
                inside = "::".join(call.path) + "!"
                found.extend(_nested(unit, call.inner_start, call.inner_end, inside, call))
        if isinstance(unit.item, MacroItem):
            inside = f"macro_rules! {unit.item.name}"
            found.extend(_nested(unit, unit.item.inner_start, unit.item.inner_end, inside, None))
    found.sort(key=lambda pair: (pair[0].location.path, pair[0].span))
    if len(found) > MAX_CALLS:
        last, scope = found[MAX_CALLS]
        message = f"more than {MAX_CALLS} calls of bindings macros: the rest is not read"
        told = replace(last, problems=(*last.problems, Problem(last.location, message)))
        found[MAX_CALLS:] = [(told, scope)]
    return found


def _generator(
    resolver: Resolver, scope: Scope, source: SourceText, call: MacroCall
) -> tuple[Generator, bool] | None:
    """What a macro call makes and whether that is sure; None when it is no bindings macro."""
    name = call.path[-1]
    targets = resolver.resolve(scope, call.path)
    for target in targets:
        if target.kind == "external" and target.path in MACROS:
            return MACROS[target.path], target.certain or len(targets) == 1
    if any(target.kind == "external" for target in targets):
        for target in targets:  # `spin_sdk::wit_bindgen::generate!`, that crate's sources not given
            for path, generator in MACROS.items():
                if target.kind == "external" and target.path[-len(path) :] == path:
                    return generator, False
        return None
    if targets or name not in MACRO_NAMES:
        return None
    for path, generator in MACROS.items():  # the crate is not known: by the path as written
        written = tuple(part for part in call.path if part not in ("", "$crate"))
        if len(written) > 1 and (path[-len(written) :] == written or written[-len(path) :] == path):
            return generator, False
    arguments = lex(source.data, call.inner_start, call.inner_end)
    if len(call.path) == 1 and _looks_like(arguments):
        return (Generator.WASMTIME if name == "bindgen" else Generator.WIT_BINDGEN), False
    return None


def _looks_like(tokens: list[Token]) -> bool:
    """Whether arguments are those of a bindings macro."""
    return any(
        token.kind == IDENT and token.text in ("world", "path", "inline") and tokens[at + 1].text == ":"
        for at, token in enumerate(tokens[:-1])
    )


def _call(unit: Unit, call: MacroCall, generator: Generator, certain: bool) -> GenerateCall:
    source = unit.source
    conditions = unit.scope.crate.tree.conditions
    state = both(state_of(call.attributes, unit), conditions.of(call.condition, source.data))
    options, problems = read_options(source, call.inner_start, call.inner_end, generator)
    start = min([call.start, *(attribute.span.start for attribute in call.attributes)])
    return GenerateCall(
        generator,
        unit.scope.crate.name,
        unit.scope.module.name,
        unit.scope.name,
        "::".join(call.path),
        source.location(call.start),
        Span(call.start, call.end),
        Span(start, past_semicolon(source.data, call.end)),
        state,
        options,
        problems,
        certain,
    )


def past_semicolon(data: bytes, end: int) -> int:
    """The offset after a semicolon that follows a macro call, else ``end``."""
    at = end
    while at < len(data) and data[at] in b" \t":
        at += 1
    return at + 1 if data[at : at + 1] == b";" else end


def _nested(
    unit: Unit, start: int, end: int, inside: str, outer: MacroCall | None
) -> Iterator[tuple[GenerateCall, Scope]]:
    """Bindings macros among another macro's tokens."""
    data = unit.source.data
    if not any(data.find(name.encode() + b"!", start, end) >= 0 for name in MACRO_NAMES):
        return
    tokens = lex(data, start, end)
    for at, token in enumerate(tokens):
        if token.text not in MACRO_NAMES or at + 2 >= len(tokens) or tokens[at + 1].text != "!":
            continue
        if tokens[at + 2].kind != OPEN:
            continue
        path, first = _path_before(tokens, at)
        generator = next((made for known, made in MACROS.items() if path[-len(known) :] == known), None)
        stop = closing(tokens, at + 2)
        if generator is None or stop == len(tokens):
            continue
        call = MacroCall(
            path, first.start, tokens[stop].end, tokens[at + 2].end, tokens[stop].start, (), None, False
        )
        made = _call(unit, call, generator, False)
        state = both(made.compiled, None)
        if outer is not None:
            conditions = unit.scope.crate.tree.conditions
            state = both(state, conditions.of(outer.condition, data), state_of(outer.attributes, unit))
        yield replace(made, compiled=state, inside=inside), unit.scope


def _path_before(tokens: list[Token], at: int) -> tuple[Path, Token]:
    """The path that ends with the identifier at ``at``, and its first token."""
    names = [tokens[at].text]
    first = at
    while first >= 2 and tokens[first - 1].text == "::" and tokens[first - 2].kind == IDENT:
        first -= 2
        names.append(tokens[first].text)
    return tuple(reversed(names)), tokens[first]


def read_options(
    source: SourceText, start: int, end: int, generator: Generator = Generator.WIT_BINDGEN
) -> tuple[tuple[GenerateOption, ...], tuple[Problem, ...]]:
    """The options of a call whose arguments are ``data[start:end]``, and what cannot be understood."""
    reader = _Options(source, generator)
    tokens = lex(source.data, start, end)
    if len(tokens) >= MAX_TOKENS:
        reader.problem(tokens[-1], f"more than {MAX_TOKENS} tokens: the rest of this call is not read")
    if tokens and tokens[0].kind == OPEN and tokens[0].text == "{":
        stop = closing(tokens, 0)
        reader.fields(tokens[1:stop])
        for token in tokens[stop + 1 :][:1]:
            reader.problem(token, "nothing is expected after the options")
    elif _looks_like(tokens):
        reader.fields(tokens)
    else:
        reader.short(tokens)
    return tuple(reader.options), tuple(reader.problems)


class _Options:
    """Reads options one after the other and keeps going after what it does not know."""

    def __init__(self, source: SourceText, generator: Generator) -> None:
        self.source = source
        self.generator = generator
        self.options: list[GenerateOption] = []
        self.problems: list[Problem] = []

    def problem(self, token: Token, message: str, help_: str = "") -> None:
        self.problems.append(Problem(self.source.location(token.start), message, help_))

    def text(self, tokens: list[Token]) -> str:
        data = self.source.data[tokens[0].start : tokens[-1].end]
        return data.decode("utf-8", "replace")

    def add(self, name: str, kind: str, value: str, start: Token, tokens: list[Token]) -> None:
        end = tokens[-1].end if tokens else start.end
        value_start = tokens[0].start if tokens else start.start
        span = Span(start.start, end)
        self.options.append(GenerateOption(name, kind, value, (), span, Span(value_start, end)))

    def short(self, tokens: list[Token]) -> None:
        """``"world"``, ``"world" in "path"``, or nothing."""
        name = "world"
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.kind == STRING:
                self.string(name, token, token)
            elif token.text == "in" and at + 1 < len(tokens):
                name = "path"
            elif token.text != ",":
                self.problem(
                    token,
                    f"`{token.text}` is not understood here",
                    'write generate!({ world: "...", path: "..." })',
                )
                return
            at += 1

    def string(self, name: str, start: Token, literal: Token) -> None:
        value = string_value(literal.text)
        if value is None:
            self.problem(literal, f"the string of `{name}` has no end")
        else:
            self.add(name, "string", value, start, [literal])

    def fields(self, tokens: list[Token]) -> None:
        seen: set[str] = set()
        for part in split_commas(tokens):
            name = part[0]
            if name.kind != IDENT:
                self.problem(name, f"`{name.text}` is not the name of an option")
                continue
            if name.text not in OPTIONS and self.generator is not Generator.WASMTIME:
                self.problem(name, f"option `{name.text}` is not known", "it is kept as written")
            if name.text in seen and name.text != "features":
                self.problem(name, f"option `{name.text}` is given twice")
            seen.add(name.text)
            if len(part) == 1:
                if name.text in OPTIONS and name.text not in FLAGS:
                    self.problem(name, f"option `{name.text}` has no value")
                self.add(name.text, "flag", "", name, [])
            elif part[1].text != ":" or len(part) == 2:
                self.problem(part[1], f"`:` and a value are expected after `{name.text}`")
            else:
                self.value(name, part[2:])

    def value(self, name: Token, tokens: list[Token]) -> None:
        first = tokens[0]
        single = len(tokens) == 1
        if single and first.kind == STRING:
            self.string(name.text, name, first)
            return
        if first.kind == OPEN and closing(tokens, 0) == len(tokens) - 1:
            inner = tokens[1:-1]
            if first.text == "[":
                self.elements(name, tokens, "list", [self.element(part) for part in split_commas(inner)])
                return
            if first.text == "{":
                self.elements(name, tokens, "map", [self.pair(part) for part in split_commas(inner)])
                return
        if single and first.text in ("true", "false"):
            self.add(name.text, "bool", first.text, name, tokens)
            return
        kind = "path" if all(t.kind == IDENT or t.text == "::" for t in tokens) else "other"
        if name.text in STRINGS or name.text == "path":
            self.problem(
                first,
                f"the value of `{name.text}` is not a string literal: {self.text(tokens)[:60]}",
                "wit-bindgen takes literals only, since it reads its arguments before macros are expanded",
            )
            kind = "other"
        self.add(name.text, kind, self.text(tokens), name, tokens)

    def elements(self, name: Token, tokens: list[Token], kind: str, elements: list[OptionElement]) -> None:
        span = Span(name.start, tokens[-1].end)
        value_span = Span(tokens[0].start, tokens[-1].end)
        self.options.append(
            GenerateOption(name.text, kind, self.text(tokens), tuple(elements), span, value_span)
        )

    def element(self, part: list[Token]) -> OptionElement:
        value = string_value(part[0].text) if len(part) == 1 and part[0].kind == STRING else None
        text = self.plain(part) if value is None else value
        return OptionElement("", text, Span(part[0].start, part[-1].end))

    def pair(self, part: list[Token]) -> OptionElement:
        span = Span(part[0].start, part[-1].end)
        colon = next((at for at, token in enumerate(part) if token.text in (":", "=>")), None)
        if colon is None or colon == 0 or colon == len(part) - 1:
            self.problem(part[0], "`key: value` is expected in this map")
            return OptionElement("", self.text(part), span)
        key = string_value(part[0].text) if part[0].kind == STRING else None
        value = part[colon + 1 :]
        return OptionElement(self.plain(part[:colon]) if key is None else key, self.plain(value), span)

    def plain(self, tokens: list[Token]) -> str:
        """Tokens as a path without blanks, or as written when they are more than a path."""
        if len(tokens) == 1 and tokens[0].kind == STRING:
            value = string_value(tokens[0].text)
            return tokens[0].text if value is None else value
        if all(token.kind == IDENT or token.text == "::" for token in tokens):
            return "".join(token.text for token in tokens)
        return self.text(tokens)
