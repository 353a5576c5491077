"""Read ``.wac`` documents as far as composition goes; type declarations are passed over.

Syntax: wac 0.12, LANGUAGE.md. A document with a mistake gives the statements around it and a problem.
"""

from __future__ import annotations

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem, SourceText, quoted
from wasmdoctor.model.wac import (
    WacArgument,
    WacDocument,
    WacExport,
    WacExpression,
    WacImport,
    WacLet,
    WacName,
    WacStatement,
)

MAX_DEPTH = 100
"""Instances made inside of arguments of others, and parentheses."""
MAX_SIZE = 1024 * 1024
MAX_PROBLEMS = 50

_TOKEN = regex(
    r"(?:[ \t\r\n]++|//[^\n]*+|/\*(?s:.*?)\*/)*+"
    r"(?:(?P<package>%?[a-zA-Z][a-zA-Z0-9-]*+(?::%?[a-zA-Z][a-zA-Z0-9-]*+)++"
    r"(?:/%?[a-zA-Z][a-zA-Z0-9-]*+)*+(?:@[0-9][0-9A-Za-z.+-]*+)?+)"
    r"|(?P<word>%?[a-zA-Z][a-zA-Z0-9-]*+)"
    r"|(?P<text>\"[^\"\n]*+\")"
    r"|(?P<sign>\.\.\.|->|[-{}()\[\]<>:;,.=*@_/0-9])"
    r"|(?P<end>\Z)"
    r"|(?P<bad>.))"
)
_TYPES = frozenset({"type", "interface", "world", "record", "variant", "enum", "flags", "resource", "use"})
_STARTS = frozenset({"let", "import", "export", *_TYPES})


@dataclass(frozen=True, slots=True)
class _Token:
    """``kind`` is a group of the lexer; ``start`` the byte offset."""

    kind: str
    text: str
    start: int


