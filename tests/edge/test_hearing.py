"""A second of sound to a reading, or to the reason why there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge import voice_card
from edge.errors import ModelError
from edge.hearing import Hearing
from edge.sound.samples import RATE, Samples, read_sound
from tests.edge.sound.sounds import needs_speech, noise, speech
from tests.edge.voices import make_voice


def hearing(folder: Path, **fields: object) -> Hearing:
    """With a made voice."""
    return Hearing(voice_card.named(str(make_voice(folder / "voice", **fields))))  # type: ignore[arg-type]


def seconds(sound: Samples) -> list[Samples]:
    """Whole ones."""
    return [sound[begin : begin + RATE] for begin in range(0, len(sound) - RATE + 1, RATE)]


@needs_speech
def test_a_second_of_speech_has_the_networks_answer_and_calm_counts_as_neutral(tmp_path: Path) -> None:
    ear = hearing(tmp_path, says={"calm": 9.0})
    sound = read_sound(speech(tmp_path / "voice.wav"))
    *_, heard = [ear.second(each) for each in seconds(sound)[:4]]
    assert heard.reason is None
    assert heard.shares is not None
    assert heard.shares[EXPRESSIONS.index("neutral")] > 0.99
    assert heard.shares[EXPRESSIONS.index("contempt")] == 0.0
    assert sum(heard.shares) == pytest.approx(1.0)
    assert heard.spoken > 0.5


def test_without_a_voice_nobody_speaks_and_a_muted_microphone_is_stale(tmp_path: Path) -> None:
    ear = hearing(tmp_path)
    assert ear.second(noise(1.0)).reason is Reason.NO_SPEECH
    assert ear.second(np.zeros(RATE, np.float32)).reason is Reason.STALE


@needs_speech
def test_a_room_louder_than_the_voice_is_too_noisy(tmp_path: Path) -> None:
    ear = hearing(tmp_path, too_noisy_below_db=20.0)
    sound = read_sound(speech(tmp_path / "voice.wav"))
    loud = np.sqrt(np.square(sound).mean()) * 0.5
    ear.second(noise(1.0, float(loud)))
    found = [ear.second(each + noise(1.0, float(loud), seed)) for seed, each in enumerate(seconds(sound))]
    reasons = {heard.reason for heard in found if heard.spoken >= 0.3}
    assert reasons == {Reason.TOO_NOISY}
    assert all(3.0 < heard.clear_db < 15.0 for heard in found if heard.reason is Reason.TOO_NOISY)


@needs_speech
def test_a_flat_answer_is_unsure(tmp_path: Path) -> None:
    ear = hearing(tmp_path, says={}, unsure_below=0.4)
    found = [ear.second(each).reason for each in seconds(read_sound(speech(tmp_path / "voice.wav")))]
    assert Reason.UNSURE in found


def test_a_voice_for_another_version_is_refused(tmp_path: Path) -> None:
    folder = make_voice(tmp_path / "voice", input={"rate": 16000, "bands": 40, "frames": 128})
    with pytest.raises(ModelError, match=r"takes 40 bands .* install a bundle for this version"):
        Hearing(voice_card.named(str(folder)))
    strange = make_voice(tmp_path / "other", output={"name": "ravdess", "classes": ["neutral", "boredom"]})
    with pytest.raises(ModelError, match=r"names boredom"):
        voice_card.named(str(strange))
    with pytest.raises(ModelError, match=r'voice.bundle "nowhere": there is no voice.json'):
        voice_card.named("nowhere")
