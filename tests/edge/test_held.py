"""What a followed face keeps between two readings: for less than the time between a desk's frames, and no longer."""

from __future__ import annotations

import numpy as np
import pytest

from contract.reading import Reason
from edge.held import KEPT_S, Held
from tests.edge.pictures import Floats

SHARES: Floats = np.full(8, 0.125, np.float32)


def readings_of(rate: float, frames: int) -> int:
    """In how many of a film's frames a face is read that is there in all of them."""
    held, read = Held(), 0
    for frame in range(frames):
        if held.result(1, frame / rate) is None:
            held.keep(1, frame / rate, SHARES)
            read += 1
    return read


@pytest.mark.parametrize(("rate", "read"), [(4, 120), (15, 120), (18, 120), (25, 60), (30, 60), (50, 40), (60, 30)])
def test_a_face_is_read_in_each_frame_of_a_desk_and_no_more_often_in_a_faster_film(rate: float, read: int) -> None:
    assert readings_of(rate, 120) == read


def test_a_reason_is_kept_like_an_expression() -> None:
    held = Held()
    held.keep(1, 0.0, Reason.DARK)
    assert held.result(1, 0.04) is Reason.DARK


def test_what_was_read_of_one_face_says_nothing_of_another() -> None:
    held = Held()
    held.keep(1, 0.0, SHARES)
    held.keep(2, 0.01, Reason.DARK)
    assert held.result(1, 0.04) is SHARES
    assert held.result(2, 0.04) is Reason.DARK
    assert held.result(3, 0.04) is None


def test_nothing_is_kept_over_a_gap_or_when_the_clock_goes_back() -> None:
    held = Held()
    held.keep(1, 5.0, SHARES)
    assert held.result(1, 5.001 + KEPT_S) is None
    assert held.result(1, 4.99) is None


def test_faces_that_have_gone_are_forgotten() -> None:
    held = Held()
    for track in range(1000):
        held.keep(track, track * 0.04, SHARES)
    assert len(held._last) == 2
