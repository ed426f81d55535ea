"""The command `mien-desk`, as a person types it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge import errors
from edge.main import main
from edge.settings import Policy, Store
from edge.store import Outbox, Relay
from tests.broker import free_port, mosquitto, needs_mosquitto, only_311
from tests.edge.centre import Centre, wait_for
from tests.edge.made import reading
from tests.fakes import installed

ROOT = Path(__file__).parents[2]


def _config(folder: Path, *lines: str, port: int = 1) -> Path:
    path = folder / "desk.toml"
    desk = '[box]\nid = "desk-01"\n[camera]\nsource = "synthetic"\n[store]\npath = "desk.db"\n[broker]'
    path.write_text("\n".join([desk, f"port = {port}", *lines]) + "\n")
    return path


def test_every_class_of_error_has_an_exit_code_of_its_own() -> None:
    named = vars(errors).values()
    kinds = [kind for kind in named if isinstance(kind, type) and issubclass(kind, errors.MienDeskError)]
    codes = [kind.exit_code for kind in kinds]
    assert errors.BrokerError in kinds
    assert len(set(codes)) == len(codes)
    assert not set(codes) & {0, 1, 2, 130}


def test_an_error_is_one_line_and_its_classs_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(_config(tmp_path, "prot = 3"))]) == errors.SettingsError.exit_code
    said = capsys.readouterr().err
    assert said.startswith("mien-desk: ")
    assert said.count("\n") == 1
    assert 'did you mean "broker.port"' in said


def test_publish_without_an_outbox_says_what_to_run_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", str(_config(tmp_path))]) == errors.StoreError.exit_code
    assert "run `mien-desk store CONFIG.toml` first" in capsys.readouterr().err


def test_store_makes_the_outbox_and_lets_rows_that_were_set_aside_wait_again(tmp_path: Path) -> None:
    config = str(_config(tmp_path))
    assert main(["store", config]) == 0
    store = Store(path=str(tmp_path / "desk.db"))
    Outbox(store, Policy()).add(reading(1))
    Relay(store).set_aside(1, "refused")
    assert main(["store", config]) == 0
    assert Relay(store).counts().set_aside == 1
    assert main(["store", config, "--retry-set-aside"]) == 0
    assert Relay(store).counts().waiting == 1


@needs_mosquitto
def test_the_doctor_says_that_all_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        assert main(["doctor", str(_config(tmp_path, port=broker.port))]) == 0
    said = capsys.readouterr().out
    assert "is not there yet" in said
    assert "takes this box, MQTT 5" in said
    assert "ok       model        mien-face-" in said
    assert "ok       runs on      ONNX Runtime " in said


@needs_mosquitto
@pytest.mark.usefixtures("tensorrt")
def test_the_doctor_says_that_engines_are_still_to_be_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        assert main(["doctor", str(_config(tmp_path, port=broker.port))]) == 0
    assert "processor; TensorRT's engines are still to be built" in capsys.readouterr().out


@needs_mosquitto
def test_the_doctor_says_why_tensorrt_cannot_be_had(
    tensorrt: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mosquitto(tmp_path / "broker") as broker, installed(driver=False):
        assert main(["doctor", str(_config(tmp_path, port=broker.port))]) == 0
    assert "though TensorRT was to: CUDA cannot be had" in capsys.readouterr().out


def test_the_doctor_names_an_operating_point_that_the_model_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _config(tmp_path, "[model]", 'point = "loud"')
    assert main(["doctor", str(config)]) == errors.ModelError.exit_code
    said = capsys.readouterr().out
    assert re.search(r'^wrong    model .*operating point "loud"', said, re.M)
    assert re.search(r"^wrong    broker ", said, re.M)  # whatever else is wrong


def test_the_doctor_names_a_broker_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(_config(tmp_path, port=free_port()))]) == errors.BrokerError.exit_code
    assert "Connection refused; check that the broker runs" in capsys.readouterr().out


def test_the_doctor_names_a_broker_that_speaks_only_3_1_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_311(tmp_path / "broker") as broker:
        assert main(["doctor", str(_config(tmp_path, port=broker.port))]) == errors.BrokerError.exit_code
        assert "speaks MQTT 3.1.1 only" in capsys.readouterr().out
        assert main(["doctor", str(_config(tmp_path, "allow_mqtt_311 = true", port=broker.port))]) == 0
        assert "MQTT 3.1.1" in capsys.readouterr().out


@needs_mosquitto
def test_simulate_makes_up_desks_and_stops_on_a_signal(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker, Centre(broker.port) as centre:
        command = [sys.executable, "-m", "edge.main", "simulate", "--boxes", "2", "--dir", str(tmp_path / "desks")]
        with subprocess.Popen([*command, "--broker", f"127.0.0.1:{broker.port}"], cwd=ROOT) as running:
            try:
                wait_for(lambda: len(centre.messages) >= 4, "readings arrive")
            finally:
                running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0
    assert sorted(path.name for path in (tmp_path / "desks").glob("*.db")) == ["sim-01.db", "sim-02.db"]


def test_simulate_takes_a_folder_of_settings_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(tmp_path)]) == errors.SettingsError.exit_code
    assert "no desk is named" in capsys.readouterr().err
    _config(tmp_path, "prot = 1")
    assert main(["simulate", str(tmp_path)]) == errors.SettingsError.exit_code
    assert "desk.toml" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--broker", "localhost"], [], ["--broker", "h:1"]])
def test_simulate_says_what_made_up_desks_need(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--dir", "/tmp/x"] if given == ["--broker", "localhost"] else []
    assert main(["simulate", "--boxes", "1", *given, *folder]) == errors.SettingsError.exit_code
    assert "--broker" in capsys.readouterr().err
