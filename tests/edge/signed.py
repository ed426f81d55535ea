"""Signed bundles made for tests of the desk, and those that somebody with a key signed though nobody should have."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import documents
from contract.manifest import MANIFEST, MANIFEST_FILE, SIGNATURE, File, Manifest
from contract.signing import Signatures, Signed, sign
from convert import keys
from convert.bundle import write
from tests.convert.bundle.made import expression, three


def make(place: Path) -> Path:
    """A bundle that `ours` signed; beside it that key, another, `theirs`, and one that is for policies, `council`."""
    for name, signed in (("ours", Signed.BUNDLE), ("theirs", Signed.BUNDLE), ("council", Signed.POLICY)):
        keys.make(name, place, (signed,))
    write.write(three(expression(place / "source")), (), place / "desk", key=key(place / "desk", "ours"))
    return place / "desk"


def key(folder: Path, name: str) -> Ed25519PrivateKey:
    """The private key of that name beside a bundle."""
    return keys.read(folder.parent / f"{name}.key", None)


def trusts(folder: Path, name: str = "ours") -> str:
    """The trust file of the key of that name, as settings have it."""
    return str(folder.parent / f"{name}.pub.json")


def put_signature(folder: Path, name: str = "ours", signed: Signed = Signed.BUNDLE) -> None:
    """Signs the manifest of a bundle, in place of who signed it."""
    signature = sign(signed, (folder / MANIFEST).read_bytes(), key(folder, name))
    (folder / SIGNATURE).write_bytes(documents.encode(Signatures(1, (signature,))))


def sign_anew(folder: Path, **fields: Any) -> None:
    """Makes the manifest say what the files in the folder are now, and these `fields`, and signs it."""

    def measured(file: File) -> File:
        data = (folder / file.file).read_bytes()
        return File(file.file, hashlib.sha256(data).hexdigest(), len(data))

    made = manifest(folder)
    models = tuple(
        msgspec.structs.replace(model, files=tuple(measured(file) for file in model.files)) for model in made.models
    )
    said = {"models": models, "notice": measured(made.notice), **fields}
    (folder / MANIFEST).write_bytes(documents.encode(msgspec.structs.replace(made, **said)))
    put_signature(folder)


def manifest(folder: Path) -> Manifest:
    """What the manifest of a bundle says."""
    return MANIFEST_FILE.decode((folder / MANIFEST).read_bytes())
