"""A followed face is read once a frame, in turns as it is and in the mirror, and counts as the mean of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge import bundle
from edge.recognise import Recogniser
from edge.runtime.onnx import OnnxBackend
from edge.views import CLOSE_S, Views
from tests.edge.bundles import make_bundle
from tests.edge.pictures import Floats, Pixels

CROP = np.random.default_rng(5).integers(0, 256, (40, 40), dtype=np.uint8)
OTHER = np.random.default_rng(6).integers(0, 256, (40, 40), dtype=np.uint8)
FRAME_S = 0.04


class Counting(OnnxBackend):
    """A backend that notes how many faces it was asked for."""

    asked: list[int]

    def infer(self, batch: Floats) -> list[Floats]:
        self.asked.append(len(batch))
        return super().infer(batch)


@pytest.fixture
def backend() -> Counting:
    loaded = bundle.load()
    made = Counting(loaded.expression_file(), loaded.point.output.name)
    made.asked = []
    return made


@pytest.fixture
def views(backend: Counting) -> Views:
    loaded = bundle.load()
    made = Views(Recogniser(backend, loaded.expression, loaded.point))
    backend.asked.clear()
    return made


def both(crop: Pixels) -> Floats:
    return Recogniser.from_bundle(bundle.load()).shares(crop)


def test_a_still_face_has_the_mean_of_its_two_views_in_every_frame(views: Views, backend: Counting) -> None:
    for frame in range(6):
        np.testing.assert_allclose(views.shares(CROP, 1, frame * FRAME_S), both(CROP), atol=1e-5)
    assert backend.asked == [2, 1, 1, 1, 1, 1]


def test_what_is_new_counts_half_in_its_first_frame_and_whole_in_its_second(views: Views) -> None:
    views.shares(CROP, 1, 0.0)
    first, second = views.shares(OTHER, 1, FRAME_S), views.shares(OTHER, 1, 2 * FRAME_S)
    np.testing.assert_allclose(second, both(OTHER), atol=1e-5)
    assert np.abs(first - both(OTHER)).max() > 0.001


def test_after_a_gap_both_views_are_read_again(views: Views, backend: Counting) -> None:
    views.shares(CROP, 1, 0.0)
    np.testing.assert_allclose(views.shares(OTHER, 1, CLOSE_S + 0.01), both(OTHER), atol=1e-5)
    assert backend.asked == [2, 2]


def test_another_face_and_a_picture_that_stands_for_itself_know_nothing_of_the_last(
    views: Views, backend: Counting
) -> None:
    views.shares(CROP, 1, 0.0)
    np.testing.assert_allclose(views.shares(OTHER, 2, 0.0), both(OTHER), atol=1e-5)
    np.testing.assert_allclose(views.shares(OTHER, 1, None), both(OTHER), atol=1e-5)
    assert backend.asked == [2, 2, 2]


def test_a_clock_that_goes_back_begins_anew(views: Views, backend: Counting) -> None:
    views.shares(CROP, 1, 5.0)
    views.shares(OTHER, 1, 4.99)
    assert backend.asked == [2, 2]


def test_a_network_whose_card_asks_for_no_mirror_is_read_once(tmp_path: Path) -> None:
    loaded = bundle.load(make_bundle(tmp_path / "made", flip_average=False))
    recogniser = Recogniser.from_bundle(loaded)
    size = loaded.expression.input.size
    crop = np.random.default_rng(7).integers(0, 256, (size, size), dtype=np.uint8)
    seen = Views(recogniser)
    for frame in range(3):
        np.testing.assert_allclose(seen.shares(crop, 1, frame * FRAME_S), recogniser.views(crop, mirror=False)[0])
