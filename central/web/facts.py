"""What is told of a desk's box: names and values, what runs its networks, and why that is not what was to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from central.web import machinery
from central.web.language import Language
from central.web.records import Box, Desk
from central.web.scene import Scene
from look.language import NONE

_NAMES: Final = {"onnx": "ONNX Runtime", "tensorrt": "TensorRT"}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line about a box. `said`: what stands after the value as the box said it, in whatever language it speaks."""

    name: str
    value: str
    said: str = ""


def facts_of(connection: Connection, scene: Scene, desk: Desk, words: Language) -> tuple[Fact, ...]:
    """All that is known of a desk's box; nothing where there is none, or it was never heard of."""
    status = desk.status
    if desk.box is None or status is None:
        return ()
    quarantined, refused, gap_records = machinery.counts(connection, desk.box)
    clock = {True: "clock_ok", False: "clock_bad"}.get(status.clock_ok) if status.clock_ok is not None else None
    frames = status.frames_per_second
    rows = (
        ("b_last", _last(scene, desk, status, words)),
        ("b_waiting", words.t("readings_n", n=words.integer(status.waiting)) if status.waiting is not None else NONE),
        ("b_clock", words.t(clock) if clock else NONE),
        ("b_fps", NONE if frames is None else words.decimal(frames, 1)),
        ("b_frame", measured(words, "ms_n", status.frame_ms)),
        ("b_temperature", measured(words, "celsius_n", status.temperature_c)),
        ("b_memory", measured(words, "megabytes_n", status.memory_mb)),
        ("b_disk", measured(words, "megabytes_n", status.disk_free_mb)),
        ("b_model", status.model or NONE),
        ("b_runs", runs_on(status)),
        ("b_building", building(status, words)),
        ("b_software", status.software or NONE),
        ("b_aside", words.integer(status.set_aside)),
        ("b_gaps", words.integer(gap_records)),
        ("b_quarantined", words.integer(quarantined)),
        ("b_refused", words.integer(refused)),
    )
    said = {"b_building": status.building_step or ""}
    return tuple(Fact(name=words.t(key), value=value, said=said.get(key, "")) for key, value in rows if value)


def measured(words: Language, unit: str, value: float | None) -> str:
    """A measure in whole units; empty where a box does not tell it."""
    return "" if value is None else words.t(unit, n=words.integer(round(value)))


def runs_on(status: Box | None) -> str:
    """The name of what runs a box's networks."""
    if status is None or status.backend is None:
        return NONE
    return _NAMES.get(status.backend, status.backend)


def building(status: Box | None, words: Language) -> str:
    """What share of its engines a box has built; empty where it builds none, or is gone and builds none any more."""
    if status is None or not status.online or status.building_share is None:
        return ""
    return words.share(status.building_share)


def _last(scene: Scene, desk: Desk, status: Box, words: Language) -> str:
    """When the last reading was made."""
    last = status.last_live_ms
    if desk.recorded:
        return words.date_time(desk.newest.ended_ms, scene.zone) if desk.newest is not None else words.t("never")
    if last is None:
        return words.t("never")
    ago = words.duration(max(0, scene.now_ms - last))
    return words.t("at_ago", time=words.moment(last, scene.zone, scene.now_ms), d=ago)
