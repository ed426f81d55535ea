"""A bundle's expression network in ONNX Runtime on one thread, used as its card says.

Imports no data set and no training code: what measures a model's memory loads this module alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from contract.expressions import EXPRESSIONS
from edge.runtime.backend import unpacked
from models.card import Card, Input, load
from models.scores import softmax

if TYPE_CHECKING:
    from models.data import Bytes, Floats

BATCH = 256
CARD = "expression.json"


class Model:
    """The weights of a bundle at one of its card's operating points."""

    def __init__(self, bundle: Path, point: str = "", *, weights: bytes | None = None, optimized: bool = True) -> None:
        """`point` names an operating point of the card, by default the first.

        `weights` is another ONNX file that computes the same. Not `optimized`, its nodes run as the file has them, none
        fused with another.
        Raises CardError where the card or the weights are missing, broken, or do not fit each other.
        """
        self.card: Card = load(bundle / CARD)
        self.point = self.card.point(point)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # As on the desk.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if not optimized:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        file = bundle / self.card.file
        network = weights if weights is not None else unpacked(file, file.read_bytes())
        self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        self._places = [EXPRESSIONS.index(name) for name in self.point.output.classes]
        self._shift = np.asarray(self.point.shift or [0.0] * len(self._places), np.float32)

    def logits(self, crops: Bytes, flip: bool = True) -> Floats:
        """Logits (views, N, classes) of grey crops (N, size, size): the crop and, where asked, its mirror image."""
        views = np.concatenate([crops, crops[:, :, ::-1]]) if flip else crops
        logits = self._forward(views)
        return logits.reshape(len(views) // max(1, len(crops)), len(crops), -1)

    def shares(self, crops: Bytes, flip: bool | None = None) -> Floats:
        """Calibrated probabilities (N, 8) in the contract's order; 0 for an expression that the network does not know.

        `flip` is whether to average over the mirror image, by default what the card says.
        """
        return self.shares_of(self.logits(crops, self.card.flip_average if flip is None else flip))

    def shares_of(self, logits: Floats) -> Floats:
        """The same, of logits (views, N, classes) that were computed before."""
        temperature = self.point.temperature
        # Added after the division, so that the shift is in units of log probability.
        known = softmax(logits + self._shift * temperature, temperature).mean(axis=0)
        shares: Floats = np.zeros((logits.shape[1], len(EXPRESSIONS)), np.float32)
        shares[:, self._places] = known
        return shares

    def _forward(self, crops: Bytes) -> Floats:
        taken, given = self.card.input, self.point.output
        parts = []
        for at in range(0, len(crops), BATCH):
            x = (crops[at : at + BATCH, None].astype(np.float32) - np.float32(taken.mean)) * np.float32(taken.scale)
            parts.append(self._session.run([given.name], {taken.name: _of_stills(x, taken)})[0])
        return np.concatenate(parts).astype(np.float32, copy=False)


def _of_stills(faces: Floats, taken: Input) -> Floats:
    """Faces (N, 1, size, size), each alone, as the network takes them."""
    if taken.flow:
        from edge.optical_flow import without  # brings OpenCV, which no other network needs here

        return without(faces)
    return np.repeat(faces, taken.frames, axis=1)
