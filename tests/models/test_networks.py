"""The networks: shapes, sizes, costs."""

import pytest
import torch
from torch import nn

from models.heads import LOGITS
from models.networks.build import NETWORKS, build
from models.networks.measure import multiply_adds, parameters_of
from models.networks.preprocess import centre_crop, normalise
from models.networks.se_resnet import SEResNet
from models.networks.vgg import VGG16, VGG16Shape, VGG16Transferred


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


def test_the_student_is_within_a_million_parameters_and_eighty_million_multiply_adds() -> None:
    student = build("student", 0.3, 40)
    assert parameters_of(student) == 999_159
    # By hand: stem 0.23 M, three stages of 12.9 M and a third block of 7.4 M, shortcuts 0.61 M, the rest 0.02 M.
    assert multiply_adds(student, 40) == pytest.approx(46.9e6, rel=0.01)


def test_every_network_gives_the_logits_of_both_heads() -> None:
    for name in NETWORKS:
        assert build(name, 0.3, 48).eval()(torch.zeros(1, 1, 48, 48)).shape == (1, LOGITS), name


def test_vgg16_has_thirteen_convolutions_and_three_fully_connected_layers() -> None:
    modules = list(VGG16(VGG16Shape(head="paper", hidden=8)).modules())
    assert sum(isinstance(module, nn.Conv2d) for module in modules) == 13
    assert sum(isinstance(module, nn.Linear) for module in modules) == 3


def test_vgg16_with_a_global_average_has_the_size_and_cost_that_its_card_says() -> None:
    network = VGG16()
    assert parameters_of(network) == pytest.approx(14.73e6, rel=0.001)
    assert multiply_adds(network, 48) == pytest.approx(702e6, rel=0.01)
    assert network.embed(torch.zeros(1, 1, 32, 32)).shape == (1, 512)


def test_the_papers_head_alone_learns_on_convolutions_that_stay() -> None:
    network = build("vgg16-paper", 0.5, 48)
    assert {name.split(".")[0] for name, each in network.named_parameters() if each.requires_grad} == {"hidden", "head"}
    assert not any(module.training for module in network.train().features.modules())  # type: ignore[union-attr]


def test_of_a_transferred_vgg16_the_new_head_alone_learns() -> None:
    torch.manual_seed(1)
    network = VGG16Transferred(VGG16Shape(LOGITS, width=4), own=8)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(2):
        network.train()(torch.randn(4, 1, 32, 32)).square().sum().backward()
        optimiser.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(before[name], value)}
    assert changed == {f"transferred.{part}" for part in ("0.weight", "0.bias", "3.weight", "3.bias")}


def test_a_transferred_vgg16_keeps_what_its_first_head_says() -> None:
    torch.manual_seed(1)
    first = VGG16(VGG16Shape(LOGITS, width=4)).eval()
    network = VGG16Transferred(VGG16Shape(LOGITS, width=4), own=8).eval()
    network.load_state_dict(network.state_dict() | first.state_dict())
    x = torch.randn(2, 1, 32, 32)
    assert torch.equal(network(x)[:, 8:], first(x)[:, 8:])
    assert not torch.equal(network(x)[:, :8], first(x)[:, :8])


def test_the_grey_outside_a_picture_is_zero_to_the_network() -> None:
    assert normalise(torch.tensor([0, 128, 255], dtype=torch.uint8)).tolist() == [-2.0, 0.0, 127 / 64]


def test_the_centre_crop_takes_the_middle_pixels() -> None:
    rows = torch.arange(48).repeat(48, 1)
    assert centre_crop(rows)[0].tolist() == list(range(4, 44))
