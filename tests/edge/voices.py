"""A voice made for tests: networks whose answers are known, beside the real one that finds speech; and its card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge.bundle import BUNDLES

CLASSES: Final = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
HAPPY: Final = {"happiness": 3.0}


def make_voice(folder: Path, says: Mapping[str, float] = HAPPY, **fields: Any) -> Path:
    """Writes a voice into `folder` that gives these logits whatever it hears, and takes no noise out."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(BUNDLES / "voice" / "speech.onnx", folder / "speech.onnx")
    flat = 96 * 128
    logits = np.array([says.get(name, 0.0) for name in CLASSES], np.float32)
    weights = [
        numpy_helper.from_array(np.zeros((flat, len(CLASSES)), np.float32), "weights"),
        numpy_helper.from_array(logits, "bias"),
    ]
    nodes = [
        helper.make_node("Flatten", ["rows"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["ravdess"]),
    ]
    _write(folder / "voice.onnx", nodes, weights, ("rows", 1, 96, 128), ("ravdess", len(CLASSES)))
    _write(
        folder / "noise.onnx",
        [helper.make_node("Identity", ["bands"], ["speech"])],
        [],
        ("bands", 1, 64, 192),
        ("speech", 1, 64, 192),
    )
    card = {
        "name": "made-voice",
        "version": "1",
        **_entry(folder, "voice.onnx"),
        "input": {"rate": 16000, "bands": 64, "frames": 128, "pitches": 32},
        "output": {"name": "ravdess", "classes": CLASSES},
        "temperature": 1.0,
        "unsure_below": 0.2,
        "too_noisy_below_db": 0.0,
        "speech": _entry(folder, "speech.onnx"),
        "noise": _entry(folder, "noise.onnx"),
        "merging": {
            "voice": [0.7] * 7 + [0.0],
            "faces": {},
            "other_faces": [0.8] * 8,
            "by_noise": [[0.0, 0.5], [20.0, 1.0]],
        },
    }
    (folder / "voice.json").write_text(json.dumps({**card, **fields}))
    return folder


def _entry(folder: Path, name: str) -> dict[str, str]:
    return {"file": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}


def _write(path: Path, nodes: Any, weights: Any, taken: tuple[Any, ...], given: tuple[Any, ...]) -> None:
    """`taken` and `given` are a name and the shape behind the batch."""
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])] for name, *shape in (taken, given)
    )
    graph = helper.make_graph(nodes, "made", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
