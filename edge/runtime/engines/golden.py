"""An engine beside ONNX Runtime on inputs that are always the same: what it must pass before it reads a face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edge.runtime.backend import Backend, BadEngine
from edge.runtime.profile import BUCKETS, Shape

SIZES: Final = ((120, 160), (37, 91), (120, 160))  # of pictures of any size, small: a start does not wait for them
ABSOLUTE: Final = 0.05  # how far a value may be off, and by how much more for each unit of its size: an engine that
RELATIVE: Final = 0.02  # computes in half is off by a tenth of that, one that is wrong by a multiple


def compare(engine: Backend, reference: Backend, shape: Shape, dtype: DTypeLike, name: str) -> float:
    """Run both on every batch of golden inputs; the largest difference of a value.

    `shape` and `dtype` are the network's input's, open sides below 0. Raises BadEngine (a RuntimeFailure) where they
    differ.
    """
    largest = 0.0
    for batch in golden(shape, dtype):
        given, expected = engine.infer(batch), reference.infer(batch)
        if [one.shape for one in given] != [one.shape for one in expected]:
            raise BadEngine(f"{name}: its engine gives other shapes than ONNX Runtime; ONNX Runtime reads faces")
        for mine, other in zip(given, expected, strict=True):
            off = np.abs(mine - other)
            if not bool((off <= ABSOLUTE + RELATIVE * np.abs(other)).all()):
                raise BadEngine(
                    f"{name}: its engine says something else than ONNX Runtime (off by {float(off.max()):.3g} for a "
                    f"batch of {len(batch)}); ONNX Runtime reads faces"
                )
            largest = max(largest, float(off.max(initial=0.0)))
    return largest


def golden(shape: Shape, dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """A batch of each size that is run; of a network that takes pictures of any size, pictures of changing sizes."""
    _, *sides = shape
    if any(side < 0 for side in sides):
        rows, columns, planes = sides
        for own in SIZES:
            size = (side if side > 0 else one for side, one in zip((rows, columns), own, strict=True))
            yield _smooth((1, *size, planes), np.dtype(dtype))
        return
    for count in BUCKETS:
        yield _smooth((count, *sides), np.dtype(dtype))


def _smooth(shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Blobs of light and dark, as large as the features of a face, and noise; the same on every box."""
    random = np.random.default_rng(20)
    channels_last = shape[-1] == 3
    count, rows, columns = (shape[0], shape[1], shape[2]) if channels_last else (shape[0], shape[2], shape[3])
    coarse = random.standard_normal((count, -(-rows // 8), -(-columns // 8)))
    field = np.kron(coarse, np.ones((1, 8, 8)))[:, :rows, :columns] + 0.2 * random.standard_normal(
        (count, rows, columns)
    )
    planes = np.broadcast_to(field[..., None], shape) if channels_last else np.broadcast_to(field[:, None], shape)
    if dtype == np.uint8:
        return np.clip(128 + 50 * planes, 0, 255).astype(np.uint8)
    return planes.astype(dtype)
