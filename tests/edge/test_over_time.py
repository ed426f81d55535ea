"""A followed face is read by what was kept of its last frames, each with its age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edge import bundle
from edge.bundle import OverTimeCard
from edge.errors import ModelError
from edge.over_time import BESIDE, FORGET_S, Moving, OverTime
from edge.reader import FaceReader
from edge.recognise import Recogniser
from tests.edge.bundles import make_bundle, over_time, point
from tests.edge.pictures import Floats, Pixels, portrait

WIDTH, LENGTH = 3, 4
CARD = OverTimeCard("over-time.onnx", "0" * 64, LENGTH, WIDTH)
FRAME_S = 0.1


class Frame:
    """A network of a frame: what it keeps is how bright the crop is, so often."""

    def infer(self, batch: NDArray[Any]) -> list[Floats]:
        bright = batch.mean(axis=(1, 2, 3))
        return [np.zeros((len(batch), 8), np.float32), np.repeat(bright[:, None], WIDTH, axis=1).astype(np.float32)]

    def describe(self) -> str:
        return "made"


class Ring:
    """A network over time that notes what it takes; sure of happiness."""

    def __init__(self, values: int = 8) -> None:
        self.rings: list[Floats] = []
        self._values = values

    def infer(self, batch: NDArray[Any]) -> list[Floats]:
        self.rings.append(batch[0, 0])
        return [np.eye(1, self._values, 1, dtype=np.float32) * 9]

    def describe(self) -> str:
        return "made"


@pytest.fixture
def ring() -> Ring:
    return Ring()


@pytest.fixture
def reads(tmp_path: Path, ring: Ring) -> OverTime:
    loaded = bundle.load(make_bundle(tmp_path / "made", flip_average=False))
    made = OverTime(Recogniser(Frame(), loaded.expression, loaded.point), ring, CARD)
    ring.rings.clear()
    return made


def crop(grey: int) -> Pixels:
    return np.full((40, 40), grey, np.uint8)


class Faces:
    """An expression network that notes the faces that it takes; sure of happiness."""

    def __init__(self) -> None:
        self.taken: list[Floats] = []

    def infer(self, batch: NDArray[Any]) -> list[Floats]:
        self.taken.append(batch)
        return [np.eye(1, 8, 1, dtype=np.float32) * 9]

    def describe(self) -> str:
        return "made"


def of_faces(folder: Path, **taken: Any) -> tuple[Moving, Faces]:
    """What reads the faces themselves, of a bundle whose card says what of them its network takes."""
    loaded, faces = bundle.load(make_bundle(folder / "made", flip_average=False)), Faces()
    card = replace(loaded.expression, input=replace(loaded.expression.input, **taken))
    made = Moving(Recogniser(faces, card, loaded.point))
    faces.taken.clear()
    return made, faces


def kept(rows: Floats) -> list[float]:
    """How bright the crops were of which a ring holds something, as greys, the newest last."""
    return [round(float(row[0]) * 64 + 128) for row in rows if row[WIDTH + 1]]


def test_a_ring_fills_from_its_end_and_its_oldest_frame_goes(reads: OverTime, ring: Ring) -> None:
    for frame in range(6):
        shares = reads.shares(crop(100 + frame), 7, frame * FRAME_S)
        assert shares.argmax() == 1
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert ring.rings[0].shape == (LENGTH, WIDTH + BESIDE)
    assert kept(ring.rings[0]) == [100]
    assert kept(ring.rings[1]) == [100, 101]
    assert kept(ring.rings[5]) == [102, 103, 104, 105]
    np.testing.assert_allclose(ring.rings[1][: LENGTH - 2], 0)


def test_ages_are_seconds_before_the_newest_whatever_was_lost_between(reads: OverTime, ring: Ring) -> None:
    for at_s in (0.0, 0.1, 0.9):
        reads.shares(crop(100), 7, at_s)
    np.testing.assert_allclose(ring.rings[-1][1:, WIDTH], [0.9, 0.8, 0.0], atol=1e-6)


def test_another_track_a_gap_and_a_clock_that_goes_back_begin_anew(reads: OverTime, ring: Ring) -> None:
    reads.shares(crop(100), 7, 0.0)
    reads.shares(crop(110), 8, 0.0)
    assert kept(ring.rings[-1]) == [110]
    reads.shares(crop(120), 7, FORGET_S + 0.1)
    assert kept(ring.rings[-1]) == [120]
    reads.shares(crop(130), 7, 0.5)
    assert kept(ring.rings[-1]) == [130]


def test_faces_are_taken_as_they_are_and_before_the_first_stands_that(tmp_path: Path) -> None:
    reads, faces = of_faces(tmp_path, frames=LENGTH)
    for frame in range(6):
        assert reads.shares(crop(100 + frame), 7, frame * FRAME_S).argmax() == 1
    assert faces.taken[0].shape == (1, LENGTH, 40, 40)
    greys = [(each[0, :, 0, 0] * 64 + 128).round().tolist() for each in faces.taken]
    assert greys[0] == [100, 100, 100, 100]
    assert greys[1] == [100, 100, 100, 101]
    assert greys[5] == [102, 103, 104, 105]
    assert reads.shares(crop(90), 7, None).argmax() == 1
    np.testing.assert_allclose(faces.taken[-1] * 64 + 128, np.full((1, LENGTH, 40, 40), 90), atol=1e-3)


def test_of_two_streams_the_second_is_how_a_face_moved_since_the_oldest_of_its_frames(tmp_path: Path) -> None:
    reads, faces = of_faces(tmp_path, frames=3, flow=True)
    face = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (40, 40), np.uint8), (5, 5), 0)
    for at, moved in enumerate((0, 2, 2, 2)):
        reads.shares(np.roll(face, moved, axis=1), 7, at * FRAME_S)
    now, flows = [each[0, 0] for each in faces.taken], [each[0, 1:, 8:32, 8:32] for each in faces.taken]
    assert faces.taken[0].shape == (1, 3, 40, 40)
    np.testing.assert_allclose(now[-1] * 64 + 128, np.roll(face, 2, axis=1), atol=1e-3)
    assert np.abs(flows[0]).mean() < 0.01  # it was just seen, and seen before as now
    assert 0.25 < flows[1][0].mean() < 0.75
    assert 0.25 < flows[2][0].mean() < 0.75
    assert np.abs(flows[3]).mean() < 0.01  # two frames before, it was where it is
    reads.shares(face, 7, None)
    assert not faces.taken[-1][0, 1:].any()


def test_a_picture_that_stands_for_itself_is_read_alone(reads: OverTime, ring: Ring) -> None:
    reads.shares(crop(100), 7, 0.0)
    assert reads.shares(crop(100), 7, None).argmax() == 0
    assert len(ring.rings) == 1


def test_faces_that_left_are_forgotten(reads: OverTime) -> None:
    for track in range(5):
        reads.shares(crop(100), track, track * 1.0)
    assert len(reads) == 3
    reads.forget(4.0 + FORGET_S + 0.1)
    assert len(reads) == 0


def test_a_network_that_gives_something_else_than_its_card_says_is_refused(tmp_path: Path) -> None:
    loaded = bundle.load(make_bundle(tmp_path / "made"))
    recogniser = Recogniser(Frame(), loaded.expression, loaded.point)
    with pytest.raises(ModelError, match=r"over-time\.onnx: gives 3 values for the 8 classes"):
        OverTime(recogniser, Ring(values=3), CARD)
    card, outputs = over_time(tmp_path / "other", width=4, length=LENGTH), {"logits": [0.0] * 8, "kept": [0.0] * 3}
    other = bundle.load(make_bundle(tmp_path / "other", outputs=outputs, over_time=card))
    with pytest.raises(ModelError, match=r"made\.onnx: keeps \[3\] values of a face where its card says 4"):
        Recogniser.from_bundle(other)


def test_a_bundle_with_a_network_over_time_reads_a_followed_face_by_it(tmp_path: Path) -> None:
    card = over_time(tmp_path / "made", width=WIDTH, length=LENGTH, says="surprise")
    outputs = {"logits": [0.0, 5.0, *[0.0] * 6], "kept": [0.0] * WIDTH}
    loaded = bundle.load(make_bundle(tmp_path / "made", point(), outputs=outputs, over_time=card))
    assert [file.path.name for file in loaded.every_file()][:2] == ["made.onnx", "over-time.onnx"]
    assert loaded.every_output()[0][1] is None
    path = FaceReader.from_bundle(loaded)
    followed, alone = path.read(portrait(), 0.0), FaceReader.from_bundle(loaded).read(portrait())
    assert followed.shares is not None
    assert alone.shares is not None
    assert (int(followed.shares.argmax()), int(alone.shares.argmax())) == (2, 1)
