"""Image files as an analysis reads them: upright, of a bounded size, and never taken for what they are not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import pytest

from edge.analyze.film import Film, read_picture, stated_size
from edge.errors import CaptureError
from tests.edge.analyze.films import synthetic, times, write
from tests.edge.pictures import portrait


def huge_png(path: Path, width: int, height: int) -> Path:
    """The header of a PNG of that size, and nothing else."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)))
    return path


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp"])
def test_the_size_that_an_image_states_is_read_from_its_first_bytes(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"picture.{ending}"
    cv2.imwrite(str(path), portrait()[:300, :200])
    assert stated_size(path.read_bytes()) == (200, 300)


def test_a_large_webp_states_its_size() -> None:
    assert stated_size(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\x27\0\x87\x13\0") == (10000, 5000)


def test_a_picture_of_more_than_a_hundred_megapixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="20000 x 10000 are more than 100 megapixels"):
        read_picture(huge_png(tmp_path / "huge.png", 20_000, 10_000))


@pytest.mark.parametrize("content", [b"words", b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF"])
def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "words.png"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=r"words\.png: is no image"):
        read_picture(path)


def test_an_image_that_is_gone_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone\.png: cannot be read: No such file"):
        read_picture(tmp_path / "gone.png")


def test_a_film_can_be_sought_to_any_second_without_losing_its_first_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", synthetic(times(0, 6)))
    film = Film(path)
    every = list(film.times())
    assert every == pytest.approx(times(0, 6))
    for start in (1.0, 2.5, 5.0):
        assert film.seek(start)
        assert [at_s for at_s in film.times() if at_s >= start] == [at_s for at_s in every if at_s >= start]
    assert not film.seek(60.0)
    film.close()
