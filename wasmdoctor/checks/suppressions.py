"""Suppressions that have no effect any more (WD004), and ones whose time is over (WD005)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wasmdoctor.checks.facts import Draft
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.remedy import Remedy, RemoveRule
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import phrase, say


@dataclass(frozen=True, slots=True)
class Unused:
    """A suppression without effect: why, and what to do. ``wrong`` ones never had any.

    ``rule`` is the one of its rules that has none, "" for the whole suppression.
    """

    location: Location
    message: str
    help: str
    wrong: bool = False
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Expired:
    """An ``[[allow]]`` after its last day, and what it says of itself."""

    location: Location
    last: date
    about: str


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What is known of suppressions after a run."""

    unused: tuple[Unused, ...] = ()
    expired: tuple[Expired, ...] = ()


def unused(facts: PolicyFacts) -> Iterator[Draft]:
    """WD004: a suppression that suppresses nothing, or that cannot be understood."""
    for each in facts.unused:
        yield Draft(
            subject=each.location.path,
            message=say("this suppression has no effect: {message}", message=phrase(each.message)),
            location=each.location,
            help=phrase(each.help),
            severity=Severity.ERROR if each.wrong else None,
            # What a wrong one was meant for is for a person to say.
            remedies=() if each.wrong else _removed(each.location, each.rule),
        )


def _removed(place: Location, rule: str = "") -> tuple[Remedy, ...]:
    title = say("Remove {rule} from the suppression", rule=rule) if rule else say("Remove the suppression")
    return (Remedy(title, (RemoveRule(place, rule),), safe=True),)


def expired(facts: PolicyFacts) -> Iterator[Draft]:
    """WD005: a suppression of the configuration whose last day is over."""
    for each in facts.expired:
        yield Draft(
            subject=each.location.path,
            message=say(
                "this suppression expired on {isoformat} ({about})",
                isoformat=each.last.isoformat(),
                about=each.about,
            ),
            location=each.location,
            help=say("do what it waited for, or give it another day with a new reason"),
            # It has no effect any more, but may be the only note of what is still to be done.
            remedies=(Remedy(say("Remove the suppression"), (RemoveRule(each.location, ""),), safe=False),),
        )
