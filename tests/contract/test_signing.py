"""Signing: who signed what, and each way in which a signature does not count."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract import documents
from contract.errors import ContractError
from contract.signing import (
    MAX_SIGNATURES,
    SIGNATURE_FILE,
    TRUST_FILE,
    Signature,
    Signatures,
    Signed,
    Trust,
    sign,
    trusted,
    verify,
    with_signature,
)

DATA = b'{"what": "is signed"}\n'
MAKER, COUNCIL, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32) for i in (1, 2, 3))
TRUST = Trust(
    1,
    (
        trusted("maker", MAKER.public_key(), (Signed.BUNDLE, Signed.RELEASE)),
        trusted("council", COUNCIL.public_key(), (Signed.BUNDLE, Signed.POLICY)),
    ),
)


def by(*keys: Ed25519PrivateKey, signed: Signed = Signed.BUNDLE, data: bytes = DATA) -> Signatures:
    return Signatures(1, tuple(sign(signed, data, key) for key in keys))


def refusal(signatures: Signatures, signed: Signed = Signed.BUNDLE, at_least: int = 1, data: bytes = DATA) -> str:
    with pytest.raises(ContractError) as caught:
        verify(signed, data, signatures, TRUST, at_least)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def id_of(key: Ed25519PrivateKey) -> str:
    return sign(Signed.BUNDLE, b"", key).key


def test_the_trusted_keys_that_signed_are_named() -> None:
    assert verify(Signed.BUNDLE, DATA, by(MAKER), TRUST) == ("maker",)
    assert verify(Signed.BUNDLE, DATA, by(COUNCIL, MAKER), TRUST, at_least=2) == ("council", "maker")


def test_a_key_counts_once_however_often_it_signed() -> None:
    assert verify(Signed.BUNDLE, DATA, by(MAKER, MAKER), TRUST) == ("maker",)
    assert "signed by maker: 1 of the 2 trusted keys" in refusal(by(MAKER, MAKER), at_least=2)


def test_a_key_that_is_not_trusted_does_not_count_and_does_no_harm() -> None:
    assert verify(Signed.BUNDLE, DATA, by(STRANGER, MAKER), TRUST) == ("maker",)
    assert "1 of the 2" in refusal(by(STRANGER, MAKER), at_least=2)


def test_what_nobody_signed_is_refused() -> None:
    assert refusal(Signatures(1, ())) == "has no signature; have the bundle signed"


def test_what_only_strangers_signed_is_refused_with_their_ids() -> None:
    assert f"signed by no trusted key, but by {id_of(STRANGER)};" in refusal(by(STRANGER, STRANGER))


def test_a_key_may_not_sign_what_it_is_not_for() -> None:
    said = refusal(by(MAKER, signed=Signed.POLICY), Signed.POLICY)
    assert f"signed by maker ({id_of(MAKER)}), a key for bundle and release, not for policy" in said
    assert "not for policy" in refusal(by(COUNCIL, MAKER, signed=Signed.POLICY), Signed.POLICY)


@pytest.mark.parametrize("signed", [Signed.POLICY, Signed.RELEASE])
def test_a_signature_of_one_kind_is_none_of_another(signed: Signed) -> None:
    both = Trust(1, (trusted("maker", MAKER.public_key(), tuple(Signed)),))
    assert verify(signed, DATA, by(MAKER, signed=signed), both) == ("maker",)
    with pytest.raises(ContractError, match=r"the signature of maker .* does not fit"):
        verify(Signed.BUNDLE, DATA, by(MAKER, signed=signed), both)


def test_a_signature_that_does_not_fit_is_refused_even_beside_one_that_does() -> None:
    wrong = by(COUNCIL, data=DATA + b" ").signatures
    said = refusal(Signatures(1, (*by(MAKER).signatures, *wrong)))
    assert f"the signature of council ({id_of(COUNCIL)}) does not fit" in said
    again = Signatures(1, (*by(MAKER).signatures, *by(MAKER, data=b"").signatures))
    assert "the signature of maker" in refusal(again)


def test_a_stranger_cannot_sign_under_the_id_of_a_trusted_key() -> None:
    forged = Signature(id_of(MAKER), sign(Signed.BUNDLE, DATA, STRANGER).signature)
    assert "does not fit" in refusal(Signatures(1, (forged,)))


@given(bit=st.integers(0, 8 * len(DATA) - 1))
def test_no_bit_of_what_was_signed_can_change(bit: int) -> None:
    assert "does not fit" in refusal(by(MAKER), data=flipped(DATA, bit))


SIGNED_FILE = documents.encode(by(MAKER))


@given(bit=st.integers(0, 8 * len(SIGNED_FILE) - 1))
def test_no_bit_of_a_signature_file_can_change(bit: int) -> None:
    with pytest.raises(ContractError):
        verify(Signed.BUNDLE, DATA, SIGNATURE_FILE.decode(flipped(SIGNED_FILE, bit)), TRUST)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_signature_file_and_a_trust_file_decode_to_what_was_encoded() -> None:
    assert SIGNATURE_FILE.decode(SIGNED_FILE) == by(MAKER)
    assert TRUST_FILE.decode(documents.encode(TRUST)) == TRUST


@given(data=st.binary(max_size=300) | st.text().map(str.encode))
def test_what_is_no_document_raises_nothing_but_the_contract_s_error(data: bytes) -> None:
    for form in (SIGNATURE_FILE, TRUST_FILE):
        with suppress(ContractError):
            form.decode(data)


def test_a_truncated_file_is_refused_wherever_it_ends() -> None:
    whole = SIGNED_FILE.rstrip()
    for end in range(len(whole)):
        with pytest.raises(ContractError, match="not a signature file that this version reads"):
            SIGNATURE_FILE.decode(whole[:end])


@pytest.mark.parametrize(
    "hostile",
    [
        b" " * 70_000,
        b"[" * 60_000,
        b'{"format":1,"signatures":[' + b"[]," * 20_000,
        json.dumps({"format": 1, "signatures": [{}] * 1_000_000}).encode(),
        documents.encode(Signatures(1, by(MAKER).signatures * (MAX_SIGNATURES + 1))),
    ],
    ids=["large", "deep", "cut", "a million", "too many"],
)
def test_a_hostile_file_is_refused_in_one_line(hostile: bytes) -> None:
    for form in (SIGNATURE_FILE, TRUST_FILE):
        with pytest.raises(ContractError) as caught:
            form.decode(hostile)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400


def changed(document: msgspec.Struct, field: str, **fields: Any) -> bytes:
    """The document with these fields in the first of its entries."""
    made = json.loads(documents.encode(document))
    made[field][0].update(fields)
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "0123"},
        {"key": "0123456789ABCDEF"},
        {"key": "0123456789abcdef\n"},
        {"signature": "short"},
        {"signature": "A" * 85 + "B=="},
        {"signature": "A" * 86 + "==\n"},
        {"extra": 1},
    ],
)
def test_a_signature_has_one_form_alone(fields: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="not a signature file"):
        SIGNATURE_FILE.decode(changed(by(MAKER), "signatures", **fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"name": "ma\nker"}, "cannot be printed"),
        ({"name": "council"}, 'two keys have the name "council"'),
        ({"public": TRUST.keys[1].public}, f'two keys have the id "{id_of(COUNCIL)}"'),
        ({"public": base64.b64encode(bytes(31)).decode()}, "public"),
        ({"signs": []}, "signs"),
        ({"signs": ["everything"]}, "signs"),
        ({"until": "2030"}, "until"),
    ],
)
def test_a_trust_file_that_leaves_open_who_is_trusted_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError, match="not a trust file that this version reads") as caught:
        TRUST_FILE.decode(changed(TRUST, "keys", **fields))
    assert said in str(caught.value)


def test_another_format_is_refused() -> None:
    for form in (SIGNATURE_FILE, TRUST_FILE):
        with pytest.raises(ContractError, match="format"):
            form.decode(b'{"format": 2, "signatures": [], "keys": []}')


def test_a_public_key_that_no_key_has_signs_nothing() -> None:
    nobody = msgspec.structs.replace(TRUST.keys[0], public=base64.b64encode(b"\xff" * 32).decode())
    forged = Signature(nobody.id, by(MAKER).signatures[0].signature)
    with pytest.raises(ContractError, match="does not fit"):
        verify(Signed.BUNDLE, DATA, Signatures(1, (forged,)), Trust(1, (nobody,)))


def test_a_signature_is_added_to_others_and_takes_the_place_of_its_own_key_s() -> None:
    old, new = sign(Signed.BUNDLE, b"old", MAKER), sign(Signed.BUNDLE, DATA, MAKER)
    others = by(COUNCIL)
    assert with_signature(None, new) == by(MAKER)
    assert with_signature(Signatures(1, (old, *others.signatures)), new) == by(COUNCIL, MAKER)


def test_no_more_may_sign_than_a_signature_file_holds() -> None:
    full = Signatures(
        1, tuple(Signature(f"{i:016x}", by(MAKER).signatures[0].signature) for i in range(MAX_SIGNATURES))
    )
    with pytest.raises(ContractError, match="no more may sign"):
        with_signature(full, sign(Signed.BUNDLE, DATA, MAKER))
