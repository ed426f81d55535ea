"""Clips as the networks take them, and the flow between their frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from edge.optical_flow import flow
from models.clips.batch import last, plain, streams, varied
from models.clips.clips import Clip, clips_of
from models.prepared import Source
from models.training.augment import Augmentation, Field
from tests.models.clips.filmed import two_kinds
from tests.models.sources.drawn import drawn

FIELD = Field()
STILL = Augmentation(
    rotate_degrees=0.0, scale=(1.0, 1.0), shift=0.0, contrast=(1.0, 1.0), brightness=0.0, erase_share=0.0,
    coarse_share=0.0, noise_share=0.0,
)  # fmt: skip


def test_clips_as_they_are_are_the_middle_of_their_pictures() -> None:
    clips = two_kinds(2)
    batch = plain(clips, FIELD)
    assert batch.faces.shape == (2, 3, 1, 40, 40)
    assert torch.allclose(
        batch.faces[0, 1, 0] * 64 + 128, torch.from_numpy(clips.frames[0, 1, 4:44, 4:44]).float(), atol=0.1
    )
    assert torch.equal(batch.mirrored().faces, batch.faces.flip(4))


def test_all_frames_of_a_clip_are_moved_alike() -> None:
    image = drawn(1)
    clips = clips_of([Clip(np.stack([image] * 3), np.arange(3, dtype=np.float32), 1)], Source("made", "", "", 0))
    how = Augmentation(noise_share=0.0, coarse_share=0.0)
    faces = varied(clips, np.array([0]), how, torch.Generator().manual_seed(3), FIELD).faces
    assert torch.allclose(faces[0, 0], faces[0, 2])
    assert not torch.allclose(faces, plain(clips, FIELD).faces, atol=0.1)


@pytest.mark.parametrize("length", [4, 12])
def test_the_last_eight_frames_are_taken_and_a_face_looked_before_the_first_as_in_that(length: int) -> None:
    frames = np.stack([np.full((48, 48), 10 * at, np.uint8) for at in range(length)])
    times = (np.arange(length) / 10).astype(np.float32)
    clips = clips_of([Clip(frames, times, 1), Clip(frames[:1], times[:1], 1)], Source("made", "", "", 0))
    (clip,) = last(plain(clips, FIELD))
    assert clip.shape == (2, 1, 8, 40, 40)
    grey = (clip[:, 0, :, 0, 0] * 64 + 128).round().int().tolist()
    assert grey[0] == [10 * max(0, at) for at in range(length - 8, length)]
    assert grey[1] == [0] * 8


def test_flow_tells_which_way_a_face_moved() -> None:
    image = cv2.GaussianBlur(drawn(2), (5, 5), 0)
    moved = flow(image, np.roll(image, 2, axis=1))[:, 12:36, 12:36]
    assert 0.25 < moved[0].mean() < 0.75
    assert abs(moved[1].mean()) < 0.1
    assert np.abs(flow(image, image)).mean() < 0.01


def test_two_streams_are_the_newest_face_and_the_flow_from_two_frames_before() -> None:
    image = cv2.GaussianBlur(drawn(2), (5, 5), 0)
    frames = np.stack([np.roll(image, 5, axis=0), image, image, np.roll(image, 2, axis=1)])
    clips = clips_of(
        [Clip(frames, np.arange(4, dtype=np.float32), 1), Clip(frames[:1], np.zeros(1, np.float32), 1)],
        Source("made", "", "", 0),
    )
    batch = plain(clips, FIELD)
    (x,) = streams(batch)
    assert x.shape == (2, 3, 40, 40)
    assert torch.equal(x[:, 0], batch.faces[:, -1, 0])
    assert 0.25 < float(x[0, 1, 10:30, 10:30].mean()) < 0.75
    assert float(x[1, 1:].abs().mean()) < 0.01


def test_varying_by_nothing_changes_nothing() -> None:
    clips = two_kinds(2)
    faces = varied(clips, np.arange(2), STILL, torch.Generator().manual_seed(1), FIELD).faces
    assert torch.allclose(faces.abs().sum(), plain(clips, FIELD).faces.abs().sum(), rtol=1e-3)
