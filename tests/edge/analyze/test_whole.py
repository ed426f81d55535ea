"""Whether a file is all there, by its own bytes."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edge.analyze.whole import edited_s, is_cut_gif, is_cut_jpeg
from tests.edge.analyze.films import ffmpeg, needs_ffmpeg, synthetic, times, write
from tests.edge.pictures import portrait

HEAD = b"GIF89a" + bytes(2000)


@pytest.mark.parametrize(("end", "cut"), [(b";", False), (b";" + bytes(500), False), (b"", True), (b"\x21\xf9", True)])
def test_a_gif_ends_with_a_semicolon(tmp_path: Path, end: bytes, cut: bool) -> None:
    (tmp_path / "a.gif").write_bytes(HEAD + end)
    assert is_cut_gif(tmp_path / "a.gif") is cut


def test_what_is_no_gif_is_no_cut_one(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"words")
    (tmp_path / "empty.gif").touch()
    assert not is_cut_gif(tmp_path / "a.gif")
    assert not is_cut_gif(tmp_path / "empty.gif")


def test_a_jpeg_ends_with_its_mark_whatever_stands_before_and_behind() -> None:
    whole = cv2.imencode(".jpg", portrait())[1].tobytes()
    small = cv2.imencode(".jpg", portrait()[::8, ::8])[1].tobytes()
    inside = whole[:2] + b"\xff\xe1" + (len(small) + 2).to_bytes(2, "big") + small + whole[2:]
    for data in (whole, inside):
        assert not is_cut_jpeg(data)
        assert not is_cut_jpeg(data + b"a maker's note" * 1000)
        assert is_cut_jpeg(data[: -len(whole) // 2])
    assert not is_cut_jpeg(b"words")


@needs_ffmpeg
def test_an_mp4_says_how_much_of_it_is_shown(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", synthetic(times(0, 6)))
    ffmpeg("-i", film, "-c:v", "libx264", "-g", "250", "-bf", "0", tmp_path / "coded.mp4")
    ffmpeg("-ss", "4", "-i", tmp_path / "coded.mp4", "-c", "copy", tmp_path / "trimmed.mp4")
    assert edited_s(tmp_path / "trimmed.mp4") == pytest.approx(2.0, abs=0.1)


def test_what_is_no_mp4_says_nothing(tmp_path: Path) -> None:
    for name, data in (("words.mp4", b"words" * 100), ("empty.mp4", b""), ("moov.mp4", b"\0\0\0\x08moov")):
        (tmp_path / name).write_bytes(data)
        assert edited_s(tmp_path / name) is None
