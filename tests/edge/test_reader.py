"""One frame through the path, and the labelled clips second by second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS, negative
from contract.reading import Reason, Role
from edge import bundle
from edge.reader import FaceReader
from edge.window import LEAST_SURE, FrameView, Seconds, Summary, summarise
from tests.edge.bundles import make_bundle, point
from tests.edge.pictures import frames, portrait, side_by_side

HAPPINESS = EXPRESSIONS.index("happiness")


def reader(role: Role = Role.AGENT, aim: tuple[float, float] = (0.5, 0.5)) -> FaceReader:
    return FaceReader.from_bundle(bundle.load(), role=role, aim=aim)


def views(name: str) -> Iterator[tuple[float, FrameView]]:
    """Seconds and view of each frame of a clip."""
    path = reader()
    for second, image in frames(name):
        yield second, path.read(image, second)


def readings(name: str) -> list[Summary]:
    """A clip as a desk would report it, second by second."""
    seconds, path = Seconds(), reader()
    closed = [window for second, image in frames(name) for window in seconds.add(second, path.read(image, second))]
    return [summarise(window.views, path.least_sure) for window in closed]


def test_the_portrait_smiles() -> None:
    view = reader().read(portrait())
    assert view.reason is None
    assert view.faces == 1
    assert view.shares is not None
    assert EXPRESSIONS[int(view.shares.argmax())] == "happiness"
    assert view.confidence == pytest.approx(float(view.shares.max()))


def test_the_operating_point_says_when_a_face_is_unsure_or_else_the_desk_does(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point("open"), point("strict", unsure_below=0.62))
    assert FaceReader.from_bundle(bundle.load(folder)).least_sure == LEAST_SURE
    assert FaceReader.from_bundle(bundle.load(folder, "strict")).least_sure == 0.62


def test_a_followed_face_keeps_what_was_read_of_it_for_a_frame_of_a_fast_film_and_no_longer() -> None:
    path, light = reader(), portrait()
    dark = (light * 0.18).astype(np.uint8)
    first = path.read(light, 0.0)
    kept = path.read(dark, 0.04)
    assert first.shares is not None
    assert kept.shares is not None
    np.testing.assert_array_equal(kept.shares, first.shares)
    assert path.read(dark, 0.08).reason is Reason.DARK


def test_no_face_is_a_reason() -> None:
    view = reader().read(portrait()[300:])
    assert (view.reason, view.faces, view.shares) == (Reason.NO_FACE, 0, None)


def test_two_faces_are_many_for_an_agent() -> None:
    view = reader().read(side_by_side())
    assert (view.reason, view.faces) == (Reason.MANY_FACES, 2)


def test_two_faces_are_averaged_for_customers() -> None:
    one = reader(Role.CUSTOMER).read(portrait())
    two = reader(Role.CUSTOMER).read(side_by_side())
    assert two.faces == 2
    assert one.shares is not None
    assert two.shares is not None
    np.testing.assert_allclose(two.shares, one.shares, atol=0.05)


def test_customers_of_whom_none_can_be_read_have_the_reason_of_the_largest() -> None:
    view = reader(Role.CUSTOMER).read((side_by_side() * 0.18).astype(np.uint8))
    assert (view.reason, view.faces) == (Reason.DARK, 2)


def test_a_second_face_far_behind_does_not_make_many() -> None:
    image = portrait()
    image[380:508, 0:128] = cv2.resize(portrait()[0:256, 90:346], (128, 128), interpolation=cv2.INTER_AREA)
    view = reader().read(image)
    assert (view.reason, view.faces) == (None, 2)


def test_a_face_that_leaves_is_gone_in_that_frame_and_read_again_in_the_frame_in_which_it_is_back() -> None:
    path = reader()
    empty = portrait()
    empty[:300] = portrait()[300:].mean(axis=(0, 1)).astype(np.uint8)
    reasons = [path.read(image).reason for image in (portrait(), empty, empty, portrait())]
    assert reasons == [None, Reason.NO_FACE, Reason.NO_FACE, None]


def test_the_woman_who_cries_is_more_negative_than_happy_and_later_happiness_leads() -> None:
    crying, laughing, unread = [], [], []
    for second, view in views("WolfgangLanger_Pexels.mp4"):
        if view.shares is None:
            unread.append((second, view.reason))
        elif second < 9:
            crying.append(negative(view.shares.tolist()) > view.shares[HAPPINESS])
        elif second > 11:
            laughing.append(int(view.shares.argmax()) == HAPPINESS)
    assert np.mean(crying) >= 0.95
    assert np.mean(laughing) >= 0.99
    # For three seconds she holds her hands before her mouth; hardly a frame of that may be taken for a mask.
    assert len(unread) <= 4, unread


def test_the_woman_s_clip_has_a_reading_for_each_second_but_where_she_is_between_crying_and_laughing() -> None:
    reasons = [summary.reason for summary in readings("WolfgangLanger_Pexels.mp4")]
    assert len(reasons) == 19
    assert set(reasons[:6] + reasons[10:]) == {None}
    assert set(reasons[6:10]) <= {None, Reason.UNSURE}


def test_the_man_smiles_between_two_neutral_faces() -> None:
    course = [(second, view.shares) for second, view in views("single_face.mp4")]
    leads = {second: EXPRESSIONS[int(shares.argmax())] for second, shares in course if shares is not None}
    assert all(lead == "neutral" for second, lead in leads.items() if second < 0.4)
    assert all(lead == "happiness" for second, lead in leads.items() if 0.9 < second < 2.0)


def test_the_clip_that_a_face_leaves_ends_in_no_face() -> None:
    summaries = readings("face_noface.mov")
    assert summaries[0].reason is None
    assert [summary.reason for summary in summaries[-3:]] == [Reason.NO_FACE] * 3


def test_two_people_turning_their_heads_are_many_faces() -> None:
    reasons = [view.reason for _, view in views("head-pose-face-detection-female-and-male.gif")]
    assert reasons.count(Reason.MANY_FACES) >= 0.9 * len(reasons)
