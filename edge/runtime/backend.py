"""What the desk asks of anything that runs a network, and the check that a model file is the one its card names."""

from __future__ import annotations

import hashlib
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError, RuntimeFailure

PACKED: Final = ".xz"
"""What the name of a network's file ends in where the file is packed."""
_LARGEST: Final = 1 << 30  # bytes: a file that would unpack to more is no network of a desk


class BadEngine(RuntimeFailure):
    """An engine that is damaged, stale or wrong, and is to be built anew."""


class Backend(Protocol):
    """A loaded network with one input."""

    def infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """The outputs for one batch: all in the file's order, or the one that the backend was made for.

        Raises ModelError where the network takes another shape, RuntimeFailure where what runs it is gone.
        """

    def describe(self) -> str:
        """What runs it, on what, for a person: "ONNX Runtime 1.23.2, processor"."""


class Runtime(Protocol):
    """What loads networks."""

    @property
    def name(self) -> str:
        """`onnx` or `tensorrt`, as the settings and the status name it."""

    def describe(self) -> str:
        """What it runs networks with, for a person."""

    def load(self, model: ModelFile, output: str | None = None) -> Backend:
        """The network in a file; `output` names the one output to give, all of them where it is None.

        Raises ModelError where the file is missing, is not the one its card names, cannot be loaded, or has no such
        output; RuntimeFailure where this machine cannot run it.
        """


@dataclass(frozen=True)
class ModelFile:
    """A model file and the SHA-256 (hexadecimal) that its card gives."""

    path: Path
    sha256: str


def read_checked(model: ModelFile) -> bytes:
    """The network, unpacked. Raises ModelError where its file is missing or its hash is not that of its card."""
    try:
        data = model.path.read_bytes()
    except OSError as error:
        raise ModelError(f"{model.path}: cannot read the model: {error.strerror}; reinstall the bundle") from error
    found = hashlib.sha256(data).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"{model.path}: sha256 {found} differs from its card, which says {model.sha256}; reinstall the bundle"
        )
    return unpacked(model.path, data)


def unpacked(path: Path, data: bytes) -> bytes:
    """The network in a file of these bytes: they themselves, or what they hold where the name says that it is packed.

    Raises ModelError where they cannot be unpacked.
    """
    if path.suffix != PACKED:
        return data
    unpacking = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        network = unpacking.decompress(data, _LARGEST)
    except lzma.LZMAError as error:
        raise ModelError(f"{path}: cannot be unpacked: {error}; reinstall the bundle") from error
    if not unpacking.eof:
        raise ModelError(f"{path}: ends too soon, or holds over {_LARGEST >> 20} MiB; reinstall the bundle")
    return network
