"""What people want to hear: rules selected, severities, suppressions with a reason, persona, baseline.

Pure: findings and a policy in, what is shown and what is suppressed out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from wasmdoctor.checks.allowed import names_of
from wasmdoctor.checks.suppressions import Expired, PolicyFacts, Unused
from wasmdoctor.model.config import Allow, Glob, Persona, Suppression
from wasmdoctor.model.finding import Finding, Suppressed
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say

Matcher = Callable[[str], bool]
"""Whether a path, as reports show it, is meant by a pattern."""

EVERY = "all"
EXACT = 9
"""How exact the whole code or name of a rule is: more than any beginning of it."""

NOT_READ = frozenset({"WD001", "WD002", "WD003"})
"""What could not be read or asked: no selection of other rules makes that right."""

MOST_COMMENTS = 20_000
"""Comments of one run that are heard."""

MOST_UNUSED = 1_000
"""Suppressions without effect that are told of."""

MOST_NEAR = 100
"""Names that are no rules for which it is looked up what was meant."""

ABOUT_SUPPRESSIONS = frozenset({"WD004", "WD005"})


@dataclass(frozen=True)
class Policy:
    """What a run shows. ``names`` maps the code of every rule to its name.

    ``paths`` are the patterns of ``per-path-ignores`` with their selectors; ``allows`` those of the
    configuration that accept findings, each with the pattern of its ``path``; ``shared`` those that say who
    provides an interface. With ``known`` every finding is taken as one of the baseline. ``place`` gives a file
    one spelling (``../wit/a.wit`` and ``a.wit`` may be the same).
    """

    names: Mapping[str, str]
    select: tuple[str, ...] = (EVERY,)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    paths: tuple[tuple[Matcher, tuple[str, ...]], ...] = ()
    allows: tuple[tuple[Allow, Matcher], ...] = ()
    shared: tuple[Allow, ...] = ()
    exclude: Matcher | None = None
    persona: Persona = Persona.REGULAR
    baseline: Mapping[str, int] | None = None
    baseline_place: Location = field(default_factory=lambda: Location(""))
    known: bool = False
    place: Callable[[str], str] = str

    def exactness(self, selectors: Iterable[str], code: str) -> int:
        """How exactly the best of some selectors names a rule: 0 for not at all, EXACT for itself."""
        name = self.names.get(code, "")
        return max((_exactness(selector, code, name) for selector in selectors), default=0)

    def selects(self, code: str) -> bool:
        """Whether a rule speaks at all: the more exact of ``select`` and ``ignore`` decides, the latter first."""
        ignored = self.exactness(self.ignore, code)
        if code in NOT_READ:
            return ignored < EXACT
        return self.exactness(self.select, code) > ignored

    def severity_of(self, finding: Finding) -> Severity:
        """The severity that the most exact selector gives, else the finding's own."""
        exact, severity = 0, finding.severity
        for selector, wanted in self.severity.items():
            found = self.exactness((selector,), finding.code)
            if found > exact:
                exact, severity = found, wanted
        return severity

    def ignores_place(self, finding: Finding) -> bool:
        """Whether its file, or the component in which it shows, is one for which the rule does not speak."""
        return any(
            self.exactness(selectors, finding.code)
            and (matches(finding.location.path) or matches(finding.subject))
            for matches, selectors in self.paths
        )

    def shows(self, finding: Finding) -> bool:
        """Whether a finding is sure enough for the persona."""
        if finding.confidence is not Confidence.LOW or self.persona is Persona.AUDITOR:
            return True
        return self.persona is Persona.PEDANTIC and finding.severity is not Severity.NOTE


