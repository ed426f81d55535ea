"""Ways to take noise out of speech, to choose among by what the voice network then reads.

Spectral gating (Boll 1979; the gain is Wiener's, over-subtracting as Berouti, Schwartz & Makhoul 1979 do): what a
frequency holds in its quieter moments is the room's, and each moment is turned down by how little it rises above that.
The other one is learned: `models.networks.noise_net`.
"""

from collections.abc import Callable

import numpy as np
import torch

from edge.sound import bands
from edge.sound.samples import Samples
from models.data import Floats
from models.networks.noise_net import NoiseNet

QUIET_PART = 0.2  # the part of the frames that are taken for the room alone
OVER = 1.5  # how much of the room's power is taken away; its peaks are above its mean
FLOOR = 0.1  # a power is never turned down further than to this part

Reduction = Callable[[Samples], Floats]
"""From sound (N,) to what the voice network reads of it (ROWS, frames), something done against its noise."""

NONE, GATED, LEARNED = "none", "gating", "learned"


def plain(sound: Samples) -> Floats:
    """Nothing is done."""
    return _rows(bands.power(sound))


def gated(sound: Samples) -> Floats:
    """Spectral gating, the room being what the sound's own quieter moments have."""
    spectra = bands.power(sound)
    room = np.quantile(spectra, QUIET_PART, axis=0)
    gain = np.maximum(1.0 - OVER * room / np.maximum(spectra, 1e-9), FLOOR)
    return _rows(np.asarray(spectra * gain, np.float32))


def learned(network: NoiseNet) -> Reduction:
    """By a noise network."""

    @torch.no_grad()
    def reduced(sound: Samples) -> Floats:
        spectra = bands.power(sound)
        heard = bands.log_mel(spectra)
        clear = network(torch.from_numpy(heard)[None, None])
        return bands.cleared(spectra, heard, clear[0, 0].numpy())

    return reduced


def reductions(network: NoiseNet) -> dict[str, Reduction]:
    """All of them, by name."""
    return {NONE: plain, GATED: gated, LEARNED: learned(network)}


def _rows(spectra: Floats) -> Floats:
    return bands.rows(spectra, bands.log_mel(spectra))
