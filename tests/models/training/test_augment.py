"""Augmentation: repeatable, and still the picture where nothing may change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from models.networks.preprocess import centre_crop, normalise
from models.training.augment import DESK, Augmentation, Field, augment, framed
from models.training.cover import covered
from models.training.encode import encoded
from tests.models.conftest import made_faces

NOTHING = Augmentation(
    rotate_degrees=0,
    scale=(1, 1),
    shift=0,
    contrast=(1, 1),
    brightness=0,
    erase_share=0,
    coarse_share=0,
    noise_share=0,
)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures() -> Tensor:
    return torch.from_numpy(made_faces(32, seed=1).images)[:, None]


def smooth(count: int = 64) -> Tensor:
    """Normalised pictures (count, 1, 48, 48) that brighten from the left to the right."""
    return torch.linspace(-1, 1, 48).expand(count, 1, 48, 48).contiguous()


@pytest.mark.parametrize("how", [Augmentation(), DESK])
def test_the_same_seed_gives_the_same_pictures(how: Augmentation) -> None:
    assert torch.equal(augment(pictures(), how, seeded(1)), augment(pictures(), how, seeded(1)))
    assert not torch.equal(augment(pictures(), how, seeded(1)), augment(pictures(), how, seeded(2)))


def test_without_any_change_the_centre_crop_or_its_mirror_is_left() -> None:
    x, plain = augment(pictures(), NOTHING, seeded()), normalise(centre_crop(pictures()))
    straight = (x - plain).abs().amax(dim=(1, 2, 3)) < 1e-4
    mirrored = (x - plain.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert (straight | mirrored).all()
    assert straight.any()
    assert mirrored.any()


@pytest.mark.parametrize("how", [Augmentation(), DESK])
def test_values_stay_within_what_a_camera_gives(how: Augmentation) -> None:
    x = augment(pictures(), how, seeded(3))
    assert x.shape == (32, 1, 40, 40)
    assert float(x.abs().max()) <= 2.5


def test_a_network_may_see_the_whole_picture_in_fewer_pixels() -> None:
    x = augment(pictures(), NOTHING, seeded(), Field(32, 1.0))
    assert x.shape == (32, 1, 32, 32)
    # Bright above or below, as the whole pictures are.
    assert ((x[:, :, :14].mean(dim=(1, 2, 3)) > x[:, :, 18:].mean(dim=(1, 2, 3))) == (torch.arange(32) % 2 == 0)).all()


def test_what_is_framed_for_the_network_is_the_middle_of_the_picture() -> None:
    x = normalise(pictures())
    torch.testing.assert_close(framed(x, Field()), centre_crop(x), atol=1e-4, rtol=0)
    torch.testing.assert_close(framed(x, Field(48, 1.0)), x, atol=1e-4, rtol=0)


def test_a_shift_moves_the_picture_by_at_most_its_share() -> None:
    dot = torch.full((64, 1, 48, 48), 128, dtype=torch.uint8)
    dot[:, :, 23:25, 23:25] = 255
    x = augment(dot, replace(NOTHING, shift=0.1), seeded())[:, 0].numpy()
    places = np.array([np.argwhere(one > 0.2).mean(axis=0) for one in x]) - 19.5
    assert 3.0 < np.abs(places).max() <= 4.6


def test_a_part_of_a_turn_brings_one_side_nearer() -> None:
    lines = torch.full((64, 1, 48, 48), 128, dtype=torch.uint8)
    lines[:, :, :, [12, 35]] = 255
    x = augment(lines, replace(NOTHING, turn=0.3), seeded())[:, 0, 20]
    left, right = (20 - x[:, :20].argmax(dim=1)), x[:, 20:].argmax(dim=1)
    assert ((left - right).abs() > 2).any()
    assert ((left - right).abs() <= 1).any()


def test_a_dim_picture_is_dark_and_has_few_greys() -> None:
    x = augment(pictures(), replace(NOTHING, dim_share=1.0), seeded())
    assert float(x.mean()) < float(normalise(pictures()).mean()) - 0.4
    assert torch.equal((x + 2) * 64, ((x + 2) * 64).round())


def test_about_the_asked_share_of_faces_gets_something_before_it() -> None:
    x = smooth(400)
    changed = (covered(x, 0.5, seeded()) != x).flatten(1).any(dim=1).float().mean()
    assert 0.4 < float(changed) < 0.6


def test_a_thing_before_the_face_leaves_most_of_it_and_a_mask_its_upper_part() -> None:
    x = smooth(200)
    gone = covered(x, 1.0, seeded()) != x
    assert 0.1 < float(gone.float().mean()) < 0.6
    masked = gone[:, :, 40:].float().mean(dim=(1, 2, 3)) > 0.7
    assert masked.any()
    assert not gone[masked][:, :, :10].any()


def test_an_encoder_loses_a_little_and_more_where_there_is_more_to_lose() -> None:
    x = smooth(16)
    noise = torch.randn(16, 1, 48, 48, generator=seeded()).clamp(-2, 2)
    assert 0 < float((encoded(x, seeded()) - x).abs().mean()) < 0.1
    assert float((encoded(noise, seeded()) - noise).abs().mean()) > 0.2


def test_an_encoder_keeps_the_mean_of_a_flat_block() -> None:
    flat = torch.full((4, 1, 40, 40), 0.5)
    torch.testing.assert_close(encoded(flat, seeded()), flat, atol=0.13, rtol=0)
