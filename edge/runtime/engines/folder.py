"""The folder of engines. Each is a plan and a manifest beside it; the manifest is written last, and makes it valid.

A plan is code. So one is read only where its manifest names this very box, its bytes have the manifest's hash, and
nobody else could have written either.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.errors import RuntimeFailure, SettingsError
from edge.runtime.backend import BadEngine
from edge.runtime.engines.key import Key
from edge.runtime.tensorrt import Plan

TIMING: Final = "timing.cache"
ROOM: Final = 64_000_000  # bytes that are free where an engine is to be built
MOST: Final = 24  # engines that are kept: those of some bundles between which a box changes
_PARTIAL: Final = ".partial-"

log: Final = logging.getLogger("mien.engine")


class NoEngine(BadEngine):
    """There is no engine that fits: one is to be built."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands beside a plan: what it is for, the SHA-256 of its bytes, and for people the name of its network."""

    key: Key
    sha256: str
    network: str


class Folder:
    """A folder of engines."""

    def __init__(self, path: Path) -> None:
        """Nothing is made or read yet."""
        self.path = path

    def make_ready(self) -> None:
        """Make the folder and see that it can be written. Raises SettingsError: a box must not build at every start."""
        try:
            self.path.mkdir(mode=0o750, parents=True, exist_ok=True)
            for left in self.path.glob(f"{_PARTIAL}*"):  # of a build that lost its power
                left.unlink(missing_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.path, prefix=_PARTIAL):
                pass
        except OSError as error:
            raise SettingsError(
                f"{self.path}: engines cannot be kept here: {error.strerror}; name a folder that this user may write "
                'as model.engines, or set model.backend = "onnx"'
            ) from error
        if why := _not_ours(self.path.stat()):
            raise SettingsError(f"{self.path}: {why}, and an engine is code; name another folder as model.engines")

    def has(self, key: Key) -> bool:
        """Whether an engine for it seems to be there. Raises RuntimeFailure where this user may not look."""
        try:
            return self._manifest(key).is_file()
        except OSError as error:
            raise RuntimeFailure(
                f"{self.path}: cannot be looked into: {error.strerror}; make it the folder of the user that the desk "
                "runs as"
            ) from error

    def plan(self, key: Key) -> bytes:
        """The plan for a key. Raises NoEngine where there is none, or one that must not be loaded: it says why."""
        plan_file, manifest_file = self._plan(key), self._manifest(key)
        try:
            if why := _not_ours(self.path.stat()):
                raise NoEngine(f"{self.path}: {why}, so no engine in it is read")
            manifest = msgspec.json.decode(self._read(manifest_file), type=Manifest)
            plan = self._read(plan_file)
        except FileNotFoundError as error:
            raise NoEngine(f"{self.path}: has no engine for {key.network[:12]} on this box") from error
        except OSError as error:
            raise NoEngine(f"{error.filename or self.path}: cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise NoEngine(f"{manifest_file}: is no manifest of an engine: {error}; it is built anew") from error
        if manifest.key != key:
            raise NoEngine(f"{manifest_file}: is for another box or network; it is built anew")
        if hashlib.sha256(plan).hexdigest() != manifest.sha256:
            raise NoEngine(f"{plan_file}: is not what this box built; it is built anew")
        return plan

    def keep(self, key: Key, network: str, plan: Plan) -> None:
        """Keep a plan; engines for another platform go. Raises RuntimeFailure where it cannot be written."""
        manifest = Manifest(key, hashlib.sha256(plan.engine).hexdigest(), network)
        try:
            self._manifest(key).unlink(missing_ok=True)
            self._write(self._plan(key), plan.engine)
            self._write(self._manifest(key), msgspec.json.format(msgspec.json.encode(manifest)))
            self._drop_stale(key)
        except OSError as error:
            raise RuntimeFailure(
                f"{self.path}: the engine of {network} cannot be kept: {error.strerror}; make room, or name another "
                "folder as model.engines"
            ) from error

    def check_room(self) -> None:
        """Before minutes of building rather than after: RuntimeFailure where the disk would not hold an engine."""
        free = shutil.disk_usage(self.path).free
        if free < ROOM:
            raise RuntimeFailure(
                f"{self.path}: {free / 1e6:.0f} MB are free, and an engine may take {ROOM / 1e6:.0f}; make room, or "
                "name another folder as model.engines"
            )

    def refuse(self, key: Key, why: str) -> None:
        """Remember that the engine for a key was built and is wrong, so that not every start builds it again."""
        with contextlib.suppress(OSError):
            self._write(self._refusal(key), why.encode())

    def refused(self, key: Key) -> str:
        """Why the engine for a key is not to be built again; "" where it may be."""
        try:
            return self._read(self._refusal(key)).decode(errors="replace")
        except (OSError, NoEngine):
            return ""

    def forget_refusals(self) -> None:
        """Let everything be built again."""
        for path in self.path.glob("*.refused"):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Only one process builds here at a time; another waits, and then finds the engines there."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # needs no file that another user owns
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def keep_timing(self, timing: bytes) -> None:
        """Keep what a build learned of timing, whatever becomes of its engine; no loss where it cannot be written."""
        with contextlib.suppress(OSError):
            self._write(self.path / TIMING, timing)

    def timing(self) -> bytes:
        """What earlier builds learned of timing; nothing where there is none. TensorRT refuses another version's."""
        try:
            return self._read(self.path / TIMING)
        except (OSError, NoEngine):
            return b""

    def _plan(self, key: Key) -> Path:
        return self.path / f"{key.name}.engine"

    def _manifest(self, key: Key) -> Path:
        return self.path / f"{key.name}.json"

    def _refusal(self, key: Key) -> Path:
        return self.path / f"{key.name}.refused"

    def _read(self, path: Path) -> bytes:
        """A file's bytes. Raises OSError, also where it is a link; NoEngine where others may write it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if why := _not_ours(os.fstat(descriptor)):
                raise NoEngine(f"{path}: {why}, so it is not read")
            return file.read()

    def _write(self, path: Path, data: bytes) -> None:
        """The file whole or not at all, and on the disk before its name is."""
        descriptor, name = tempfile.mkstemp(dir=self.path, prefix=_PARTIAL)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            Path(name).chmod(0o640)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _drop_stale(self, key: Key) -> None:
        """Engines for another platform, as after an upgrade of TensorRT, go; plans alone; and the oldest of many."""
        kept = []
        for path in self.path.glob("*.json"):
            try:
                other = msgspec.json.decode(self._read(path), type=Manifest).key
            except (OSError, NoEngine, msgspec.DecodeError):
                other = None
            if other is not None and other.platform == key.platform:
                kept.append(path)
            else:
                log.info("%s: an engine for another platform goes", path.name)
                path.unlink(missing_ok=True)
        newest = sorted(kept, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in newest[MOST:]:
            path.unlink(missing_ok=True)
        for path in self.path.glob("*.engine"):
            if not path.with_suffix(".json").exists():
                path.unlink(missing_ok=True)


def _not_ours(found: os.stat_result) -> str:
    """Why something on the disk could be another's than this user's and root's; "" where it could not."""
    if found.st_uid not in (0, os.geteuid()):
        return f"belongs to the user {found.st_uid} and not to this one"
    if found.st_mode & stat.S_IWOTH:
        return "may be written by every user (chmod o-w)"
    return ""
