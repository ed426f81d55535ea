"""From frames to a second: means, reasons, whose face, and seconds without frames."""

from __future__ import annotations

import numpy as np
import pytest

from contract.reading import Reason
from edge.detect import Face
from edge.window import FrameView, Seconds, agent_face, summarise

EYES = np.zeros((5, 2), np.float32)


def face(x: float, y: float, side: float) -> Face:
    """A square face about (x, y)."""
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0, EYES)


def read(*shares: float) -> FrameView:
    """A frame that was read: the first shares as given, the rest of 1 spread over the others."""
    rest = (1.0 - sum(shares)) / (8 - len(shares))
    values = np.array([*shares, *[rest] * (8 - len(shares))], np.float32)
    return FrameView(1, values, float(values.max()))


def unread(reason: Reason, faces: int = 1) -> FrameView:
    return FrameView(faces, reason=reason)


def test_a_second_is_the_mean_of_the_frames_that_were_read() -> None:
    summary = summarise([read(1.0), read(0.0, 1.0), unread(Reason.BLURRED), unread(Reason.BLURRED)])
    assert summary.shares == pytest.approx((0.5, 0.5, 0, 0, 0, 0, 0, 0))
    assert summary.confidence == pytest.approx(1.0)
    assert summary.quality == 0.5
    assert summary.reason is None


def test_a_second_with_too_few_frames_read_has_the_reason_of_most_others() -> None:
    views = [read(1.0), *[unread(Reason.TURNED_AWAY)] * 5, *[unread(Reason.BLURRED)] * 4]
    summary = summarise(views)
    assert (summary.reason, summary.shares) == (Reason.TURNED_AWAY, None)
    assert summary.quality == pytest.approx(0.1)


def test_a_second_of_two_faces_says_how_many() -> None:
    assert summarise([unread(Reason.MANY_FACES, 2)] * 10).faces == 2


def test_a_second_without_frames_is_stale() -> None:
    assert summarise([]).reason is Reason.STALE


def test_a_second_whose_frames_are_all_unsure_is_unsure() -> None:
    assert summarise([read(0.3)] * 10).reason is Reason.UNSURE
    assert summarise([read(0.9)] * 10).reason is None


def test_a_second_is_unsure_under_the_limit_that_is_given() -> None:
    assert summarise([read(0.6)] * 10, 0.7).reason is Reason.UNSURE
    assert summarise([read(0.3)] * 10, 0.2).reason is None


def test_an_unsure_second_has_neither_shares_nor_confidence() -> None:
    summary = summarise([read(0.95)] * 3 + [read(0.3)] * 7, 0.6)
    assert (summary.reason, summary.shares, summary.confidence) == (Reason.UNSURE, None, None)


def test_a_second_that_is_sure_as_a_whole_keeps_its_unsure_frames() -> None:
    summary = summarise([read(1.0)] * 5 + [read(0.3)] * 5, 0.6)
    assert summary.quality == 1.0
    assert summary.shares is not None
    assert summary.shares[0] == pytest.approx(0.65)


def test_frames_that_are_sure_of_different_things_are_not_unsure() -> None:
    summary = summarise([read(0.95)] * 5 + [read(0.0, 0.95)] * 5)
    assert summary.reason is None
    assert summary.confidence == pytest.approx(0.95)


def test_without_a_face_there_is_none() -> None:
    assert agent_face([], 640, 480, (0.5, 0.5)) is Reason.NO_FACE


def test_the_largest_face_is_the_agent_s() -> None:
    near, far = face(320, 240, 200), face(560, 200, 60)
    assert agent_face([far, near], 640, 480, (0.5, 0.5)) is near


def test_a_second_face_of_over_half_the_area_makes_many_faces() -> None:
    agent = face(320, 240, 200)
    assert agent_face([agent, face(560, 200, 145)], 640, 480, (0.5, 0.5)) is Reason.MANY_FACES
    assert agent_face([agent, face(560, 200, 135)], 640, 480, (0.5, 0.5)) is agent


def test_of_two_faces_the_one_at_the_aim_is_the_agent_s_though_the_other_is_a_little_larger() -> None:
    at_aim, aside = face(480, 240, 100), face(60, 240, 110)
    assert agent_face([at_aim], 640, 480, (0.75, 0.5)) is at_aim
    assert agent_face([at_aim, aside], 640, 480, (0.75, 0.5)) is Reason.MANY_FACES


def test_windows_are_cut_at_whole_seconds_from_the_first_frame() -> None:
    seconds = Seconds()
    stamps = [10.3 + i * 0.1 for i in range(25)]
    closed = [window for stamp in stamps for window in seconds.add(stamp, read(1.0))]
    assert [window.started_s for window in closed] == pytest.approx([10.3, 11.3])
    assert [len(window.views) for window in closed] == [10, 10]


def test_a_second_in_which_no_frame_came_is_closed_too() -> None:
    seconds = Seconds()
    seconds.add(5.0, read(1.0))
    closed = seconds.add(8.2, read(1.0))
    assert [(window.started_s, len(window.views)) for window in closed] == [(5.0, 1), (6.0, 0), (7.0, 0)]


def test_seconds_pass_without_frames() -> None:
    seconds = Seconds()
    assert seconds.tick(100.0) == []
    assert [window.started_s for window in seconds.tick(102.5)] == [100.0, 101.0]


def test_a_clock_that_jumps_begins_anew_and_says_nothing_of_the_time_between() -> None:
    seconds = Seconds()
    seconds.add(5.0, read(1.0))
    assert [window.started_s for window in seconds.add(5000.0, read(1.0))] == [5.0]
    assert [window.started_s for window in seconds.add(5001.0, read(1.0))] == [5000.0]
