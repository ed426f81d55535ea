"""Video files and folders of images."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edge.capture import Source, open_source
from edge.capture.files import ImageFolder, VideoFile
from edge.errors import CaptureError
from tests.edge.capture.clips import grey, write_clip
from tests.edge.pictures import data_folder


def levels(source: Source) -> list[int]:
    """The grey of every picture that is left."""
    found = []
    while (image := source.read()) is not None:
        found.append(round(float(image.mean())))
    return found


def refusal(spec: str) -> str:
    with pytest.raises(CaptureError) as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)
    assert spec in str(caught.value)
    return str(caught.value)


def test_a_video_gives_its_frames_in_order_and_again_after_a_rewind(tmp_path: Path) -> None:
    video = VideoFile(write_clip(tmp_path / "clip.avi", 5, fps=30.0))
    assert video.fps == pytest.approx(30.0)
    assert levels(video) == pytest.approx([0, 4, 8, 12, 16], abs=2)
    video.rewind()
    assert video.skip()
    assert levels(video) == pytest.approx([4, 8, 12, 16], abs=2)
    video.close()


def test_the_kinds_of_video_people_have_are_opened() -> None:
    for name in ("single_face.mp4", "face_noface.mov", "classroom.gif"):
        source = open_source(str(data_folder() / "video" / name))
        image = source.read()
        assert image is not None
        assert image.ndim == 3
        source.close()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(str(tmp_path / "gone.mp4"))


@pytest.mark.parametrize("content", [b"", b"words, not pictures\n" * 50, bytes(range(256)) * 40])
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "words.mp4"
    path.write_bytes(content)
    assert "no video" in refusal(str(path))
    assert capfd.readouterr() == ("", "")


def test_a_video_that_was_cut_off_ends_early(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "clip.avi", 60).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    assert 0 < len(levels(VideoFile(cut))) < 60


def test_a_folder_gives_its_images_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name, value in (("b.png", 20), ("a.PNG", 10), ("c.bmp", 30)):
        cv2.imwrite(str(tmp_path / name), grey(value))
    (tmp_path / "notes.txt").write_text("not an image")
    folder = open_source(str(tmp_path), fps=5.0)
    assert isinstance(folder, ImageFolder)
    assert folder.fps == 5.0
    assert levels(folder) == [10, 20, 30]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    assert "no image" in refusal(str(tmp_path))


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(CaptureError, match=r"a\.png: is no image"):
        levels(open_source(str(tmp_path)))


def test_images_are_played_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), grey(number * 4))
    assert levels(ImageFolder(tmp_path, 25.0)) == [4, 8, 40]
