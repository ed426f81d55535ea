"""Files of sound, whatever their rate and their form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import CaptureError
from edge.sound.samples import RATE, read_sound
from tests.edge.sound.sounds import noise, tone, write


def test_a_file_becomes_what_it_holds(tmp_path: Path) -> None:
    sound = noise(0.5)
    found = read_sound(write(tmp_path / "noise.wav", sound))
    assert np.abs(found - sound).max() < 1e-4


def test_another_rate_becomes_ours(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav", tone(1.0, 1000.0)[: RATE // 2], rate=48_000)
    found = read_sound(path)
    assert len(found) == pytest.approx(RATE / 6, abs=40)
    spectrum = np.abs(np.fft.rfft(found))
    assert np.argmax(spectrum) * RATE / len(found) == pytest.approx(3000, abs=30)  # played three times as fast


def test_what_is_no_sound_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound at all")
    with pytest.raises(CaptureError, match=r"text.wav: its sound cannot be read: .*; convert it anew"):
        read_sound(path)
    with pytest.raises(CaptureError, match=r"missing.wav"):
        read_sound(tmp_path / "missing.wav")
