"""Rules as data: what a lint says of itself, and what makes one interface look like another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field


class Severity(StrEnum):
    """How bad a finding is. Compare with :attr:`rank`, greater is worse."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """2 for an error, 1 for a warning, 0 for a note."""
        return {"error": 2, "warning": 1, "note": 0}[self.value]


class Confidence(StrEnum):
    """How sure a rule is that what it reports is a fault, apart from how bad that would be."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Example:
    """The fault in small, and the same without it. Both are text in ``language`` (for highlighting)."""

    language: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One cure. ``plan`` is "a", "b" or "c" when ``migrate --plan`` does it, else ""."""

    title: str
    text: str
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule's claims can be read: a section of a specification, or a tool with its version."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lint:
    """One rule, as ``rules/lints/<code>-<name>.toml`` has it; what ``wasmdoctor explain`` prints.

    ``plans`` are the plans that cure it, best first; ``note`` is what the person's own data adds to the help of
    every finding. ``fix`` says whether ``check --fix`` can mend it where one edit does: ``safe``, ``unsafe`` (with
    ``--unsafe-fixes`` only), ``sometimes`` (safe in some cases, unsafe in others), or "" for never. Texts are plain prose with paragraphs apart by
    an empty line; commands stand on lines of their own, indented by four spaces.
    """

    code: str
    name: str
    since: str
    severity: Severity
    confidence: Confidence
    summary: str
    what: str
    why: str
    example: Example
    fixes: tuple[Fix, ...]
    references: tuple[Reference, ...]
    plans: tuple[str, ...] = ()
    note: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class StdFacts:
    """What std may bring into a component for one target: interfaces without version, and how in words."""

    brought_by: str
    interfaces: tuple[str, ...]


NO_STD = StdFacts("", ())


@dataclass(frozen=True, slots=True)
class Role:
    """What a standard interface is for, in words that authors of custom interfaces use.

    ``tokens`` are words of interface, package and resource names; ``verbs`` words of function names;
    ``targets`` the standard interfaces without version, the best first; ``about`` one line on how
    to get there.
    """

    name: str
    tokens: frozenset[str]
    verbs: frozenset[str]
    targets: tuple[str, ...]
    about: str


MOST_KNOWN = 4096
"""Names whose words are kept."""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """The facts by which WD103 finds the standard interface that a custom one resembles.

    ``noise`` are words that say nothing (``api``, ``wasi``); ``synonyms`` map a word to the one that
    roles and standard functions use (``recv`` -> ``receive``). ``platforms`` are the namespaces that hosts publish
    interfaces in.
    """

    roles: tuple[Role, ...]
    noise: frozenset[str]
    synonyms: Mapping[str, str]
    platforms: frozenset[str] = frozenset()
    _known: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def words(self, name: str) -> tuple[str, ...]:
        """The telling words of a kebab-case or encoded name, in standard form, in order.

        ``[method]tcp-socket.start-recv`` gives ``tcp``, ``socket``, ``start``, ``receive``. The same standard
        names are asked for with each import, so what was found of them is kept.
        """
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[name] = self._words(name)
        return found

    def _words(self, name: str) -> tuple[str, ...]:
        bare = name.rpartition("]")[2]
        parts = bare.replace(".", "-").replace("/", "-").replace(":", "-").lower().split("-")
        return tuple(self.synonyms.get(part, part) for part in parts if part and part not in self.noise)
