"""Networks over time as they are exported: a frame at a time or a clip at once, the answer is the same."""

from __future__ import annotations

from typing import cast

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from models.data import Floats
from models.networks.build import build
from models.networks.c3d import C3D, C3DShape
from models.networks.graph import as_onnx
from models.networks.res3_att import CLIP, Res3Att
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import RING, STAttention
from models.temporal.forms import BESIDE, KEPT, RingForm, clip_to_onnx, faces_form, frame_to_onnx, ring_to_onnx

SIDE = 40


@pytest.fixture(scope="module")
def networks() -> tuple[SEResNet, STAttention]:
    torch.manual_seed(4)
    student = build("student", 0.0, SIDE).eval()
    assert isinstance(student, SEResNet)
    return student, STAttention().eval()


def run(model: onnx.ModelProto, **inputs: Tensor) -> list[Floats]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return cast("list[Floats]", session.run(None, {name: values.numpy() for name, values in inputs.items()}))


def test_stream_and_clip_forms_give_the_same_with_frames_missing_at_the_beginning(
    networks: tuple[SEResNet, STAttention],
) -> None:
    student, network = networks
    frame, ring_form = frame_to_onnx(student, network, SIDE, "logits"), ring_to_onnx(network, "logits")
    clip_form = clip_to_onnx(student, network, SIDE, "logits")
    faces = torch.randn(RING, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    ages, width = torch.linspace(3.1, 0, RING), network.shape.embedding
    for first in (0, 20, RING - 1):
        mask = (torch.arange(RING) >= first).float()
        ring = torch.zeros(RING, width + BESIDE)
        for at in range(first, RING):  # a frame at a time, as on a desk
            ring[at, :width] = torch.from_numpy(run(frame, face=faces[at : at + 1])[1][0])
        ring[first:, width], ring[:, width + 1] = ages[first:], mask
        stream = run(ring_form, ring=ring[None, None])[0]
        clip = run(clip_form, faces=faces[None], ages=ages[None] * mask, mask=mask[None])[0]
        np.testing.assert_allclose(stream, clip, atol=1e-4)


def test_a_frame_alone_is_a_ring_of_one(networks: tuple[SEResNet, STAttention]) -> None:
    student, network = networks
    model = frame_to_onnx(student, network, SIDE, "logits")
    assert [output.name for output in model.graph.output] == ["logits", KEPT]
    logits, kept = run(model, face=torch.randn(2, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(2)))
    ring = torch.zeros(2, 1, RING, network.shape.embedding + BESIDE)
    ring[:, 0, -1, :-BESIDE], ring[:, 0, -1, -1] = torch.from_numpy(kept), 1
    np.testing.assert_allclose(run(ring_to_onnx(network, "logits"), ring=ring)[0], logits, atol=1e-4)


def test_ages_and_masks_that_cannot_be_do_no_harm(networks: tuple[SEResNet, STAttention]) -> None:
    ring = torch.randn(1, 1, RING, networks[1].shape.embedding + BESIDE) * 50
    with torch.no_grad():
        assert torch.isfinite(RingForm(networks[1])(ring)).all()


@pytest.mark.parametrize("network", [Res3Att(), C3D(C3DShape(width=4, hidden=8))], ids=["res3-att", "c3d"])
def test_what_takes_a_clip_is_exported_with_its_frames_as_channels(network: Res3Att | C3D) -> None:
    form, channels, frames = faces_form(network.eval())
    faces = torch.randn(2, CLIP, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    assert (channels, frames) == (CLIP, CLIP)
    with torch.no_grad():
        wanted = network(faces[:, None])
    np.testing.assert_allclose(run(as_onnx(form, SIDE, ["logits"], channels), face=faces)[0], wanted, atol=1e-4)
