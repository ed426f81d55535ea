"""Speech as a desk hears it: other voices, rooms, noises and levels, and what is done against the noise."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from edge.sound import bands
from edge.sound.samples import RATE, Samples
from edge.sound.speech import CHUNK, Speech
from models.data import Floats
from models.voice.reduction import Reduction, plain

Halves = npt.NDArray[np.float16]

LEAD_S = 0.8  # of the room alone before each utterance: where a desk learns how loud it is
MARGIN = 3200  # samples kept before and after what is spoken
HARDLY = 0.3  # probability of speech from which on a chunk may be the edge of a word


@dataclass(frozen=True)
class Variation:
    """How far an utterance is moved away from its recording; shares are of the views.

    `speed` changes pitch, formants and pace together, as if by another speaker. Noise lies `least_db` to `most_db`
    below the speech; a room echoes for up to `echo_s` (until it is 60 dB down).
    """

    views: int = 10
    speed: float = 0.2
    noise_share: float = 0.5
    least_db: float = 0.0
    most_db: float = 30.0
    room_share: float = 0.2
    echo_s: tuple[float, float] = (0.1, 0.6)
    reduced_share: float = 0.5


def spoken_part(sound: Samples, speech: Speech) -> Samples:
    """What lies between the first and the last word, with a margin; all of it where no word is found."""
    speech.forget()
    places = np.flatnonzero(speech.likely(sound) > HARDLY)
    if len(places) < 3:
        return sound
    return sound[max(0, places[0] * CHUNK - MARGIN) : (places[-1] + 1) * CHUNK + MARGIN]


def with_noise(sound: Samples, noise: Samples, ratio_db: float, draw: np.random.Generator) -> Samples:
    """Sound (N,) with a drawn piece of a noise, so that its own power lies `ratio_db` above the noise's."""
    return sound + scaled(noise, sound, ratio_db, draw)


def scaled(noise: Samples, sound: Samples, ratio_db: float, draw: np.random.Generator) -> Samples:
    """A drawn piece of a noise, as long as the sound (N,), with a power `ratio_db` below that of what sounds."""
    repeated = np.tile(noise, -(-len(sound) // len(noise)) + 1)
    begin = draw.integers(0, len(repeated) - len(sound) + 1)
    piece = repeated[begin : begin + len(sound)]
    powers = np.square(sound, dtype=np.float64).sum() / max(1, np.count_nonzero(sound)), np.square(piece).mean()
    scale = np.sqrt((powers[0] + 1e-12) / (powers[1] + 1e-12) / 10 ** (ratio_db / 10))
    return np.asarray(np.float32(scale) * piece, np.float32)


def heard(sound: Samples, reduction: Reduction = plain) -> Floats:
    """The rows (ROWS, frames) of an utterance that LEAD_S of its room precede, the room's own left out."""
    return reduction(sound)[:, bands.frames_in(round(LEAD_S * RATE)) :]


def after_lead(sound: Samples) -> Samples:
    """An utterance behind LEAD_S of nothing."""
    return np.concatenate([np.zeros(round(LEAD_S * RATE), np.float32), sound])


def views_of(
    sounds: list[Samples], noises: list[Samples], reduction: Reduction, how: Variation, seed: int
) -> list[list[Halves]]:
    """Of each utterance `how.views` views: rows (ROWS, frames) in half precision; the same seed, the same views.

    `reduction` is what is done against the noise of a part of them.
    """
    found = []
    for index, sound in enumerate(tqdm(sounds, desc="views", mininterval=2)):
        draw = np.random.default_rng((seed, index))
        found.append([np.asarray(_view(sound, noises, reduction, how, draw), np.float16) for _ in range(how.views)])
    return found


def _view(
    sound: Samples, noises: list[Samples], reduction: Reduction, how: Variation, draw: np.random.Generator
) -> Floats:
    sound = after_lead(faster(sound, 1 + draw.uniform(-how.speed, how.speed)))
    if draw.random() < how.room_share:
        sound = echoed(sound, draw.uniform(*how.echo_s), draw)
    if noises and draw.random() < how.noise_share:
        sound = with_noise(sound, noises[draw.integers(len(noises))], draw.uniform(how.least_db, how.most_db), draw)
    # No microphone is silent.
    sound = with_noise(sound, draw.standard_normal(len(sound)).astype(np.float32), draw.uniform(25, 55), draw)
    return heard(sound, reduction if draw.random() < how.reduced_share else plain)


def faster(sound: Samples, times: float) -> Samples:
    """Sound played so many times as fast: higher, and by another throat."""
    places = np.arange(0, len(sound) - 1, times)
    return np.asarray(np.interp(places, np.arange(len(sound)), sound), np.float32)


def echoed(sound: Samples, until_s: float, draw: np.random.Generator) -> Samples:
    """The sound in a room: its direct way, then noise that dies away."""
    count = round(until_s * RATE)
    tail = draw.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    tail *= draw.uniform(0.1, 0.6) / np.linalg.norm(tail)
    tail[0] = 1.0
    size = 1 << (len(sound) + count - 1).bit_length()
    echoed = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    return np.asarray(echoed, np.float32)
