"""Half precision: the graph computes in it, its ends stay as they are, and what does not fit is refused by name."""

from __future__ import annotations

import hashlib
import json
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
from tests.convert.bundle import made as bundles

SHIPPED = ("expression", "cover")  # and the detector in float32
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
def test_every_network_that_ships_is_in_half_between_ends_that_are_not(name: str) -> None:
    shipped = half.read(DEFAULT / f"{name}.onnx")
    checker.check_model(shipped, full_check=True)
    whole = half.single(shipped)
    ends = [(each.name, each.type) for each in (*shipped.graph.input, *shipped.graph.output)]
    assert {end.tensor_type.elem_type for _, end in ends} <= {TensorProto.FLOAT, TensorProto.UINT8}
    assert [(each.name, each.type) for each in (*whole.graph.input, *whole.graph.output)] == ends
    assert half.weights_of(shipped).share == 1.0
    assert half.weights_of(shipped).count >= 10
    assert half.weights_of(whole).half == 0
    assert shipped.ByteSize() <= 0.55 * whole.ByteSize()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_network_that_is_in_half_is_the_same_once_more_put_into_it(name: str) -> None:
    shipped = half.read(DEFAULT / f"{name}.onnx")
    again = half.half(shipped)
    assert [node.op_type for node in again.graph.node] == [node.op_type for node in shipped.graph.node]
    weights = [{each.name: numpy_helper.to_array(each) for each in one.graph.initializer} for one in (shipped, again)]
    assert weights[0].keys() == weights[1].keys()
    for key, values in weights[0].items():
        np.testing.assert_array_equal(weights[1][key], values)


def test_in_float32_a_network_computes_with_the_weights_that_it_had_in_half() -> None:
    made = half.half(tiny())
    whole, x = half.single(made), np.random.default_rng(4).normal(size=(5, 1, 8, 8)).astype(np.float32)
    assert "Cast" not in {node.op_type for node in whole.graph.node}
    coarse = tiny()
    for tensor in coarse.graph.initializer:
        rounded = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    np.testing.assert_array_equal(answer(whole, x), answer(coarse, x))


def chain(*operators: tuple[str, float | None], given: int = TensorProto.FLOAT) -> ModelProto:
    """Operators one after the other on `face` (1,), each with the number that it takes besides, where it takes one."""
    nodes, weights, last = [], [], "face"
    for place, (operator, number) in enumerate(operators):
        names = [last] if number is None else [last, f"number{place}"]
        weights += [] if number is None else [numpy_helper.from_array(np.array([number], np.float32), names[1])]
        options = {"to": TensorProto.FLOAT} if operator == "Cast" else {}
        last = "out" if place == len(operators) - 1 else f"step{place}"
        nodes.append(helper.make_node(operator, names, [last], operator, **options))
    ends = (
        [helper.make_tensor_value_info("face", given, [1])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1])],
    )
    made = helper.make_model(
        helper.make_graph(nodes, "chain", *ends, weights), opset_imports=[helper.make_opsetid("", 17)]
    )
    made.ir_version = 8
    return made


def test_what_a_processor_with_half_loses_between_two_nodes_shows_where_there_is_none() -> None:
    made = half.half(chain(("Add", 2048.0), ("Sub", 2048.0)))
    one = np.ones(1, np.float32)
    assert answer(half.single(made), one) == 1.0
    assert answer(half.rounding(made), one) == 0.0  # from 2048 on half has even numbers alone


def test_a_probability_is_not_rounded() -> None:
    sure = half.half(chain(("Mul", 1.0), ("Sigmoid", None)))
    apart = [float(answer(half.rounding(sure), np.array([x], np.float32))[0]) for x in (9.0, 9.5, 10.0)]
    assert apart == sorted(set(apart))
    assert len({np.float16(each) for each in apart}) == 1


def test_the_bytes_of_a_picture_become_halves_late() -> None:
    made = half.half(chain(("Cast", None), ("Transpose", None), ("Mul", 2.0), given=TensorProto.UINT8))
    casts = [node.attribute[0].i for node in made.graph.node if node.op_type == "Cast"]
    assert [node.op_type for node in made.graph.node] == ["Cast", "Transpose", "Cast", "Mul", "Cast"]
    assert casts == [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.FLOAT]


def test_a_network_that_takes_half_itself_is_refused() -> None:
    model = chain(("Mul", 2.0))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    with pytest.raises(SourceError, match="made: takes or gives float16"):
        half.single(model, "made")


def behind_casts(model: ModelProto) -> ModelProto:
    """The same network with its weights in the file as halves, each behind a Cast to float32."""
    made = ModelProto()
    made.CopyFrom(model)
    for tensor in made.graph.initializer:
        name, values = tensor.name, numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(values, f"{name}_half"))
        made.graph.node.insert(0, helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    return made


def test_weights_that_lie_in_the_file_as_halves_are_the_same_halves_afterwards() -> None:
    stands = behind_casts(tiny())
    checker.check_model(stands)
    stored = [numpy_helper.to_array(each) for each in stands.graph.initializer]
    made = [numpy_helper.to_array(each) for each in half.half(stands).graph.initializer]
    assert [each.dtype for each in stored] == [np.float16, np.float16]
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


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the default bundle whose networks are in float32."""
    folder = bundles.copy(tmp_path / "mine")
    for name in ("cover", "onet"):
        onnx.save(half.single(half.read(folder / f"{name}.onnx")), str(folder / f"{name}.onnx"))
    return folder


@pytest.mark.parametrize(("card", "name"), [("cover.json", "cover"), ("detector.json", "onet")])
def test_a_card_follows_its_file(bundle: Path, card: str, name: str) -> None:
    file, before = bundle / f"{name}.onnx", json.loads((bundle / card).read_text())
    assert main(["fp16", str(file), "--out", str(file), "--card", str(bundle / card)]) == 0
    after = json.loads((bundle / card).read_text())
    entries = [each["networks"][name] if "networks" in each else each for each in (before, after)]
    assert entries[1]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    entries[0]["sha256"] = entries[1]["sha256"]
    assert before == after
    said = {each.key: json.loads(each.value) for each in onnx.load(str(file)).metadata_props}
    assert said.get("mien.threshold") == after.get("threshold")
    assert said.get("mien.licence", "Apache-2.0") == "Apache-2.0"


def test_a_card_of_another_file_is_left_as_it_is(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = bundles.tree(bundle)
    cover, cards = str(bundle / "cover.onnx"), ("expression.json", "manifest.json", "none/cover.json")
    for card in cards:
        assert main(["fp16", cover, "--out", cover, "--card", str(bundle / card)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert "expression.json: names no " in told[0]
    assert "manifest.json: is no card of a part of a bundle" in told[1]
    assert "none/cover.json: cannot read it" in told[2]
    assert bundles.tree(bundle) == before


def test_a_folder_that_cannot_be_written_to_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(tiny(), str(tmp_path / "tiny.onnx"))
    assert main(["fp16", str(tmp_path / "tiny.onnx"), "--out", str(tmp_path / "none" / "half.onnx")]) == 1
    assert "half.onnx: cannot write it: No such file or directory" in capsys.readouterr().err
