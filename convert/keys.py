"""The keys that bundles are signed with: a private half that one person alone can read, a public half to be trusted.

No error here has a word of what stands in a private key, or of the passphrase that opens one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import documents
from contract.errors import ContractError
from contract.signing import MAX_BYTES, TRUST_FILE, Key, Signed, Trust, trusted
from convert.errors import OutputError, SourceError

MAX_PRIVATE: Final = 16 * 1024  # bytes of a private key's file
MAX_PASSPHRASE: Final = 200  # letters: PKCS #8 as it is written here takes 1023 bytes
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def make(name: str, folder: Path, signs: tuple[Signed, ...], passphrase: str = "") -> Key:
    """Writes a new key pair, NAME.key and NAME.pub.json, into `folder`: both or neither, and over nothing.

    The private half can be read by its owner alone, and is protected by `passphrase` unless that is "". Raises
    OutputError, and SourceError where a key cannot have that name.
    """
    if not _NAME.fullmatch(name):
        raise SourceError(f'a key cannot be named "{name}": use letters, digits, dots, hyphens and underscores')
    private = Ed25519PrivateKey.generate()
    try:
        key = trusted(name, private.public_key(), tuple(dict.fromkeys(signs)))
    except ContractError as error:
        raise SourceError(f'"{name}": {error}') from error
    protection = (
        pem.BestAvailableEncryption(passphrase.encode(errors="surrogateescape")) if passphrase else pem.NoEncryption()
    )
    public = folder / f"{name}.pub.json"
    _create(public, documents.encode(Trust(1, (key,))), 0o644)
    try:
        secret = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, protection)
        _create(folder / f"{name}.key", secret, 0o600)
    except BaseException:
        public.unlink()
        raise
    return key


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise OutputError(f"{path}: is there already, and a key is never overwritten; give another name") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot write it: {error.strerror}; name another folder") from error
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            raise OutputError(f"{path}: cannot write it: {error.strerror}; make room") from error
        raise


def read(path: Path, ask: Callable[[str], str] | None) -> Ed25519PrivateKey:
    """The private key in a file. `ask` asks a person for its passphrase without showing it; None where nobody is there.

    Raises SourceError where it is none, where others than its owner may read it, and where it is not opened.
    """
    data = _private(path)
    passphrase = None
    if b"BEGIN ENCRYPTED" in data:
        if ask is None:
            raise SourceError(
                f"{path}: is protected by a passphrase, which is asked for on a terminal; run this on one"
            )
        passphrase = ask(f"Passphrase of {path}: ").encode(errors="surrogateescape")
    try:
        key = pem.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        what = "is not opened by this passphrase" if passphrase is not None else "is no private key in PEM"
        raise SourceError(f"{path}: {what}; `mien-convert key` makes a key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SourceError(f"{path}: is a key of another kind than Ed25519; `mien-convert key` makes one")
    return key


def _private(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SourceError(f"{path}: is no plain file; name the file of a private key")
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SourceError(
                    f"{path}: is a private key that others than its owner can use; run chmod 600 on it, and make a new "
                    "key if they may have read it"
                )
            return file.read(MAX_PRIVATE)
    except OSError as error:
        raise SourceError(f"{path}: cannot read the private key: {error.strerror}; check the path") from error


def read_trust(path: Path) -> Trust:
    """The keys of a trust file. Raises SourceError."""
    try:
        with path.open("rb") as file:
            return TRUST_FILE.decode(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise SourceError(f"{path}: cannot read the trust file: {error.strerror}; check the path") from error
    except ContractError as error:
        raise SourceError(f"{path}: {error}") from error
