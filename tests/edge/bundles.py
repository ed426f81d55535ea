"""Bundles made for tests of the desk: a network whose logits are known, whatever it sees, and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contract.expressions import EXPRESSIONS

SEVEN: Final = EXPRESSIONS[:-1]
LOGITS: Final = {"logits": (0.0, 2.0, *[0.0] * 6)}
"""Happiness, with a probability of 0.51 at temperature 1."""


def point(name: str = "plain", output: str = "logits", classes: Sequence[str] = EXPRESSIONS, **fields: Any) -> Any:
    """An operating point as a card names it; with other `fields`."""
    return {"name": name, "output": {"name": output, "classes": classes}, "temperature": 1.0, **fields}


def make_bundle(
    folder: Path, *points: Any, outputs: Mapping[str, Sequence[float]] = LOGITS, size: int = 40, **fields: Any
) -> Path:
    """Writes a bundle of an expression network alone into `folder`; its card has these points, and other `fields`."""
    folder.mkdir(parents=True, exist_ok=True)
    network = folder / "made.onnx"
    _write_network(network, outputs, (1, size, size))
    card = {
        "name": "made",
        "version": "1",
        "file": network.name,
        "sha256": hashlib.sha256(network.read_bytes()).hexdigest(),
        "input": {"size": size, "scale": 1 / 64, "mean": 128.0, "crop_of_box_height": 0.793},
        "points": points or [point()],
    }
    (folder / "expression.json").write_text(json.dumps({**card, **fields}))
    return folder


def over_time(folder: Path, width: int, length: int, says: str = "neutral") -> dict[str, Any]:
    """Writes a network over time into `folder` that says one expression whatever it sees; what a card says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    path, sides = folder / "over-time.onnx", (1, length, width + 2)
    logits = [5.0 * (name == says) for name in EXPRESSIONS]
    _write_network(path, {"logits": logits}, sides, "ring")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": path.name, "sha256": sha256, "length": length, "width": width}


def _write_network(
    path: Path, outputs: Mapping[str, Sequence[float]], sides: tuple[int, int, int], taken: str = "face"
) -> None:
    """A graph from `taken` (batch, *sides) to one output of constant logits (batch, n) for each of `outputs`."""
    nodes, weights, given = [helper.make_node("Flatten", [taken], ["flat"])], [], []
    for name, logits in outputs.items():
        nothing = np.zeros((int(np.prod(sides)), len(logits)), np.float32)
        weights += [
            numpy_helper.from_array(nothing, f"{name}_weights"),
            numpy_helper.from_array(np.array(logits, np.float32), f"{name}_bias"),
        ]
        nodes.append(helper.make_node("Gemm", ["flat", f"{name}_weights", f"{name}_bias"], [name]))
        given.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(logits)]))
    inputs = [helper.make_tensor_value_info(taken, TensorProto.FLOAT, ["batch", *sides])]
    graph = helper.make_graph(nodes, "made", inputs, given, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
