"""`mien-desk analyze` as a person runs it: exit codes, stopping it, and what becomes of its workers."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import msgspec
import pytest

from edge import bundle
from edge.analyze.results import Summary
from edge.errors import OutputError, SettingsError
from tests.broker import mosquitto, needs_mosquitto
from tests.edge.analyze.films import lines, readings, synthetic, times, write
from tests.edge.bundles import make_bundle, point
from tests.edge.centre import Centre
from tests.edge.pictures import portrait

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute: longer than any of these tests takes to stop it."""
    return write(tmp_path_factory.mktemp("clip") / "clip.mp4", synthetic(times(0, 30)))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("short") / "short.mp4", synthetic(times(2, 4)))


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "edge.main", "analyze", *map(str, arguments)]


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, in a group of its own and its workers', ended afterwards whatever happens."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command(*arguments), cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def some_readings(out: Path) -> Callable[[], bool]:
    return lambda: (out / "readings.jsonl").exists() and (out / "readings.jsonl").read_bytes().count(b"\n") >= 2


def workers(of: int) -> list[int]:
    """The processes that an analysis started to decode."""
    children = Path(f"/proc/{of}/task/{of}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def summary_of(out: Path) -> Summary:
    return msgspec.json.decode((out / "summary.json").read_bytes(), type=Summary)


def test_results_name_the_model_and_the_operating_point_that_were_asked_for(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point("everyday"), point("expressive"))
    cv2.imwrite(str(tmp_path / "portrait.png"), portrait())
    chosen = ("--model", folder, "--point", "expressive", "--workers", 1)
    done = subprocess.run(
        command(tmp_path / "portrait.png", "--out", tmp_path / "out", *chosen), cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    summary = summary_of(tmp_path / "out")
    assert (summary.model, summary.point) == ("made-1:expressive", "expressive")
    assert [reading.model for reading in readings(tmp_path / "out")] == ["made-1:expressive"]
    assert "made-1:expressive" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["st-attention", "res3-att", "two-stream", "face-asia"])
def test_a_packaged_model_is_chosen_by_its_name(model: str, tmp_path: Path) -> None:
    version = bundle.named(model).expression.model
    chosen = (synthetic_clip(tmp_path), "--model", model, "--out", tmp_path / "out", "--workers", 1)
    done = subprocess.run(command(*chosen), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = readings(tmp_path / "out")
    assert {reading.model for reading in found} == {version}
    assert any(reading.shares is not None for reading in found)


def synthetic_clip(folder: Path) -> Path:
    """Three seconds of the synthetic face at ten frames a second."""
    return write(folder / "clip.mp4", synthetic(times(0, 3, 10), whole=True), 10)


def test_it_says_what_it_found_and_where_the_results_lie(short: Path, tmp_path: Path) -> None:
    done = subprocess.run(command(short, "--out", tmp_path), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "happiness" in done.stdout
    assert all(str(tmp_path / name) in done.stdout for name in ("readings.jsonl", "summary.json", "report.html"))


def test_a_recording_that_cannot_be_read_is_said_and_is_exit_code_1(short: Path, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("words")
    arguments = (tmp_path / "words.mp4", short, "--out", tmp_path / "out", "--quiet")
    done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "words.mp4: is no video that can be read" in done.stdout
    assert done.stderr == ""
    assert summary_of(tmp_path / "out").files[1].complete


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_leaves_what_it_read_and_exit_code_130(clip: Path, tmp_path: Path, number: signal.Signals) -> None:
    with running(clip, clip, "--out", tmp_path, "--workers", 1) as process:
        wait_for(some_readings(tmp_path), "there are readings")
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 130
    found = summary_of(tmp_path)
    assert not found.complete
    assert 0 < found.all.seconds < 60
    assert len(readings(tmp_path)) == math.ceil(found.all.seconds)
    assert [file.complete for file in found.files] == [False, False]
    assert "stopped before" in (found.files[1].fault or "")
    assert (tmp_path / "report.html").stat().st_size > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_workers_too_blames_no_recording(clip: Path, tmp_path: Path, number: signal.Signals) -> None:
    with running(clip, "--out", tmp_path, "--workers", 1) as process:
        wait_for(some_readings(tmp_path), "there are readings")
        os.killpg(process.pid, number)
        assert process.wait(PATIENCE_S) == 130
    found = summary_of(tmp_path)
    assert not found.complete
    assert "stopped before" in (found.files[0].fault or "")
    assert "died" not in (found.files[0].fault or "")


def test_a_recording_over_which_a_worker_dies_is_named_and_the_next_one_read(
    clip: Path, short: Path, tmp_path: Path
) -> None:
    with running(clip, short, "--out", tmp_path, "--workers", 1) as process:
        wait_for(some_readings(tmp_path), "there are readings")
        (worker,) = workers(process.pid)
        os.kill(worker, signal.SIGKILL)
        assert process.wait(PATIENCE_S) == 1
    died, read = summary_of(tmp_path).files
    assert died.fault is not None
    assert "SIGKILL" in died.fault
    assert died.frames >= 50
    assert (read.complete, read.frames) == (True, 50)


def test_workers_end_with_the_analysis_however_it_ends(clip: Path, tmp_path: Path) -> None:
    with running(clip, "--out", tmp_path, "--workers", 1) as process:
        wait_for(some_readings(tmp_path), "there are readings")
        (worker,) = workers(process.pid)
        process.kill()
        process.wait()
        wait_for(lambda: not Path(f"/proc/{worker}/cmdline").exists(), "its worker has ended")
    assert len(readings(tmp_path)) >= 2


def test_a_full_disk_is_an_error_of_one_line_and_leaves_whole_lines(clip: Path, tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = subprocess.run(
        command(clip, "--out", tmp_path, "--quiet"), cwd=ROOT, capture_output=True, text=True, preexec_fn=little_room
    )
    assert done.returncode == OutputError.exit_code
    assert "readings.jsonl: cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(lines(tmp_path)) >= 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("--every", "0"), ("--fps", "-1"), ("--workers", "x"), ("--began", "yesterday"), ("--role", "boss")],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge.main import main

    with pytest.raises(SystemExit) as caught:
        main(["analyze", "a.mp4", "--out", str(tmp_path), option, value])
    assert caught.value.code == 2
    assert option in capsys.readouterr().err


@needs_mosquitto
def test_readings_are_handed_to_the_centre_recording_by_recording_and_once(short: Path, tmp_path: Path) -> None:
    config = tmp_path / "desk.toml"
    with mosquitto(tmp_path / "broker") as broker, Centre(broker.port) as centre:
        config.write_text(f'[box]\nid = "desk-01"\n[store]\npath = "desk.db"\n[broker]\nport = {broker.port}\n')
        for said in ("the centre received 2 readings", "2 readings were handed over before"):
            arguments = (short, "--out", tmp_path / "out", "--publish", config)
            done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert said in done.stderr
        sent = [one for message in centre.messages for one in message.readings]
    assert [msgspec.structs.replace(one, seq=0) for one in sent] == readings(tmp_path / "out")


def test_settings_that_publish_nothing_are_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge.main import main

    config = tmp_path / "desk.toml"
    config.write_text('[box]\nid = "desk-01"\n[policy]\nname = "mirror"\npublish = false\n')
    code = main(["analyze", "a.mp4", "--out", str(tmp_path / "out"), "--publish", str(config)])
    assert code == SettingsError.exit_code
    assert "publishes nothing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
