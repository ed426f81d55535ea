"""Augmentation: repeatable, and still the picture where nothing may change."""

import numpy as np
import torch

from models.augment import Augmentation, augment
from models.networks.preprocess import centre_crop, normalise

from .conftest import made_faces

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


def pictures() -> torch.Tensor:
    return torch.from_numpy(made_faces(32, seed=1).images)[:, None]


def varied(how: Augmentation, seed: int) -> torch.Tensor:
    return augment(pictures(), how, torch.Generator().manual_seed(seed))


def test_the_same_seed_gives_the_same_pictures() -> None:
    assert torch.equal(varied(Augmentation(), 1), varied(Augmentation(), 1))
    assert not torch.equal(varied(Augmentation(), 1), varied(Augmentation(), 2))


def test_without_any_change_the_centre_crop_or_its_mirror_is_left() -> None:
    x, plain = varied(NOTHING, 1), normalise(centre_crop(pictures()))
    straight = (x - plain).abs().amax(dim=(1, 2, 3)) < 1e-4
    mirrored = (x - plain.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert (straight | mirrored).all()
    assert straight.any()
    assert mirrored.any()


def test_values_stay_within_what_a_camera_gives() -> None:
    x = varied(Augmentation(), 3)
    assert x.shape == (32, 1, 40, 40)
    assert float(x.abs().max()) <= 2.0


def test_a_shift_moves_the_picture_by_at_most_its_share() -> None:
    dot = torch.full((64, 1, 48, 48), 128, dtype=torch.uint8)
    dot[:, :, 23:25, 23:25] = 255
    how = Augmentation(**{**vars(NOTHING), "shift": 0.1})
    x = augment(dot, how, torch.Generator().manual_seed(1))[:, 0].numpy()
    places = np.array([np.argwhere(one > 0.2).mean(axis=0) for one in x]) - 19.5
    assert 3.0 < np.abs(places).max() <= 4.6
