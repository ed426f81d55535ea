"""The room beside the speech: how much louder that is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SMALLEST: Final = 1e-9  # power of a frame that is taken for silence


def speech_to_noise_db(spectra: Floats, spoken: NDArray[np.bool_]) -> float:
    """How much louder speech is than the room, in dB, from power spectra (frames, BINS), of which some are spoken.

    What is spoken holds the room too, which is taken away. Infinity where the room is silent, or was never heard alone.
    """
    if not spoken.any():
        return -np.inf
    room = float(spectra[~spoken].mean()) if (~spoken).any() else 0.0
    if room <= SMALLEST:
        return np.inf
    return float(10 * np.log10(max(float(spectra[spoken].mean()) - room, SMALLEST) / room))
