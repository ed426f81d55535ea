"""Whether a face can be read: each spoilt on purpose, and left alone where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from contract.reading import Reason
from edge.align import face_crop, place
from edge.detect import Detector, Face, square
from edge.quality import Limits, fault, nose_height, scene_fault, yaw
from tests.edge.pictures import Pixels, portrait, table_images

DETECTOR = Detector.from_bundle()
A_THIRD_OR_ALL = pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.system)])


def judged(image: Pixels, face: Face) -> Reason | None:
    """The verdict on a face where it was found before the picture was spoilt."""
    (now,) = DETECTOR.look(image, square(np.array([face.box], np.float32)))
    return verdict(image, now)


def verdict(image: Pixels, face: Face) -> Reason | None:
    """The verdict on a face with these landmarks."""
    crop = face_crop(image, face.box, face.landmarks, 40, of_box_height=0.8)
    return fault(face, crop, place(face.box, face.landmarks, 0.8).inside(face.landmarks, 40), Limits())


@pytest.fixture(scope="module")
def face() -> Face:
    return DETECTOR.detect(portrait())[0]


def covered(image: Pixels, face: Face, top: float, bottom: float) -> Pixels:
    """A cloth of one colour over the face from `top` to `bottom`, in parts of its box; and a camera's noise."""
    x1, y1, x2, _ = face.box
    rows = slice(int(y1 + top * face.height), int(y1 + bottom * face.height))
    image[rows, int(x1) : int(x2)] = (180, 110, 60)
    noise = np.random.default_rng(1).normal(0, 2, image.shape)
    spoilt: Pixels = (image + noise).clip(0, 255).astype(np.uint8)
    return spoilt


def test_a_good_face_has_no_fault(face: Face) -> None:
    assert judged(portrait(), face) is None


def test_a_face_in_the_dark_is_dark(face: Face) -> None:
    assert judged((portrait() * 0.12).astype(np.uint8), face) is Reason.DARK


def test_a_face_out_of_focus_is_blurred(face: Face) -> None:
    assert judged(cv2.GaussianBlur(portrait(), (0, 0), 7), face) is Reason.BLURRED


def test_a_face_far_away_is_too_small(face: Face) -> None:
    small = cv2.resize(portrait(), None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    box = tuple(0.3 * value for value in face.box)
    distant = Face((box[0], box[1], box[2], box[3]), 1.0, face.landmarks * np.float32(0.3))
    assert judged(small, distant) is Reason.TOO_SMALL


def test_a_mask_over_the_mouth_is_covered(face: Face) -> None:
    assert judged(covered(portrait(), face, 0.6, 1.0), face) is Reason.COVERED


def test_a_band_over_the_eyes_is_covered(face: Face) -> None:
    assert judged(covered(portrait(), face, 0.25, 0.5), face) is Reason.COVERED


def test_yaw_grows_as_the_nose_leaves_the_middle_of_the_eyes() -> None:
    ahead = np.array([[0, 0], [10, 0], [5, 5], [2, 9], [8, 9]], np.float32)
    turned = ahead.copy()
    turned[2, 0] = 12
    assert yaw(ahead) == pytest.approx(0.0)
    assert yaw(turned) == pytest.approx(0.7)


def test_yaw_does_not_change_as_the_head_rolls() -> None:
    turned = np.array([[0, 0], [10, 0], [12, 5], [2, 9], [8, 9]], np.float32)
    quarter = turned[:, ::-1] * np.array([-1, 1], np.float32)
    assert yaw(quarter) == pytest.approx(yaw(turned))


def test_a_face_turned_far_is_turned_away(face: Face) -> None:
    landmarks = face.landmarks.copy()
    landmarks[2, 0] += 0.8 * (landmarks[1, 0] - landmarks[0, 0])
    assert verdict(portrait(), Face(face.box, 1.0, landmarks)) is Reason.TURNED_AWAY


def test_the_nose_comes_down_towards_the_mouth_as_the_head_bows() -> None:
    ahead = np.array([[0, 0], [10, 0], [5, 5], [2, 10], [8, 10]], np.float32)
    bowed = ahead.copy()
    bowed[2, 1] = 9.5
    assert nose_height(ahead) == pytest.approx(0.5)
    assert nose_height(bowed) == pytest.approx(0.95)


def test_the_height_of_the_nose_does_not_change_as_the_head_rolls_or_comes_nearer() -> None:
    bowed = np.array([[0, 0], [10, 0], [6, 8], [2, 10], [8, 10]], np.float32)
    quarter = bowed[:, ::-1] * np.array([-3, 3], np.float32) + 50
    assert nose_height(quarter) == pytest.approx(nose_height(bowed))


@pytest.mark.parametrize("height", [0.0, 1.0])
def test_a_head_thrown_back_or_bowed_far_is_turned_away(face: Face, height: float) -> None:
    landmarks = face.landmarks.copy()
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    landmarks[2] = eyes + height * (mouth - eyes)
    assert verdict(portrait(), Face(face.box, 1.0, landmarks)) is Reason.TURNED_AWAY


def test_an_empty_desk_has_no_face() -> None:
    assert scene_fault(portrait()[300:], Limits()) is Reason.NO_FACE


def test_a_dark_room_is_dark() -> None:
    assert scene_fault((portrait() * 0.05).astype(np.uint8), Limits()) is Reason.DARK


def test_a_hand_on_the_lens_is_covered() -> None:
    hand = np.random.default_rng(2).normal(90, 2, (480, 640, 3)).astype(np.uint8)
    assert scene_fault(hand, Limits()) is Reason.COVERED


@A_THIRD_OR_ALL
def test_a_face_is_found_in_every_portrait_of_performers_and_nearly_all_can_be_read(every: int) -> None:
    found = [(image, DETECTOR.detect(image)) for image in table_images("taiwanese/taiwanese", every)]
    assert [len(faces) > 0 for _, faces in found].count(True) == -(-881 // every)
    verdicts = [judged(image, faces[0]) for image, faces in found]
    assert verdicts.count(None) >= 0.99 * len(verdicts)


@A_THIRD_OR_ALL
def test_a_face_is_found_in_nearly_every_tight_crop_of_each_group_once_it_is_padded_and_can_be_read(every: int) -> None:
    verdicts = []
    for image in table_images("utkface/utkface", every):
        padded = cv2.copyMakeBorder(image, 50, 50, 50, 50, cv2.BORDER_CONSTANT, value=(128, 128, 128))
        verdicts += [judged(padded, face) for face in DETECTOR.detect(padded)[:1]]
    assert len(verdicts) >= 995 // every
    assert verdicts.count(None) >= 0.9 * len(verdicts)
    assert Reason.DARK not in verdicts
