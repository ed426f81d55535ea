"""How long the stages of a frame's way take, from the loop to whoever asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge import vision
from edge.settings import Policy, Store
from edge.stages import STAGES, Stages
from edge.store import Outbox, Relay, Vitals, prepare
from tests.edge.test_vision import desk, moving_portrait


def test_each_stage_is_a_mean_over_its_frames_and_begins_anew() -> None:
    stages = Stages()
    stages.add("detect", 0.010)
    stages.add("detect", 0.030)
    stages.add("frame", 0.050)
    assert stages.take() == pytest.approx({"detect": 20.0, "frame": 50.0})
    assert stages.take() == {}


def test_a_stage_lasts_as_long_as_what_is_done_in_it() -> None:
    stages = Stages()
    with stages.time("align"):
        threading.Event().wait(0.02)
    assert 20.0 <= stages.take()["align"] < 2000.0


def test_what_the_loop_tells_is_what_the_publisher_reads(tmp_path: Path) -> None:
    store = Store(path=str(tmp_path / "desk.db"))
    prepare(store)
    told = {stage: float(index) for index, stage in enumerate(STAGES)}
    Outbox(store, Policy()).note_health(Vitals(14.5, "model-1", "onnx", None, told))
    assert Relay(store).health().stages_ms == told
    Outbox(store, Policy()).note_health(Vitals(14.5, "model-1"))
    assert Relay(store).health().stages_ms == {}


def test_vision_tells_every_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision, "FIRST_HEALTH_S", 2.0)
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.0, 10.0)))
    vision.run(settings, threading.Event())
    spent = Relay(settings.store).health().stages_ms
    assert list(spent) == list(STAGES)
    assert all(took > 0 for took in spent.values())
    assert spent["frame"] >= spent["detect"]
