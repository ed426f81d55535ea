"""Made bundles: a network of one layer, any size, behind a whole card, with an output for each point that asks."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contract.expressions import EXPRESSIONS
from models.card import Card, Input, Network, OperatingPoint, Output, TrainingData, save, sha256_of
from models.model import CARD

SEVEN = EXPRESSIONS[:-1]


def point(
    name: str = "plain",
    output: str = "logits",
    classes: tuple[str, ...] = EXPRESSIONS,
    *,
    labels: str = "ferplus",
    temperature: float = 1.0,
    shift: tuple[float, ...] = (),
    unsure_below: float = 0.0,
    note: str = "",
) -> OperatingPoint:
    return OperatingPoint(name, labels, Output(output, classes), temperature, shift, unsure_below, note)


def make_bundle(
    folder: Path,
    *points: OperatingPoint,
    name: str = "made",
    size: int = 40,
    crop: float = 0.793,
    seed: int = 1,
    trained_on: str = "nothing",
) -> Path:
    """Writes a bundle with these operating points, or a plain one, into `folder` and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    points = points or (point(),)
    outputs = {each.output.name: len(each.output.classes) for each in points}
    _write_network(folder / "made.onnx", outputs, size, seed)
    card = Card(
        name=name,
        version="1",
        file="made.onnx",
        sha256=sha256_of(folder / "made.onnx"),
        input=Input("face", size, 1 / 64, 128.0, crop, 128, "(grey - mean) * scale", "made"),
        points=points,
        flip_average=True,
        network=Network("one layer", size * size * sum(outputs.values()), 1),
        trained_on=(TrainingData(trained_on, "made", "none"),),
        training="none",
        calibration="none",
        scores=(),
        intended_use=(),
        must_not_be_used_for=(),
        limits=(),
    )
    save(card, folder / CARD)
    return folder


def _write_network(path: Path, outputs: dict[str, int], size: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    nodes = [helper.make_node("Flatten", ["face"], ["flat"])]
    weights = []
    for name, count in outputs.items():
        matrix = draw.normal(0, 2 / size, (size * size, count)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"{name}_weights"))
        nodes.append(helper.make_node("MatMul", ["flat", f"{name}_weights"], [name]))
    taken = [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["batch", 1, size, size])]
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", count]) for name, count in outputs.items()
    ]
    graph = helper.make_graph(nodes, "made", taken, given, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
