"""Whether a bundle that did not come with Mien may be loaded: signed by a trusted key, whole, its licences in order.

What was verified is what is loaded, whoever changes the folder meanwhile: cards are read from the very bytes whose
hashes were compared here, a card names no network but one of the manifest's, by its hash, and a network is run only
where its bytes have the hash on its card.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from contract.documents import Form
from contract.errors import ContractError
from contract.licences import ANY, use_of
from contract.manifest import MANIFEST, MANIFEST_FILE, PARTS, SIGNATURE, File, Manifest
from contract.signing import SIGNATURE_FILE, TRUST_FILE, Signed, Trust, verify
from edge.errors import ModelError
from edge.runtime.backend import ModelFile

_D = TypeVar("_D", bound=msgspec.Struct)


@dataclass(frozen=True)
class Verified:
    """A bundle that is what its signed manifest says: who signed it, its cards, the hashes of its models' files."""

    folder: Path
    signers: tuple[str, ...]
    cards: Mapping[str, bytes]
    hashes: Mapping[str, str]

    def card(self, name: str) -> bytes:
        """The bytes of a card. Raises ModelError where the manifest names none."""
        if name not in self.cards:
            raise ModelError(
                f"{self.folder / MANIFEST}: names no {name}, which a bundle needs; have the bundle made anew"
            )
        return self.cards[name]

    def hold(self, card: str, files: Iterable[ModelFile]) -> None:
        """Raises ModelError where one of these files, which a card names, is not the manifest's."""
        for file in files:
            if self.hashes.get(file.path.name) != file.sha256:
                raise ModelError(
                    f"{self.folder / card}: names {file.path.name} with the sha256 {file.sha256}, and {MANIFEST} names "
                    "no such file; have the bundle made anew"
                )


def verified(folder: Path, trust: Path) -> Verified:
    """The bundle in `folder`, held to its manifest and that to the keys of the trust file.

    Raises ModelError, which says what of it does not fit: the trust file, the signature, a file, or a licence.
    """
    keys = read_trust(trust)
    data = _read(folder / MANIFEST, MANIFEST_FILE.most)
    path = folder / SIGNATURE
    signatures = _decoded(path, SIGNATURE_FILE, _read(path, SIGNATURE_FILE.most))
    try:
        signers = verify(Signed.BUNDLE, data, signatures, keys)
    except ContractError as error:
        raise ModelError(f"{path}: {error}") from error
    made = _decoded(folder / MANIFEST, MANIFEST_FILE, data)
    _check_licences(folder, made)
    names, cards, hashes = {f"{part}.json" for part in PARTS}, dict[str, bytes](), dict[str, str]()
    for file, model in made.files():
        checked = _checked(folder, file)
        if model is None:
            continue  # of no model, so under no licence: it is there to be read by people
        hashes[file.file] = file.sha256
        if file.file in names:
            cards[file.file] = checked
    return Verified(folder, signers, cards, hashes)


def read_trust(path: Path) -> Trust:
    """The keys of a trust file. Raises ModelError, also where every user could add one of their own."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                raise ModelError(f"{path}: model.trust can be changed by every user; run chmod o-w on it")
            data = file.read(TRUST_FILE.most + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot read model.trust: {error.strerror}; check the path") from error
    return _decoded(path, TRUST_FILE, data)


def _decoded(path: Path, form: Form[_D], data: bytes) -> _D:
    try:
        return form.decode(data)
    except ContractError as error:
        raise ModelError(f"{path}: {error}") from error


def _check_licences(folder: Path, made: Manifest) -> None:
    accepted = {each.licence for each in made.accepted}
    for model in made.models:
        use = use_of(model.licence)
        if use != ANY and model.licence not in accepted:
            raise ModelError(
                f"{folder / MANIFEST}: {model.model} is under {model.licence}, which allows {use.words}, and who made "
                "the bundle did not accept that by name; have it made anew with --accept-licence, or without that model"
            )


def _checked(folder: Path, file: File) -> bytes:
    """The bytes of a file of the manifest. Raises ModelError where they are others."""
    path = folder / file.file
    data = _read(path, file.size)
    if len(data) != file.size:
        raise ModelError(
            f"{path}: has {len(data)} bytes and not {file.size}, as {MANIFEST} says; install the bundle anew"
        )
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise ModelError(
            f"{path}: has other bytes than {MANIFEST} says: its sha256 is {found}; install the bundle anew"
        )
    return data


def _read(path: Path, most: int) -> bytes:
    """A plain file of the bundle. Raises ModelError, also where it has over `most` bytes, of which it reads no more."""
    try:
        # A link is not followed, and a pipe is not waited for.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as file:
            there = os.fstat(number)
            if not stat.S_ISREG(there.st_mode):
                raise ModelError(f"{path}: is no plain file; install the bundle anew")
            data = file.read(min(most, there.st_size) + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ModelError(f"{path}: is a symbolic link; install the bundle anew, of plain files") from error
        todo = "model.trust lets no bundle load without one" if path.name == SIGNATURE else "install the bundle anew"
        raise ModelError(f"{path}: cannot read it: {error.strerror}; {todo}") from error
    if len(data) > most:
        raise ModelError(f"{path}: has more than the {most} bytes that it may have; install the bundle anew")
    return data
