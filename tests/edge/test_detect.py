"""Finding faces: the pure functions, the portrait, and the labelled photos."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge import detect
from edge.detect import Detector
from tests.edge.pictures import (
    PORTRAIT_FACE,
    Floats,
    Pixels,
    data_folder,
    group_photos,
    portrait,
    side_by_side,
)

NO_BOXES: Floats = np.empty((0, 4), np.float32)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.from_bundle()


def boxes(*rows: tuple[float, float, float, float]) -> Floats:
    return np.array(rows, np.float32).reshape(-1, 4)


def found(detector: Detector, image: Pixels) -> Floats:
    return boxes(*(face.box for face in detector.detect(image)))


def test_the_pyramid_begins_at_the_smallest_face_and_ends_at_twelve_pixels() -> None:
    scales = detect.pyramid_scales(480, 640, 40)
    assert scales[0] == pytest.approx(12 / 40)
    assert 480 * scales[-1] >= 12 > 480 * scales[-1] * 0.709
    assert detect.pyramid_scales(30, 640, 40) == []


def test_a_level_of_the_pyramid_says_how_it_was_scaled() -> None:
    image = np.zeros((333, 501, 3), np.uint8)
    for level, x_scale, y_scale in detect.pyramid(image, detect.pyramid_scales(333, 501, 40)):
        assert level.shape[:2] == (round(333 * y_scale), round(501 * x_scale))


def test_a_cell_of_pnet_covers_twelve_pixels_every_two() -> None:
    score = np.zeros((5, 7), np.float32)
    score[3, 2] = 0.9
    offset = np.zeros((4, 5, 7), np.float32)
    offset[:, 3, 2] = (0.25, 0.0, 0.0, -0.5)
    cells, sure, moves = detect.cells(score, offset, 0.6)
    assert cells.tolist() == [[4, 6, 16, 18]]
    assert sure.tolist() == pytest.approx([0.9])
    assert detect.calibrate(cells, moves).tolist() == [[7, 6, 16, 12]]


def test_a_square_keeps_the_centre_and_the_longer_side() -> None:
    assert detect.square(boxes((10, 20, 20, 60))).tolist() == [[-5, 20, 35, 60]]


def test_overlap_is_over_the_union_or_over_the_smaller_box() -> None:
    whole, quarter = boxes((0, 0, 10, 10)), boxes((0, 0, 5, 5), (20, 20, 30, 30))
    assert detect.overlaps(whole, quarter).tolist() == [[0.25, 0.0]]
    assert detect.overlaps(whole, quarter, of_smaller=True).tolist() == [[1.0, 0.0]]


def test_of_overlapping_boxes_the_surest_stays() -> None:
    rows = boxes((0, 0, 10, 10), (1, 1, 11, 11), (50, 50, 60, 60))
    assert detect.nms(rows, np.array([0.8, 0.9, 0.7], np.float32), 0.5).tolist() == [1, 2]
    assert detect.nms(NO_BOXES, np.empty(0, np.float32), 0.5).tolist() == []


def test_a_crop_outside_the_picture_is_grey() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    crop = detect.crops(image, boxes((-10, -10, 10, 10), (100, 100, 120, 120)), 20)
    assert crop[0, :10].min() == crop[0, :10].max() == detect.OUTSIDE
    assert crop[0, 10:, 10:].max() == 0
    assert crop[1].min() == detect.OUTSIDE


def test_the_one_face_of_the_portrait_is_found_with_its_landmarks_in_place(detector: Detector) -> None:
    faces = detector.detect(portrait())
    assert len(faces) == 1
    assert detect.overlaps(boxes(faces[0].box), boxes(PORTRAIT_FACE))[0, 0] > 0.7
    left_eye, right_eye, nose, left_mouth, right_mouth = faces[0].landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


def test_every_face_of_a_picture_is_found(detector: Detector) -> None:
    assert len(detector.detect(side_by_side())) == 2


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3), (12, 3000, 3), (700, 9, 3)])
def test_a_picture_without_a_face_or_of_any_shape_gives_none(detector: Detector, shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 255, shape, np.uint8)
    assert detector.detect(noise) == []
    assert detector.detect(np.zeros(shape, np.uint8)) == []


def test_a_face_cut_by_the_edge_of_the_picture_is_found(detector: Detector) -> None:
    assert len(detector.detect(portrait()[:, 205:])) == 1


def test_all_boxes_of_the_group_photos_are_found_and_no_other(detector: Detector) -> None:
    hits, missed, false = 0, 0, 0
    for image, truth in group_photos():
        overlap = detect.overlaps(truth, found(detector, image))
        hits += int((overlap.max(axis=1) >= 0.5).sum())
        missed += int((overlap.max(axis=1) < 0.5).sum())
        false += int((overlap.max(axis=0) < 0.5).sum())
    assert (hits, missed, false) == (18, 0, 0)


def test_the_five_faces_of_the_photo_are_found(detector: Detector) -> None:
    image = cv2.imread(str(data_folder() / "faces" / "multi_face.jpg"))
    assert image is not None
    assert len(detector.detect(image)) == 5
