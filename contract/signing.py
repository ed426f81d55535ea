"""One way of signing for bundles, policies and releases: Ed25519 over the bytes of a file, and who may sign what.

What is signed begins with a line that says what it is, so that a signature of one kind is never one of another. A
signature file lies beside the signed file and may hold the signatures of several; a trust file says whose count.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from contract.documents import Form
from contract.errors import ContractError

MAX_BYTES: Final = 64 * 1024  # of a signature file or a trust file
MAX_SIGNATURES: Final = 32
MAX_KEYS: Final = 128

KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
# Base64 of 32 and of 64 bytes in its only form: the bits that the last letter has too many are 0.
_Public = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")]
_Made = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==\Z")]


class Signed(str, Enum):
    """What is signed."""

    BUNDLE = "bundle"
    POLICY = "policy"
    RELEASE = "release"


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one key signed: its id, and the signature in base64."""

    key: KeyId
    signature: _Made


class Signatures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature file."""

    format: Literal[1]
    signatures: Annotated[tuple[Signature, ...], Meta(max_length=MAX_SIGNATURES)]


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that is trusted: its name for people, its public half in base64, and what it may sign."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    public: _Public
    signs: Annotated[tuple[Signed, ...], Meta(min_length=1, max_length=len(Signed))]

    def __post_init__(self) -> None:
        """The name stands in lines that people read."""
        if not self.name.isprintable():
            raise ValueError("the name of a key has letters that cannot be printed")

    @property
    def id(self) -> str:
        """The id under which its signatures stand."""
        return key_id(base64.b64decode(self.public))


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trust file."""

    format: Literal[1]
    keys: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=MAX_KEYS)]

    def __post_init__(self) -> None:
        """A key that stood there twice, or a name that was of two, would leave it open who signed."""
        for what, all_of_it in (("name", [key.name for key in self.keys]), ("id", [key.id for key in self.keys])):
            twice = next((each for each in all_of_it if all_of_it.count(each) > 1), None)
            if twice is not None:
                raise ValueError(f'two keys have the {what} "{twice}"')


SIGNATURE_FILE: Final = Form(Signatures, "signature file", MAX_BYTES, "have it signed anew")
TRUST_FILE: Final = Form(Trust, "trust file", MAX_BYTES, "correct it, or get it anew from who keeps it")


def key_id(public: bytes) -> str:
    """The id of a key, of the 32 bytes of its public half."""
    return hashlib.sha256(public).hexdigest()[:16]


def trusted(name: str, key: Ed25519PublicKey, signs: tuple[Signed, ...]) -> Key:
    """A key's entry in a trust file. Raises ContractError where it cannot have that name."""
    try:
        return msgspec.convert({"name": name, "public": _base64(key.public_bytes_raw()), "signs": signs}, Key)
    except msgspec.ValidationError as error:
        raise ContractError(f"a key cannot have this name: {error}; give it another") from None


def sign(signed: Signed, data: bytes, key: Ed25519PrivateKey) -> Signature:
    """What `key` signs of `data`; the same key gives the same signature of the same bytes."""
    return Signature(key_id(key.public_key().public_bytes_raw()), _base64(key.sign(_message(signed, data))))


def with_signature(given: Signatures | None, signature: Signature) -> Signatures:
    """The signatures that there are, and this one, in place of one of the same key.

    Raises ContractError where they would be too many.
    """
    others = tuple(each for each in given.signatures if each.key != signature.key) if given else ()
    if len(others) >= MAX_SIGNATURES:
        raise ContractError(f"has {len(others)} signatures, and no more may sign; take the ones away that do not count")
    return Signatures(1, (*others, signature))


def verify(signed: Signed, data: bytes, signatures: Signatures, trust: Trust, at_least: int = 1) -> tuple[str, ...]:
    """The names of the trusted keys that signed these bytes, each once however often it signed.

    Signatures of keys that are not trusted do not count. Raises ContractError where nobody signed, or nobody who is
    trusted, or fewer than `at_least`; where a trusted key may not sign what this is; and where a signature of a trusted
    key does not fit the bytes, even beside one that does.
    """
    if not signatures.signatures:
        raise ContractError(f"has no signature; have the {signed.value} signed")
    known = {key.id: key for key in trust.keys}
    ours = [(known[each.key], each) for each in signatures.signatures if each.key in known]
    if not ours:
        ids = ", ".join(dict.fromkeys(each.key for each in signatures.signatures))
        raise ContractError(
            f"is signed by no trusted key, but by {ids}; have it signed by one that is, or let who keeps the trust "
            "file add that key"
        )
    message = _message(signed, data)
    for key, signature in ours:
        _check(signed, key, signature, message)
    names = tuple(dict.fromkeys(key.name for key, _ in ours))
    if len(names) < at_least:
        raise ContractError(
            f"is signed by {', '.join(names)}: {len(names)} of the {at_least} trusted keys that it takes; "
            "have the others sign"
        )
    return names


def _check(signed: Signed, key: Key, signature: Signature, message: bytes) -> None:
    if signed not in key.signs:
        may = " and ".join(each.value for each in key.signs)
        raise ContractError(
            f"is signed by {key.name} ({key.id}), a key for {may}, not for {signed.value}; have it signed by another"
        )
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public))
        public.verify(base64.b64decode(signature.signature), message)
    except (InvalidSignature, ValueError):
        raise ContractError(
            f"the signature of {key.name} ({key.id}) does not fit: one of the two was changed, or it was made of "
            f"something else than this {signed.value}; get both anew from where they were signed"
        ) from None


def _message(signed: Signed, data: bytes) -> bytes:
    return f"mien {signed.value} 1\n".encode() + data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
