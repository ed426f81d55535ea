"""What `mien-desk doctor` looks at: a line each, and all of them whatever the others find.

It changes nothing and takes nothing from a desk that runs. What is wrong keeps a desk from working; what is worth a
warning does not, or not yet.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge import clock
from edge.capture.camera import ask, device_of, why_closed
from edge.errors import CaptureError, MienDeskError
from edge.link import open_link
from edge.machine import temperatures
from edge.settings import Settings
from edge.stages import STAGES
from edge.store import Relay
from edge.store.place import refuse_share

if TYPE_CHECKING:
    from edge.bundle import Bundle

HOT_C: Final = 85.0  # a Jetson slows down at 97 to 99
LITTLE_ROOM: Final = 200_000_000  # bytes
NOT_BEFORE: Final = 2024  # a wall clock of before was never set

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What a look found: `state`, and in words what is so or what is wrong and what to do. `exit_code` where wrong."""

    name: str
    state: State
    says: str
    exit_code: int = 0

    def line(self) -> str:
        """For people."""
        return f"{self.state:<8} {self.name:<12} {self.says}"


class Concern(Exception):
    """Something a look found that is worth a warning; its text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One thing to look at. `at` returns what is so in words; it raises Concern, or the desk's own error."""

    name: str
    at: Callable[[Settings], str]


def findings(settings: Settings) -> Iterator[Finding]:
    """What each look finds, as it finds it."""
    for look in LOOKS:
        try:
            yield Finding(look.name, "ok", look.at(settings))
        except Concern as concern:
            yield Finding(look.name, "warning", str(concern))
        except MienDeskError as error:
            yield Finding(look.name, "wrong", str(error), error.exit_code)


def _model(settings: Settings) -> str:
    bundle = _bundle(settings)
    signed = f", signed by {', '.join(bundle.signers)}" if bundle.signers else ""
    return f"{bundle.expression.model}, operating point {bundle.point.name}{signed}"


def _bundle(settings: Settings) -> Bundle:
    from edge import bundle as bundles  # with NumPy and ONNX Runtime, which no other look needs

    return bundles.named(settings.model.bundle, settings.model.point, trust=settings.model.trust)


def _runs_on(settings: Settings) -> str:
    """What would run the networks of a desk that starts now."""
    from edge.sight import Sight

    sight = Sight.of(_bundle(settings), settings)
    try:
        if sight.fault is not None:
            raise Concern(f"{sight.describe()}, though TensorRT was to: {sight.fault}")
        missing = "; TensorRT's engines are still to be built" if sight.waits else ""
        return f"{sight.describe()}{missing}"
    finally:
        sight.close()


def _outbox(settings: Settings) -> str:
    path = Path(settings.store.path)
    if not path.exists():
        refuse_share(path.parent)
        return f"{path} is not there yet; `mien-desk store` or `run` makes it"
    relay = Relay(settings.store, read_only=True)
    try:
        counts = relay.counts()
    finally:
        relay.close()
    if counts.set_aside:
        raise Concern(
            f"{path}, {counts.waiting} readings waiting, and {counts.set_aside} set aside, which broker or centre "
            "refused; the log says why, and `mien-desk store --retry-set-aside` lets them wait again"
        )
    return f"{path}, {counts.waiting} readings waiting"


def _room(settings: Settings) -> str:
    folder = next(place for place in Path(settings.store.path).absolute().parents if place.is_dir())
    free = shutil.disk_usage(folder).free
    if free < LITTLE_ROOM:
        raise Concern(f"{free / 1e6:.0f} MB free in {folder}; make room, or lower store.keep_bytes")
    return f"{free / 1e9:.1f} GB free in {folder}"


def _desk(settings: Settings) -> str:
    """What `vision` last said of itself."""
    if not Path(settings.store.path).exists():
        return "has not run yet"
    relay = Relay(settings.store, read_only=True)
    try:
        health = relay.health()
    finally:
        relay.close()
    if not health.at_ms:
        return "has not run yet"
    if not health.is_of_now(time.time_ns() // 1_000_000):
        when = datetime.fromtimestamp(health.at_ms / 1000, timezone.utc)
        raise Concern(f"does not run: it last said something at {when:%Y-%m-%d %H:%M} UTC; start it, and see its log")
    stages = ", ".join(f"{stage} {health.stages_ms[stage]:.1f} ms" for stage in STAGES if stage in health.stages_ms)
    return f"reads {health.frames_per_second:.1f} frames a second on {health.backend or 'its processor'}" + (
        f" ({stages})" if stages else ""
    )


def _camera(settings: Settings) -> str:
    source = settings.camera.source
    path = Path(source)
    if source == "synthetic" or path.is_dir() or (path.is_file() and not source.startswith("/dev/")):
        return f"{source}: no camera, but a recording"
    device = device_of(source)
    try:
        ask(device)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return f"{device} is in use: by this desk where it runs, else `fuser -v {device}` says by what"
        raise CaptureError(f"camera {device}: {why_closed(device, ask)}") from error
    return f"{device} is there and free"


def _microphone(settings: Settings) -> str:
    source = settings.voice.source
    if source is None:
        return "none is named: this desk does not listen"
    from edge import voice_card
    from edge.sound.sources import find  # with FFmpeg's libraries and PortAudio, which no other look needs

    model = voice_card.named(settings.voice.bundle, trust=settings.model.trust).card.model
    if Path(source).is_file():
        return f"{source}: no microphone, but a recording, read by {model}"
    return f"{find(source).name} is there, read by {model}"


def _clock(_: Settings) -> str:
    now = datetime.now(timezone.utc)
    if now.year < NOT_BEFORE:
        raise Concern(f"says {now:%Y-%m-%d %H:%M} UTC; let the network set it (timedatectl set-ntp true)")
    if not clock.is_set():
        raise Concern(
            f"says {now:%Y-%m-%d %H:%M} UTC, which no time server keeps right, so readings say that it may be wrong; "
            "let one (timedatectl set-ntp true)"
        )
    return f"{now:%Y-%m-%d %H:%M} UTC, kept right"


def _temperature(_: Settings) -> str:
    zones = temperatures()
    if not zones:
        return "this machine tells none"
    name, hottest = max(zones.items(), key=lambda each: each[1])
    if hottest >= HOT_C:
        raise Concern(f"{hottest:.0f} °C at {name}: the box slows down soon; see to its fan and where it stands")
    return f"{hottest:.0f} °C at most, at {name}"


def _broker(settings: Settings) -> str:
    link = open_link(settings.broker, f"mien-doctor-{settings.box.id}")
    link.close()
    return f"{settings.broker.host}:{settings.broker.port} takes this box, MQTT {'5' if link.is_v5 else '3.1.1'}"


LOOKS: Final = (
    Look(name="model", at=_model),
    Look(name="runs on", at=_runs_on),
    Look(name="outbox", at=_outbox),
    Look(name="room", at=_room),
    Look(name="desk", at=_desk),
    Look(name="camera", at=_camera),
    Look(name="microphone", at=_microphone),
    Look(name="clock", at=_clock),
    Look(name="temperature", at=_temperature),
    Look(name="broker", at=_broker),
)
"""The last is the one that may take seconds."""
