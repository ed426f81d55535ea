"""The network as an ONNX graph in float32: the same answers, for any number of faces."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from models.data import Floats
from models.heads import FER2013, HEADS
from models.networks.build import build
from models.networks.graph import to_onnx
from models.networks.measure import parameters_of
from models.networks.preprocess import normalise

from .conftest import crops


@pytest.fixture(scope="module")
def student() -> nn.Module:
    """A student whose batch-norm statistics are no longer those it was born with."""
    torch.manual_seed(7)
    made = build("student", 0.3, 40).train()
    with torch.no_grad():
        for _ in range(3):
            made(torch.randn(8, 1, 40, 40) * 1.5 + 0.2)
    return made.eval()


def run(model: onnx.ModelProto, x: torch.Tensor) -> list[Floats]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    logits: list[Floats] = session.run([head.name for head in HEADS], {"face": x.numpy()})
    return logits


def test_the_graph_agrees_with_the_network_for_any_batch(student: nn.Module) -> None:
    model = to_onnx(student, 40)
    for count in (1, 2, 7):
        x = normalise(torch.from_numpy(crops(count))[:, None])
        with torch.no_grad():
            expected = student(x).numpy()
        np.testing.assert_allclose(np.concatenate(run(model, x), axis=1), expected, atol=1e-5)


def test_each_head_is_an_output_of_its_name_and_one_may_be_left_out(student: nn.Module) -> None:
    assert [output.name for output in to_onnx(student, 40).graph.output] == ["ferplus", "fer2013"]
    alone = to_onnx(student, 40, (FER2013,))
    assert [output.name for output in alone.graph.output] == ["fer2013"]


def test_no_batch_norm_is_left_in_the_graph(student: nn.Module) -> None:
    assert "BatchNormalization" not in {node.op_type for node in to_onnx(student, 40).graph.node}


def test_the_same_weights_give_the_same_bytes(student: nn.Module) -> None:
    assert to_onnx(student, 40).SerializeToString() == to_onnx(student, 40).SerializeToString()


def test_the_graph_needs_opset_17_and_nothing_beside_it(student: nn.Module) -> None:
    model = to_onnx(student, 40)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def difference(network: nn.Module, side: int) -> float:
    """The largest one between a network and its graph on two faces."""
    x = torch.randn(2, 1, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return float(np.abs(np.concatenate(run(to_onnx(network, side), x), axis=1) - network(x).numpy()).max())


def test_vgg_with_a_global_average_has_a_graph() -> None:
    torch.manual_seed(1)
    assert difference(build("vgg16", 0.5, 48).eval(), 48) < 1e-4


@pytest.mark.system
def test_vgg_with_the_papers_head_has_a_graph_at_224_pixels() -> None:
    torch.manual_seed(1)
    network = build("vgg16-paper", 0.5, 224).eval()
    assert parameters_of(network) > 130e6
    assert difference(network, 224) < 1e-4
