"""What the voice network reads of a piece of sound: the logarithm of its power in mel bands (Stevens et al. 1937), and
how much it repeats itself at each pitch (Boersma 1993).

Training computes exactly this too, so that a desk's second is like those that the network learned from.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.sound.samples import RATE, Samples

Floats = NDArray[np.float32]

WINDOW: Final = 400  # samples of one frame: 25 ms
HOP: Final = 256  # and from one to the next: 16 ms
FFT: Final = 512
BINS: Final = FFT // 2 + 1
BANDS: Final = 64
PITCHES: Final = 32  # rows beside the bands, a semitone apart
ROWS: Final = BANDS + PITCHES  # that the voice network takes in
LOW_HZ: Final = 60.0
HIGH_HZ: Final = 7600.0
LOWEST_PITCH_HZ: Final = 75.0
HIGHEST_PITCH_HZ: Final = 450.0
FRAMES: Final = 128  # that the voice network takes in: 2.06 s
NOISE_FRAMES: Final = 192  # and the noise network, whose edges see too little
QUIET: Final = 1e-8  # power added to each band: about 16-bit silence, so that digital silence is no abyss


def frames_in(samples: int) -> int:
    """How many whole frames so many samples hold."""
    return max(0, (samples - WINDOW) // HOP + 1)


def power(sound: Samples) -> Floats:
    """The power spectrum of each whole frame of sound (..., N): (..., frames, BINS)."""
    count = frames_in(sound.shape[-1])
    views = np.lib.stride_tricks.sliding_window_view(sound, WINDOW, axis=-1)[..., ::HOP, :][..., :count, :]
    spectrum = np.fft.rfft(views * _window(), FFT, axis=-1)
    found: Floats = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return found


def log_mel(spectra: Floats) -> Floats:
    """The bands of power spectra (..., frames, BINS): (..., BANDS, frames)."""
    bands: Floats = np.log(spectra @ _filters() + np.float32(QUIET))
    return np.swapaxes(bands, -1, -2)


def pitches(spectra: Floats) -> Floats:
    """How far the sound of power spectra (frames, BINS) repeats itself at each pitch: (PITCHES, frames), -1 to 1.

    The autocorrelation of a frame at the lag of the pitch, as a part of that at none; its spectrum flattened by a root,
    so that no formant passes for a pitch.
    """
    again = np.sqrt(spectra) @ _repeats()
    return np.asarray(np.clip(again[:, 1:] / (again[:, :1] + 1e-9), -1, 1).T, np.float32)


def rows(spectra: Floats, bands: Floats) -> Floats:
    """The bands (BANDS, frames) of power spectra (frames, BINS), and under them their pitches: (ROWS, frames)."""
    return np.concatenate([bands, pitches(spectra)])


def cleared(spectra: Floats, bands: Floats, clear: Floats) -> Floats:
    """The same where noise was taken out of the bands, which are `clear` then: pitches are of what that leaves."""
    return rows(spectra * (np.exp(clear - bands).T @ _bins()), clear)


def newest(heard: Floats, frames: int) -> Floats:
    """The last frames of bands or rows (R, N) as (1, 1, R, frames); what is missing before is as quiet as its quietest
    band, and has no pitch.
    """
    found: Floats = np.zeros((1, 1, len(heard), frames), np.float32)
    found[0, 0, :BANDS] = heard[:BANDS].min() if heard.size else np.log(QUIET)
    count = min(frames, heard.shape[-1])
    if count:
        found[0, 0, :, -count:] = heard[:, -count:]
    return found


@lru_cache(maxsize=1)
def _window() -> Floats:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _filters() -> Floats:
    """Triangles over the mel scale, each of area 1: (BINS, BANDS)."""
    edges = _hertz(np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2))
    hertz = np.arange(BINS)[:, None] * (RATE / FFT)
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    found: Floats = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return found


@lru_cache(maxsize=1)
def _bins() -> Floats:
    """What each band has to say of each bin (BANDS, BINS); a bin that lies in none belongs to the nearest."""
    parts = _filters().T.copy()
    outside = np.flatnonzero(parts.sum(axis=0) == 0)
    parts[np.where(outside < BINS // 2, 0, BANDS - 1), outside] = 1.0
    found: Floats = (parts / parts.sum(axis=0)).astype(np.float32)
    return found


@lru_cache(maxsize=1)
def _repeats() -> Floats:
    """What each bin adds to the autocorrelation at no lag and at that of each pitch (BINS, 1 + PITCHES).

    Between whole samples it is drawn straight.
    """
    each = np.fft.irfft(np.eye(BINS), axis=-1)
    lags = RATE / np.geomspace(LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ, PITCHES)
    whole, part = np.floor(lags).astype(int), lags % 1
    near = each[:, whole] * (1 - part) + each[:, whole + 1] * part
    return np.concatenate([each[:, :1], near], axis=1).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
