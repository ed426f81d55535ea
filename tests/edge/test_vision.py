"""The process vision: a clip to an outbox, a camera that lies, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import cv2
import msgspec
import pytest

from contract.reading import Reading, Reason, Role
from edge import bundle, conversation, ladder, resting, vision
from edge.capture import Capture, Frame, capture, open_source
from edge.errors import CaptureError, ModelError, StaleCamera, StoreError
from edge.settings import Camera, Model, Policy, Settings, load
from edge.sight import Sight
from edge.store import Outbox, prepare
from edge.vision import Vision
from edge.writer import Writer
from tests.edge import made
from tests.edge.bundles import make_bundle, point
from tests.edge.capture.clips import StagedCamera
from tests.edge.pictures import data_folder, portrait


def desk(folder: Path, source: str, **camera: object) -> Settings:
    """A desk's settings with a prepared outbox."""
    base = made.settings(folder)
    prepare(base.store)
    settings = {"box": base.box, "store": base.store, "policy": base.policy, "camera": Camera(source=source, **camera)}  # type: ignore[arg-type]
    return Settings(**settings)  # type: ignore[arg-type]


def rows(settings: Settings) -> list[tuple[str | None, float | None, float | None, int]]:
    """Reason, happiness, quality and faces of each reading."""
    sql = "SELECT reason, happiness, quality, faces FROM outbox ORDER BY seq"
    return made.look(settings.store, sql)


def moving_portrait(folder: Path, seconds: float, fps: float) -> Path:
    """A clip of the portrait that shakes a little."""
    clip = folder / "clip.avi"
    out = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), fps, (512, 512))
    image = portrait()
    for i in range(round(seconds * fps)):
        out.write(cv2.copyMakeBorder(image, i % 3, 0, 0, 0, cv2.BORDER_REPLICATE)[:512])
    out.release()
    return clip


def test_a_clip_becomes_a_reading_a_second(tmp_path: Path) -> None:
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.3, 10.0)))
    assert vision.run(settings, threading.Event()) == 0
    found = rows(settings)
    assert 3 <= len(found) <= 4  # a machine under load may be late for the last one
    assert all(reason is None and faces == 1 for reason, _, _, faces in found)
    assert all(happiness is not None and happiness > 0.5 for _, happiness, _, _ in found)


def test_readings_of_a_run_have_one_boot_one_shift_and_rising_starts(tmp_path: Path) -> None:
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.3, 5.0)))
    vision.run(settings, threading.Event())
    found = made.look(settings.store, "SELECT boot, shift, model, started_ns, wall_ms FROM outbox ORDER BY seq")
    assert len({row[:3] for row in found}) == 1
    steps = [(b[3] - a[3]) / 1e9 for a, b in pairwise(found)]
    assert steps == pytest.approx([1.0] * len(steps), abs=1e-6)
    assert steps, "one reading has no step"
    assert all(abs(row[4] / 1000 - time.time()) < 60 for row in found)


def test_a_box_that_looks_at_customers_names_their_conversations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "BEGINS_S", 2.0)
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.3, 5.0)))
    settings = msgspec.structs.replace(settings, box=msgspec.structs.replace(settings.box, role=Role.CUSTOMER))
    vision.run(settings, threading.Event())
    names = [row[0] for row in made.look(settings.store, "SELECT conversation FROM outbox ORDER BY seq")]
    assert names[0] is None
    assert names[1] is not None
    assert set(names[1:]) == {names[1]}


def test_an_own_neutral_is_learned_of_a_resting_face_where_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "KEEP_EVERY", 1)
    usual = [-0.1, *[-6.0] * 7]
    folder = make_bundle(tmp_path / "made", point(neutral=usual), outputs={"logits": [6.0, *[0.0] * 7]})
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.3, 10.0)))
    model, policy = msgspec.structs.replace(settings.model, bundle=str(folder)), Policy(own_neutral=True)
    settings = msgspec.structs.replace(settings, model=model, policy=policy)
    assert vision.run(settings, threading.Event()) == 0
    [(seconds, neutral, model_id)] = made.look(settings.store, "SELECT seconds, neutral, model FROM own_neutral")
    assert 2 <= seconds <= 4
    assert -0.1 < neutral < 0
    assert model_id == "made-1"


