"""The file of metrics: what is in it, in the format's own grammar, whole, and nothing of a face."""

from __future__ import annotations

import re
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from contract.expressions import EXPRESSIONS
from edge import machine, metrics
from edge.metrics import METRICS, MetricsFile, Sample, text
from edge.publish import Publisher
from edge.settings import Metrics, Settings
from edge.stages import STAGES
from edge.store import Health, Outbox, Relay, Reserve, Vitals, prepare
from edge.store.relay import Owed
from tests.edge import made

# Prometheus' exposition format: https://prometheus.io/docs/instrumenting/exposition_formats
GRAMMAR = re.compile(
    r"(?:# HELP (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*) [^\n\\]+\n# TYPE (?P=name) gauge\n"
    r'(?P=name)\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"\} (?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\n)+'
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A desk that wants metrics, with an outbox of two readings."""
    base = made.settings(tmp_path)
    prepare(base.store)
    kept = Outbox(base.store, base.policy)
    kept.add_many([made.reading(1), made.reading(2)])
    kept.note_health(Vitals(14.5, "model-1", "onnx"))
    kept.close()
    return Settings(
        box=base.box, store=base.store, broker=base.broker, metrics=Metrics(file=str(tmp_path / "desk.prom"))
    )


def values(told: str) -> dict[str, float]:
    """Each value by its metric."""
    return {name: float(value) for name, value in re.findall(r"^mien_desk_(\w+)\{.*\} (\S+)$", told, re.M)}


def refreshed(settings: Settings) -> dict[str, float]:
    """What the file says now."""
    relay = Relay(settings.store)
    assert MetricsFile(settings, relay).refresh(made.now_ms()) is None
    relay.close()
    return values(Path(str(settings.metrics.file)).read_text(encoding="utf-8"))


def test_the_file_says_what_the_outbox_and_vision_say(settings: Settings) -> None:
    told = refreshed(settings)
    assert told["frames_per_second"] == 14.5
    assert told["readings_waiting"] == 2
    assert told["vision_silent_seconds"] < 60
    assert told["outbox_bytes"] >= Path(settings.store.path).stat().st_size > 0
    assert told["disk_free_bytes"] > 1e6
    assert told["publish_memory_bytes"] > 1e6
    assert "engine_built_ratio" not in told


def test_it_is_in_the_format_of_prometheus_and_may_be_read_by_another_user(settings: Settings) -> None:
    refreshed(settings)
    file = Path(str(settings.metrics.file))
    assert GRAMMAR.fullmatch(file.read_text(encoding="utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in file.parent.glob("*.prom*")] == ["desk.prom"]  # nothing partial beside it


def test_text_that_is_none_is_found() -> None:
    assert GRAMMAR.fullmatch("# HELP a b\n# TYPE a gauge\na 1\n") is None


def test_every_value_moves_with_what_it_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = tmp_path / "thermal_zone0"
    zone.mkdir()
    (zone / "type").write_text("gpu")
    (zone / "temp").write_text("61500")
    monkeypatch.setattr(machine, "ZONES", tmp_path)
    health = Health(at_ms=1000, frames_per_second=9.0, clock_ok=False, building=("onet", 0.25), fault="no GPU")
    health = replace(health, stages_ms={stage: 1500.0 + index for index, stage in enumerate(STAGES)}, memory_mb=120.5)
    reserve = Reserve(tmp_path / "desk.db")
    reserve.make()
    sample = Sample(at_ms=6000, health=health, owed=Owed(waiting=3, set_aside=4, gaps=5), outbox=tmp_path / "desk.db")
    told = values(text(sample, "box-1"))
    assert told.keys() == {metric.name for metric in METRICS}
    expected = {"vision_silent_seconds": 5, "readings_set_aside": 4, "gaps": 5, "clock_ok": 0, "engine_fault": 1}
    assert {name: told[name] for name in expected} == expected
    assert (told["engine_built_ratio"], told["temperature_celsius"], told["outbox_bytes"]) == (0.25, 61.5, 0)
    assert [told[f"stage_{stage}_seconds"] for stage in STAGES] == [1.5, 1.501, 1.502, 1.503, 1.504]
    assert told["vision_memory_bytes"] == 120.5e6
    assert told["disk_reserve_bytes"] == reserve.bytes > 0


def test_frames_of_a_vision_that_fell_silent_are_not_told(tmp_path: Path) -> None:
    health, owed = Health(at_ms=1000, frames_per_second=9.0), Owed(waiting=0, set_aside=0, gaps=0)
    told = text(Sample(at_ms=100_000, health=health, owed=owed, outbox=tmp_path / "desk.db"), "box-1")
    assert "frames_per_second" not in values(told)


def test_none_of_them_is_of_a_face() -> None:
    told = " ".join(f"{metric.name} {metric.meaning}" for metric in METRICS).lower()
    assert not [name for name in (*EXPRESSIONS, "valence", "confidence", "shares", "face") if name in told]
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_folder_that_is_not_there_is_said_with_what_to_do(settings: Settings, tmp_path: Path) -> None:
    elsewhere = Settings(box=settings.box, store=settings.store, metrics=Metrics(file=str(tmp_path / "no/desk.prom")))
    why = MetricsFile(elsewhere, Relay(settings.store)).refresh(made.now_ms())
    assert why is not None
    assert "No such file or directory; check metrics.file" in why


def test_the_publisher_writes_it_though_there_is_no_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "EVERY_S", 0.1)
    stop = threading.Event()
    running = threading.Thread(target=Publisher(settings).run, args=(stop,))
    running.start()
    file, deadline = Path(str(settings.metrics.file)), time.monotonic() + 20
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    running.join(20)
    assert "readings_waiting" in values(file.read_text(encoding="utf-8"))


def test_a_desk_that_wants_none_writes_none(settings: Settings, tmp_path: Path) -> None:
    quiet = Settings(box=settings.box, store=settings.store)
    assert MetricsFile(quiet, Relay(settings.store)).refresh(made.now_ms()) is None
    assert not list(tmp_path.glob("*.prom"))
