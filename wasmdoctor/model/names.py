"""The names of a component's imports and exports, and the versions in them.

The grammar is the Component Model's: Explainer.md, "Import and Export Definitions". Nothing here
raises on a bad name: what the grammar does not know has the kind ``other``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

NameKind = Literal["plain", "interface", "url", "hash", "locked-dep", "unlocked-dep", "other"]

_U64_MAX: Final = 2**64 - 1

# Semantic Versioning 2.0.0, "Backus–Naur Form Grammar for Valid SemVer Versions".
_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_PRERELEASE_PART: Final = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER_TEXT: Final = (
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?:-{_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*)?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_SEMVER: Final = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-({_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
# ``canonversion``: the part of a version that decides compatibility, alone.
_CANON_VERSION: Final = r"[1-9][0-9]*|0\.[1-9][0-9]*|0\.0\.[1-9][0-9]*"

# A label is a kebab-case name; each fragment is a word (lower case) or an acronym (upper case).
# Fragments after the first may begin with a digit.
_LABEL: Final = r"(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-(?:[0-9a-z]+|[0-9A-Z]+))*"
_WORDS: Final = r"[a-z][0-9a-z]*(?:-[0-9a-z]+)*"
_PACKAGE: Final = rf"(?:{_WORDS}:)+{_WORDS}"
_INTERFACE_TEXT: Final = rf"{_PACKAGE}(?:/{_LABEL})+(?:@(?:{_SEMVER_TEXT}|{_CANON_VERSION}))?"

_INTERFACE: Final = re.compile(
    rf"(?P<package>{_PACKAGE})/(?P<interface>{_LABEL}(?:/{_LABEL})*)"
    rf"(?:@(?P<version>{_SEMVER_TEXT}|{_CANON_VERSION}))?"
)
_PLAIN: Final = re.compile(
    rf"(?:\[(?P<annotation>constructor|async|implements=<(?P<implements>{_INTERFACE_TEXT})>)\])?(?P<label>{_LABEL})"
    rf"|\[(?P<member>(?:async )?(?:method|static))\](?P<resource>{_LABEL})\.(?P<function>{_LABEL})"
)
_INTEGRITY: Final = r"integrity=<(?P<integrity>[^<>]*)>"
_HASH: Final = re.compile(_INTEGRITY)
_URL: Final = re.compile(rf"url=<(?P<url>[^<>]*)>(?:,{_INTEGRITY})?")
_LOCKED: Final = re.compile(
    rf"locked-dep=<(?P<package>{_PACKAGE})(?:/{_LABEL})*(?:@(?P<version>{_SEMVER_TEXT}))?>(?:,{_INTEGRITY})?"
)
_RANGE: Final = rf"\*|\{{>={_SEMVER_TEXT}\}}|\{{<{_SEMVER_TEXT}\}}|\{{>={_SEMVER_TEXT} <{_SEMVER_TEXT}\}}"
_UNLOCKED: Final = re.compile(
    rf"unlocked-dep=<(?P<package>{_PACKAGE})(?:/{_LABEL})*(?:@(?P<version>{_RANGE}))?>"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version. Comparison follows its precedence, so build metadata does not count.

    Rule: Semantic Versioning 2.0.0, section 11.
    """

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""

    @staticmethod
    def parse(text: str) -> Version | None:
        """The version that ``text`` spells in full (``1.2.3-rc.1+build``), else None."""
        found = _SEMVER.fullmatch(text)
        if found is None or any(len(part) > 20 for part in found.group(1, 2, 3)):
            return None
        numbers = [int(part) for part in found.group(1, 2, 3)]
        if max(numbers) > _U64_MAX:
            return None  # the semver crate, which the tools use, holds these as u64
        return Version(*numbers, prerelease=found.group(4) or "", build=found.group(5) or "")

    @property
    def precedence(self) -> tuple[object, ...]:
        """A key that sorts as semver orders versions (a prerelease before its release)."""
        parts: list[tuple[int, int, str]] = []
        for part in self.prerelease.split(".") if self.prerelease else []:
            # Numbers sort by size and before words; by length first, so that no huge int is made.
            parts.append((0, len(part), part) if part.isdigit() else (1, 0, part))
        return (self.major, self.minor, self.patch, not self.prerelease, tuple(parts))

    def __eq__(self, other: object) -> bool:
        return self.precedence == other.precedence if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.precedence)

    def __lt__(self, other: Version) -> bool:
        return self.precedence < other.precedence

    def __le__(self, other: Version) -> bool:
        return self.precedence <= other.precedence

    def __gt__(self, other: Version) -> bool:
        return self.precedence > other.precedence

    def __ge__(self, other: Version) -> bool:
        return self.precedence >= other.precedence

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.build}" if self.build else "")


