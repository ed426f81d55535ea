"""The steadied label of a followed face."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from edge import bundle
from edge.reader import FaceReader
from edge.smooth import FADE_S, FORGET_S, SETTLE_S, Smoothed, Smoother, Smoothers
from tests.edge.pictures import frames

Floats = NDArray[np.float32]

NEUTRAL, HAPPINESS = EXPRESSIONS.index("neutral"), EXPRESSIONS.index("happiness")


def shares(label: int, sure: float = 0.9) -> Floats:
    """Probabilities (8,) that lean to one expression."""
    made = np.full(len(EXPRESSIONS), (1 - sure) / (len(EXPRESSIONS) - 1), np.float32)
    made[label] = sure
    return made


def course(rate: float, *parts: tuple[int, float]) -> list[tuple[float, Floats]]:
    """Frames at `rate` of one expression after the other, each for so many seconds."""
    made: list[tuple[float, Floats]] = []
    for label, seconds in parts:
        made += [((len(made) + i) / rate, shares(label)) for i in range(round(seconds * rate))]
    return made


def smoothed(seen: Iterable[tuple[float, Floats]]) -> list[Smoothed]:
    smoother = Smoother()
    return [smoother.add(at_s, read) for at_s, read in seen]


def changed_at(seen: list[tuple[float, Floats]]) -> list[float]:
    return [at_s for (at_s, _), found in zip(seen, smoothed(seen), strict=True) if found.changed]


def test_a_frame_that_flickers_does_not_change_the_label() -> None:
    seen = course(25, (NEUTRAL, 2), (HAPPINESS, 0.12), (NEUTRAL, 2))
    assert {found.label for found in smoothed(seen)} == {NEUTRAL}


def test_an_expression_that_lasts_changes_the_label_once() -> None:
    (at_s,) = changed_at(course(25, (NEUTRAL, 3), (HAPPINESS, 3)))
    assert 3.0 < at_s < 3.0 + FADE_S


@pytest.mark.parametrize("rate", [5, 12, 25, 60])
def test_the_label_changes_at_the_same_time_at_any_rate(rate: float) -> None:
    (at_s,) = changed_at(course(rate, (NEUTRAL, 3), (HAPPINESS, 3)))
    assert at_s == pytest.approx(changed_at(course(100, (NEUTRAL, 3), (HAPPINESS, 3)))[0], abs=1.5 / rate)


def test_frames_that_come_irregularly_give_the_shares_of_regular_ones() -> None:
    regular = course(25, (NEUTRAL, 2), (HAPPINESS, 1))
    kept = [regular[i] for i in range(len(regular)) if i % 5 in (0, 2, 3)]
    np.testing.assert_allclose(smoothed(kept)[-1].shares, smoothed(regular)[-1].shares, atol=0.05)


def test_a_rival_that_is_hardly_ahead_does_not_change_the_label() -> None:
    tie = shares(NEUTRAL)
    tie[NEUTRAL], tie[HAPPINESS] = 0.40, 0.48
    seen = [*course(25, (NEUTRAL, 2)), *((2 + i / 25, tie) for i in range(200))]
    assert {found.label for found in smoothed(seen)} == {NEUTRAL}


def test_the_first_impression_of_a_face_is_no_label_that_changes() -> None:
    seen = course(25, (NEUTRAL, SETTLE_S / 8), (HAPPINESS, 3))
    found = smoothed(seen)
    assert (found[0].label, found[-1].label) == (NEUTRAL, HAPPINESS)
    assert not any(one.changed for one in found)


def test_what_was_seen_before_a_gap_does_not_count_after_it() -> None:
    before, after = course(25, (NEUTRAL, 3)), course(25, (HAPPINESS, 1))
    late = [(3 + 1.1 * FORGET_S + at_s, read) for at_s, read in after]
    found = smoothed([*before, *late])[len(before) :]
    assert {one.label for one in found} == {HAPPINESS}
    assert not any(one.changed for one in found)
    assert found[0].followed_s == 0


def test_the_time_for_which_a_face_was_followed_adds_up() -> None:
    assert sum(found.followed_s for found in smoothed(course(25, (NEUTRAL, 4)))) == pytest.approx(4 - 1 / 25)


def test_one_frame_s_zero_does_not_outlaw_an_expression() -> None:
    never = np.zeros(len(EXPRESSIONS), np.float32)
    never[NEUTRAL] = 1.0
    found = smoothed([(0.0, never), *((0.04 * i, shares(HAPPINESS)) for i in range(1, 50))])
    assert found[-1].label == HAPPINESS
    assert np.isfinite(found[0].shares).all()


def test_faces_are_smoothed_each_for_itself_and_let_go_when_they_are_gone() -> None:
    faces = Smoothers()
    for i in range(50):
        one, other = faces.add(1, i / 25, shares(NEUTRAL)), faces.add(2, i / 25, shares(HAPPINESS))
    assert (one.label, other.label) == (NEUTRAL, HAPPINESS)
    assert faces.add(3, 2 + 2 * FORGET_S, shares(NEUTRAL)).followed_s == 0
    assert len(faces) == 1


def test_the_woman_s_label_changes_from_crying_over_calm_to_laughing_and_no_more() -> None:
    reader, faces, found = FaceReader.from_bundle(bundle.load(), every_face=True), Smoothers(), []
    for second, image in frames("WolfgangLanger_Pexels.mp4"):
        for face in reader.look(image, second).faces:
            if isinstance(face.result, np.ndarray):
                found.append(faces.add(face.track.id, second, face.result))
    seconds = sum(one.followed_s for one in found)
    assert seconds > 15
    assert sum(one.changed for one in found) <= 3  # in twenty seconds
    assert EXPRESSIONS[found[-1].label] == "happiness"
