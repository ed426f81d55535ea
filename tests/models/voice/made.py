"""Speakers made for tests: one who is angry buzzes high, one who is sad hums low."""

from __future__ import annotations

import numpy as np

from edge.sound.samples import RATE
from models.voice.folds import Sounds
from models.voice.utterances import Utterance
from tests.edge.sound.sounds import noise

PITCH = {"anger": 900.0, "sadness": 180.0, "neutral": 420.0}


def utterance(label: str, speaker: str, corpus: str, seed: int) -> Utterance:
    """A second of it, a little different each time."""
    draw = np.random.default_rng(seed)
    at = np.arange(RATE) / RATE
    pitch = PITCH[label] * draw.uniform(0.9, 1.1)
    beat = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * at + draw.uniform(0, 6))
    sound = 0.2 * beat * sum(np.sin(2 * np.pi * pitch * k * at) / k for k in range(1, 6))
    return Utterance((sound + noise(1.0, 0.002, seed)).astype(np.float32), label, f"{corpus} {speaker}", corpus)


def sounds(speakers: int = 5, each: int = 3) -> Sounds:
    """So many speakers of both data sets, each of whom says everything so many times."""
    said = [
        utterance(label, f"{who}", corpus, seed=1000 * who + 10 * turn + place)
        for corpus in ("ravdess", "emodb")
        for who in range(speakers)
        for turn in range(each)
        for place, label in enumerate(PITCH)
    ]
    return Sounds(said, [noise(2.0, 0.1, 7)], [noise(2.0, 0.1, 8)])
