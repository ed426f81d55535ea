"""Sound made for tests: speech by FFmpeg's synthesizer, noise and tones by NumPy."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from edge.sound.samples import RATE, Samples

WORDS: Final = "Good morning, how can I help you today? That is wonderful news, thank you very much for calling us."


def _speaks() -> bool:
    if shutil.which("ffmpeg") is None:
        return False
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], capture_output=True, text=True, check=False)
    return " flite " in listed.stdout


needs_speech = pytest.mark.skipif(not _speaks(), reason="an ffmpeg with flite makes the speech of these tests")


def speech(path: Path, *, voice: str = "slt", rate: int = RATE) -> Path:
    """Six seconds of a synthesized voice, as a file of that ending."""
    source = f"flite=text='{WORDS}':voice={voice}"
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, "-ar", str(rate), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def noise(seconds: float, level: float = 0.05, seed: int = 1) -> Samples:
    """White noise."""
    return (np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level).astype(np.float32)


def tone(seconds: float, hertz: float, level: float = 0.3) -> Samples:
    """A sine."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def write(path: Path, sound: Samples, rate: int = RATE) -> Path:
    """A WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path
