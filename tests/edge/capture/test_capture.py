"""The pace of clips, the newest picture of a camera, and when a camera lies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from edge.capture import Capture, capture
from edge.capture.files import VideoFile
from edge.errors import CaptureError
from tests.edge.capture.clips import Pixels, StagedCamera, grey, write_clip

SOON_S = 0.3


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera lies after 0.3 s here, not after 2 s, and warms up for 0.6 s."""
    monkeypatch.setattr(capture, "STALE_S", SOON_S)
    monkeypatch.setattr(capture, "WARM_UP_S", 2 * SOON_S)
    monkeypatch.setattr(capture, "STOP_S", 0.1)


@pytest.fixture
def camera() -> Iterator[StagedCamera]:
    staged = StagedCamera()
    yield staged
    staged.let_go.set()
    staged.dead = True


def wait_until(is_so: Callable[[], bool], limit_s: float = 5.0) -> bool:
    """Whether it came to be so in time; not asked again once it was, since to ask may take a picture."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.01)
    return is_so()


def test_a_clip_as_fast_as_it_is_read_has_the_stamps_of_its_pace(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 8, fps=20.0)
    played = Capture(lambda: VideoFile(path), realtime=False)
    frames = [played.read(0.1) for _ in range(8)]
    stamps = [frame.stamp_s for frame in frames if frame]
    assert [frame.index for frame in frames if frame] == list(range(8))
    assert [b - a for a, b in pairwise(stamps)] == pytest.approx([0.05] * 7)
    assert played.read(0.1) is None
    assert played.ended


def test_a_clip_at_its_pace_gives_no_frame_before_its_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 4, fps=5.0)
    played = Capture(lambda: VideoFile(path))
    assert played.read(0.05) is not None
    assert played.read(0.05) is None
    assert not played.ended


def test_frames_that_are_late_are_left_out(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 50, fps=100.0)
    played = Capture(lambda: VideoFile(path))
    first = played.read(0.1)
    time.sleep(0.2)
    second = played.read(0.1)
    assert first is not None
    assert second is not None
    assert second.index >= first.index + 19


def test_a_clip_that_loops_begins_again_and_counts_on(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 3)
    played = Capture(lambda: VideoFile(path), realtime=False, loop=True)
    frames = [frame for frame in (played.read(0.1) for _ in range(9)) if frame]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [round(float(frame.image.mean()) / 4) for frame in frames[:6]] == [0, 1, 2, 0, 1, 2]
    assert not played.ended


def test_a_slow_reader_sees_the_newest_picture_of_a_camera(camera: StagedCamera) -> None:
    taken = Capture(lambda: camera)
    first = taken.read(1.0)
    time.sleep(0.2)
    second = taken.read(1.0)
    assert first is not None
    assert second is not None
    assert second.index > first.index + 3
    taken.close()
    assert camera.closed


@pytest.mark.usefixtures("short_times")
def test_a_camera_that_gives_new_pictures_is_not_stale(camera: StagedCamera) -> None:
    taken = Capture(lambda: camera)
    began = last = time.monotonic()
    while last < began + 4 * SOON_S:
        taken.read(0.1)
        stale, now = taken.stale, time.monotonic()
        assert not stale or now - last > capture.STALE_S / 2  # then this machine stood still, not the camera
        last = now
    taken.close()


@pytest.mark.usefixtures("short_times")
def test_a_camera_whose_pictures_freeze_is_stale_though_it_gives_pictures(camera: StagedCamera) -> None:
    taken = Capture(lambda: camera)
    assert taken.read(1.0) is not None
    camera.frozen = True

    def gives_a_picture_and_is_stale() -> bool:
        return taken.read(0.1) is not None and taken.stale

    assert wait_until(gives_a_picture_and_is_stale)
    taken.close()


@pytest.mark.usefixtures("short_times")
def test_a_camera_that_blocks_is_stale_and_does_not_hold_up_its_reader(camera: StagedCamera) -> None:
    taken = Capture(lambda: camera)
    assert taken.read(1.0) is not None
    camera.let_go.clear()
    assert wait_until(lambda: taken.read(0.05) is None and taken.stale)
    taken.close()
    assert not camera.closed  # to close a device that another thread reads can crash


@pytest.mark.usefixtures("short_times")
def test_a_stale_camera_is_read_again_after_it_was_opened_again() -> None:
    opened: list[StagedCamera] = []

    def open_it() -> StagedCamera:
        opened.append(StagedCamera())
        opened[-1].frozen = len(opened) == 1
        return opened[-1]

    taken = Capture(open_it)
    assert wait_until(lambda: taken.read(0.05) is not None and taken.stale)
    taken.reopen()
    assert opened[0].closed
    assert wait_until(lambda: taken.read(0.05) is not None)
    assert not taken.stale
    taken.close()


@pytest.mark.usefixtures("short_times")
def test_a_camera_that_is_still_frozen_after_it_was_opened_again_gives_no_frame() -> None:
    def open_it() -> StagedCamera:
        frozen = StagedCamera()
        frozen.frozen = True
        return frozen

    taken = Capture(open_it)
    assert taken.read(1.0) is not None
    taken.reopen()
    assert [taken.read(0.05) for _ in range(5)] == [None] * 5
    taken.close()


def test_a_camera_that_dies_says_so(camera: StagedCamera) -> None:
    taken = Capture(lambda: camera)
    assert taken.read(1.0) is not None
    camera.dead = True
    time.sleep(0.1)
    with pytest.raises(CaptureError, match="check its cable"):
        taken.read(1.0)


def test_a_camera_that_does_not_open_again_says_so_each_time(camera: StagedCamera) -> None:
    opened = iter([camera])

    def open_it() -> StagedCamera:
        try:
            return next(opened)
        except StopIteration:
            raise CaptureError("camera staged: there is no such device") from None

    taken = Capture(open_it)
    for _ in range(2):
        with pytest.raises(CaptureError, match="no such device"):
            taken.reopen()
    taken.close()


class QuickCamera(StagedCamera):
    """One that has a picture almost at once."""

    def read(self) -> Pixels | None:
        time.sleep(0.0005)
        self.count += 1
        return grey(self.count % 256)


def _held() -> tuple[int, int, int]:
    """Threads, open files and resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), pages * 4096


def _open_ten_thousand_times(told: Connection) -> None:
    """Tells what is held after the first thousand openings, and after all."""
    taken = Capture(QuickCamera)
    for number in range(10_000):
        assert taken.read(5.0) is not None
        taken.close()
        if number == 999:
            told.send(_held())
        taken = Capture(QuickCamera)
    taken.close()
    wait_until(lambda: threading.active_count() == 1)
    told.send(_held())


@pytest.mark.system
@pytest.mark.timeout(300)
def test_ten_thousand_openings_leave_no_thread_no_file_and_no_memory_behind() -> None:
    ours, theirs = get_context("spawn").Pipe()
    # A process of its own: what other tests left in this one may still come and go.
    process = get_context("spawn").Process(target=_open_ten_thousand_times, args=(theirs,))
    process.start()
    (threads, files, memory), (threads_after, files_after, memory_after) = ours.recv(), ours.recv()
    process.join(10)
    assert threads_after <= threads
    assert files_after <= files
    assert memory_after - memory < 2_000_000