def test_nothing_but_the_outbox_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = moving_portrait(tmp_path, 1.5, 5.0)
    (tmp_path / "desk").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    settings = desk(tmp_path / "desk", str(clip))
    vision.run(settings, threading.Event())
    assert list((tmp_path / "elsewhere").iterdir()) == []
    written = {path.name for path in (tmp_path / "desk").iterdir()}
    assert all(name.startswith(Path(settings.store.path).name) for name in written)


def test_sigterm_ends_it_with_whole_readings(tmp_path: Path) -> None:
    settings = desk(tmp_path, str(moving_portrait(tmp_path, 4.0, 10.0)), loop=True)
    config = tmp_path / "desk.toml"
    config.write_text(
        f'[box]\nid = "{made.BOX}"\n[store]\npath = "{settings.store.path}"\n'
        f'[camera]\nsource = "{settings.camera.source}"\nloop = true\n'
    )
    command = [sys.executable, "-m", "edge.main", "vision", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 60
    while not rows(settings) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=20)
    assert process.returncode == 0, words
    assert b"Traceback" not in words
    assert rows(settings)
    assert made.look(settings.store, "PRAGMA integrity_check") == [("ok",)]


def test_the_process_may_leave_no_crash_dump(tmp_path: Path) -> None:
    settings = desk(tmp_path, "synthetic")
    config = tmp_path / "desk.toml"
    config.write_text(
        f'[box]\nid = "{made.BOX}"\n[store]\npath = "{settings.store.path}"\n[camera]\nsource = "synthetic"\n'
    )
    command = [sys.executable, "-m", "edge.main", "vision", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        deadline = time.monotonic() + 60
        while not rows(settings) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert rows(settings)
        limits = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
        (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
        assert core[4:6] == ["0", "0"]  # soft and hard
    finally:
        process.kill()
        process.wait()


def test_a_missing_camera_is_one_line_and_its_own_code(tmp_path: Path) -> None:
    settings = desk(tmp_path, "/dev/video97")
    with pytest.raises(CaptureError, match="there is no such device") as caught:
        vision.run(settings, threading.Event())
    assert "\n" not in str(caught.value)
    assert CaptureError.exit_code != StaleCamera.exit_code


def test_a_file_that_is_no_video_is_one_line(tmp_path: Path) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("not a video")
    with pytest.raises(CaptureError, match="no video"):
        vision.run(desk(tmp_path, str(words)), threading.Event())


def with_model(settings: Settings, bundle: str, point: str = "") -> Settings:
    return msgspec.structs.replace(settings, model=Model(bundle=bundle, point=point))


def test_a_bundle_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    elsewhere = with_model(desk(tmp_path, "synthetic"), str(tmp_path / "none"))
    with pytest.raises(ModelError, match="there is none of that name; there are default") as caught:
        vision.run(elsewhere, threading.Event())
    assert "\n" not in str(caught.value)


def test_an_operating_point_that_is_not_there_is_one_line_that_names_those_that_are(tmp_path: Path) -> None:
    made_one = make_bundle(tmp_path / "made", point("everyday"), point("expressive"))
    settings = with_model(desk(tmp_path, "synthetic"), str(made_one), "loud")
    with pytest.raises(ModelError, match=r'point "loud": .* there are everyday \(the default\), expressive$'):
        vision.run(settings, threading.Event())


def test_readings_name_the_operating_point_that_the_settings_choose_and_are_unsure_by_its_limit(tmp_path: Path) -> None:
    make_bundle(tmp_path / "made", point("everyday", unsure_below=0.5), point("strict", unsure_below=0.53))
    camera = f'[camera]\nsource = "{moving_portrait(tmp_path, 2.4, 10.0)}"\n'
    found = []
    for name in ("everyday", "strict"):
        base = desk(tmp_path / name, "")
        config = tmp_path / f"{name}.toml"
        config.write_text(
            f'[box]\nid = "{made.BOX}"\n[store]\npath = "{base.store.path}"\n{camera}'
            f'[model]\nbundle = "made"\npoint = "{name}"\n'
        )
        vision.run(load(config), threading.Event())
        found.append(set(made.look(base.store, "SELECT model, reason, happiness IS NULL FROM outbox")))
    assert found == [{("made-1", None, 0)}, {("made-1:strict", "unsure", 1)}]


def test_without_an_outbox_it_does_not_begin(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    with pytest.raises(StoreError, match="no outbox"):
        vision.run(settings, threading.Event())


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera lies after 0.5 s here, and is opened again after 0.6 s."""
    monkeypatch.setattr(capture, "STALE_S", 0.5)
    monkeypatch.setattr(capture, "WARM_UP_S", 0.5)
    monkeypatch.setattr(ladder, "REOPEN_WAIT_S", 0.6)


@pytest.mark.usefixtures("short_times")
def test_a_camera_that_lies_is_stale_in_readings_and_ends_the_process_after_the_ladder(tmp_path: Path) -> None:
    settings = desk(tmp_path, "staged")
    opened: list[StagedCamera] = []

    def open_it() -> StagedCamera:
        opened.append(StagedCamera())
        opened[-1].frozen = True
        return opened[-1]

    writer = Writer(settings.store, settings.policy)
    sight = Sight.of(bundle.load(), settings)
    with pytest.raises(StaleCamera, match="opened again 3 times in vain"):
        Vision(settings, Capture(open_it), sight, writer, "model-1").run(threading.Event())
    writer.close()
    assert len(opened) == 1 + ladder.REOPENINGS
    reasons = [row[0] for row in rows(settings)]
    assert len(reasons) >= 3
    assert set(reasons[1:]) == {Reason.STALE.value}  # the first second began before the picture froze


@pytest.mark.usefixtures("short_times")
def test_a_camera_that_dies_and_comes_back_is_read_on(tmp_path: Path) -> None:
    settings = desk(tmp_path, "staged")
    opened: list[StagedCamera] = []
    stop = threading.Event()

    def open_it() -> StagedCamera:
        opened.append(StagedCamera())
        if len(opened) == 1:
            threading.Timer(0.5, lambda: setattr(opened[0], "dead", True)).start()
        else:
            threading.Timer(2.5, stop.set).start()
        return opened[-1]

    writer = Writer(settings.store, settings.policy)
    taken = Capture(open_it)
    Vision(settings, taken, Sight.of(bundle.load(), settings), writer, "model-1").run(stop)
    taken.close()
    writer.close()
    assert len(opened) == 2
    assert len(rows(settings)) >= 2


def test_a_clip_of_the_data_ends_in_no_face(tmp_path: Path) -> None:
    settings = desk(tmp_path, str(data_folder() / "video" / "face_noface.mov"))
    assert vision.run(settings, threading.Event()) == 0
    reasons = [row[0] for row in rows(settings)]
    assert reasons[0] is None
    assert reasons[-2:] == ["no_face", "no_face"]


class TimedCapture(Capture):
    """Notes when each frame was asked for."""

    asked: list[float]

    def read(self, timeout_s: float) -> Frame | None:
        self.asked.append(time.monotonic())
        return super().read(timeout_s)


class InTheLoop:
    """In the place of the writer: puts readings into the outbox where the loop over frames stands still for it."""

    def __init__(self, settings: Settings) -> None:
        self._outbox = Outbox(settings.store, settings.policy)
        self.close, self.own_neutral = self._outbox.close, self._outbox.own_neutral

    def add(self, reading: Reading) -> None:
        with suppress(StoreError):
            self._outbox.add(reading)

    def check(self) -> None:
        """Nothing ends it."""

    def note_health(self, *_: object) -> None:
        """Nobody asks."""


def longest_wait(settings: Settings, writer: Writer | InTheLoop) -> float:
    """Seconds between two frames at most, while another process holds the outbox's lock for three."""
    taken = TimedCapture(lambda: open_source("synthetic"), loop=True)
    taken.asked = []
    stop, sight = threading.Event(), Sight.of(bundle.load(), settings)
    program = "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    program += "db.execute('BEGIN IMMEDIATE'); print(flush=True); time.sleep(3); db.execute('ROLLBACK')"
    with subprocess.Popen([sys.executable, "-c", program, settings.store.path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        began = time.monotonic()
        threading.Timer(4.0, stop.set).start()
        Vision(settings, taken, sight, writer, "model-1").run(stop)  # type: ignore[arg-type]
    taken.close()
    writer.close()
    sight.close()
    frames = [at for at in taken.asked if at > began]
    return max(after - before for before, after in pairwise(frames))


@pytest.mark.system
def test_no_frame_is_late_where_another_process_holds_the_lock_for_three_seconds(tmp_path: Path) -> None:
    kept, control = desk(tmp_path / "kept", "synthetic"), desk(tmp_path / "control", "synthetic")
    assert longest_wait(kept, Writer(kept.store, kept.policy)) < 0.5
    assert len(rows(kept)) >= 3
    assert longest_wait(control, InTheLoop(control)) > 1.5  # seconds are whole after one of them
