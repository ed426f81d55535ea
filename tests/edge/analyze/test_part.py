"""Stretches of a recording: together they hold each frame once, and find what the whole in one piece finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from contract.reading import Reason
from edge import bundle
from edge.analyze import part
from edge.analyze.annotate import open_copy
from edge.analyze.inputs import Found
from edge.analyze.looker import Looker
from edge.analyze.messages import End, Facts, Part, Report, Window
from edge.analyze.part import read_part
from edge.analyze.recorded import Plan, Recorded, window_s
from edge.analyze.results import Kind
from edge.analyze.tally import Tally
from edge.reader import FaceReader
from tests.edge.analyze.films import ffmpeg, needs_ffmpeg, synthetic, times, write
from tests.edge.pictures import Pixels


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return FaceReader.from_bundle(bundle.load(), every_face=True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 seconds, the darkness among them."""
    return write(tmp_path_factory.mktemp("clip") / "clip.mp4", synthetic(times(13, 25)))


def read(
    path: Path,
    reader: FaceReader,
    start_s: float = 0.0,
    end_s: float | None = None,
    *,
    rate: float = 25.0,
    every: int = 1,
) -> tuple[list[Window], End]:
    """One stretch."""
    task = Part(
        item=0,
        part=0,
        path=str(path),
        kind=Kind.VIDEO,
        start_s=start_s,
        end_s=end_s,
        rate=rate,
        every=every,
        window_s=window_s(rate, every),
    )
    sent: list[Report] = []
    end = read_part(task, Looker(task, reader, open_copy(task)), sent.append, lambda: False)
    return [window for window in sent if isinstance(window, Window)], end


def tally(windows: list[Window]) -> Tally:
    total = Tally()
    for window in windows:
        total.add(window)
    return total


def test_stretches_hold_each_frame_once_and_find_what_the_whole_finds(clip: Path, reader: FaceReader) -> None:
    whole, end = read(clip, reader)
    parts = [read(clip, reader, start, stop) for start, stop in ((0, 4), (4, 9), (9, None))]
    windows = [window for found, _ in parts for window in found]
    assert end.met == sum(part.met for _, part in parts) == 300
    assert [window.at_s for window in windows] == [window.at_s for window in whole] == [float(i) for i in range(12)]
    assert [window.frames for window in windows] == [25] * 12
    one, other = tally(whole).fields(), tally(windows).fields()
    assert other["faces"] == pytest.approx(one["faces"], abs=3)
    assert other["by_seconds"] == pytest.approx(one["by_seconds"], abs=0.01)
    assert other["by_faces"] == pytest.approx(one["by_faces"], abs=0.01)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b-frames.mp4", ["-c:v", "libx264", "-g", "40", "-bf", "3"]),
        ("irregular.mp4", ["-vf", "select=not(mod(n\\,3))+not(mod(n\\,7))", "-fps_mode", "vfr", "-c:v", "libx264"]),
        ("stream.ts", ["-c:v", "mpeg2video", "-g", "30"]),
        ("late.mkv", ["-c:v", "libx264", "-g", "50", "-output_ts_offset", "0.5"]),
    ],
)
def test_no_frame_is_lost_or_doubled_at_a_seam_whatever_the_file(
    clip: Path, reader: FaceReader, tmp_path: Path, name: str, options: list[str]
) -> None:
    path = tmp_path / name
    ffmpeg("-i", clip, *options, path)
    whole, end = read(path, reader, every=7)
    parts = [read(path, reader, start, stop, every=7) for start, stop in ((0, 3), (3, 8), (8, None))]
    assert sum(part.met for _, part in parts) == end.met > 60
    ends = [(part.first_s, part.last_s) for _, part in parts]
    assert all(last < first for (_, last), (first, _) in pairwise(ends))
    assert [window.at_s for found, _ in parts for window in found] == [window.at_s for window in whole]


