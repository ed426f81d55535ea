"""The default network: shapes, size, cost."""

import pytest
import torch

from models.networks.preprocess import centre_crop, normalise
from models.networks.se_resnet import SEResNet, multiply_adds, parameters_of


def test_a_batch_of_faces_gives_eight_logits_each(network: SEResNet) -> None:
    assert network(torch.zeros(3, 1, 40, 40)).shape == (3, 8)


@pytest.mark.parametrize("side", [40, 48, 64])
def test_any_side_divisible_by_eight_gives_the_same_embedding_size(network: SEResNet, side: int) -> None:
    assert network.embed(torch.zeros(2, 1, side, side)).shape == (2, 128)


def test_lighting_and_contrast_do_not_change_the_answer(network: SEResNet) -> None:
    x = torch.randn(4, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(network(0.6 * x + 0.5), network(x), atol=0.02, rtol=0)


def test_a_flat_picture_gives_finite_logits(network: SEResNet) -> None:
    assert network(torch.full((1, 1, 40, 40), 0.3)).isfinite().all()


def test_the_default_has_seven_tenths_of_a_million_parameters() -> None:
    assert parameters_of(SEResNet()) == 702_832


def test_a_face_costs_under_forty_million_multiply_adds() -> None:
    # By hand: stem 0.23 M, three stages of 12.9 M, shortcuts 0.61 M, squeeze-excitation and head 0.02 M.
    assert multiply_adds(SEResNet(), 40) == pytest.approx(39.6e6, rel=0.01)


def test_the_grey_outside_a_picture_is_zero_to_the_network() -> None:
    assert normalise(torch.tensor([0, 128, 255], dtype=torch.uint8)).tolist() == [-2.0, 0.0, 127 / 64]


def test_the_centre_crop_takes_the_middle_pixels() -> None:
    rows = torch.arange(48).repeat(48, 1)
    assert centre_crop(rows)[0].tolist() == list(range(4, 44))
