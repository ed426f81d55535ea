"""Silero's network as the desk runs it: a voice is one, noise is none, and pieces make the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.bundle import BUNDLES
from edge.errors import ModelError
from edge.runtime.backend import ModelFile
from edge.sound.noise import speech_to_noise_db
from edge.sound.samples import RATE, read_sound
from edge.sound.speech import CHUNK, SPOKEN, Speech
from models.card import sha256_of
from tests.edge.sound.sounds import needs_speech, noise, speech, tone

NETWORK = BUNDLES / "voice" / "speech.onnx"


def listener() -> Speech:
    """A new one."""
    return Speech(ModelFile(NETWORK, sha256_of(NETWORK)))


@needs_speech
@pytest.mark.parametrize("voice", ["slt", "kal"])
def test_a_voice_is_heard_and_noise_is_not(tmp_path: Path, voice: str) -> None:
    said = listener().likely(read_sound(speech(tmp_path / "voice.wav", voice=voice)))
    assert (said > SPOKEN).mean() > 0.7
    for other in (noise(3.0), tone(3.0, 440.0), np.zeros(3 * RATE, np.float32)):
        assert (listener().likely(other) > SPOKEN).mean() < 0.1


@needs_speech
def test_pieces_are_heard_as_the_whole_is(tmp_path: Path) -> None:
    sound = read_sound(speech(tmp_path / "voice.wav"))[: 2 * RATE]
    whole, heard, one = listener().likely(sound), [], listener()
    rest = sound[:0]
    for begin in range(0, len(sound), 1000):
        rest = np.concatenate([rest, sound[begin : begin + 1000]])
        found = one.likely(rest)
        rest = rest[len(found) * CHUNK :]
        heard.append(found)
    assert np.allclose(np.concatenate(heard), whole, atol=1e-4)


def test_a_network_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "speech.onnx"
    other.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="differs from its card"):
        Speech(ModelFile(other, sha256_of(NETWORK)))
    with pytest.raises(ModelError, match="cannot load it"):
        Speech(ModelFile(other, sha256_of(other)))


def test_how_much_louder_speech_is_than_the_room() -> None:
    spectra = np.ones((100, 257), np.float32)
    spoken = np.arange(100) < 40
    spectra[spoken] = 11.0
    assert speech_to_noise_db(spectra, spoken) == pytest.approx(10.0, abs=0.01)
    assert speech_to_noise_db(spectra, np.ones(100, np.bool_)) == np.inf
    assert speech_to_noise_db(spectra, np.zeros(100, np.bool_)) == -np.inf