def track(version: str | None) -> str | None:
    """The semver track that a linker matches on: ``"1"`` for 1.x.y, ``"0.2"`` for 0.2.x, else None.

    None for 0.0.x, for a prerelease, for no version and for what is not a version; build metadata
    is ignored. Rule: wasmtime 19 to 48, ``crates/environ/src/component/names.rs``.
    """
    parsed = Version.parse(version) if version else None
    if parsed is None or parsed.prerelease:
        return None
    if parsed.major:
        return str(parsed.major)
    return f"0.{parsed.minor}" if parsed.minor else None


@dataclass(frozen=True, slots=True)
class ExternName:
    """The name of an import or export of a component, taken apart.

    ``text`` is the name as it stands in the binary, and what ``str()`` gives. Which other fields
    are filled depends on ``kind``:

    - ``interface`` (``ns:pkg/iface@1.0.0``): ``package`` ("ns:pkg"; with nested namespaces all of
      them), ``interface`` ("iface"; nested ones keep their slashes), ``version`` or None.
    - ``plain`` (a world's own function, type or instance): ``label``; ``annotation`` is "",
      "constructor", "method", "static", "async", "async method", "async static" or "implements";
      ``resource`` for the first, second and third; ``implements`` for the last, whose ``package``,
      ``interface`` and ``version`` are those of the interface implemented.
    - ``locked-dep`` and ``unlocked-dep``: ``package`` and ``version`` (for unlocked the range).
    - ``url``: ``url``; ``hash``: ``integrity``. A url and a locked dep may have ``integrity`` too.
    - ``other``: nothing; the grammar does not know the name.
    """

    text: str
    kind: NameKind
    package: str | None = None
    interface: str | None = None
    version: str | None = None
    label: str | None = None
    annotation: str = ""
    resource: str | None = None
    implements: str | None = None
    url: str | None = None
    integrity: str | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def unversioned(self) -> str:
        """``ns:pkg/iface`` of an interface name; of any other name the whole text."""
        if self.kind == "interface":
            return f"{self.package}/{self.interface}"
        return self.text

    @property
    def namespace(self) -> str | None:
        """``wasi`` of ``wasi:io/poll``, or None when the name has no package."""
        return self.package.partition(":")[0] if self.package else None

    @property
    def track(self) -> str | None:
        """The semver track of the version (see :func:`track`), or None."""
        return track(self.version) if self.kind == "interface" else None

    @staticmethod
    def parse(text: str) -> ExternName:
        """Take a name apart. Never raises: an unknown form gives the kind ``other``."""
        found = _INTERFACE.fullmatch(text)
        if found:
            return ExternName(
                text,
                "interface",
                package=found["package"],
                interface=found["interface"],
                version=found["version"],
            )
        found = _PLAIN.fullmatch(text)
        if found:
            return _plain(text, found)
        return _external(text)


def _plain(text: str, found: re.Match[str]) -> ExternName:
    """The parts of a ``plainname``."""
    if found["member"]:
        return ExternName(
            text, "plain", label=found["function"], annotation=found["member"], resource=found["resource"]
        )
    annotation = (found["annotation"] or "").partition("=")[0]
    if annotation == "implements":
        inner = ExternName.parse(found["implements"])
        return ExternName(
            text,
            "plain",
            package=inner.package,
            interface=inner.interface,
            version=inner.version,
            label=found["label"],
            annotation=annotation,
            implements=inner.text,
        )
    resource = found["label"] if annotation == "constructor" else None
    return ExternName(text, "plain", label=found["label"], annotation=annotation, resource=resource)


def _external(text: str) -> ExternName:
    """The parts of a ``urlname``, ``hashname`` or ``depname``, or a name of kind ``other``."""
    if found := _URL.fullmatch(text):
        return ExternName(text, "url", url=found["url"], integrity=found["integrity"])
    if found := _HASH.fullmatch(text):
        return ExternName(text, "hash", integrity=found["integrity"])
    if found := _LOCKED.fullmatch(text):
        return ExternName(
            text,
            "locked-dep",
            package=found["package"],
            version=found["version"],
            integrity=found["integrity"],
        )
    if found := _UNLOCKED.fullmatch(text):
        return ExternName(text, "unlocked-dep", package=found["package"], version=found["version"])
    return ExternName(text, "other")
