"""The voice's part of a bundle: voice.json, the card of the voice network and of what stands before it.

It is not in the default bundle: its licence is that of the speech that it learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contract.expressions import EXPRESSIONS
from contract.manifest import FileName, Sha256
from contract.reading import Unit
from edge.bundle import BUNDLES, FileEntry, held, read_card
from edge.errors import ModelError
from edge.runtime.backend import ModelFile

CARD: Final = "voice.json"
PACKAGED: Final = "voice"
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=31)]
_Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=15)]
_Eight = Annotated[tuple[Unit, ...], Meta(min_length=8, max_length=8)]
CALM: Final = "calm"


class VoiceInput(msgspec.Struct, frozen=True):
    """What the network takes in: log-mel bands, and pitches under them (1, bands + pitches, frames).

    They are of sound at `rate`; `edge/sound/bands.py`.
    """

    rate: Annotated[int, Meta(ge=8000, le=48000)]
    bands: Annotated[int, Meta(ge=8, le=256)]
    frames: Annotated[int, Meta(ge=8, le=1024)]
    pitches: Annotated[int, Meta(ge=0, le=256)] = 0

    @property
    def told(self) -> str:
        """For people."""
        return f"{self.bands} bands and {self.pitches} pitches of {self.frames} frames at {self.rate} Hz"


class VoiceOutput(msgspec.Struct, frozen=True):
    """Its logits: `classes` are expressions of the contract, and calm, which is added to neutral."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    classes: Annotated[tuple[str, ...], Meta(min_length=2, max_length=9)]


class Merging(msgspec.Struct, frozen=True):
    """How far each branch is believed, by expression, in the contract's order: what was measured on people apart.

    `faces` is by the model of the face, `other_faces` for any other. `by_noise` are pairs of a speech-to-noise ratio in
    dB and the part of its belief that the voice has there, rising.
    """

    voice: _Eight
    faces: dict[str, _Eight]
    other_faces: _Eight
    by_noise: Annotated[tuple[tuple[float, Unit], ...], Meta(min_length=1, max_length=32)]


class VoiceCard(msgspec.Struct, frozen=True):
    """voice.json; what else stands in it is for readers.

    Probabilities are softmax(logits / temperature). Under `unsure_below` of its largest a second is unsure; where the
    speech is less than `too_noisy_below_db` louder than the room, it is not read.
    """

    name: _Word
    version: _Version
    file: FileName
    sha256: Sha256
    input: VoiceInput
    output: VoiceOutput
    temperature: Annotated[float, Meta(gt=0)]
    unsure_below: Annotated[float, Meta(ge=0, lt=1)]
    too_noisy_below_db: Annotated[float, Meta(ge=-60, le=60)]
    speech: FileEntry
    noise: FileEntry
    merging: Merging

    @property
    def model(self) -> str:
        """The network's id."""
        return f"{self.name}-{self.version}"

    def files(self, folder: Path) -> tuple[ModelFile, ...]:
        """The files of its networks where the card lies in `folder`: of the voice, of speech and of noise."""
        return tuple(ModelFile(folder / each.file, each.sha256) for each in (self, self.speech, self.noise))


@dataclass(frozen=True)
class VoiceBundle:
    """A folder with a voice's card, which was read; the files are checked when they are loaded."""

    folder: Path
    card: VoiceCard

    @property
    def network(self) -> ModelFile:
        """The file of the voice network."""
        return self.card.files(self.folder)[0]

    @property
    def speech(self) -> ModelFile:
        """The file of the network that finds speech."""
        return self.card.files(self.folder)[1]

    @property
    def noise(self) -> ModelFile:
        """The file of the network that takes noise out."""
        return self.card.files(self.folder)[2]


def named(name: str | None = None, *, trust: str | None = None) -> VoiceBundle:
    """The bundle that a setting means: a packaged one by its name, or a folder; None means the one that ships.

    `trust` is the trust file to which a folder is held. Raises ModelError.
    """
    folder = BUNDLES / (name or PACKAGED)
    if name is not None and ("/" in name or not (folder / CARD).is_file()):
        folder = Path(name)
    if not (folder / CARD).is_file():
        there = ", ".join(sorted(each.parent.name for each in BUNDLES.glob(f"*/{CARD}"))) or "none"
        raise ModelError(f'voice.bundle "{name}": there is no {CARD}; packaged are {there}, or give a folder with one')
    at, verified = held(folder, trust)
    card = read_card(at / CARD, VoiceCard, verified)
    known = {*EXPRESSIONS, CALM}
    if strange := [each for each in card.output.classes if each not in known]:
        raise ModelError(
            f"{at / CARD}: names {', '.join(strange)}, which no reading has; install a bundle for this version"
        )
    return VoiceBundle(at, card)
