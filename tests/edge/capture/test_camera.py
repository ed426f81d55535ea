"""Finding a camera by number, path or name, and saying what is wrong where there is none."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.capture import camera
from edge.capture.camera import Camera, devices, find, why_closed
from edge.errors import CaptureError


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A tree as in /sys/class/video4linux: two cameras, the first with a second node for metadata."""
    nodes = {
        "video0": ("Integrated Camera", 0),
        "video1": ("Integrated Camera", 1),
        "video10": ("HD Pro Webcam C920", 0),
    }
    for node, (name, index) in nodes.items():
        folder = tmp_path / "classes" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        (folder / "index").write_text(f"{index}\n")
    return tmp_path / "classes"


def refusal(wanted: str, classes: Path, by_id: Path = Path("/nonexistent")) -> str:
    with pytest.raises(CaptureError) as caught:
        find(wanted, classes, by_id)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_cameras_are_listed_by_number_without_their_metadata_nodes(classes: Path) -> None:
    assert [(str(device.path), device.name) for device in devices(classes)] == [
        ("/dev/video0", "Integrated Camera"),
        ("/dev/video10", "HD Pro Webcam C920"),
    ]


def test_a_machine_without_cameras_lists_none(tmp_path: Path) -> None:
    assert devices(tmp_path / "none") == []


def test_a_camera_is_found_by_a_part_of_its_name(classes: Path) -> None:
    assert find("c920", classes) == Path("/dev/video10")


def test_a_name_that_two_cameras_share_is_refused_with_both(classes: Path) -> None:
    (classes / "video10" / "name").write_text("Integrated Camera\n")
    assert "/dev/video0 (Integrated Camera), /dev/video10" in refusal("integrated", classes)


def test_a_camera_is_found_by_its_link_by_id(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("")
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    (by_id / "usb-Maker_Model_123-video-index0").symlink_to(tmp_path / "node")
    assert find("Maker_Model", tmp_path / "none", by_id) == tmp_path / "node"


def test_a_missing_camera_is_refused_with_what_there_is(classes: Path) -> None:
    assert "HD Pro Webcam C920" in refusal("97", classes)
    assert "HD Pro Webcam C920" in refusal("/dev/video97", classes)
    assert "HD Pro Webcam C920" in refusal("no such name", classes)


@pytest.mark.parametrize("wanted", ["97", "/dev/video97", "no such name"])
def test_where_a_camera_is_missing_one_is_told_what_to_do(classes: Path, wanted: str) -> None:
    assert refusal(wanted, classes).endswith('; set camera.source to one of them, a file or "synthetic"')


def test_a_machine_without_any_camera_says_so_and_what_to_do(tmp_path: Path) -> None:
    said = 'no camera is connected to this machine; connect one, or set camera.source to a file or "synthetic"'
    assert refusal("97", tmp_path).endswith(said)


@pytest.mark.parametrize(("path", "what"), [("/dev/null", "is no camera"), ("/dev/shm", "is no device")])
def test_what_is_no_camera_is_refused_in_one_line(path: str, what: str) -> None:
    with pytest.raises(CaptureError) as caught:
        Camera(path, 640, 480, 15.0)
    assert str(caught.value) == f"camera {path}: {what}; set camera.source to a camera's number, path or name"


def test_a_device_that_answers_busy_is_said_to_be_used_by_another_program() -> None:
    """The answer is staged: no camera that a second program holds is to be had on every machine."""

    def busy(_: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    said = why_closed(Path("/dev/video0"), busy)
    assert said == "is used by another program; stop it (fuser -v /dev/video0 shows which)"


class FakeVideo:
    """OpenCV's capture of a camera that has one format and a largest size, and takes settings in the order given."""

    def __init__(self, *_: object) -> None:
        self.order: list[int] = []
        self._values = {cv2.CAP_PROP_FOURCC: 0x56595559}  # YUYV

    def isOpened(self) -> bool:
        return True

    def set(self, setting: int, value: float) -> bool:
        self.order.append(setting)
        self._values[setting] = min(int(value), 1280) if setting != cv2.CAP_PROP_FOURCC else int(value)
        return True

    def get(self, setting: int) -> float:
        return float(self._values[setting])


class OnlyRaw(FakeVideo):
    """Knows no MJPEG."""

    def set(self, setting: int, value: float) -> bool:
        return setting != cv2.CAP_PROP_FOURCC and super().set(setting, value)


@pytest.mark.parametrize(
    ("video", "width", "level", "said"),
    [
        (FakeVideo, 640, logging.INFO, "gives 640x480 MJPG at 15 frames a second; asked for 640x480 MJPG"),
        (FakeVideo, 1920, logging.WARNING, "gives 1280x480 MJPG at 15 frames a second; asked for 1920x480 MJPG"),
        (OnlyRaw, 640, logging.WARNING, "gives 640x480 YUYV at 15 frames a second; asked for 640x480 MJPG"),
    ],
)
def test_a_camera_is_asked_for_mjpeg_first_and_what_it_gives_is_said(
    video: type[FakeVideo],
    width: int,
    level: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(camera, "device_of", Path)
    monkeypatch.setattr(cv2, "VideoCapture", video)
    with caplog.at_level(logging.INFO):
        opened: Any = Camera("/dev/video9", width, 480, 15.0)
    ((_, at, text),) = caplog.record_tuples
    assert at == level
    assert said in text
    sizes = [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert opened._video.order == ([] if video is OnlyRaw else [cv2.CAP_PROP_FOURCC]) + sizes
