"""Sources of sound: files at their pace, microphones by a driver that is made up, seconds of them."""

from __future__ import annotations

import itertools
import queue
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edge.errors import CaptureError
from edge.sound import listening, sources
from edge.sound.listening import Block, Listening, SoundSeconds, open_sound
from edge.sound.samples import RATE, Samples
from edge.sound.sources import BLOCK, Microphone
from tests.edge.sound.sounds import noise, write


class Staged:
    """A microphone that gives what it is told: samples, a silence of its thread, or an error."""

    name = "staged"

    def __init__(self) -> None:
        self.script: queue.Queue[Samples | CaptureError | None] = queue.Queue()
        self.closed = False

    def read(self) -> Samples | None:
        """What comes next."""
        given = self.script.get()
        if isinstance(given, CaptureError):
            raise given
        return given

    def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True


def test_a_file_is_played_at_its_pace_and_then_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.wav", noise(0.35))
    played, began = Listening(lambda: open_sound(str(path))), time.monotonic()
    blocks = []
    while not played.ended:
        if (block := played.read(0.2)) is not None:
            blocks.append(block)
    assert 0.3 < time.monotonic() - began < 1.5
    assert sum(len(block.samples) for block in blocks) == round(0.35 * RATE)
    assert [round(b.stamp_s - a.stamp_s, 2) for a, b in itertools.pairwise(blocks)][:2] == [0.1, 0.1]


def test_a_file_that_loops_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.wav", noise(0.15))
    played = Listening(lambda: open_sound(str(path)), loop=True)
    count, until = 0, time.monotonic() + 10
    while count < RATE // 3 and time.monotonic() < until:
        block = played.read(0.2)
        count += len(block.samples) if block is not None else 0
    assert count >= RATE // 3
    assert not played.ended


def test_a_microphone_that_falls_silent_is_stale_until_it_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "STALE_S", 0.3)
    made: list[Staged] = []

    def open_it() -> Staged:
        made.append(Staged())
        made[-1].script.put(noise(0.1))
        return made[-1]

    heard = Listening(open_it)
    assert heard.read(2.0) is not None
    assert not heard.stale
    assert heard.read(0.5) is None
    assert heard.stale
    made[0].script.put(noise(0.1))  # its thread comes back from the driver, and may end
    heard.reopen()
    assert not heard.stale
    assert heard.read(2.0) is not None
    heard.close()


def test_what_a_microphone_raises_is_raised_where_it_is_read() -> None:
    staged = Staged()
    heard = Listening(lambda: staged)
    staged.script.put(CaptureError("gone"))
    with pytest.raises(CaptureError, match="gone"):
        heard.read(2.0)


def test_blocks_become_whole_seconds_that_follow_each_other() -> None:
    seconds, found = SoundSeconds(), []
    sound = noise(2.5)
    for begin in range(0, len(sound), BLOCK):
        piece = sound[begin : begin + BLOCK]
        found += seconds.add(Block(piece, 10.0 + (begin + len(piece)) / RATE))
    assert [second.started_s for second in found] == pytest.approx([10.0, 11.0])
    assert np.array_equal(np.concatenate([second.sound for second in found if second.sound is not None]), sound[:32000])


def test_seconds_without_sound_are_told_as_such() -> None:
    seconds = SoundSeconds()
    seconds.add(Block(noise(0.5), 10.5))
    assert seconds.tick(11.5) == []
    lost = seconds.tick(13.2)
    assert [(second.started_s, second.sound) for second in lost] == [(10.0, None), (11.0, None)]
    assert seconds.add(Block(noise(1.0), 15.0))[-1].started_s == pytest.approx(14.0)


class Driver:
    """sounddevice, as far as it is asked."""

    class PortAudioError(Exception):
        """What it raises."""

    def __init__(self, names: tuple[str, ...], rate: float = 48_000.0, *, busy: bool = False) -> None:
        self.devices = [
            {"name": name, "max_input_channels": int(name != "speaker"), "default_samplerate": rate} for name in names
        ]
        self.default = SimpleNamespace(device=(1, 0))
        self.busy = busy
        self.stream: Any = None

    def query_devices(self, number: int | None = None) -> Any:
        """All of them, or one."""
        return self.devices if number is None else self.devices[number]

    def InputStream(self, **asked: Any) -> Any:
        """A stream whose callback the test calls."""
        if self.busy:
            raise self.PortAudioError("Device unavailable")
        self.stream = SimpleNamespace(
            start=lambda: None, abort=lambda: None, close=lambda: None, asked=asked, give=asked["callback"]
        )
        return self.stream


def with_driver(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> Driver:
    """That driver in place of PortAudio's."""
    monkeypatch.setitem(sys.modules, "sounddevice", driver)
    return driver


def test_a_microphone_is_found_by_a_part_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with_driver(monkeypatch, Driver(("speaker", "Jabra Evolve2: USB Audio", "Webcam: USB Audio")))
    assert sources.find("jabra").name == "Jabra Evolve2: USB Audio"
    assert sources.find("default").number == 1
    with pytest.raises(CaptureError, match=r"more than one .*Jabra.*Webcam"):
        sources.find("usb audio")
    with pytest.raises(CaptureError, match=r'"Plantronics": there is none of that name; microphones here: "Jabra'):
        sources.find("Plantronics")


def test_a_microphone_of_another_rate_gives_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = with_driver(monkeypatch, Driver(("speaker", "mic")))
    microphone = Microphone("mic")
    count = 0
    for _ in range(10):
        driver.stream.give(np.zeros((4800, 1), np.float32), 4800, None, None)
        block = microphone.read()
        assert block is not None
        count += len(block)
    assert count == pytest.approx(RATE, abs=100)
    microphone.close()


def test_a_busy_microphone_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with_driver(monkeypatch, Driver(("speaker", "mic"), busy=True))
    with pytest.raises(CaptureError, match=r"microphone mic: does not open: .*; stop what uses it"):
        Microphone("mic")
