"""Where an outbox lies in a scene: in an ordinary folder, on a disk that forgets, on one that is small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from tests.way import until

SMALL_BYTES: Final = 32 * 1024 * 1024


class Disk:
    """A folder for the outbox; nothing happens to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        """`folder` is made, and is empty."""
        self.folder, self.seed = folder, seed
        folder.mkdir()

    def mount(self) -> None:
        """Have it there."""

    def unmount(self) -> None:
        """Have it no more."""


class SmallDisk(Disk):
    """One of SMALL_BYTES, which others fill too."""

    def mount(self) -> None:
        """As root alone."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", self.folder], check=True)

    def unmount(self) -> None:
        """With all that is on it."""
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def fill(self) -> None:
        """To the last byte, by a file that is not ours."""
        with (self.folder / "of-others").open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        """Take that file away."""
        (self.folder / "of-others").unlink(missing_ok=True)


class ForgetfulDisk(Disk):
    """One whose power can be cut; what survives lies beside the mount."""

    def mount(self) -> None:
        """Begin with what the disk kept."""
        kept = self.folder.with_name(f"{self.folder.name}-kept")
        kept.mkdir(exist_ok=True)
        self.seed += 1
        words = [sys.executable, "-m", "tests.torture.forgetful", str(kept), str(self.folder), "--seed", str(self.seed)]
        self._process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        until(lambda: os.path.ismount(self.folder), "the disk that forgets is mounted")

    def cut(self) -> None:
        """Cut its power: from now on every call on it fails."""
        self._process.kill()
        self._process.wait()

    def unmount(self) -> None:
        """Let go of the mount point, whoever still has a file of it open."""
        self.cut()
        subprocess.run(["umount", "--lazy", self.folder], check=True)


@cache
def _no_mounts() -> str:
    """Why nothing can be mounted here: tried, since not every container lets its root."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "mounting needs root"
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, text=True)
        if tried.returncode != 0:
            return tried.stderr.partition("\n")[0]
        subprocess.run(["umount", folder], check=True)
    return ""


@cache
def _no_fuse() -> str:
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
        import mfusepy  # noqa: F401
    except OSError as error:
        return f"{error}; it needs /dev/fuse and fuse3"
    except ImportError as error:
        return str(error)
    return _no_mounts()


KINDS: Final[dict[str, tuple[type[Disk], Callable[[], str]]]] = {
    "folder": (Disk, lambda: ""),
    "small": (SmallDisk, _no_mounts),
    "forgetful": (ForgetfulDisk, _no_fuse),
}
"""Each with what says why it is not to be had here."""


@contextmanager
def _mounted(disk: Disk) -> Iterator[Disk]:
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()


def mounted(kind: str, folder: Path, seed: int) -> AbstractContextManager[Disk]:
    """A disk of a kind at `folder`, mounted."""
    return _mounted(KINDS[kind][0](folder, seed))
