"""What the doctor finds, each provoked with the real thing where there is one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import clock, doctor, errors, machine
from edge.doctor import Finding, findings
from edge.main import main
from edge.settings import Camera, Model, Settings, Store
from edge.store import Outbox, Relay, Vitals, health, open_to_its_group, prepare
from tests.edge import made

Change = Callable[[Settings], Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A desk of the synthetic clip, whose broker is not there."""
    base = made.settings(tmp_path)
    camera, model = Camera(source="synthetic"), Model(backend="onnx")
    return Settings(box=base.box, store=base.store, broker=base.broker, policy=base.policy, camera=camera, model=model)


def found(settings: Settings) -> dict[str, Finding]:
    """Every finding by its name."""
    return {finding.name: finding for finding in findings(settings)}


def with_camera(settings: Settings, source: str) -> Settings:
    """The same desk with another camera."""
    return Settings(box=settings.box, store=settings.store, broker=settings.broker, camera=Camera(source=source))


def test_every_look_is_told_once_though_others_find_something_wrong(settings: Settings) -> None:
    told = [finding.name for finding in findings(settings)]
    assert told == [look.name for look in doctor.LOOKS]
    assert len(set(told)) == len(told)
    assert found(settings)["broker"].exit_code == errors.BrokerError.exit_code


def test_before_the_first_start_nothing_but_the_broker_is_wrong(settings: Settings) -> None:
    states = {name: finding.state for name, finding in found(settings).items()}
    assert {name for name, state in states.items() if state == "wrong"} == {"broker"}
    assert "not there yet" in found(settings)["outbox"].says
    assert not Path(settings.store.path).exists()


def test_a_damaged_outbox_is_wrong(settings: Settings) -> None:
    prepare(settings.store)
    Path(settings.store.path).write_bytes(os.urandom(8192))
    outbox = found(settings)["outbox"]
    assert (outbox.state, outbox.exit_code) == ("wrong", errors.CorruptStore.exit_code)


def test_readings_that_were_set_aside_are_worth_a_warning(settings: Settings) -> None:
    prepare(settings.store)
    Outbox(settings.store, settings.policy).add(made.reading(1))
    Relay(settings.store).set_aside(1, "refused")
    outbox = found(settings)["outbox"]
    assert outbox.state == "warning"
    assert "--retry-set-aside" in outbox.says


def test_a_desk_that_runs_says_how_fast_and_one_that_fell_silent_is_worth_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(settings.store)
    assert found(settings)["desk"] == Finding("desk", "ok", "has not run yet")
    Outbox(settings.store, settings.policy).note_health(Vitals(14.6, "model-1", "onnx"))
    assert found(settings)["desk"].says == "reads 14.6 frames a second on onnx"
    monkeypatch.setattr(health, "HEALTH_MS", -1)
    assert "does not run" in found(settings)["desk"].says


def test_a_full_disk_is_worth_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(settings)["room"].state == "ok"
    monkeypatch.setattr(doctor, "LITTLE_ROOM", 10**18)
    room = found(settings)["room"]
    assert room.state == "warning"
    assert "make room" in room.says


@pytest.mark.parametrize("source", ["/dev/video987", "no such camera"])
def test_a_camera_that_is_not_there_is_wrong(settings: Settings, source: str) -> None:
    camera = found(with_camera(settings, source))["camera"]
    assert (camera.state, camera.exit_code) == ("wrong", errors.CaptureError.exit_code)


def test_a_device_that_is_no_camera_is_wrong(settings: Settings) -> None:
    camera = found(with_camera(settings, "/dev/null"))["camera"]
    assert camera.state == "wrong"
    assert "is no camera; set camera.source" in camera.says


def test_a_camera_that_another_program_reads_may_be_the_desk_s(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: Path) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(doctor, "ask", busy)
    camera = found(with_camera(settings, "/dev/null"))["camera"]
    assert camera.state == "ok"
    assert "in use: by this desk where it runs" in camera.says


def test_to_look_at_an_outbox_changes_nothing_beside_it(settings: Settings) -> None:
    prepare(settings.store)
    open_to_its_group(settings.store)
    folder = Path(settings.store.path).parent
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert found(settings)["outbox"].state == "ok"
    assert before.keys() == {path.name for path in folder.iterdir()}
    Relay(settings.store).close()  # as the publisher does: the control
    assert before.keys() != {path.name for path in folder.iterdir()}


def test_a_recording_in_the_place_of_a_camera_is_said_to_be_one(settings: Settings, tmp_path: Path) -> None:
    assert found(settings)["camera"].says == "synthetic: no camera, but a recording"


def test_a_clock_that_nobody_keeps_right_and_one_of_1970_are_worth_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "is_set", lambda: False)
    assert "no time server" in found(settings)["clock"].says
    monkeypatch.setattr(doctor, "NOT_BEFORE", 9999)
    assert "timedatectl set-ntp true" in found(settings)["clock"].says
    assert found(settings)["clock"].state == "warning"


def test_the_hottest_zone_is_told_and_a_hot_one_is_worth_a_warning(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ZONES", tmp_path)
    assert found(settings)["temperature"].says == "this machine tells none"
    for number, (name, milli) in enumerate({"cpu": "41000", "gpu": "63500", "off": ""}.items()):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "type").write_text(f"{name}\n")
        (zone / "temp").write_text(milli)
    assert found(settings)["temperature"].says == "64 °C at most, at gpu"
    (tmp_path / "thermal_zone1/temp").write_text("91000")
    assert found(settings)["temperature"].state == "warning"


def test_a_bundle_that_is_not_there_is_wrong_for_both_looks_at_it(settings: Settings, tmp_path: Path) -> None:
    elsewhere = Settings(
        box=settings.box, store=Store(path=settings.store.path), model=Model(bundle=str(tmp_path / "x"))
    )
    seen = found(elsewhere)
    assert {seen[name].exit_code for name in ("model", "runs on")} == {errors.ModelError.exit_code}


def test_for_programs_it_is_json_with_the_exit_code_of_the_first_that_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "desk.toml"
    config.write_text(
        '[box]\nid = "desk-01"\n[camera]\nsource = "/dev/video987"\n[store]\npath = "desk.db"\n[broker]\nport = 1\n'
    )
    command = [sys.executable, "-m", "edge.main", "doctor", str(config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = json.loads(done.stdout)
    assert [each["name"] for each in told] == ["settings", *(look.name for look in doctor.LOOKS)]
    assert done.returncode == errors.CaptureError.exit_code
    assert [each["name"] for each in told if each["state"] == "wrong"] == ["camera", "broker"]


def test_it_takes_no_lock_from_a_desk_that_runs(settings: Settings) -> None:
    prepare(settings.store)
    writing = Outbox(settings.store, settings.policy)
    with writing._connection.writing():
        began = time.monotonic()
        assert found(settings)["outbox"].state == "ok"
        assert time.monotonic() - began < 5.0
    writing.close()


def test_warnings_alone_end_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "desk.toml"
    config.write_text('[box]\nid = "desk-01"\n[camera]\nsource = "synthetic"\n[store]\npath = "desk.db"\n')
    fine, concern = SimpleNamespace(name="one", at=lambda _: "fine"), SimpleNamespace(name="two", at=_concerned)
    monkeypatch.setattr(doctor, "LOOKS", (fine, concern))
    assert main(["doctor", str(config)]) == 0
    assert "ok       one          fine\nwarning  two          see to it\n" in capsys.readouterr().out


def _concerned(_: Settings) -> str:
    raise doctor.Concern("see to it")
