"""Faces spoilt on purpose: noise, distance, a mask."""

from pathlib import Path

import numpy as np
import pytest

from edge.detect import Face
from models.data import Bytes, Faces
from models.evaluation.degrade import SPOILS, far_away, masked, noisy, scaled
from models.evaluation.evaluate import Choice, evaluate
from models.samples import crop_of, face_picture
from tests.models.bundles import make_bundle
from tests.models.conftest import write_faces


def checks(side: int, field: int = 2) -> Bytes:
    """A colour picture of fields, black and white by turns."""
    at = np.arange(side) // field
    return np.repeat((((at[:, None] + at) % 2) * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def face_at(height: float, centre: float) -> Face:
    """An upright face: a box 0.8 times as wide as high, the nose at its middle."""
    half = height / 2
    marks = np.array([(-0.2, -0.2), (0.2, -0.2), (0, 0), (-0.15, 0.25), (0.15, 0.25)], np.float32) * height + centre
    return Face((centre - 0.8 * half, centre - half, centre + 0.8 * half, centre + half), 1.0, marks)


def test_noise_has_six_hundredths_of_the_range() -> None:
    grey = np.full((200, 200), 128, np.uint8)
    away = noisy(grey, np.random.default_rng(1)).astype(float) - 128
    assert away.std() == pytest.approx(0.06 * 255, rel=0.03)
    assert abs(away.mean()) < 0.5


def test_noise_is_the_same_for_the_same_row() -> None:
    crop = np.full((40, 40), 90, np.uint8)
    first, again, other = (noisy(crop, np.random.default_rng(row)) for row in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_face_far_away_is_20_pixels_wide_and_where_it_was() -> None:
    picture, face = checks(400), face_at(200, 200)
    small, there = far_away(picture, face)
    assert there.width == pytest.approx(20)
    assert small.shape[0] == pytest.approx(400 * 20 / 160, abs=1)
    np.testing.assert_allclose(there.landmarks / small.shape[0], face.landmarks / 400, atol=1e-3)


def test_what_is_finer_than_a_small_pixel_is_gone_from_the_crop() -> None:
    picture, face = checks(400, field=2), face_at(200, 200)
    assert crop_of(picture, face, 0.8, 160).std() > 100
    assert crop_of(picture, face, 0.8, 160, SPOILS["small"]).std() < 5


def test_a_face_that_is_smaller_is_not_made_larger() -> None:
    picture, face = checks(60), face_at(20, 30)
    assert far_away(picture, face)[0].shape == picture.shape


def test_a_mask_covers_what_is_under_the_nose_and_nothing_above() -> None:
    picture, face = np.zeros((400, 400, 3), np.uint8), face_at(200, 200)
    drawn, _ = masked(picture, face)
    assert not drawn[:195].any()
    assert (drawn[205:245, 125:275] == 128).all()
    assert (drawn[face.landmarks[3:, 1].astype(int), face.landmarks[3:, 0].astype(int)] == 128).all()
    assert not picture.any()


def test_a_mask_turns_with_the_head() -> None:
    face = face_at(200, 200)
    turned = np.stack([200 - (face.landmarks[:, 1] - 200), face.landmarks[:, 0]], axis=1)
    drawn, _ = masked(np.zeros((400, 400, 3), np.uint8), Face(face.box, 1.0, turned.astype(np.float32)))
    assert (drawn[150:250, 130:190] == 128).all()
    assert not drawn[:, 215:].any()


def test_part_of_a_mask_reaches_less_far_up() -> None:
    covered = [
        masked(np.zeros((400, 400), np.uint8), face_at(200, 200), part)[0].any(axis=1).sum() for part in (0.3, 1)
    ]
    assert covered[0] < 0.5 * covered[1]


@pytest.mark.parametrize("name", sorted(SPOILS))
def test_a_face_picture_is_spoilt_at_the_usual_place(name: str) -> None:
    picture = checks(48, field=1)[:, :, 0]
    plain = crop_of(picture, face_picture(), 0.793, 40)
    spoil = SPOILS[name]
    crop = crop_of(picture, face_picture(), 0.793, 40, spoil)
    crop = spoil.crop(crop, np.random.default_rng(1)) if spoil.crop else crop
    assert crop.shape == (40, 40)
    assert not np.array_equal(crop, plain)
    upper = np.array_equal(crop[:20], plain[:20])
    assert upper == (name == "masked")


def test_scaling_by_one_changes_nothing() -> None:
    picture, face = checks(60), face_at(20, 30)
    same, there = scaled(picture, face, 1.0)
    assert np.array_equal(same, picture)
    assert there.box == face.box


def test_a_spoilt_score_is_another_and_the_same_each_time(tmp_path: Path, faces: Faces) -> None:
    path, bundle = write_faces(tmp_path / "test.parquet", faces), make_bundle(tmp_path / "bundle")
    plain, first, again = (evaluate(bundle, path, Choice(degrade=name)) for name in ("", "noise", "noise"))
    assert first == again
    assert first.ece != plain.ece
