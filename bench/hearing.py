"""What a second of sound costs on one thread, noise reduction included, beside the networks alone; and in memory.

The sound is speech of the data's, so that every second goes all the way: is it speech, how loud is the room, noise out,
bands, network. The peer runs the same networks on inputs that are there already.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Final

import numpy as np

from bench import clips
from bench.errors import CannotMeasure
from bench.figures import Found, Given, Measured
from edge import voice_card
from edge.errors import CaptureError, ModelError
from edge.hearing import Hearing
from edge.runtime.onnx import ON_PROCESSOR
from edge.sound import bands
from edge.sound.samples import RATE, Samples, read_sound
from edge.sound.speech import CHUNK, Speech

FILES: Final = 20


def measure(given: Given) -> Found:
    """`rounds` of `count` seconds each. Raises CannotMeasure without the data."""
    woman = clips.woman()
    if woman is None:
        raise CannotMeasure(clips.NO_DATA)
    try:
        paths = sorted((woman.parent.parent / "emodb").glob("*.flac"))[:FILES]
        speech = np.concatenate([read_sound(path) for path in paths]) if paths else np.zeros(0, np.float32)
        bundle = voice_card.named()
    except (CaptureError, ModelError) as error:
        raise CannotMeasure(str(error)) from error
    seconds = [speech[begin : begin + RATE] for begin in range(0, len(speech) - RATE + 1, RATE)]
    if not seconds:
        raise CannotMeasure(clips.NO_DATA)
    ours, alone = [], []
    read = 0
    for turn in range(given.rounds):
        hearing, networks = Hearing(bundle), _Networks(bundle)
        heard = [seconds[index % len(seconds)] for index in range(given.count)]
        began = time.perf_counter()
        read += sum(hearing.second(each).shares is not None for each in heard)
        ours.append(1000 * (time.perf_counter() - began) / given.count)
        began = time.perf_counter()
        for each in heard:
            networks.second(each)
        alone.append(1000 * (time.perf_counter() - began) / given.count)
        print(f"  round {turn + 1}: {ours[-1]:.2f} ms, networks alone {alone[-1]:.2f} ms", file=sys.stderr)
    value = Measured(statistics.median(ours), statistics.median(alone))
    part = read / (given.rounds * given.count)
    return Found(values={"a second of sound": value}, details={"part_of_seconds_read": round(part, 3)})


class _Networks:
    """A voice's three networks on what does not change."""

    def __init__(self, bundle: voice_card.VoiceBundle) -> None:
        self._speech = Speech(bundle.speech)
        self._noise = ON_PROCESSOR.load(bundle.noise)
        self._voice = ON_PROCESSOR.load(bundle.network, bundle.card.output.name)
        self._taken = np.zeros((1, 1, bands.BANDS, bands.NOISE_FRAMES), np.float32)
        self._given = np.zeros((2, 1, bands.ROWS, bands.FRAMES), np.float32)

    def second(self, sound: Samples) -> None:
        """Run each once."""
        self._speech.likely(sound[: len(sound) // CHUNK * CHUNK])
        self._noise.infer(self._taken)
        self._voice.infer(self._given)
