"""Clips made from stills."""

from __future__ import annotations

from dataclasses import replace

import torch

from models.clips.clips import FASTEST, SLOWEST
from models.clips.made import MadeClips, Motion, made
from models.networks.preprocess import centre_crop, normalise
from tests.models.sources.drawn import drawn

STILL = Motion(
    rotate_degrees=0.0, scale=(1.0, 1.0), shift=0.0, turn=0.0, light=0.0, noise=0.0, jitter=0.0, changes=0.0,
    spoiled=0.0, lost=0.0,
)  # fmt: skip
PICTURES = torch.stack([torch.from_numpy(drawn(seed)) for seed in range(4)])[:, None]


def clips(motion: Motion, count: int = 32, seed: int = 1) -> MadeClips:
    draw = torch.Generator().manual_seed(seed)
    rows = torch.randint(0, len(PICTURES), (count, 2), generator=draw)
    return made(PICTURES, rows, motion, draw)


def test_without_motion_a_clip_is_its_still_again_and_again_but_for_the_mirror() -> None:
    found = clips(replace(STILL, frames=3))
    for frames, rows in zip(found.frames, found.rows, strict=True):
        still = centre_crop(normalise(PICTURES[rows[0], 0]))
        contrast = frames.std() / still.std()
        assert torch.allclose(frames[0], frames[2], atol=1e-4)
        same, mirrored = ((frames[0, 0] - contrast * each).abs().mean() for each in (still, still.flip(1)))
        assert min(same, mirrored) < 0.2  # what is brighter than a camera sees is cut off


def test_a_head_moves_smoothly() -> None:
    motion = replace(STILL, shift=0.05, rotate_degrees=8.0)
    frames = clips(motion).frames
    steps = (frames[:, 1:] - frames[:, :-1]).abs().mean()
    far = (frames[:, 0] - frames[:, 16]).abs().mean()
    assert 0 < steps < far / 3


def test_frames_come_as_a_desk_gives_them() -> None:
    found = clips(Motion(), count=200)
    steps = found.ages[:, :-1] - found.ages[:, 1:]
    assert not found.ages[:, -1].any()
    assert steps.min() >= 0.7 / FASTEST * 0.99
    assert steps.max() <= 2.6 / SLOWEST
    assert steps.std(dim=1).min() > 0
    assert found.mask[:, -1].all()
    assert 0.3 < (found.mask.sum(dim=1) == 32).float().mean() < 0.8


def test_half_of_the_clips_end_with_another_still_than_they_began_with() -> None:
    found = clips(Motion(), count=400)
    assert 0.35 < (found.later > 0.5).float().mean() < 0.55
    unchanged = clips(replace(Motion(), changes=0.0))
    assert not unchanged.later.any()


def test_a_changed_clip_shows_the_second_still_at_its_end() -> None:
    found = clips(replace(STILL, changes=1.0), count=64)
    row = int(found.later.argmax())
    wanted = centre_crop(normalise(PICTURES[found.rows[row, 1], 0]))
    last = found.frames[row, -1, 0]
    alike = max(
        float(torch.corrcoef(torch.stack([last.flatten(), each.flatten()]))[0, 1]) for each in (wanted, wanted.flip(1))
    )
    assert found.later[row] > 0.99
    assert alike > 0.95


def test_the_same_seed_makes_the_same_clips() -> None:
    assert torch.equal(clips(Motion()).frames, clips(Motion()).frames)
    assert not torch.equal(clips(Motion()).frames, clips(Motion(), seed=2).frames)


def test_a_few_frames_of_some_clips_are_spoiled() -> None:
    plain, spoiled = clips(STILL), clips(replace(STILL, spoiled=1.0))
    changed = ((plain.frames - spoiled.frames).abs().flatten(2).mean(dim=2) > 0.01).sum(dim=1)
    assert (changed > 0).float().mean() > 0.8
    assert changed.max() < 16
