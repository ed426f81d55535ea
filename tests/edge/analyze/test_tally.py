"""Sums over windows, and the course in bins."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge.analyze.messages import Window
from edge.analyze.results import Counted
from edge.analyze.tally import MOST_BINS, Course, Tally

SMILE = (0.1, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
TEARS = (0.1, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0)


def window(at_s: float = 0.0, **fields: Any) -> Window:
    made: dict[str, Any] = {
        "item": 0,
        "part": 0,
        "at_s": at_s,
        "seconds": 1.0,
        "frames": 25,
        "faces": 25,
        "faces_by_expression": (0,) * 8,
        "face_reasons": {},
        "view_faces": 1,
        "quality": 1.0,
    }
    return Window(**(made | fields))


def counted(*windows: Window) -> Counted:
    tally = Tally()
    for one in windows:
        tally.add(one)
    return Counted(**tally.fields())


def test_faces_and_seconds_are_counted_each_in_their_own_way() -> None:
    found = counted(
        window(shares=SMILE, faces_by_expression=(0, 20, 0, 0, 0, 0, 0, 0), face_reasons={Reason.COVERED: 5}),
        window(shares=TEARS, seconds=0.5, faces_by_expression=(0, 0, 0, 5, 0, 0, 0, 0), faces=5),
        window(reason=Reason.NO_FACE, faces=0),
    )
    assert (found.frames, found.faces, found.faces_read) == (75, 30, 25)
    assert (found.by_faces["happiness"], found.by_faces["sadness"]) == (0.8, 0.2)
    assert (found.seconds, found.seconds_read, found.coverage) == (2.5, 1.5, 0.6)
    assert found.by_seconds["happiness"] == pytest.approx(0.6)
    assert found.valence == pytest.approx(0.3)
    assert found.face_reasons == {Reason.COVERED: 5}
    assert found.second_reasons == {Reason.NO_FACE: 1.0}


def test_of_nothing_there_are_no_shares_and_no_valence() -> None:
    found = counted(window(reason=Reason.DARK, faces=0))
    assert (found.by_faces, found.by_seconds, found.valence, found.coverage) == ({}, {}, None, 0.0)
    assert found.label_changes_per_second is None


def test_label_changes_are_counted_by_the_time_for_which_a_face_was_followed() -> None:
    found = counted(*(window(float(i), shares=SMILE, changes=i % 2, followed_s=1.0) for i in range(4)))
    assert found.label_changes_per_second == 0.5


def test_a_course_of_any_length_has_a_bounded_number_of_bins_and_loses_nothing() -> None:
    course = Course(1.0)
    for i in range(5 * MOST_BINS):
        course.add(window(float(i), shares=SMILE) if i % 2 else window(float(i), reason=Reason.DARK))
    bins = course.bins()
    assert course.bin_s == 8.0
    assert MOST_BINS / 2 <= len(bins) <= MOST_BINS
    assert [one.start_s for one in bins] == [8.0 * i for i in range(len(bins))]
    assert sum(one.seconds for one in bins) == 5 * MOST_BINS
    assert sum(one.seconds_read for one in bins) == 5 * MOST_BINS / 2
    assert bins[0].shares == pytest.approx(SMILE)
    assert bins[0].reason is Reason.DARK


def test_time_of_which_nothing_is_known_has_no_bin() -> None:
    course = Course(1.0)
    for at_s in (0.0, 90.0):
        course.add(window(at_s, shares=TEARS))
    assert [one.start_s for one in course.bins()] == [0.0, 90.0]


def test_the_expressions_are_named_as_the_contract_does() -> None:
    found = counted(window(shares=SMILE, faces_by_expression=(1,) * 8))
    assert tuple(found.by_faces) == tuple(found.by_seconds) == tuple(found.faces_by_expression) == EXPRESSIONS
    assert msgspec.json.decode(msgspec.json.encode(found), type=Counted) == found
