"""The ONNX file: the same answers as the network, in half the space."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from models.data import Floats
from models.export import to_onnx, write_onnx
from models.networks.preprocess import normalise
from models.networks.se_resnet import SEResNet, parameters_of

from .conftest import crops


def run(path: Path, x: torch.Tensor) -> Floats:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    logits: Floats = session.run(["logits"], {"face": x.numpy()})[0]
    return logits


def test_the_file_agrees_with_the_network_for_any_batch(tmp_path: Path, network: SEResNet) -> None:
    write_onnx(network, tmp_path / "net.onnx")
    for count in (1, 2, 7):
        x = normalise(torch.from_numpy(crops(count))[:, None])
        with torch.no_grad():
            expected = network(x).numpy()
        # Half precision keeps 11 bits of each weight; the logits here spread over about 1.
        np.testing.assert_allclose(run(tmp_path / "net.onnx", x), expected, atol=5e-3)


def test_every_weight_is_stored_in_half_precision_and_the_file_is_half_the_size(
    tmp_path: Path, network: SEResNet
) -> None:
    write_onnx(network, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    assert {tensor.data_type for tensor in model.graph.initializer} == {onnx.TensorProto.FLOAT16}
    assert (tmp_path / "net.onnx").stat().st_size < 2.1 * parameters_of(network)


def test_a_runtime_folds_the_casts_away_when_it_loads_the_file(tmp_path: Path, network: SEResNet) -> None:
    write_onnx(network, tmp_path / "net.onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "seen.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), options, providers=["CPUExecutionProvider"])
    assert "Cast" in {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
    assert "Cast" not in {node.op_type for node in onnx.load(tmp_path / "seen.onnx").graph.node}


def test_the_same_weights_give_the_same_bytes(network: SEResNet) -> None:
    assert to_onnx(network).SerializeToString() == to_onnx(network).SerializeToString()


def test_the_file_needs_opset_17_and_nothing_beside_it(network: SEResNet) -> None:
    model = to_onnx(network)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    assert not any(tensor.external_data for tensor in model.graph.initializer)
