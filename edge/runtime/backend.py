"""What the desk asks of anything that runs a network, and the check that a model file is the one its card names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError, RuntimeFailure


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
    """The file's bytes. Raises ModelError where the file is missing or its hash is not that of its card."""
    try:
        data = model.path.read_bytes()
    except OSError as error:
        raise ModelError(f"{model.path}: cannot read the model: {error.strerror}; reinstall the bundle") from error
    found = hashlib.sha256(data).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"{model.path}: sha256 {found} differs from its card, which says {model.sha256}; reinstall the bundle"
        )
    return data
