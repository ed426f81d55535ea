"""Where sound comes from: a microphone by its stable name, or a file; each gives blocks, one after another."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

import av
import numpy as np

from edge.errors import CaptureError
from edge.sound.samples import RATE, Samples, decoded

BLOCK: Final = RATE // 10  # samples that a microphone is asked for at once: 0.1 s
USUAL: Final = "default"
_WAITING: Final = 100  # blocks that a driver may be ahead: 10 s
_NO_PORTAUDIO: Final = "PortAudio is not installed, which microphones are heard with; run: apt install libportaudio2"


class Source(Protocol):
    """Something that gives sound."""

    @property
    def name(self) -> str:
        """What errors and logs call it."""

    def read(self) -> Samples | None:
        """The next block; None at the end of a file. May block for ever. Raises CaptureError."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Device:
    """A microphone of this machine, by the number that PortAudio gives it now and the name that stays."""

    number: int
    name: str


def devices() -> list[Device]:
    """The microphones of this machine. Raises CaptureError where PortAudio is not there."""
    found = _portaudio().query_devices()
    return [
        Device(number, str(each["name"])) for number, each in enumerate(found) if int(each["max_input_channels"]) > 0
    ]


def find(wanted: str) -> Device:
    """The microphone whose name holds `wanted`, in whatever case; the system's own for "default".

    Raises CaptureError, with what there is.
    """
    there = devices()
    if wanted == USUAL:
        number = int(_portaudio().default.device[0])
        usual = [each for each in there if each.number == number] or there[:1]
        if usual:
            return usual[0]
    named = [each for each in there if wanted.lower() in each.name.lower()]
    if len(named) == 1:
        return named[0]
    here = ", ".join(f'"{each.name}"' for each in (named or there))
    if len(named) > 1:
        raise CaptureError(f'microphone "{wanted}": more than one has that in its name: {here}; give more of it')
    if not there:
        raise CaptureError(f'microphone "{wanted}": none is connected to this machine; connect one, or name a file')
    raise CaptureError(f'microphone "{wanted}": there is none of that name; microphones here: {here}')


class Microphone:
    """A microphone as a Source, at 16,000 samples a second whatever it has itself."""

    def __init__(self, wanted: str) -> None:
        """Open it. Raises CaptureError where it is missing, busy, or PortAudio is."""
        sounddevice = _portaudio()
        device = find(wanted)
        self.name = f"microphone {device.name}"
        self._blocks: queue.Queue[Samples] = queue.Queue(_WAITING)
        try:
            own = round(float(sounddevice.query_devices(device.number)["default_samplerate"]))
            self._resampler = _Resampler(own)
            self._stream = sounddevice.InputStream(
                samplerate=own,
                blocksize=own // 10,
                device=device.number,
                channels=1,
                dtype="float32",
                callback=self._take,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise CaptureError(
                f"{self.name}: does not open: {error}; stop what uses it, or add this process's user to the group audio"
            ) from error

    def read(self) -> Samples | None:
        """See `Source.read`."""
        block: Samples = self._resampler.taken(self._blocks.get())
        return block

    def close(self) -> None:
        """See `Source.close`."""
        self._stream.abort()
        self._stream.close()

    def _take(self, block: Any, *_: object) -> None:
        """Called by the driver's thread, which nothing may hold up: where nobody reads, sound is let go."""
        try:
            self._blocks.put_nowait(np.array(block[:, 0], np.float32))
        except queue.Full:
            return


class _Resampler:
    """From a microphone's own rate to ours."""

    def __init__(self, own: int) -> None:
        self._own = own
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)

    def taken(self, block: Samples) -> Samples:
        if self._own == RATE:
            return block
        frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
        frame.sample_rate = self._own
        parts = [np.asarray(each.to_ndarray()[0], np.float32) for each in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class SoundFile:
    """A file as a Source, in blocks like a microphone's."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises CaptureError where it has no sound that can be read."""
        self.name = str(path)
        self._pieces = decoded(path)
        self._rest: Samples = np.zeros(0, np.float32)
        if (first := next(self._pieces, None)) is None:
            raise CaptureError(f"{path}: has no sound; name another file, or a microphone")
        self._rest = first

    def read(self) -> Samples | None:
        """See `Source.read`."""
        while len(self._rest) < BLOCK and (piece := next(self._pieces, None)) is not None:
            self._rest = np.concatenate([self._rest, piece])
        block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
        return block if len(block) else None

    def close(self) -> None:
        """See `Source.close`."""


def _portaudio() -> ModuleType:
    try:
        import sounddevice  # brings PortAudio, which a desk without a microphone need not have
    except OSError as error:
        raise CaptureError(_NO_PORTAUDIO) from error
    module: ModuleType = sounddevice
    return module
