"""The clocks of a box."""

from __future__ import annotations

import ctypes
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import clock


def test_the_boot_s_id_is_a_token_that_stays_the_same() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", clock.boot())
    if clock.BOOT_ID.exists():
        assert clock.boot() == clock.boot()


def test_a_moment_of_the_monotonic_clock_has_its_time_of_day() -> None:
    ten_seconds_ago = clock.wall_ms_of(time.monotonic() - 10)
    assert ten_seconds_ago / 1000 == pytest.approx(time.time() - 10, abs=1)


def test_a_moment_before_1970_is_1970() -> None:
    assert clock.wall_ms_of(time.monotonic() - 1e10) == 0


def test_a_clock_of_which_nobody_may_ask_is_not_said_to_be_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = SimpleNamespace(adjtimex=lambda _: -1)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: asked)
    monkeypatch.setattr(clock, "CPU_INFO", tmp_path / "cpuinfo")
    assert not clock.is_set()
    asked.adjtimex = lambda _: 0
    assert clock.is_set()
