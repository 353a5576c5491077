"""Limits of time that follow the machine's speed can still be missed."""

import time

import pace
import pytest
from pace import least, within


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_takes_too_long_is_said() -> None:
    with pytest.raises(AssertionError, match=r"of 0\.01 s at most"), within(0.01):
        busy(0.01 * 2 * 10 * pace.slowness())


def test_a_slow_machine_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "slowness", lambda: 100.0)
    with within(0.01):
        busy(0.2)
    assert 0.0005 <= least(2, lambda: busy(0.1)) < 0.01


def test_a_fast_machine_has_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUIET", 1e9)
    assert pace.slowness() == 1.0
