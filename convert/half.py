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
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper, shape_inference
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from convert.errors import RangeError, SourceError
from edge.errors import ModelError
from edge.runtime.backend import PACKED, unpacked

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
    """An ONNX file, packed or not. Raises SourceError where it is missing or no network."""
    try:
        model = _loaded(path)
        checker.check_model(model)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except ModelError as error:
        raise SourceError(str(error)) from error
    except (DecodeError, checker.ValidationError, ValueError, TypeError) as error:  # of protobuf and onnx, by version
        raise SourceError(f"{path}: is no ONNX network that can be read: {_first_line(error)}") from error
    return model


def _loaded(path: Path) -> ModelProto:
    if path.suffix != PACKED:
        return onnx.load(str(path))  # by its path: its weights may lie in other files beside it
    return onnx.load_from_string(unpacked(path, path.read_bytes()))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def single(model: ModelProto, name: str = "network") -> ModelProto:
    """The network computing in float32, weights that are in half widened, and Casts that then do nothing taken out.

    `name` stands for it in errors. Raises SourceError where it takes or gives float16, which would have to stay so.
    """
    made = ModelProto()
    made.CopyFrom(model)
    ends = [*made.graph.input, *made.graph.output]
    if any(end.type.tensor_type.elem_type == TensorProto.FLOAT16 for end in ends):
        raise SourceError(f"{name}: takes or gives float16; name the network with inputs and outputs in float32")
    _widen(made)
    _without_idle_casts(made)
    used = {name for node in made.graph.node for name in node.input}
    unused = [each for each in made.graph.initializer if each.name not in used]
    for each in unused:
        made.graph.initializer.remove(each)
    return made


def _widen(model: ModelProto) -> None:
    """Puts weights, constants and Casts that are of half into float32."""
    constants = [each.t for node in model.graph.node if node.op_type == "Constant" for each in node.attribute]
    for tensor in (*model.graph.initializer, *constants):
        if tensor.data_type == TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    for node in model.graph.node:
        if node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT16:
            node.attribute[0].i = TensorProto.FLOAT
    del model.graph.value_info[:]


def _without_idle_casts(model: ModelProto) -> None:
    """Takes out each Cast to the type that its input has; what goes in and comes out of the network keeps its name."""
    graph = shape_inference.infer_shapes(model).graph
    types = {each.name: each.type.tensor_type.elem_type for each in (*graph.value_info, *graph.input)}
    types.update({each.name: each.data_type for each in graph.initializer})
    fixed = {each.name for each in (*graph.input, *graph.output)}
    for cast in [node for node in model.graph.node if node.op_type == "Cast"]:
        before, after = cast.input[0], cast.output[0]
        if types.get(before) != cast.attribute[0].i or {before, after} <= fixed:
            continue
        model.graph.node.remove(cast)
        old, new = (before, after) if after in fixed else (after, before)
        for node in model.graph.node:
            for names in (node.input, node.output):
                names[:] = [new if each == old else each for each in names]
        types[new] = types[before]


def half(model: ModelProto, name: str = "network") -> ModelProto:
    """The network in float16; `name` stands for it in errors. `model` is left as it is.

    Weights that are in half are taken as they are. Raises RangeError where a weight or a constant does not fit into
    float16, SourceError as `single` does.
    """
    plain = single(model, name)
    _check_range(plain, name)
    made = convert_float_to_float16(plain, keep_io_types=True)
    _keep_bytes_whole(made)
    _keep_probabilities_whole(made)
    OnnxModel(made).topological_sort()  # the converter puts its casts last
    del made.graph.value_info[:]
    checker.check_model(made, full_check=True)
    return made


def _keep_bytes_whole(model: ModelProto) -> None:
    """Lets what makes floats of a picture's bytes, and puts its channels in front, give float32, and half begin after.

    A byte fits into either type, and a processor without half need not put each pixel into it and back.
    """
    graph = model.graph
    pictures = {each.name for each in graph.input if each.type.tensor_type.elem_type == TensorProto.UINT8}
    for cast in [node for node in graph.node if node.op_type == "Cast" and node.input[0] in pictures]:
        cast.attribute[0].i = TensorProto.FLOAT
        last = cast
        while len(after := _readers(model, last.output[0])) == 1 and after[0].op_type == "Transpose":
            last = after[0]
        name = last.output[0]
        last.output[0] = f"{name}_whole"
        to_half = helper.make_node("Cast", [last.output[0]], [name], f"{name}_half", to=TensorProto.FLOAT16)
        graph.node.insert(list(graph.node).index(last) + 1, to_half)


def _keep_probabilities_whole(model: ModelProto) -> None:
    """Lets a Sigmoid at the end of the network take and give float32.

    Near 1 half has steps of 0.0005: of the faces that a detector is surest of, it could not say of which it is surer.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    for given in [each.name for each in model.graph.output]:
        cast = makers[given]
        last = makers.get(cast.input[0]) if cast.op_type == "Cast" else None
        if last is None or last.op_type != "Sigmoid" or len(_readers(model, last.output[0])) > 1:
            continue
        logits, between = last.input[0], last.output[0]
        cast.input[0], cast.output[0] = logits, between
        last.input[0], last.output[0] = between, given


def _readers(model: ModelProto, name: str) -> list[NodeProto]:
    return [node for node in model.graph.node if name in node.input]


def rounding(model: ModelProto) -> ModelProto:
    """A network in half with the same arithmetic on a processor without it: in float32, what each node gives rounded.

    ONNX Runtime runs a network in half in float32 there, and leaves out the rounding between two nodes.
    """
    made = ModelProto()
    made.CopyFrom(model)
    inferred = shape_inference.infer_shapes(made).graph.value_info
    halves = {each.name for each in inferred if each.type.tensor_type.elem_type == TensorProto.FLOAT16}
    _widen(made)
    nodes: list[NodeProto] = []
    for node in made.graph.node:
        given = [each for each in node.output if each in halves and node.op_type != "Constant"]
        node.output[:] = [f"{each}_exact" if each in given else each for each in node.output]
        nodes += [node, *(cast for each in given for cast in _rounded(f"{each}_exact", each))]
    kept = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del made.graph.node[:]
    made.graph.node.extend(kept)
    checker.check_model(made, full_check=True)
    return made


def _rounded(before: str, after: str) -> list[NodeProto]:
    """Nodes that give `before`, rounded to half, as `after`. Casts that a graph names are never left out."""
    return [
        helper.make_node("Cast", [before], [f"{after}_half"], f"{after}_to_half", to=TensorProto.FLOAT16),
        helper.make_node("Cast", [f"{after}_half"], [after], f"{after}_to_float", to=TensorProto.FLOAT),
    ]


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
