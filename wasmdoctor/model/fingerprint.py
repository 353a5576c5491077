"""What makes a finding the same finding tomorrow: fingerprints for baselines and for CI systems.

A fingerprint holds neither line numbers nor the folder in which the command ran, nor the profile that was
built, nor the host's version: the same leak in a debug and in a release build, built or predicted, is one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import lru_cache

from wasmdoctor.model.digest import digest
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.regex import regex

ALGORITHM = "wasmdoctor/v1"
"""Part of every hash, and the key in SARIF's ``partialFingerprints``; changes when the rules below do."""

Place = Callable[[str], str]
"""A path as reports show it, to the path from the root of the project."""

_NUMBER = regex(r"(?<![\w.@/-])\d[\d,.]*(?![\w/-])")
_POSITION = regex(r"(?<=<path>)(?::\d+)+")


def place_in(root: str, cwd: str) -> Place:
    """How paths relative to ``cwd`` are called from ``root``; both are absolute, with forward slashes.

    What lies outside of the root has only its name.
    """

    def place(path: str) -> str:
        whole = posixpath.normpath(posixpath.join(cwd, path))
        relative = posixpath.relpath(whole, root)
        return posixpath.basename(whole) if relative == ".." or relative.startswith("../") else relative

    return place


def fingerprint(finding: Finding, place: Place) -> str:
    """32 hexadecimal digits for what a finding says of which thing.

    Two findings of one run may share it: see :func:`fingerprints`.
    """
    parts = [ALGORITHM, finding.code, _subject(finding, place)]
    # An import of a component is told by its name; other findings by their file and words.
    parts += [finding.interface] if finding.interface else [place(finding.location.path), _words(finding)]
    return digest("\0".join(parts).encode("utf-8", "surrogatepass"))[:32]


def fingerprints(findings: Iterable[Finding], place: Place) -> list[str]:
    """One for each finding, in their order; the second of its kind in one artifact ends in ``-2``.

    Findings of two artifacts share one when the artifacts are builds of the same crate.
    """
    seen: dict[tuple[str, str], int] = {}
    result: list[str] = []
    known = lru_cache(maxsize=4096)(place)  # many findings are about few files
    for finding in findings:
        base = fingerprint(finding, known)
        key = (base, finding.subject)
        seen[key] = seen.get(key, 0) + 1
        result.append(base if seen[key] == 1 else f"{base}-{seen[key]}")
    return result


def _subject(finding: Finding, place: Place) -> str:
    """The crate that the component is built from when it is known, else the artifact without its profile."""
    first = finding.origin[0] if finding.origin else None
    if first is not None and first.kind == "crate" and first.name:
        return f"crate {first.name}"
    return _unbuilt(place(finding.subject))


def _unbuilt(path: str) -> str:
    """A path without cargo's ``target/<triple>/<profile>``."""
    parts = path.split("/")
    if "target" in parts[:-1]:
        at = parts.index("target")
        parts = [*parts[:at], parts[-1]]
    return "/".join(parts)


def _words(finding: Finding) -> str:
    """The message without paths (which depend on the folder) and without numbers that stand alone."""
    steps = {step.location.path for step in finding.origin}
    paths = {finding.subject, finding.location.path, *steps, *(place.path for place, _ in finding.related)}
    text = finding.message
    for path in sorted((path for path in paths if path), key=len, reverse=True):
        text = text.replace(path, "<path>")
    return _NUMBER.sub("#", _POSITION.sub("", text))
