"""From a training checkpoint to the one ONNX file that desks run: batch-norm folded, weights kept as float16.

Each weight is a float16 constant behind a Cast to float32. A runtime folds the Cast when it loads the file, so the file
is half the size and the arithmetic is float32.
"""

import copy
import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.networks.preprocess import INPUT_SIDE
from models.networks.se_resnet import BasicBlock, SEResNet

OPSET = 17
INPUT = "face"
OUTPUT = "logits"


def folded(network: SEResNet) -> SEResNet:
    """The same function in evaluation, with each batch-norm folded into the convolution before it."""
    result = copy.deepcopy(network).eval()
    _fold_pair(result.stem, 0, 1)
    for block in result.blocks:
        assert isinstance(block, BasicBlock)
        block.conv1, block.norm1 = fuse_conv_bn_eval(block.conv1, block.norm1), nn.Identity()  # type: ignore[assignment]
        block.conv2, block.norm2 = fuse_conv_bn_eval(block.conv2, block.norm2), nn.Identity()  # type: ignore[assignment]
        if isinstance(block.shortcut, nn.Sequential):
            _fold_pair(block.shortcut, 0, 1)
    return result


def _fold_pair(layers: nn.Sequential, conv: int, norm: int) -> None:
    first, second = layers[conv], layers[norm]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.BatchNorm2d)
    layers[conv], layers[norm] = fuse_conv_bn_eval(first, second), nn.Identity()


def to_onnx(network: SEResNet) -> onnx.ModelProto:
    """The network as an ONNX graph: `face` (batch, 1, 40, 40) float32 to `logits` (batch, 8) float32, any batch."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs a package more and writes a higher opset than TensorRT 8 reads.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            folded(network),
            (torch.zeros(1, 1, INPUT_SIDE, INPUT_SIDE),),
            buffer,  # type: ignore[arg-type]  # the older exporter takes a buffer
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
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
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *result.graph.node]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    # What the exporter says of itself would change the hash with each of its releases.
    result.producer_name, result.producer_version, result.doc_string = "mien", "", ""
    return result


def write_onnx(network: SEResNet, path: Path) -> None:
    """Writes the network to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    onnx.save(to_onnx(network), partial)
    partial.replace(path)
