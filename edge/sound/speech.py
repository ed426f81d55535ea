"""When somebody speaks: Silero's voice activity detector (Silero Team 2021), a second at a time.

It says how likely each 32 ms hold a voice, whoever's and whatever it says.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.runtime.backend import ModelFile, read_checked
from edge.sound.samples import Samples

Floats = NDArray[np.float32]

CHUNK: Final = 512  # samples of which it says one thing: 32 ms
CONTEXT: Final = 64  # samples before those that it sees with them
STATE: Final = (1, 1, 128)
SPOKEN: Final = 0.5  # probability over which a chunk is speech


class Speech:
    """Listens to one source of sound: its memory is of what came before."""

    def __init__(self, model: ModelFile) -> None:
        """Load the network. Raises ModelError where the file is not the one that its card names, or does not load."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                read_checked(model), options, providers=["CPUExecutionProvider"]
            )
        except (RuntimeError, ValueError, *_REFUSALS) as error:
            raise ModelError(f"{model.path}: ONNX Runtime cannot load it; reinstall the bundle") from error
        self.forget()

    def forget(self) -> None:
        """Begin anew, as with another source."""
        self._memory = [np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)]
        self._before: Samples = np.zeros(CONTEXT, np.float32)

    def likely(self, sound: Samples) -> Floats:
        """The probability of speech in each whole chunk of `sound` (N,), which follows what was heard before.

        What is left over at its end is to be the beginning of the next.
        """
        count = len(sound) // CHUNK
        if not count:
            return np.zeros(0, np.float32)
        heard = np.concatenate([self._before, sound[: count * CHUNK]])
        chunks = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + CHUNK)[::CHUNK]
        given = {"input": np.ascontiguousarray(chunks), "h": self._memory[0], "c": self._memory[1]}
        likely, *self._memory = self._session.run(["speech_probs", "hn", "cn"], given)
        self._before = heard[-CONTEXT:]
        found: Floats = likely
        return found


_REFUSALS: Final = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
)
