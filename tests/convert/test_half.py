"""Half precision: the graph computes in it, its ends stay as they are, and what does not fit is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from convert import half
from convert.errors import RangeError, SourceError
from convert.main import main
from edge.bundle import DEFAULT

SHIPPED = ("expression", "cover", "pnet", "rnet", "onet")
Floats = NDArray[np.float32]


def tiny(scale: float = 1.0, constant: float = 0.5) -> ModelProto:
    """A convolution, a product with a constant, and a matrix product, weights drawn by a seed."""
    draw = np.random.default_rng(3)
    weights = draw.normal(size=(4, 1, 3, 3)).astype(np.float32) * np.float32(scale)
    dense = draw.normal(size=(4 * 36, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["face", "kernel"], ["felt"]),
        helper.make_node("Constant", [], ["part"], value=numpy_helper.from_array(np.float32(constant))),
        helper.make_node("Mul", ["felt", "part"], ["less"]),
        helper.make_node("Flatten", ["less"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(weights, "kernel"), numpy_helper.from_array(dense, "dense")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


def answer(model: ModelProto, x: Floats) -> Floats:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"face": x})[0])


def test_a_network_in_half_computes_in_half_and_answers_nearly_the_same() -> None:
    before, x = tiny(), np.random.default_rng(4).normal(size=(5, 1, 8, 8)).astype(np.float32)
    made = half.half(before)
    types = {tensor.name: tensor.data_type for tensor in made.graph.initializer}
    assert types == {"kernel": TensorProto.FLOAT16, "dense": TensorProto.FLOAT16}
    whole, less = answer(before, x), answer(made, x)
    assert less.dtype == np.float32
    assert 1e-5 < np.abs(whole - less).max() < 0.05


def test_the_network_that_is_put_into_half_is_left_as_it_is() -> None:
    before = tiny()
    bytes_before = before.SerializeToString()
    half.half(before)
    assert before.SerializeToString() == bytes_before


@pytest.mark.parametrize("name", SHIPPED)
def test_every_network_that_ships_can_be_had_in_half(name: str) -> None:
    shipped = half.read(DEFAULT / f"{name}.onnx")
    before = half.single(shipped)
    made = half.half(shipped, name)
    checker.check_model(made, full_check=True)
    ends = [(each.name, each.type) for each in (*shipped.graph.input, *shipped.graph.output)]
    assert [(each.name, each.type) for each in (*made.graph.input, *made.graph.output)] == ends
    assert half.weights_of(made).share == 1.0
    assert half.weights_of(made).count >= 10
    assert made.ByteSize() <= 0.55 * before.ByteSize()


def test_weights_that_lie_in_the_file_as_halves_are_the_same_halves_afterwards() -> None:
    shipped = half.read(DEFAULT / "expression.onnx")
    stored = [
        numpy_helper.to_array(each) for each in shipped.graph.initializer if each.data_type == TensorProto.FLOAT16
    ]
    made = [numpy_helper.to_array(each) for each in half.half(shipped).graph.initializer]
    assert len(stored) > 50
    for values in stored:
        assert any(values.shape == each.shape and np.array_equal(values, each) for each in made)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (tiny(scale=1e6), "weight kernel holds"),
        (tiny(constant=1e6), "constant part holds 1e+06"),
        (tiny(scale=float("nan")), "weight kernel holds nan"),
        (tiny(constant=float("inf")), "constant part holds inf"),
    ],
)
def test_a_value_that_half_does_not_hold_is_refused_by_name(model: ModelProto, named: str) -> None:
    with pytest.raises(RangeError, match=r"^made\.onnx: .* float16 ends at 65504") as refused:
        half.half(model, "made.onnx")
    assert named in str(refused.value)


def test_what_lies_just_within_is_not_refused() -> None:
    half.half(tiny(constant=65504.0))


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x01" * 40])
def test_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"network\.onnx: is no ONNX network that can be read"):
        half.read(path)


def test_the_command_writes_a_file_that_says_how_much_of_it_is_in_half(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(tiny(), str(tmp_path / "tiny.onnx"))
    assert main(["fp16", str(tmp_path / "tiny.onnx"), "--out", str(tmp_path / "half.onnx")]) == 0
    assert "2 of 2 weights of convolutions and matrix products in half" in capsys.readouterr().out
    assert half.weights_of(half.read(tmp_path / "half.onnx")).half == 2


def test_the_command_refuses_in_one_line_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(tiny(scale=1e6), str(tmp_path / "tiny.onnx"))
    for source, out in (("tiny.onnx", "half.onnx"), ("none.onnx", "half.onnx"), ("tiny.onnx", "none/half.onnx")):
        assert main(["fp16", str(tmp_path / source), "--out", str(tmp_path / out)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "none.onnx: cannot be read: No such file or directory" in told[1]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.onnx"]


def test_a_folder_that_cannot_be_written_to_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(tiny(), str(tmp_path / "tiny.onnx"))
    assert main(["fp16", str(tmp_path / "tiny.onnx"), "--out", str(tmp_path / "none" / "half.onnx")]) == 1
    assert "half.onnx: cannot be written: No such file or directory" in capsys.readouterr().err