def _exactness(selector: str, code: str, name: str) -> int:
    if selector in (code, name):
        return EXACT
    if selector == EVERY:
        return 1
    return len(selector) if selector.startswith("WD") and code.startswith(selector) else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy makes of findings: shown, suppressed, and how many the persona does not see.

    ``gone`` is how many entries of the baseline no finding has any more.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    unsure: int = 0
    gone: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of what they do not see."""
        notes: list[str] = []
        if self.unsure:
            notes.append(
                say(
                    "{findings} of low confidence not shown; --persona auditor shows all",
                    findings=_findings(self.unsure),
                )
            )
        if self.gone:
            notes.append(
                say(
                    "{findings} of the baseline gone: --update-baseline forgets them",
                    findings=_findings(self.gone),
                )
            )
        return tuple(notes)


def _findings(count: int) -> str:
    return say("1 finding") if count == 1 else say("{count} findings", count=count)


def apply(
    findings: Iterable[Finding],
    policy: Policy,
    suppressions: Sequence[Suppression] = (),
    *,
    today: date,
    about: Callable[[PolicyFacts], Iterable[Finding]],
    used: frozenset[Location] = frozenset(),
    ran: frozenset[str] = frozenset(),
    whole: Callable[[str], bool] = lambda path: False,
) -> Outcome:
    """Judge the findings of a run, in their order, and the suppressions with them.

    ``about`` makes the findings about suppressions (WD004, WD005). ``used`` are the places of ``[[allow]]``
    that gave an interface a provider. ``ran`` are the rules that were asked, and ``whole(path)`` says of a
    file whether everything was checked that a suppression in it may be for ("" for the configuration): else
    it is not called unused.
    """
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    unsure = 0
    uses = _Uses(policy, suppressions, today)
    for finding in _selected(findings, policy):
        by = uses.suppressing(finding)
        if by is not None:
            suppressed.append(by)
        elif policy.shows(finding):
            kept.append(finding)
        else:
            unsure += 1
    facts = PolicyFacts(
        unused=tuple(_told(uses.unused(ran, whole, used))),
        expired=tuple(
            Expired(allow.location, allow.expires, allow.reason or allow.provided_by)
            for allow in (*policy.shared, *(allow for allow, _ in policy.allows))
            if allow.expires is not None and allow.expired(today)
        ),
    )
    kept += _selected(about(facts), policy)
    shown, known, gone = _new(kept, policy)
    ordered = sorted(shown, key=lambda finding: finding.order)
    hidden = sorted((*suppressed, *known), key=lambda each: each.finding.order)
    return Outcome(tuple(ordered), tuple(hidden), unsure, gone)


def _selected(findings: Iterable[Finding], policy: Policy) -> Iterator[Finding]:
    """The findings of rules that speak, outside of what is excluded, with their severity here."""
    ignored: dict[tuple[str, str, str], bool] = {}
    for finding in findings:
        if not policy.selects(finding.code):
            continue
        place = (finding.code, finding.location.path, finding.subject)
        if policy.paths and place not in ignored:
            ignored[place] = policy.ignores_place(finding)
        if ignored.get(place):
            continue
        if policy.exclude is not None and policy.exclude(finding.subject):
            continue
        severity = policy.severity_of(finding)
        if severity is not finding.severity:
            finding = dataclasses.replace(finding, severity=severity)
        yield finding


def _new(findings: Iterable[Finding], policy: Policy) -> tuple[list[Finding], list[Suppressed], int]:
    """The findings that the baseline does not have, those that it has, and how many of its entries are gone."""
    if policy.baseline is None and not policy.known:
        return list(findings), [], 0
    baseline = policy.baseline or {}
    met: set[str] = set()
    new: list[Finding] = []
    known: list[Suppressed] = []
    for finding in findings:
        # Builds of one crate share a fingerprint: each of them is the finding that is known.
        if (policy.known or finding.fingerprint in baseline) and finding.code not in NOT_READ:
            met.add(finding.fingerprint)
            known.append(Suppressed(finding, "baseline", policy.baseline_place, say("known from before")))
        else:
            new.append(finding)
    return new, known, len(baseline.keys() - met)


class _Uses:
    """Finds the suppression of a finding, and remembers which of them were of use."""

    def __init__(self, policy: Policy, suppressions: Sequence[Suppression], today: date) -> None:
        self.policy = policy
        self.today = today
        self.suppressions = suppressions[:MOST_COMMENTS]
        self.beyond = suppressions[MOST_COMMENTS:]
        self.by_path: dict[str, list[Suppression]] = {}
        self.at: dict[tuple[str, int, str], Suppression | None] = {}
        self.named: dict[str, tuple[str, ...]] = {}
        self.allows: dict[str, list[tuple[Allow, Glob | None, Matcher, list[str]]]] = {}
        self.unknown = 0
        places: dict[str, str] = {}
        for suppression in self.suppressions:
            if not suppression.fault:
                path = suppression.location.path
                if path not in places:
                    places[path] = policy.place(path)
                self.by_path.setdefault(places[path], []).append(suppression)
        self.used: set[tuple[Location, str]] = set()

    def suppressing(self, finding: Finding) -> Suppressed | None:
        """By what a finding is suppressed: a comment at one of its places before the configuration."""
        if finding.code in ABOUT_SUPPRESSIONS:
            return None
        places = (finding.location, *(step.location for step in finding.origin))
        found: Suppressed | None = None
        for place in places if self.by_path else ():
            by = self.comment(self.policy.place(place.path), place.line, finding.code)
            if by is not None:
                found = found or Suppressed(finding, "comment", by.location, by.reason)
        name = finding.interface
        base = name.partition("@")[0] if "@" in name else ""
        for allow, meant, matches, named in self.allowing(finding.code):
            # There may be many: nothing is called for those whose interface is another.
            if meant is not None and not (name and (meant(name) or (base and meant(base)))):
                continue
            if not _is_meant(allow, matches, finding):
                continue
            for rule in named:
                self.used.add((allow.location, rule))
                found = found or Suppressed(finding, "configuration", allow.location, allow.reason)
        return found

    def comment(self, path: str, line: int, code: str) -> Suppression | None:
        """The first comment that suppresses a rule at a line; all that do are of use. Each line is asked once."""
        key = (path, line, code)
        if key not in self.at:
            self.at[key] = None
            for suppression in self.by_path.get(path, ()):
                if suppression.first <= line <= suppression.last:
                    for rule in self.naming(suppression.rules, code):
                        self.used.add((suppression.location, rule))
                        self.at[key] = self.at[key] or suppression
        return self.at[key]

    def allowing(self, code: str) -> list[tuple[Allow, Glob | None, Matcher, list[str]]]:
        """The ``[[allow]]`` that hold and name a rule: what names and paths they mean, and the selectors that do."""
        if code not in self.allows:
            named = (
                (allow, allow.meant, matches, self.naming(allow.rules, code))
                for allow, matches in self.policy.allows
                if not allow.expired(self.today)
            )
            self.allows[code] = [each for each in named if each[3]]
        return self.allows[code]

    def naming(self, rules: Iterable[str], code: str) -> list[str]:
        """The selectors that name a rule."""
        return [rule for rule in rules if code in self.codes(rule)]

    def codes(self, selector: str) -> tuple[str, ...]:
        """The rules that a selector names."""
        if selector not in self.named:
            names = self.policy.names
            self.named[selector] = tuple(code for code in names if _exactness(selector, code, names[code]))
        return self.named[selector]

    def unused(
        self, ran: frozenset[str], whole: Callable[[str], bool], used: frozenset[Location]
    ) -> Iterator[Unused]:
        """The suppressions that have no effect, and why."""
        for suppression in self.suppressions:
            place = suppression.location
            if suppression.fault:
                yield Unused(place, suppression.fault, suppression.help, wrong=True)
                continue
            yield from self._unused_rules(place, suppression.rules, ran, judged=whole(place.path))
        for suppression in self.beyond[:1]:
            message = say(
                "there are more than {count} such comments, and from this one on none is heard",
                count=MOST_COMMENTS,
            )
            yield Unused(
                suppression.location, message, say("`ignore` and `[[allow]]` can stand for many"), wrong=True
            )
        for allow, _ in self.policy.allows:
            judged = whole("") and not allow.expired(self.today)
            yield from self._unused_rules(allow.location, allow.rules, ran, judged=judged)
        for allow in self.policy.shared:
            if whole("") and not allow.expired(self.today) and allow.location not in used:
                message = say(
                    "nothing imports `{interface}` that nobody else provides", interface=allow.interface
                )
                yield Unused(allow.location, message, say("remove it, or correct the name"))

    def _unused_rules(
        self, place: Location, rules: Iterable[str], ran: frozenset[str], *, judged: bool
    ) -> Iterator[Unused]:
        for rule in rules:
            named = self.codes(rule)
            if not named:
                self.unknown += 1
                near = _near(rule, self.policy.names) if self.unknown <= MOST_NEAR else _lists()
                yield Unused(place, say("there is no rule `{rule}`", rule=rule), near, wrong=True)
            elif not judged or (place, rule) in self.used:
                continue
            elif any(code in ran and self.policy.selects(code) for code in named):
                message = say("there is no finding of {rule} here to suppress", rule=rule)
                yield Unused(place, message, say("remove it"), rule=rule)


def _told(unused: Iterable[Unused]) -> Iterator[Unused]:
    """As many as people can read; the last one says that there are more."""
    for number, each in enumerate(unused):
        if number == MOST_UNUSED:
            message = say(
                "more than {count} suppressions have no effect; no more are told of", count=MOST_UNUSED
            )
            yield Unused(each.location, message, say("remove those that are"), wrong=each.wrong)
            return
        yield each


def _is_meant(allow: Allow, matches: Matcher, finding: Finding) -> bool:
    """Whether a finding, whose interface is meant, is one that an ``[[allow]]`` with rules is for."""
    if allow.path and not matches(finding.location.path):
        return False
    crate = [step.name for step in finding.origin[:1] if step.kind == "crate"]
    return allow.names_component(*names_of(finding.subject), *crate)


def _lists() -> str:
    return say("`wasmdoctor rules` lists them")


def _near(rule: str, names: Mapping[str, str]) -> str:
    import difflib

    near = difflib.get_close_matches(rule, (*names, *names.values()), 1)
    return say("did you mean `{near}`?", near=near[0]) if near else _lists()
