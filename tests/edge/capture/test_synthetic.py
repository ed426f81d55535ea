"""The synthetic clip: the same each time, with a face that changes, and every reason in its place."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edge.capture.synthetic import SyntheticClip
from edge.detect import Detector
from edge.errors import CaptureError

pytest.importorskip("skimage")


@pytest.fixture(scope="module")
def clip() -> SyntheticClip:
    return SyntheticClip()


def test_the_clip_is_the_same_each_time(clip: SyntheticClip) -> None:
    for second in (0.0, 12.0, 20.0, 35.5):
        np.testing.assert_array_equal(clip.picture(second), SyntheticClip().picture(second))


def test_the_clip_lasts_a_minute(clip: SyntheticClip) -> None:
    count = 0
    clip.rewind()
    while clip.skip():
        count += 1
    assert count == 1500
    assert clip.read() is None
    clip.rewind()
    image = clip.read()
    assert image is not None
    assert image.shape == (480, 640, 3)


@pytest.mark.parametrize(("second", "faces"), [(3.0, 1), (12.0, 1), (28.0, 0), (33.0, 1), (36.0, 2), (45.0, 1)])
def test_faces_come_and_go(clip: SyntheticClip, second: float, faces: int) -> None:
    assert len(Detector.from_bundle().detect(clip.picture(second))) == faces


def test_the_light_goes_out(clip: SyntheticClip) -> None:
    assert clip.picture(20.0).mean() < 16 < 60 < clip.picture(24.0).mean()


def test_the_mouth_changes(clip: SyntheticClip) -> None:
    def mouth_width(second: float) -> float:
        (face,) = Detector.from_bundle().detect(clip.picture(second))
        return float(np.linalg.norm(face.landmarks[4] - face.landmarks[3])) / face.height

    assert mouth_width(12.0) < 0.95 * mouth_width(3.0)


def test_without_the_portrait_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(CaptureError, match="pip install"):
        SyntheticClip()