class _Counts:
    """A looker that counts the frames of a part."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def passed(self, at_s: float) -> None:
        raise AssertionError(f"the frame at {at_s} s is given to a part that it is not of")

    def add(self, at_s: float, image: Pixels) -> Iterator[Window]:
        self.seen.append(at_s)
        return iter(())

    def end(self, next_s: float | None, ended_s: float) -> Iterator[Window]:
        return iter(())


@pytest.mark.parametrize("rate", [4.1, 7.3, 12.3, 14.985, 23.976, 25.0, 29.97, 30.03, 59.94])
def test_frames_in_a_folder_are_read_once_each_however_odd_their_rate(
    monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    monkeypatch.setattr(part, "read_picture", lambda _: np.zeros((8, 8, 3), np.uint8))
    count = round(400 * rate)
    found = Found(name="frames", path=Path("frames"), files=tuple(f"{i}.png" for i in range(count)), kind=Kind.FRAMES)
    recorded = Recorded(0, found, Plan(every=1, fps=rate))
    recorded.learn(Facts(item=0, kind=Kind.FRAMES, can_seek=True))
    recorded.begun = True
    seen: list[float] = []
    while recorded.has_task:
        task, counts = recorded.next_task(), _Counts()
        assert isinstance(task, Part)
        read_part(task, cast(Looker, counts), lambda _: None, lambda: False)
        seen += counts.seen
    assert seen == [i / rate for i in range(count)]


def test_one_frame_in_n_is_looked_at(clip: Path, reader: FaceReader) -> None:
    windows, end = read(clip, reader, every=10)
    assert (end.met, sum(window.frames for window in windows)) == (300, 30)
    assert sum(window.seconds for window in windows) == pytest.approx(12)


def test_a_window_is_as_long_as_it_takes_to_hold_a_frame_that_is_looked_at(clip: Path, reader: FaceReader) -> None:
    windows, _ = read(clip, reader, every=60)
    assert [window.seconds for window in windows] == [3.0] * 4
    assert all(window.reason is not Reason.STALE for window in windows)


def test_the_last_window_is_as_long_as_the_film_is(tmp_path: Path, reader: FaceReader) -> None:
    windows, _ = read(write(tmp_path / "short.mp4", synthetic(times(0, 2.4))), reader)
    assert [window.seconds for window in windows] == pytest.approx([1.0, 1.0, 0.4])


@needs_ffmpeg
def test_seconds_in_which_no_frame_comes_are_stale(clip: Path, reader: FaceReader, tmp_path: Path) -> None:
    path = tmp_path / "gap.mp4"
    ffmpeg("-i", clip, "-vf", "select=lt(t\\,2)+gte(t\\,6)", "-fps_mode", "vfr", "-c:v", "libx264", path)
    windows, _ = read(path, reader)
    assert [window.at_s for window in windows if window.reason is Reason.STALE] == [2.0, 3.0, 4.0, 5.0]
    halves = [window for bounds in ((0, 4), (4, None)) for window in read(path, reader, *bounds)[0]]
    assert [window.reason for window in halves] == [window.reason for window in windows]


@needs_ffmpeg
def test_a_portrait_film_is_read_upright(reader: FaceReader, tmp_path: Path) -> None:
    plain, turned = write(tmp_path / "plain.mp4", synthetic(times(2, 3))), tmp_path / "turned.mp4"
    ffmpeg("-i", plain, "-vf", "transpose=1", "-c:v", "libx264", tmp_path / "lying.mp4")
    ffmpeg("-i", tmp_path / "lying.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", turned)
    (before,), _ = read(plain, reader)
    (upright,), end = read(turned, reader)
    assert (end.width, end.height) == (320, 240)
    assert upright.faces == before.faces == 25
    assert upright.shares == pytest.approx(before.shares, abs=0.05)


def test_after_a_cut_a_face_is_a_new_one(reader: FaceReader, tmp_path: Path) -> None:
    takes = [*synthetic(times(2, 3)), *(image[:, ::-1] for image in synthetic(times(10, 11)))]
    (_, second), _ = read(write(tmp_path / "cut.mp4", takes), reader)
    assert second.followed_s == pytest.approx(24 / 25, abs=0.01)  # from its own first frame to its last
    assert second.changes == 0


def test_each_face_of_each_frame_is_counted_once(reader: FaceReader, tmp_path: Path) -> None:
    windows, _ = read(write(tmp_path / "two.mp4", synthetic(times(34.1, 36.1))), reader)
    total = Counter[str]()
    for window in windows:
        total["faces"] += window.faces
        total["counted"] += sum(window.faces_by_expression) + sum(window.face_reasons.values())
    assert total["faces"] == total["counted"] >= 90
