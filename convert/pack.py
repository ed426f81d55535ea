"""A large network in a small file: fewer different weights in float16, and the file packed.

What a GPU computes with stays float16. But of a network of many weights no single one decides anything, so each is put
on a step of its layer, and float16s that share their steps take half the room once the file is packed by xz.
"""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import TensorProto, numpy_helper

from edge.runtime.backend import PACKED

if TYPE_CHECKING:
    from onnx import ModelProto

STEPS: Final = 16
"""How many steps there are in a layer's deviation, at least; fewer than twice as many."""
_SMALL: Final = 4096  # weights; what has fewer keeps each as it is
# Weights are pairs of bytes: `lp` and `pb` of 1 tell the one from the other.
_FILTERS: Final = ({"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 3, "lp": 1, "pb": 1},)


def stepped(model: ModelProto) -> None:
    """Puts the float32 weights of each large layer on multiples of a power of two, its deviation's STEPS-th or less.

    The error is half a step at most, a thirty-second of the deviation. Float16 then holds each exactly.
    """
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and weights.size >= _SMALL and np.ptp(weights) > 0:
            step = np.exp2(np.floor(np.log2(weights.std() / STEPS)))
            near = (np.round(weights / step) * step).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(near, tensor.name))


def file_of(name: str, model: ModelProto) -> bytes:
    """The bytes of a network's file: packed, where the name says so."""
    data: bytes = model.SerializeToString()
    if not name.endswith(PACKED):
        return data
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=list(_FILTERS))
