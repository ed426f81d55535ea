"""The folder of engines. Each is a plan and a manifest beside it; the manifest is written last, and makes it valid.

A plan is code. So one is read only where its manifest names this very box, its bytes have the manifest's hash, and
nobody else could have written either.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from edge.errors import RuntimeFailure, SettingsError
from edge.runtime.engines.key import Key
from edge.runtime.tensorrt import Plan

TIMING: Final = "timing.cache"
_PARTIAL: Final = ".partial-"

log: Final = logging.getLogger("mien.engine")


class NoEngine(RuntimeFailure):
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
        self._check_private(self.path)

    def has(self, key: Key) -> bool:
        """Whether there is an engine for it, by its manifest's name alone."""
        return self._manifest(key).is_file()

    def plan(self, key: Key) -> bytes:
        """The plan for a key. Raises NoEngine where there is none, or one that must not be loaded: it says why."""
        plan_file, manifest_file = self._plan(key), self._manifest(key)
        try:
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
        """Keep a plan, and what was learned of timing; engines of the same network for other keys go.

        Raises SettingsError where it cannot be written.
        """
        manifest = Manifest(key, hashlib.sha256(plan.engine).hexdigest(), network)
        try:
            self._manifest(key).unlink(missing_ok=True)
            self._write(self._plan(key), plan.engine)
            self._write(self.path / TIMING, plan.timing)
            self._write(self._manifest(key), msgspec.json.format(msgspec.json.encode(manifest)))
            self._drop_others(key, network)
        except OSError as error:
            raise SettingsError(
                f"{self.path}: the engine of {network} cannot be kept: {error.strerror}; make room, or name another "
                "folder as model.engines"
            ) from error

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

    def _read(self, path: Path) -> bytes:
        """A file's bytes. Raises OSError; NoEngine where others may write it, or it is a link."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & stat.S_IWOTH:
                raise NoEngine(f"{path}: may be written by every user, so it is not read; run chmod o-w on it")
            return file.read()

    def _check_private(self, path: Path) -> None:
        if path.stat().st_mode & stat.S_IWOTH:
            raise SettingsError(f"{path}: may be written by every user, and an engine is code; run chmod o-w on it")

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

    def _drop_others(self, key: Key, network: str) -> None:
        """Stale engines: after an upgrade of TensorRT or of the bundle nobody asks for them again."""
        for path in self.path.glob("*.json"):
            try:
                other = msgspec.json.decode(self._read(path), type=Manifest)
            except (OSError, NoEngine, msgspec.DecodeError):
                continue
            if other.network == network and other.key != key:
                log.info("%s: the engine of %s for another box or network goes", path.name, network)
                path.unlink(missing_ok=True)
                path.with_suffix(".engine").unlink(missing_ok=True)
