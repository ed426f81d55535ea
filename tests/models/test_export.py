"""The ONNX file: the same answers as the network, in half the space."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from models.data import Floats
from models.export import to_onnx, write_onnx
from models.heads import FER2013, HEADS
from models.networks.build import build
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


def run(path: Path, x: torch.Tensor) -> list[Floats]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    logits: list[Floats] = session.run([head.name for head in HEADS], {"face": x.numpy()})
    return logits


def test_the_file_agrees_with_the_network_for_any_batch(tmp_path: Path, student: nn.Module) -> None:
    write_onnx(student, tmp_path / "net.onnx", 40)
    for count in (1, 2, 7):
        x = normalise(torch.from_numpy(crops(count))[:, None])
        with torch.no_grad():
            expected = student(x).numpy()
        # Half precision keeps 11 bits of each weight; the logits here spread over about 1.
        np.testing.assert_allclose(np.concatenate(run(tmp_path / "net.onnx", x), axis=1), expected, atol=5e-3)


def test_each_head_is_an_output_of_its_name_and_one_may_be_left_out(student: nn.Module) -> None:
    assert [output.name for output in to_onnx(student, 40).graph.output] == ["ferplus", "fer2013"]
    alone = to_onnx(student, 40, (FER2013,))
    assert [output.name for output in alone.graph.output] == ["fer2013"]


def test_no_batch_norm_is_left_in_the_file(student: nn.Module) -> None:
    assert "BatchNormalization" not in {node.op_type for node in to_onnx(student, 40).graph.node}


def test_every_weight_is_stored_in_half_precision_and_the_file_is_half_the_size(
    tmp_path: Path, student: nn.Module
) -> None:
    write_onnx(student, tmp_path / "net.onnx", 40)
    model = onnx.load(tmp_path / "net.onnx")
    floats = {tensor.data_type for tensor in model.graph.initializer} - {onnx.TensorProto.INT64}
    assert floats == {onnx.TensorProto.FLOAT16}
    assert (tmp_path / "net.onnx").stat().st_size < 2.1 * parameters_of(student)


def test_a_runtime_folds_the_casts_away_when_it_loads_the_file(tmp_path: Path, student: nn.Module) -> None:
    write_onnx(student, tmp_path / "net.onnx", 40)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "seen.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), options, providers=["CPUExecutionProvider"])
    assert "Cast" in {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
    assert "Cast" not in {node.op_type for node in onnx.load(tmp_path / "seen.onnx").graph.node}


def test_the_same_weights_give_the_same_bytes(student: nn.Module) -> None:
    assert to_onnx(student, 40).SerializeToString() == to_onnx(student, 40).SerializeToString()


def test_the_file_needs_opset_17_and_nothing_beside_it(student: nn.Module) -> None:
    model = to_onnx(student, 40)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def exported(network: nn.Module, side: int, path: Path) -> float:
    """The largest difference between a network and its file on two faces."""
    x = torch.randn(2, 1, side, side, generator=torch.Generator().manual_seed(1))
    write_onnx(network, path, side)
    with torch.no_grad():
        return float(np.abs(np.concatenate(run(path, x), axis=1) - network(x).numpy()).max())


def test_vgg_with_a_global_average_exports(tmp_path: Path) -> None:
    torch.manual_seed(1)
    assert exported(build("vgg16", 0.5, 48).eval(), 48, tmp_path / "vgg.onnx") < 0.02


@pytest.mark.system
def test_vgg_with_the_papers_head_exports_at_224_pixels(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build("vgg16-paper", 0.5, 224).eval()
    assert parameters_of(network) > 130e6
    assert exported(network, 224, tmp_path / "vgg.onnx") < 0.02
