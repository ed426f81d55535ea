"""The crop: where it lies, what it averages, when it is turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge import align
from edge.detect import Detector, Face
from tests.edge.pictures import Floats, Pixels, portrait


@pytest.fixture(scope="module")
def face() -> Face:
    return Detector.from_bundle().detect(portrait())[0]


def ramp(width: int = 400) -> Pixels:
    """A picture whose grey grows by one every two pixels to the right: pixel i holds (i + 0.5) / 2, rounded."""
    return np.tile(np.floor(np.arange(width) / 2), (width, 1)).astype(np.uint8)


def turned(image: Pixels, face: Face, degrees: float) -> tuple[Pixels, tuple[float, float, float, float], Floats]:
    """The picture turned clockwise about the face's centre, with the face's box and landmarks there."""
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    matrix = cv2.getRotationMatrix2D((x, y), -degrees, 1.0)
    whole = cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_CUBIC)
    return whole, face.box, cv2.transform(face.landmarks[None], matrix)[0].astype(np.float32)


@pytest.mark.parametrize("side", [20.0, 40.0, 57.0, 80.0, 110.0, 160.0, 333.0])
def test_a_crop_of_any_size_lies_where_it_was_asked_for(side: float) -> None:
    crop = align.cut(ramp(), (200.0, 180.0), side, 40)
    expected = (200 - side / 2 + (np.arange(40) + 0.5) * side / 40 - 0.5) / 2
    np.testing.assert_allclose(crop[20], expected, atol=1.5)  # each halving rounds to whole greys


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    stripes = np.zeros((400, 400), np.uint8)
    stripes[:, ::2] = 255
    for side in (80.0, 130.0, 200.0, 320.0):
        crop = align.cut(stripes, (200.0, 200.0), side, 40)
        assert abs(float(crop.mean()) - 127.5) < 3
        assert crop.max() - crop.min() < 100


def test_what_lies_outside_the_picture_is_grey() -> None:
    crop = align.cut(np.zeros((50, 50, 3), np.uint8), (0.0, 25.0), 40, 40)
    assert (crop[:, :18] == align.OUTSIDE).all()
    assert (crop[:, 22:] == 0).all()
    assert (align.cut(np.zeros((50, 50), np.uint8), (500.0, -900.0), 40, 40) == align.OUTSIDE).all()


def test_the_crop_is_a_square_of_the_box_s_height_about_its_centre(face: Face) -> None:
    grey = cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY)
    crop = align.face_crop(portrait(), face.box, face.landmarks, 48, of_box_height=1.0)
    x, y, side = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2, face.height
    left, top = round(x - side / 2), round(y - side / 2)
    plain = cv2.resize(grey[top : top + round(side), left : left + round(side)], (48, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(crop.astype(int) - plain).mean() < 5


def test_roll_is_read_from_the_landmarks(face: Face) -> None:
    upright = align.roll_degrees(face.landmarks)
    assert abs(upright) < 10
    for degrees in (-60, 30, 120):
        _, _, landmarks = turned(portrait(), face, degrees)
        assert align.roll_degrees(landmarks) == pytest.approx(upright + degrees, abs=0.5)


def test_a_head_rolled_far_is_turned_upright(face: Face) -> None:
    upright = align.face_crop(portrait(), face.box, face.landmarks, 40, of_box_height=0.9).astype(int)
    image, box, landmarks = turned(portrait(), face, 40)
    crop = align.face_crop(image, box, landmarks, 40, of_box_height=0.9).astype(int)
    left = align.cut(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (223.0, 118.0), 98.0, 40).astype(int)
    assert np.abs(crop - upright).mean() < 0.5 * np.abs(left - upright).mean()


def test_a_head_rolled_little_is_left_as_it_is(face: Face) -> None:
    _, _, landmarks = turned(portrait(), face, 15)
    assert align.turn_degrees(landmarks) == 0.0
    _, _, landmarks = turned(portrait(), face, -40)
    assert align.turn_degrees(landmarks) < -25


def test_a_grey_picture_gives_the_crop_of_the_coloured_one(face: Face) -> None:
    grey = cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY)
    of_grey = align.face_crop(grey, face.box, face.landmarks, 40, of_box_height=0.9).astype(int)
    assert np.abs(of_grey - align.face_crop(portrait(), face.box, face.landmarks, 40, of_box_height=0.9)).max() <= 2


@pytest.mark.parametrize("degrees", [0.0, 40.0, -70.0])
def test_a_landmark_lies_in_the_crop_where_its_place_says(face: Face, degrees: float) -> None:
    dot = np.zeros((512, 512), np.uint8)
    _, box, landmarks = turned(portrait(), face, degrees)
    x, y = landmarks[4]
    cv2.circle(dot, (round(float(x)), round(float(y))), 4, 255, -1)
    crop = align.cut(dot, *_centre_and_side(box, landmarks), 80, degrees=align.place(box, landmarks, 0.9).degrees)
    found = np.array(np.nonzero(crop > 128)).mean(axis=1)[::-1]
    said = align.place(box, landmarks, 0.9).inside(landmarks, 80)[4]
    np.testing.assert_allclose(found, said, atol=1.5)


def _centre_and_side(box: tuple[float, float, float, float], landmarks: Floats) -> tuple[tuple[float, float], float]:
    where = align.place(box, landmarks, 0.9)
    return where.centre, where.side
