"""An engine beside ONNX Runtime on inputs that are always the same: what it must pass before it reads a face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edge.errors import RuntimeFailure
from edge.runtime.backend import Backend
from edge.runtime.profile import BUCKETS, Shape

SIDE: Final = 120  # pixels of a picture of any size: small, so that a start does not wait
ABSOLUTE: Final = 0.05  # how far a value may be off, and by how much more for each unit of its size: an engine that
RELATIVE: Final = 0.02  # computes in half is off by a tenth of that, one that is wrong by a multiple


def compare(engine: Backend, reference: Backend, shape: Shape, dtype: DTypeLike, name: str) -> float:
    """Run both on every batch of golden inputs; the largest difference of a value.

    `shape` and `dtype` are the network's input's, open sides below 0. Raises RuntimeFailure where they differ.
    """
    largest = 0.0
    for batch in golden(shape, dtype):
        for mine, other in zip(engine.infer(batch), reference.infer(batch), strict=True):
            off = np.abs(mine - other)
            if mine.shape != other.shape or not bool((off <= ABSOLUTE + RELATIVE * np.abs(other)).all()):
                raise RuntimeFailure(
                    f"{name}: its engine says something else than ONNX Runtime (off by {float(off.max()):.3g} for a "
                    f"batch of {len(batch)}); ONNX Runtime reads faces"
                )
            largest = max(largest, float(off.max(initial=0.0)))
    return largest


def golden(shape: Shape, dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """A batch of each size that is run; of a network that takes pictures of any size, one picture."""
    _, *sides = shape
    batches = (1,) if any(side < 0 for side in sides) else BUCKETS
    for count in batches:
        yield _smooth((count, *(SIDE if side < 0 else side for side in sides)), np.dtype(dtype))


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
