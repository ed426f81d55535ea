"""Writes a bundle whole or not at all: into a folder beside it, checked file by file, which then takes its name."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from contract import documents
from contract.manifest import MANIFEST, NOTICE, SIGNATURE, Accepted, File, Manifest, Model
from contract.signing import Signed, sign, with_signature
from convert.bundle import files, manifest, notice
from convert.bundle.files import Report
from convert.bundle.licences import whole_use
from convert.bundle.parts import Part, Taken
from convert.errors import ManifestError, OutputError, SourceError
from convert.output import told_as_output_error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def check_place(out: Path, replace: bool) -> None:
    """Raises OutputError where a bundle cannot be written to `out`: something is there, or nothing to put it in.

    With `replace` a bundle may be there, but nothing besides.
    """
    if not out.parent.is_dir():
        raise OutputError(f"{out}: there is no folder {out.parent} to put it in; make that first")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise OutputError(f"{out}: is there already and is no folder; name another one")
    with told_as_output_error(out):
        there = {path.name for path in out.iterdir()} if out.exists() else set()
    if not there:
        return
    if not replace:
        raise OutputError(f"{out}: is there already and is not empty; name another folder, or add --replace")
    try:
        known = {MANIFEST, SIGNATURE, *(file.file for file, _ in manifest.load(out).files())}
    except (ManifestError, SourceError) as error:
        raise OutputError(f"{out}: --replace is for bundles alone, and this is none: {error}") from error
    strange = sorted(there - known)
    if strange:
        raise OutputError(
            f"{out}: --replace would delete {strange[0]}, which is no file of a bundle; move it away first"
        )


def write(
    parts: Sequence[Part],
    accepted: tuple[Accepted, ...],
    out: Path,
    *,
    key: Ed25519PrivateKey | None = None,
    replace: bool = False,
    report: Report | None = None,
) -> Manifest:
    """Writes the bundle of these parts to `out`, which check_place has found free, and returns its manifest.

    `key` signs it. Raises SourceError where a file is not the one its card names, OutputError where the disk does not
    take it. Whatever ends it early, an interrupt as well, `out` is as it was and nothing else stays.
    """
    text = notice.text(parts).encode()
    with _beside(out) as partial, told_as_output_error(out):
        models = tuple(
            Model(
                part.name,
                part.model,
                part.licence,
                part.rests_on,
                tuple(_copy(taken, partial, report) for taken in part.files),
            )
            for part in parts
        )
        store(partial / NOTICE, [text])
        made = Manifest(
            1,
            whole_use([part.licence for part in parts]),
            models,
            File(NOTICE, hashlib.sha256(text).hexdigest(), len(text)),
            accepted,
        )
        beside = {MANIFEST: documents.encode(made)}
        if key:
            signature = sign(Signed.BUNDLE, beside[MANIFEST], key)
            beside[SIGNATURE] = documents.encode(with_signature(None, signature))
        for name, data in beside.items():
            store(partial / name, [data])
        _check_written(partial, made, beside, report)
        sync(partial)
        _put_in_place(partial, out, replace)
        sync(out.parent)
    return made


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A new folder beside `out`, which is gone afterwards unless it has been renamed."""
    partial = out.parent / f".{out.name}.{secrets.token_hex(4)}.partial"
    try:
        with told_as_output_error(out):
            partial.mkdir()
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy(taken: Taken, folder: Path, report: Report | None) -> File:
    """One file, read once: what was hashed is what was written."""
    name, digest, size = taken.path.name, hashlib.sha256(), 0

    def passing() -> Iterator[bytes]:
        nonlocal size
        for piece in files.told(taken.path, report):
            digest.update(piece)
            size += len(piece)
            yield piece

    store(folder / name, passing())
    found = digest.hexdigest()
    if found != taken.sha256:
        raise SourceError(
            f"{taken.path}: sha256 {found} differs from its card, which says {taken.sha256}; get the model's files anew"
        )
    return File(name, found, size)


def store(path: Path, pieces: Iterator[bytes] | list[bytes]) -> None:
    """A new file of these bytes, on the disk when this returns."""
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _check_written(folder: Path, made: Manifest, beside: Mapping[str, bytes], report: Report | None) -> None:
    """Reads back what the disk holds: the files that the manifest names, and those that lie beside them."""
    wrong = [
        file.file for file, _ in made.files() if files.measure(folder / file.file, report) != (file.sha256, file.size)
    ]
    wrong += [name for name, data in beside.items() if files.read(folder / name) != data]
    if wrong:
        raise OutputError(f"{wrong[0]}: was written, but reads differently; the disk may be failing: try another")


def _put_in_place(partial: Path, out: Path, replace: bool) -> None:
    if not (replace and out.exists()):
        partial.rename(out)  # an empty folder gives way, any other does not
        return
    old = partial.with_suffix(".old")
    try:
        out.rename(old)
        partial.rename(out)
    finally:  # wherever that was interrupted, one of the two is there
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            with suppress(OSError):
                old.rename(out)


def sync(folder: Path) -> None:
    """The names in a folder are on the disk when this returns."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
