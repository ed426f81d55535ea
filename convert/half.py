"""A network in half precision: the graph itself computes in float16, what goes in and comes out stays as it was.

TensorRT builds a strongly typed network in the types that the graph has, so half precision is a property of the file
and not of a switch. The same file runs in ONNX Runtime, which computes in float32 where a processor has no half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from convert.errors import RangeError, SourceError

LARGEST: Final = float(np.finfo(np.float16).max)
PRODUCTS: Final = ("Conv", "ConvTranspose", "Gemm", "MatMul")  # what a network's time and weights go into


@dataclass(frozen=True)
class Weights:
    """The initializers of convolutions and matrix products, biases included: how many there are, how many in half."""

    count: int
    half: int

    @property
    def share(self) -> float:
        """The part that is in half, 1 where there are none."""
        return self.half / self.count if self.count else 1.0


def read(path: Path) -> ModelProto:
    """An ONNX file. Raises SourceError where it is missing or no network."""
    try:
        model = onnx.load(str(path))
        checker.check_model(model)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except (DecodeError, checker.ValidationError, ValueError, TypeError) as error:  # of protobuf and onnx, by version
        raise SourceError(f"{path}: is no ONNX network that can be read: {_first_line(error)}") from error
    return model


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def single(model: ModelProto) -> ModelProto:
    """The network with its weights in float32, where they lie in the file as float16 behind a Cast to it."""
    made = ModelProto()
    made.CopyFrom(model)
    stored = {each.name: each for each in made.graph.initializer if each.data_type == TensorProto.FLOAT16}
    kept: list[NodeProto] = []
    for node in made.graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            values = numpy_helper.to_array(stored[node.input[0]]).astype(np.float32)
            made.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        else:
            kept.append(node)
    del made.graph.node[:]
    made.graph.node.extend(kept)
    used = {name for node in made.graph.node for name in node.input}
    unused = [each for each in made.graph.initializer if each.name not in used]
    for each in unused:
        made.graph.initializer.remove(each)
    return made


def half(model: ModelProto, name: str = "network") -> ModelProto:
    """The network in float16; `name` stands for it in errors. `model` is left as it is.

    Weights that lie in the file as float16 behind a Cast are taken as they are. Raises RangeError where a weight or a
    constant does not fit into float16.
    """
    plain = single(model)
    _check_range(plain, name)
    made = convert_float_to_float16(plain, keep_io_types=True)
    OnnxModel(made).topological_sort()  # the converter puts its casts last
    del made.graph.value_info[:]
    checker.check_model(made, full_check=True)
    return made


def weights_of(model: ModelProto) -> Weights:
    """How many of a network's weights are in half precision."""
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    used = [
        types[name] for node in model.graph.node if node.op_type in PRODUCTS for name in node.input if name in types
    ]
    return Weights(len(used), used.count(TensorProto.FLOAT16))


def _check_range(model: ModelProto, name: str) -> None:
    """Raises RangeError for the first value that float16 does not hold: the converter would clip it in silence."""
    for tensor, values in _constants(model):
        largest = float(np.abs(values).max()) if values.size else 0.0
        if not largest <= LARGEST:
            raise RangeError(
                f"{name}: {tensor} holds {largest:g}, and float16 ends at {LARGEST:g}: the network cannot be had in "
                "half precision; scale that layer in training, or ship it in float32"
            )


def _constants(model: ModelProto) -> Iterator[tuple[str, NDArray[Any]]]:
    for tensor in model.graph.initializer:
        if tensor.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE):
            yield f"weight {tensor.name}", numpy_helper.to_array(tensor)
    for node in model.graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.name == "value" and attribute.t.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE):
                yield f"constant {node.output[0]}", numpy_helper.to_array(attribute.t)
