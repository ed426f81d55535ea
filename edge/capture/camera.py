"""Video4Linux cameras, by number (0), by path (/dev/video0, /dev/v4l/by-id/...) or by a part of their name."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from edge.capture.frame import Pixels
from edge.errors import CaptureError

DEVICES = Path("/sys/class/video4linux")
BY_ID = Path("/dev/v4l/by-id")

# From <linux/videodev2.h>: _IOWR('V', 8, struct v4l2_requestbuffers), of 20 bytes.
_VIDIOC_REQBUFS = 0xC0145608
_VIDEO_CAPTURE = 1
_MMAP = 1

MJPEG: Final = cv2.VideoWriter.fourcc(*"MJPG")
_SETTINGS: Final = (cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)

log: Final = logging.getLogger("mien.vision")


@dataclass(frozen=True)
class Device:
    """A capture device of this machine."""

    path: Path
    name: str


def devices(classes: Path = DEVICES) -> list[Device]:
    """The cameras of this machine, by number. A camera's further nodes, which give metadata alone, are left out."""
    found = []
    for node in classes.glob("video*") if classes.is_dir() else ():
        try:
            first = (node / "index").read_text().strip() == "0"
            name = (node / "name").read_text().strip()
        except OSError:  # unplugged meanwhile
            continue
        if first:
            found.append(Device(Path("/dev") / node.name, name))
    return sorted(found, key=lambda device: int("0" + device.path.name.removeprefix("video")))


def find(wanted: str, classes: Path = DEVICES, by_id: Path = BY_ID) -> Path:
    """The device file of a camera by number, path or part of its name. Raises CaptureError with what there is."""
    if wanted.isdecimal() or wanted.startswith("/dev/"):
        path = Path(f"/dev/video{wanted}" if wanted.isdecimal() else wanted)
        if path.exists():
            return path
        raise CaptureError(f"camera {path}: there is no such device; {_what_there_is(classes)}")
    named = [device for device in devices(classes) if wanted.lower() in device.name.lower()]
    if len(named) == 1:
        return named[0].path
    if len(named) > 1:
        paths = ", ".join(f"{device.path} ({device.name})" for device in named)
        raise CaptureError(f'camera "{wanted}": more than one has that in its name: {paths}; give the path of one')
    links = sorted(link for link in by_id.glob("*") if wanted.lower() in link.name.lower()) if by_id.is_dir() else []
    if links:
        return links[0].resolve()
    raise CaptureError(f'"{wanted}": neither a file nor the name of a camera; {_what_there_is(classes)}')


def _what_there_is(classes: Path) -> str:
    here = ", ".join(f"{device.path} ({device.name})" for device in devices(classes))
    if here:
        return f'cameras here: {here}; set camera.source to one of them, a file or "synthetic"'
    return 'no camera is connected to this machine; connect one, or set camera.source to a file or "synthetic"'


def ask(path: Path) -> None:
    """Ask a device for video buffers, none of them, as a program does that reads it. Raises OSError where it refuses.

    Most drivers let several programs open a camera and refuse the second one here, with EBUSY.
    """
    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(device, _VIDIOC_REQBUFS, struct.pack("=III8x", 0, _VIDEO_CAPTURE, _MMAP))
    finally:
        os.close(device)


def why_closed(path: Path, asking: Callable[[Path], None] = ask) -> str:
    """Why a device does not open as a camera, and what to do."""
    try:
        asking(path)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return f"is used by another program; stop it (fuser -v {path} shows which)"
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return "is no camera; set camera.source to a camera's number, path or name"
        return f"does not open: {os.strerror(error.errno or 0)}; plug it in again or choose another camera"
    return f"gives no video that can be read; choose another camera or stop what uses it (fuser -v {path} shows it)"


def device_of(wanted: str) -> Path:
    """The device file of a camera that this user may open. Raises CaptureError: what is wrong, and what to do."""
    path = find(wanted)
    if not stat.S_ISCHR(path.stat().st_mode):
        raise CaptureError(f"camera {path}: is no device; set camera.source to a camera's number, path or name")
    if not os.access(path, os.R_OK | os.W_OK):
        raise CaptureError(f"camera {path}: no permission; add this process's user to the group that owns it (video)")
    return path


def _in_words(width: int, height: int, fourcc: int, fps: int) -> str:
    name = "".join(chr(fourcc >> shift & 255) for shift in (0, 8, 16, 24)) if fourcc > 0 else ""
    return f"{width}x{height} {name if name.isalnum() else 'of an unknown format'} at {fps} frames a second"


class Camera:
    """A camera as a Source. Its `read` may block for ever; see `edge.capture.capture`."""

    def __init__(self, wanted: str, width: int, height: int, fps: float) -> None:
        """Open it, asking for MJPEG, a size in pixels and a rate. Raises CaptureError where it is missing or busy.

        What it gives instead is said in the log, and read all the same.
        """
        self.fps = fps
        path = device_of(wanted)
        self.name = f"camera {path}"
        self._video = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
        if not self._video.isOpened():
            raise CaptureError(f"{self.name}: {why_closed(path)}")
        # The format before the size: raw pictures go over USB at few sizes and rates only.
        asked = (width, height, MJPEG, round(fps))
        for setting, value in zip(_SETTINGS, (MJPEG, width, height, round(fps)), strict=True):
            self._video.set(setting, value)
        given = self._given()
        log.log(
            logging.INFO if given == asked else logging.WARNING,
            "%s gives %s; asked for %s",
            *(self.name, _in_words(*given), _in_words(*asked)),
        )

    def _given(self) -> tuple[int, int, int, int]:
        """Width, height, format and rate as they are now."""
        fourcc, width, height, fps = (round(self._video.get(setting)) for setting in _SETTINGS)
        return width, height, fourcc, fps

    def read(self) -> Pixels | None:
        """The next picture. Raises CaptureError where the camera gives none any more."""
        ok, image = self._video.read()
        if not ok or image is None:
            raise CaptureError(f"{self.name}: gives no pictures any more; check its cable")
        picture: Pixels = image
        return picture

    def close(self) -> None:
        """Let go of the device."""
        self._video.release()
