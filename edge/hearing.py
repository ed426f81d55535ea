"""From a second of sound to how the voice in it sounds, or the reason why that cannot be said.

Sound -> is somebody speaking? -> how loud is the room? -> noise taken out -> bands and pitches -> network. What is kept
from one second to the next is in memory alone: the power spectra of the last ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge.errors import ModelError
from edge.runtime.onnx import ON_PROCESSOR
from edge.sound import bands, noise
from edge.sound.samples import RATE, Samples
from edge.sound.speech import CHUNK, SPOKEN, Speech
from edge.voice_card import CALM, VoiceBundle, VoiceInput

Floats = NDArray[np.float32]

LEAST_SPOKEN: Final = 0.3  # part of a second that has to be speech
ROOM_S: Final = 10  # seconds in which the room is measured
NEUTRAL: Final = "neutral"


@dataclass(frozen=True)
class Heard:
    """A second: shares (8,) with confidence, or a reason.

    `spoken` is the part of it that is speech, `clear_db` how much louder that is than the room, where both were heard.
    """

    spoken: float
    clear_db: float = np.inf
    shares: tuple[float, ...] | None = None
    confidence: float | None = None
    reason: Reason | None = None


class _Frames:
    """The power spectra of the last frames of a sound, up to `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tail: Samples = np.zeros(0, np.float32)
        self.spectra: Floats = np.zeros((0, bands.BINS), np.float32)

    def add(self, sound: Samples) -> int:
        """Take in what follows; how many frames that makes."""
        self._tail = np.concatenate([self._tail, sound])
        new = bands.power(self._tail)
        self._tail = self._tail[len(new) * bands.HOP :]
        self.spectra = np.concatenate([self.spectra, new])[-self._most :]
        return len(new)


class Hearing:
    """Listens to one source, second after second. For one thread."""

    def __init__(self, bundle: VoiceBundle, *, reduce: bool = True) -> None:
        """Load a voice's networks; `reduce` takes noise out. Raises ModelError."""
        self._card = bundle.card
        self._speech = Speech(bundle.speech)
        self._network = ON_PROCESSOR.load(bundle.network, bundle.card.output.name)
        self._noise = ON_PROCESSOR.load(bundle.noise) if reduce else None
        taken = bundle.card.input
        made = VoiceInput(RATE, bands.BANDS, bands.FRAMES, bands.PITCHES)
        if taken != made:
            raise ModelError(
                f"{bundle.folder}: its voice network takes {taken.told}, and this version makes {made.told}; "
                "install a bundle for this version"
            )
        self.forget()

    def forget(self) -> None:
        """Begin anew: the source is another, or was away."""
        self._speech.forget()
        self._rest: Samples = np.zeros(0, np.float32)
        self._frames = _Frames(ROOM_S * RATE // bands.HOP)
        self._spoken: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def second(self, sound: Samples) -> Heard:
        """Hear the next second (16,000 samples)."""
        if not sound.any():  # a microphone that is muted, or a cable that is out: no room is so silent
            self.forget()
            return Heard(0.0, reason=Reason.STALE)
        spoken = self._listen(sound)
        if spoken < LEAST_SPOKEN:
            return Heard(spoken, reason=Reason.NO_SPEECH)
        clear_db = noise.speech_to_noise_db(self._frames.spectra, self._spoken)
        if clear_db < self._card.too_noisy_below_db:
            return Heard(spoken, clear_db, reason=Reason.TOO_NOISY)
        shares = self._read()
        confidence = float(shares.max())
        if confidence < self._card.unsure_below:
            return Heard(spoken, clear_db, reason=Reason.UNSURE)
        return Heard(spoken, clear_db, tuple(shares.tolist()), confidence)

    def _listen(self, sound: Samples) -> float:
        """Takes a second in; the part of it that is speech."""
        self._rest = np.concatenate([self._rest, sound])
        likely = self._speech.likely(self._rest)
        self._rest = self._rest[len(likely) * CHUNK :]
        new = self._frames.add(sound)
        # A chunk is two frames long: of those it tells.
        said = np.repeat(likely > SPOKEN, CHUNK // bands.HOP)
        said = np.resize(said, new) if len(said) else np.zeros(new, np.bool_)
        self._spoken = np.concatenate([self._spoken, said])[-len(self._frames.spectra) :]
        return float((likely > SPOKEN).mean()) if len(likely) else 0.0

    def _read(self) -> Floats:
        """What the network makes of the last two seconds (8,); where noise is to be taken out, with it and without.

        The mean of both is read more surely than either.
        """
        heard = bands.log_mel(self._frames.spectra[-bands.NOISE_FRAMES :])
        spectra, last = self._frames.spectra[-bands.FRAMES :], heard[:, -bands.FRAMES :]
        batch = bands.newest(bands.rows(spectra, last), bands.FRAMES)
        if self._noise is not None:
            [clear] = self._noise.infer(bands.newest(heard, bands.NOISE_FRAMES))
            reduced = bands.cleared(spectra, last, clear[0, 0, :, -len(spectra) :])
            batch = np.concatenate([batch, bands.newest(reduced, bands.FRAMES)])
        [logits] = self._network.infer(batch)
        return self._expressions(logits.mean(axis=0))

    def _expressions(self, logits: Floats) -> Floats:
        scaled = (logits - logits.max()) / self._card.temperature
        probabilities = np.exp(scaled) / np.exp(scaled).sum()
        found: Floats = np.zeros(len(EXPRESSIONS), np.float32)
        for name, probability in zip(self._card.output.classes, probabilities, strict=True):
            found[EXPRESSIONS.index(NEUTRAL if name == CALM else name)] += probability
        return found