class _Mistake(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_wac(source: SourceText) -> WacDocument:
    """A document. Never raises: what cannot be read is in ``problems``."""
    if len(source.data) > MAX_SIZE:
        problem = Problem(
            Location(source.path), f"it has more than {MAX_SIZE} bytes", "is it a .wac document?"
        )
        return WacDocument(source.path, "", problems=(problem,))
    return _Parser(source).document()


class _Parser:
    def __init__(self, source: SourceText) -> None:
        self.source = source
        # Latin-1, so that an offset into the text is an offset into the bytes.
        text = source.data.decode("latin-1").removeprefix("\xef\xbb\xbf")
        skipped = len(source.data) - len(text)
        self.tokens = [
            _Token(
                str(match.lastgroup), match[str(match.lastgroup)], match.start(str(match.lastgroup)) + skipped
            )
            for match in _TOKEN.finditer(text)
        ]
        if not self.tokens or self.tokens[-1].kind != "end":
            self.tokens.append(_Token("end", "", len(source.data)))
        self.at = 0
        self.problems: list[Problem] = []

    def document(self) -> WacDocument:
        package = ""
        targets: WacName | None = None
        statements: list[WacStatement] = []
        try:
            if self._word("package"):
                package = self._package().text
                if self._word("targets"):
                    targets = self._package()
                self._expect(";")
            else:
                raise self._mistake("a .wac document begins with `package ns:name;`")
        except _Mistake as mistake:
            self._recover(mistake)
        while self._token.kind != "end":
            try:
                statement = self._statement()
            except _Mistake as mistake:
                self._recover(mistake)
            else:
                if statement is not None:
                    statements.append(statement)
        return WacDocument(self.source.path, package, targets, tuple(statements), tuple(self.problems))

    @property
    def _token(self) -> _Token:
        return self.tokens[self.at]

    def _place(self, token: _Token) -> Location:
        return self.source.location(token.start)

    def _mistake(self, message: str, help_: str = "") -> _Mistake:
        token = self._token
        found = quoted(token.text) if token.text else "the end of the file"
        return _Mistake(Problem(self._place(token), f"{message}, but here is {found}", help_))

    def _recover(self, mistake: _Mistake) -> None:
        """Note a problem and go on behind the next semicolon, or at the next statement on the top level."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(mistake.problem)
        depth = 0
        while self._token.kind != "end":
            token = self._token
            if token.text == "{":
                depth += 1
            elif token.text == "}":
                depth = max(0, depth - 1)
            elif depth == 0 and token.text == ";":
                self.at += 1
                return
            self.at += 1
            if depth == 0 and self._token.text in _STARTS and self._token.kind == "word":
                return

    def _word(self, text: str) -> bool:
        if self._token.kind == "word" and self._token.text == text:
            self.at += 1
            return True
        return False

    def _sign(self, text: str) -> bool:
        if self._token.kind == "sign" and self._token.text == text:
            self.at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise self._mistake(f"`{sign}` is expected")

    def _take(self) -> WacName:
        token = self._token
        self.at += 1
        text = token.text[1:-1] if token.kind == "text" else token.text.replace("%", "")
        if token.kind == "text":
            text = text.encode("latin-1").decode("utf-8", "replace")
        return WacName(text, self._place(token))

    def _package(self) -> WacName:
        if self._token.kind != "package":
            raise self._mistake("a package name such as `ns:name` is expected")
        return self._take()

    def _name(self) -> WacName:
        if self._token.kind != "word":
            raise self._mistake("a name is expected")
        return self._take()

    def _name_or_text(self) -> WacName:
        if self._token.kind not in ("word", "text"):
            raise self._mistake("a name, or a text in quotes, is expected")
        return self._take()

    def _statement(self) -> WacStatement | None:
        token = self._token
        if self._word("let"):
            name = self._name()
            self._expect("=")
            value = self._expression(0)
            self._expect(";")
            return WacLet(name, value)
        if self._word("import"):
            return self._import()
        if self._word("export"):
            value = self._expression(0)
            spread = self._sign("...")
            as_ = self._name_or_text() if not spread and self._word("as") else None
            self._expect(";")
            return WacExport(value, as_, spread)
        if token.kind == "word" and token.text in _TYPES:
            self._pass_over()
            return None
        raise self._mistake("`let`, `import`, `export` or a type is expected")

    def _import(self) -> WacImport:
        name = self._name()
        as_ = self._name_or_text() if self._word("as") else None
        self._expect(":")
        if self._token.kind == "package":
            path = self._take().text
            self._expect(";")
            return WacImport(name, as_, path)
        self._pass_over()
        return WacImport(name, as_, "")

    def _pass_over(self) -> None:
        """Skip a type: to the semicolon on its level, or behind the block that ends it."""
        depth = 0
        while self._token.kind != "end":
            text = self._token.text
            self.at += 1
            if text in ("{", "("):
                depth += 1
            elif text in ("}", ")"):
                depth -= 1
                if depth <= 0 and text == "}":
                    self._sign(";")
                    return
            elif text == ";" and depth <= 0:
                return

    def _expression(self, depth: int) -> WacExpression:
        if depth > MAX_DEPTH:
            raise self._mistake(f"expressions nest at most {MAX_DEPTH} deep")
        place = self._place(self._token)
        new: WacName | None = None
        name: WacName | None = None
        arguments: tuple[WacArgument, ...] = ()
        access: list[WacName] = []
        if self._sign("("):
            inner = self._expression(depth + 1)
            self._expect(")")
            new, name, arguments, access = inner.new, inner.name, inner.arguments, list(inner.access)
        elif self._token.text == "new" and self._token.kind == "word":
            self.at += 1
            new = self._package()
            arguments = self._arguments(depth)
        else:
            name = self._name()
        while True:
            if self._sign("."):
                access.append(self._name())
            elif self._sign("["):
                if self._token.kind != "text":
                    raise self._mistake("a text in quotes is expected")
                access.append(self._take())
                self._expect("]")
            else:
                break
        return WacExpression(place, new, name, arguments, tuple(access))

    def _arguments(self, depth: int) -> tuple[WacArgument, ...]:
        self._expect("{")
        found: list[WacArgument] = []
        while not self._sign("}"):
            place = self._place(self._token)
            if self._sign("..."):
                value = None
                if self._token.kind == "word":
                    name = self._take()
                    value = WacExpression(name.location, name=name)
                found.append(WacArgument(None, value, place))
            elif self._token.kind == "package":
                raise self._mistake(
                    "a name is expected", 'write the full name of an interface in quotes: "ns:pkg/name"'
                )
            else:
                quoted = self._token.kind == "text"
                name = self._name_or_text()
                if self._sign(":"):
                    found.append(WacArgument(name, self._expression(depth + 1), place))
                elif quoted:
                    raise self._mistake("`:` is expected")
                else:
                    found.append(WacArgument(name, WacExpression(place, name=name), place))
            if not self._sign(","):
                self._expect("}")
                break
        return tuple(found)
