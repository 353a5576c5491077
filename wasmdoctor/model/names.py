"""The names of a component's imports and exports, and the versions in them.

The grammar is the Component Model's: Explainer.md, "Import and Export Definitions". Nothing here
raises on a bad name: what the grammar does not know has the kind ``other``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex

NameKind = Literal["plain", "interface", "url", "hash", "locked-dep", "unlocked-dep", "other"]

_U64_MAX: Final = 2**64 - 1

# Semantic Versioning 2.0.0, "Backus–Naur Form Grammar for Valid SemVer Versions".
# Few and small expressions: compiling them costs time at every start of the tool.
_SEMVER: Final = regex(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?"
)
# ``canonversion``: the part of a version that decides compatibility, alone.
_CANON_VERSION: Final = regex(r"[1-9][0-9]*|0\.[1-9][0-9]*|0\.0\.[1-9][0-9]*")
# A label is a kebab-case name; each fragment is a word (lower case) or an acronym (upper case).
# Fragments after the first may begin with a digit. Packages have words only.
_LABEL: Final = regex(r"(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-(?:[0-9a-z]+|[0-9A-Z]+))*")
_WORDS: Final = regex(r"[a-z][0-9a-z]*(?:-[0-9a-z]+)*")
_BRACKETED: Final = regex(r"(url|integrity|locked-dep|unlocked-dep)=<([^<>]*)>(?:,integrity=<([^<>]*)>)?")
_RANGED: Final = regex(
    r"unlocked-dep=<([^<>@]*)(?:@(\*|\{>=[^ <>]+\}|\{<[^ <>]+\}|\{>=[^ <>]+ <[^ <>]+\}))?>"
)
_MEMBERS: Final = ("method", "static", "async method", "async static")


PARSED: Final = 8192
"""Names that are remembered taken apart: a run asks for the same few again and again."""


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
        major, minor, patch = (int(part) for part in found.group(1, 2, 3))
        prerelease, build = found.group(4), found.group(5)
        if max(major, minor, patch) > _U64_MAX:
            return None  # the semver crate, which the tools use, holds these as u64
        if prerelease and any(_bad_identifier(part) for part in prerelease.split(".")):
            return None
        if build and not all(build.split(".")):
            return None
        return Version(major, minor, patch, prerelease=prerelease or "", build=build or "")

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


def _bad_identifier(part: str) -> bool:
    """Whether a prerelease identifier is empty, or a number with a leading zero."""
    return not part or (len(part) > 1 and part[0] == "0" and part.isdigit())


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


def version_order(version: str | None) -> tuple[object, ...]:
    """A sort key for versions as text: by precedence; what is not a version, or missing, sorts first."""
    parsed = Version.parse(version) if version else None
    return (1, *parsed.precedence) if parsed else (0, version or "")


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
    @lru_cache(PARSED)
    def parse(text: str) -> ExternName:
        """Take a name apart. Never raises: an unknown form gives the kind ``other``."""
        return _interface(text) or _plain(text) or _external(text) or ExternName(text, "other")


def _package_path(text: str, *, nested: bool) -> tuple[str, str] | None:
    """``ns:pkg`` and the rest after the first slash ("" without one), or None when malformed.

    ``nested`` asks for at least one name after the package.
    """
    package, *names = text.split("/")
    words = package.split(":")
    if len(words) < 2 or not all(map(_WORDS.fullmatch, words)) or not all(map(_LABEL.fullmatch, names)):
        return None
    return None if nested and not names else (package, "/".join(names))


def _interface(text: str) -> ExternName | None:
    """An ``interfacename``, or None."""
    path, at, version = text.partition("@")
    found = _package_path(path, nested=True)
    if found is None or (at and not (Version.parse(version) or _CANON_VERSION.fullmatch(version))):
        return None
    package, interface = found
    return ExternName(text, "interface", package=package, interface=interface, version=version or None)


def _plain(text: str) -> ExternName | None:
    """A ``plainname``, or None."""
    if _LABEL.fullmatch(text):
        return ExternName(text, "plain", label=text)
    if not text.startswith("["):
        return None
    annotation, _, rest = text[1:].partition("]")
    if annotation in _MEMBERS:
        resource, _, function = rest.partition(".")
        if not (_LABEL.fullmatch(resource) and _LABEL.fullmatch(function)):
            return None
        return ExternName(text, "plain", label=function, annotation=annotation, resource=resource)
    if not _LABEL.fullmatch(rest):
        return None
    if annotation == "constructor":
        return ExternName(text, "plain", label=rest, annotation=annotation, resource=rest)
    if annotation == "async":
        return ExternName(text, "plain", label=rest, annotation=annotation)
    if annotation.startswith("implements=<") and annotation.endswith(">"):
        inner = _interface(annotation[len("implements=<") : -1])
        if inner:
            return ExternName(
                text,
                "plain",
                package=inner.package,
                interface=inner.interface,
                version=inner.version,
                label=rest,
                annotation="implements",
                implements=inner.text,
            )
    return None


def _external(text: str) -> ExternName | None:
    """A ``urlname``, ``hashname`` or ``depname``, or None."""
    if text.startswith("unlocked-dep="):
        found = _RANGED.fullmatch(text)
        path = _package_path(found[1], nested=False) if found else None
        if found is None or path is None:
            return None
        return ExternName(text, "unlocked-dep", package=path[0], version=found[2])
    found = _BRACKETED.fullmatch(text)
    if found is None:
        return None
    form, value, integrity = found.groups()
    if form == "url":
        return ExternName(text, "url", url=value, integrity=integrity)
    if form == "integrity":
        return None if integrity is not None else ExternName(text, "hash", integrity=value)
    package, at, version = value.partition("@")
    path = _package_path(package, nested=False)
    if path is None or (at and Version.parse(version) is None):
        return None
    return ExternName(text, "locked-dep", package=path[0], version=version or None, integrity=integrity)
