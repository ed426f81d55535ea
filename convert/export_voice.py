"""From a finished run of the voice to what ships: its two networks in half precision, and their card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import torch
from torch import Tensor, nn

from convert import half, output
from convert.errors import SourceError
from edge.sound import bands
from edge.sound.samples import RATE
from models.card import sha256_of
from models.describe import MUST_NOT_BE_USED_FOR
from models.networks.graph import exported
from models.networks.measure import parameters_of
from models.networks.noise_net import NoiseNet
from models.networks.voice_net import VoiceNet
from models.voice import calibration
from models.voice.calibration import Worth
from models.voice.folds import trained
from models.voice.heads import RAVDESS

if TYPE_CHECKING:
    from onnx import ModelProto

NAME, VERSION = "mien-voice", "3.0.0"
CARD, VOICE, NOISE, SPEECH = "voice.json", "voice.onnx", "noise.onnx", "speech.onnx"
LICENCE: Final = "research-only"
ROWS_IN, BANDS_IN = "rows", "bands"  # what each network takes
TRAINED_ON: Final = (
    {
        "name": "RAVDESS, speech",
        "source": "Livingstone & Russo 2018; 20 actors.",
        "licence": "CC BY-NC-SA 4.0.",
    },
    {
        "name": "EMO-DB",
        "source": "Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss 2005; 8 speakers.",
        "licence": "free for research.",
    },
    {
        "name": "100 non-speech noises",
        "source": "Hu & Wang 2010; three fifths of them, mixed into the speech.",
        "licence": "research.",
    },
)
LIMITS: Final = (
    "It learned from actors, twenty who speak two English sentences and eight who speak ten German ones: how people at "
    "work sound is another matter, and was not measured.",
    "Sadness that is quiet it takes for calm in a language that it did not learn from, and anger often for happiness.",
    "It hears whoever is nearest or loudest. A second voice is read as if it were the agent's.",
    "It does not know contempt, with which no voice was labelled; calm is told as neutral.",
    "No word is recognised and no speaker identified; what it makes of a voice is no measure of what is said.",
)


@dataclass(frozen=True)
class ExportedVoice:
    """The card, decoded, and the networks in half precision by their files' names."""

    card: dict[str, Any]
    networks: dict[str, ModelProto]


class _Head(nn.Module):
    """The voice network with the logits of RAVDESS's classes alone."""

    def __init__(self, network: VoiceNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(x)
        return logits[:, RAVDESS.columns]


def export(run: Path, speech: Path) -> ExportedVoice:
    """The networks of a finished run, beside the one that finds speech. Raises SourceError, RangeError."""
    if not (run / "all.pt").exists():
        raise SourceError(f"{run}: holds no finished voice; run `mien-models voice train --out {run}` first")
    voice = trained(run / "all.pt", VoiceNet(), VoiceNet)
    noise = trained(run / "noise.pt", NoiseNet(), NoiseNet)
    found = calibration.read(run)
    networks = {
        VOICE: half.half(
            exported(_Head(voice), {ROWS_IN: torch.zeros(1, 1, bands.ROWS, bands.FRAMES)}, [RAVDESS.name]), str(run)
        ),
        NOISE: half.half(
            exported(noise, {BANDS_IN: torch.zeros(1, 1, bands.BANDS, bands.NOISE_FRAMES)}, ["speech"]), str(run)
        ),
    }
    hashes = {name: hashlib.sha256(made.SerializeToString()).hexdigest() for name, made in networks.items()}
    return ExportedVoice(_card(found, hashes, sha256_of(speech), parameters_of(voice), parameters_of(noise)), networks)


def write(made: ExportedVoice, folder: Path) -> None:
    """Writes networks and card into a folder in which speech.onnx lies. Raises OutputError."""
    for name, network in made.networks.items():
        output.write(folder / name, network.SerializeToString())
    output.write(folder / CARD, msgspec.json.format(msgspec.json.encode(made.card), indent=2) + b"\n")


def _card(found: Worth, hashes: dict[str, str], speech: str, parameters: int, of_noise: int) -> dict[str, Any]:
    others = [tuple(each) for each in found.faces.values()]
    mean = [round(sum(column) / len(column), 3) for column in zip(*others, strict=True)]
    return {
        "name": NAME,
        "version": VERSION,
        "file": VOICE,
        "sha256": hashes[VOICE],
        "input": {"rate": RATE, "bands": bands.BANDS, "frames": bands.FRAMES, "pitches": bands.PITCHES},
        "output": {"name": RAVDESS.name, "classes": list(RAVDESS.classes)},
        "temperature": found.temperature,
        "unsure_below": found.unsure_below,
        "too_noisy_below_db": found.too_noisy_below_db,
        "speech": {"file": SPEECH, "sha256": speech},
        "noise": {"file": NOISE, "sha256": hashes[NOISE]},
        "merging": {
            "voice": list(found.reliability),
            "faces": found.faces,
            "other_faces": mean,
            "by_noise": found.by_noise,
        },
        "network": {"parameters": parameters, "noise_parameters": of_noise},
        "trained_on": list(TRAINED_ON),
        "training": (
            f"{found.utterances} utterances of {found.speakers} speakers, cut to what is spoken, each in ten views: "
            "played up to a fifth faster or slower, half of them in a noise 0 to 30 dB below, a fifth in a room that "
            "echoes, half after the noise network. Four listeners, each trained by itself and by chance of its own: "
            "two hear the colour of a voice, two its pitch, which counts half in RAVDESS's answers. Two heads on each, "
            "a data set each; EMO-DB's utterances five times an epoch. "
            f"{found.epochs} epochs, AdamW, mixup, half of the pieces ending in something else that was said by the "
            "same speaker with the same label, RAVDESS's up to 42% faster or 30% slower, throats up to 15% longer or "
            "shorter, holes in time and in bands, pitches up to four semitones higher or lower or left out, "
            f"exponential average of weights; seed {found.seed}. No epoch was chosen. "
            "The noise network learned from EMO-DB alone."
        ),
        "calibration": (
            "Temperature, the threshold of unsure (nine looks in ten are surer) and how far each expression is "
            "believed were fitted on RAVDESS's speakers, each answered by a network that had not heard them."
        ),
        "intended_use": [
            "Estimating once a second, on a desk's own box, how a voice sounds to a listener; together with a face."
        ],
        "must_not_be_used_for": list(MUST_NOT_BE_USED_FOR),
        "limits": list(LIMITS),
        "licence": LICENCE,
    }
