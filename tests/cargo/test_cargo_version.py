"""Version requirements, by the rules of the Cargo reference ("Specifying Dependencies")."""

import pytest

from wasmdoctor.readers.cargo.version import parse_requirement, parse_version


@pytest.mark.parametrize(
    ("requirement", "yes", "no"),
    [
        ("1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 0.9.0 1.3.0-alpha"),
        ("1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        ("1", "1.0.0 1.99.0", "0.9.9 2.0.0"),
        ("0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"),
        ("0.0.3", "0.0.3", "0.0.2 0.0.4"),
        ("0.0", "0.0.0 0.0.9", "0.1.0"),
        ("0", "0.0.1 0.9.0", "1.0.0"),
        ("^0.2", "0.2.0 0.2.7", "0.1.9 0.3.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        ("1.*", "1.0.0 1.9.0", "2.0.0"),
        ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
        ("=1.2.3", "1.2.3 1.2.3+build", "1.2.4"),
        ("=1.2", "1.2.0 1.2.9", "1.3.0"),
        (">1.2", "1.3.0 2.0.0", "1.2.9"),
        (">=1.2.0, <1.5", "1.2.0 1.4.9", "1.5.0 1.1.9"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0"),
        ("1.0.0-beta.2", "1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.1.0", "1.0.0-beta.1 1.0.0-alpha 1.1.0-beta.3"),
        ("", "0.1.0", "1.0.0-a"),
    ],
)
def test_requirements(requirement, yes, no):
    parsed = parse_requirement(requirement)
    assert [parsed.matches(parse_version(text)) for text in yes.split()] == [True] * len(yes.split())
    assert [parsed.matches(parse_version(text)) for text in no.split()] == [False] * len(no.split())


def test_what_is_no_requirement():
    assert [parse_requirement(text) for text in ("abc", "1.2.3.4", "= ", ">>1", "1 2")] == [None] * 5
    assert [parse_version(text) for text in ("1", "1.2", "01.2.3", "1.2.x", "")] == [None] * 5
