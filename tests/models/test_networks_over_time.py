"""The networks over time: shapes, sizes, what they depend on and what they do not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.networks.build import build
from models.networks.c3d import C3D
from models.networks.conv3d import Conv3d
from models.networks.measure import parameters_of
from models.networks.res3_att import CLIP, Res3Att, Res3AttShape
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import CHANNELS, RING, SpatialAttention, STAttention, STAttentionShape
from models.networks.two_stream import TwoStream, TwoStreamShape


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def shaken(network: nn.Module) -> nn.Module:
    """A network none of whose parts is at its beginning any more, where some hand on what they get."""
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=draw))
    return network.eval()


def ring(count: int = 2, length: int = RING) -> tuple[Tensor, Tensor, Tensor]:
    ages = torch.arange(length - 1, -1, -1).float().expand(count, length) / 8
    return drawn(count, length, CHANNELS, 5, 5), ages, torch.ones(count, length)


def test_spatiotemporal_attention_gives_the_logits_of_now() -> None:
    assert STAttention()(*ring()).shape == (2, 8)
    assert STAttention(STAttentionShape(identity=False))(*ring()).shape == (2, 8)


def test_attention_costs_little_beside_the_student() -> None:
    assert parameters_of(STAttention()) == 80_812
    assert parameters_of(STAttention().over_time) == 67_912


def test_where_to_look_adds_up_to_one_for_each_part() -> None:
    look = SpatialAttention(CHANNELS, 4)
    assert torch.allclose(look.weights(drawn(3, CHANNELS, 5, 5)).sum(dim=2), torch.ones(3, 4))


def test_what_the_mask_leaves_out_does_not_count() -> None:
    network, (maps, ages, mask) = shaken(STAttention()), ring()
    mask[:, :10] = 0
    other = maps.clone()
    other[:, :10] = drawn(2, 10, CHANNELS, 5, 5, seed=9)
    assert torch.allclose(network(maps, ages, mask), network(other, ages, mask), atol=1e-5)
    assert not torch.allclose(network(maps, ages, torch.ones_like(mask)), network(maps, ages, mask), atol=1e-3)


def test_a_ring_that_is_not_full_gives_what_the_frames_alone_give() -> None:
    network, (maps, ages, mask) = shaken(STAttention()), ring()
    mask[:, :-5] = 0
    alone = network(maps[:, -5:], ages[:, -5:], mask[:, -5:])
    assert torch.allclose(network(maps, ages, mask), alone, atol=1e-5)


def test_frames_in_another_order_or_at_other_times_give_another_answer() -> None:
    network, (maps, ages, mask) = shaken(STAttention()), ring()
    order = torch.cat([torch.randperm(RING - 1, generator=torch.Generator().manual_seed(1)), torch.tensor([RING - 1])])
    assert not torch.allclose(network(maps[:, order], ages, mask), network(maps, ages, mask), atol=1e-3)
    assert not torch.allclose(network(maps, 3 * ages, mask), network(maps, ages, mask), atol=1e-3)


def test_without_temporal_attention_only_the_newest_frame_counts() -> None:
    network, (maps, ages, mask) = shaken(STAttention(STAttentionShape(temporal=False))), ring()
    other = drawn(2, RING, CHANNELS, 5, 5, seed=9)
    other[:, -1] = maps[:, -1]
    assert torch.allclose(network(maps, ages, mask), network(other, ages, mask))


def test_3res_att_reads_eight_frames_with_a_fifth_of_c3ds_parameters() -> None:
    network = Res3Att()
    assert network(drawn(2, 1, CLIP, 40, 40)).shape == (2, 8)
    assert C3D().eval()(drawn(1, 1, CLIP, 40, 40)).shape == (1, 8)
    assert parameters_of(network) == 566_173
    assert parameters_of(C3D()) == 46_570_568


@pytest.mark.parametrize("shape", [Res3AttShape(spatial=False), Res3AttShape(heads=0)])
def test_3res_att_without_one_of_its_attentions_is_smaller(shape: Res3AttShape) -> None:
    without = Res3Att(shape)
    assert without(drawn(2, 1, CLIP, 40, 40)).shape == (2, 8)
    assert parameters_of(without) < parameters_of(Res3Att())


@pytest.mark.parametrize("network", [Res3Att, C3D])
def test_frames_in_another_order_change_what_a_network_of_clips_says(network: type[nn.Module]) -> None:
    made, clip = shaken(network()), drawn(1, 1, CLIP, 40, 40)
    assert not torch.allclose(made(clip), made(clip.flip(2)), atol=1e-3)


def test_two_streams_read_a_face_and_its_flow() -> None:
    network = TwoStream()
    assert network(drawn(2, 3, 40, 40)).shape == (2, 8)
    assert parameters_of(network) == 1_744_150


def test_each_stream_alone_reads_its_own_channels() -> None:
    x = drawn(2, 3, 40, 40)
    for name, kept in (("space", slice(0, 1)), ("time", slice(1, 3))):
        network, other = shaken(TwoStream(TwoStreamShape(streams=(name,)))), drawn(2, 3, 40, 40, seed=5)
        other[:, kept] = x[:, kept]
        assert torch.allclose(network(x), network(other), atol=1e-5), name
        assert not torch.allclose(network(x), network(drawn(2, 3, 40, 40, seed=6)), atol=1e-3), name


def test_without_flow_two_streams_say_something_else() -> None:
    network, x = shaken(TwoStream()), drawn(2, 3, 40, 40)
    still = x.clone()
    still[:, 1:] = 0
    assert not torch.allclose(network(x), network(still), atol=1e-3)


def test_the_stream_of_appearance_begins_with_the_student() -> None:
    student = build("student", 0.0, 40).eval()
    assert isinstance(student, SEResNet)
    network = TwoStream().eval()
    network.begin_with(student)
    stages, face = network.stages["space"], drawn(2, 1, 40, 40)
    assert isinstance(stages, nn.ModuleList)
    maps = network.stems["space"](face)
    for stage in stages:
        maps = stage(maps)
    wanted = student.blocks(student.stem(face))
    assert torch.allclose(maps, wanted)


@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), ((3, 1, 1), (1, 0, 0))])
@pytest.mark.parametrize("frames", [2, 4])
def test_a_kernel_over_time_learns_in_bfloat16_what_it_learns_in_float32(
    kernel: int | tuple[int, int, int], padding: int | tuple[int, int, int], frames: int
) -> None:
    convolution = Conv3d(64, 64, kernel, 1, padding, bias=False)
    clips, wanted = drawn(32, 64, frames, 5, 5), drawn(32, 64, frames, 5, 5, seed=2)
    convolution(clips).backward(wanted)
    exact = weights_gradient(convolution)
    for _ in range(5):
        torch.full((2**18,), torch.nan)  # what is freed is found again by whoever reads memory that it did not write
        with torch.autocast("cpu", torch.bfloat16):
            answer = convolution(clips)
        answer.backward(wanted.to(answer.dtype))
        assert (weights_gradient(convolution) - exact).norm() < 0.02 * exact.norm()


def weights_gradient(convolution: nn.Module) -> Tensor:
    """The gradient of the weights since the last time."""
    gradient = convolution.weight.grad
    assert isinstance(gradient, Tensor)
    convolution.weight.grad = None
    return gradient
