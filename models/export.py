"""From a trained network to the one ONNX file that desks run: batch-norm folded, weights kept as float16.

Each weight is a float16 constant behind a Cast to float32. A runtime folds the Cast when it loads the file, so the file
is half the size and the arithmetic is float32.
"""

import io
import warnings
from pathlib import Path

import msgspec
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.card import Card
from models.heads import HEADS, Head

OPSET = 17
INPUT = "face"
WRAPPED = "network"  # what _Outputs calls the network in it
TOLD = ("name", "size", "channels", "formula", "mean", "scale", "crop_of_box_height", "outside")  # of its input
HALF = "_half"  # ends the name of a weight that is stored in half precision


class _Outputs(nn.Module):
    """The logits of all heads as one output a head, those of `heads` alone."""

    def __init__(self, network: nn.Module, heads: tuple[Head, ...]) -> None:
        super().__init__()
        self.network = network
        self.heads = heads

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        logits = self.network(x)
        return tuple(logits[:, head.columns] for head in self.heads)


def to_onnx(network: nn.Module, side: int, heads: tuple[Head, ...] = HEADS) -> onnx.ModelProto:
    """The network as an ONNX graph: `face` (batch, 1, side, side) float32, any batch, to each head's logits."""
    return as_onnx(_Outputs(network, heads), side, [head.name for head in heads])


def as_onnx(network: nn.Module, side: int, outputs: list[str]) -> onnx.ModelProto:
    """A network of grey faces as an ONNX graph, its weights in half precision, its outputs named.

    The exporter folds each batch-norm into the convolution before it.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs a package more and writes a higher opset than TensorRT 8 reads.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 1, side, side),),
            buffer,  # type: ignore[arg-type]  # the older exporter takes a buffer
            input_names=[INPUT],
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (INPUT, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    model = with_half_weights(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model, full_check=True)
    return model


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with each float32 weight of more than one value stored as float16 behind a Cast."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    casts = []
    for tensor in result.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < 2:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}{HALF}"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *result.graph.node]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    # What the exporter says of itself would change the hash with each of its releases.
    result.producer_name, result.producer_version, result.doc_string = "mien", "", ""
    return result


def inscribe(path: Path, card: Card) -> None:
    """Writes into the file itself what its card says of how to use it, for whoever meets it alone, as JSON.

    Scores and words stay on the card, and so does the file's own hash.
    """
    model = onnx.load(str(path))
    entries = {
        "model": f"{card.name}-{card.version}",
        "licence": card.licence,
        "input": {name: getattr(card.input, name) for name in TOLD},
        "points": [
            {"name": point.name, "output": point.output, "temperature": point.temperature, "shift": point.shift}
            for point in card.points
        ],
    }
    helper.set_model_props(
        model, {f"mien.{name}": msgspec.json.encode(value).decode() for name, value in entries.items()}
    )
    _save(model, path)


def write_onnx(network: nn.Module, path: Path, side: int, heads: tuple[Head, ...] = HEADS) -> None:
    """Writes the network to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(to_onnx(network, side, heads), path)


def _save(model: onnx.ModelProto, path: Path) -> None:
    partial = path.with_suffix(".partial")
    onnx.save(model, partial)
    partial.replace(path)
