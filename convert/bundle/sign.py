"""The signatures of a bundle: they lie beside its manifest, which has the hash of every other file."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from contract import documents
from contract.errors import ContractError
from contract.manifest import SIGNATURE
from contract.signing import MAX_BYTES, SIGNATURE_FILE, Signatures, Signed, Trust, sign, verify, with_signature
from convert.bundle import check, files, manifest, write
from convert.bundle.files import Report
from convert.errors import ManifestError
from convert.output import told_as_output_error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def read(folder: Path) -> Signatures:
    """The signatures of a bundle, none where it is not signed. Raises ManifestError where they are broken, SourceError
    where the file cannot be read.
    """
    path = folder / SIGNATURE
    if not path.exists() and not path.is_symlink():
        return Signatures(1, ())
    try:
        return SIGNATURE_FILE.decode(files.read(path, MAX_BYTES))
    except ContractError as error:
        raise ManifestError(f"{path}: {error}") from error


def add(folder: Path, key: Ed25519PrivateKey, report: Report | None = None) -> Signatures:
    """Signs a bundle that is all that its manifest says, beside those who signed it before; returns all signatures.

    Raises ManifestError where it is something else, OutputError where the disk does not take the signature.
    """
    data = manifest.read(folder)
    check.hold(folder, check.examine(folder, manifest.decode(folder, data), report))
    try:
        signatures = with_signature(read(folder), sign(Signed.BUNDLE, data, key))
    except ContractError as error:
        raise ManifestError(f"{folder / SIGNATURE}: {error}") from error
    partial = folder / f".{SIGNATURE}.{secrets.token_hex(4)}.partial"
    with told_as_output_error(folder / SIGNATURE):
        try:
            write.store(partial, [documents.encode(signatures)])
            partial.replace(folder / SIGNATURE)
        finally:
            partial.unlink(missing_ok=True)
        write.sync(folder)
    return signatures


def signers(folder: Path, data: bytes, trust: Trust) -> tuple[str, ...]:
    """The names of the trusted keys that signed the manifest of these bytes. Raises ManifestError where none did, or
    where a signature does not fit.
    """
    try:
        return verify(Signed.BUNDLE, data, read(folder), trust)
    except ContractError as error:
        raise ManifestError(f"{folder / SIGNATURE}: {error}") from error
