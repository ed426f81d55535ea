"""What reads faces over time answers to their movement, and the single frame to the newest face alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models.clips.batch import Batch
from models.networks.build import build
from models.networks.se_resnet import SEResNet
from models.temporal.variants import BY_NAME, SINGLE
from tests.models.test_networks_over_time import shaken

OVER_TIME = ("st-attention", "res3-att", "c3d", "two-stream")
FRAMES = 16


def moving() -> Batch:
    """One face-like picture that is moved by a pixel a frame, fifteen frames a second."""
    noise = torch.randn(1, 1, 10, 10, generator=torch.Generator().manual_seed(3))
    picture = functional.interpolate(noise, (40, 40), mode="bicubic")
    faces = torch.stack([picture.roll(frame, dims=3) for frame in range(FRAMES)], dim=1)
    return Batch(faces, torch.arange(FRAMES - 1, -1, -1)[None] / 15, torch.ones(1, FRAMES))


def permuted(batch: Batch) -> Batch:
    """The same frames in another order but for the newest, which stays where it is."""
    order = [*torch.randperm(FRAMES - 1, generator=torch.Generator().manual_seed(1)).tolist(), FRAMES - 1]
    return replace(batch, faces=batch.faces[:, order])


def frozen(batch: Batch) -> Batch:
    """The newest frame throughout."""
    return replace(batch, faces=batch.faces[:, -1:].expand_as(batch.faces))


@torch.no_grad()
def logits(name: str, batch: Batch) -> Tensor:
    torch.manual_seed(1)
    student = build("student", 0.0, 40).eval()
    assert isinstance(student, SEResNet)
    answer = shaken(BY_NAME[name].build(student))(*BY_NAME[name].inputs(batch, student))
    assert isinstance(answer, Tensor)
    return answer


@pytest.mark.parametrize("changed", [permuted, frozen])
@pytest.mark.parametrize("name", OVER_TIME)
def test_a_clip_in_another_order_or_frozen_is_another_clip(name: str, changed: Callable[[Batch], Batch]) -> None:
    assert not torch.allclose(logits(name, moving()), logits(name, changed(moving())), atol=1e-3)


@pytest.mark.parametrize("changed", [permuted, frozen])
def test_a_single_frame_does_not_know_what_was_before(changed: Callable[[Batch], Batch]) -> None:
    assert torch.equal(logits(SINGLE, moving()), logits(SINGLE, changed(moving())))
