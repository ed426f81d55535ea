"""A network of grey faces as an ONNX graph in float32, each batch-norm folded into the convolution before it.

`mien-convert` makes of it what ships: half precision belongs there.
"""

import io
import warnings

import onnx
import torch
from torch import Tensor, nn

from models.heads import HEADS, Head

OPSET = 17
INPUT = "face"
WRAPPED = "network"  # what _Outputs calls the network in it


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


def as_onnx(network: nn.Module, side: int, outputs: list[str], channels: int = 1) -> onnx.ModelProto:
    """A network of grey faces (batch, channels, side, side), any batch, as an ONNX graph, its outputs named."""
    return exported(network, {INPUT: torch.zeros(1, channels, side, side)}, outputs)


def exported(network: nn.Module, taken: dict[str, Tensor], outputs: list[str]) -> onnx.ModelProto:
    """A network as an ONNX graph of any batch, its outputs named; `taken` is its inputs by their names, of batch 1."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs a package more and writes a higher opset than TensorRT 8 reads.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.eval(),
            tuple(taken.values()),
            buffer,  # type: ignore[arg-type]  # the older exporter takes a buffer
            input_names=list(taken),
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*taken, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    # What the exporter says of itself would change the hash with each of its releases.
    model.producer_name, model.producer_version, model.doc_string = "mien", "", ""
    onnx.checker.check_model(model, full_check=True)
    return model
