"""Encoding: what is encoded decodes to itself, and nothing hostile raises anything but ContractError."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.encoding import (
    MAX_MESSAGE_BYTES,
    decode_centre_status,
    decode_command,
    decode_readings,
    decode_receipt,
    decode_request,
    decode_status,
    encode,
    open_readings,
)
from contract.errors import ContractError
from contract.messages import NewEpoch, Readings, Receipt
from contract.reading import PRIVATE, Reason
from tests.contract import strategies as made

Decode = Callable[[bytes], Any]
PAIRS: list[tuple[st.SearchStrategy[Any], Decode]] = [
    (made.batches, decode_readings),
    (made.requests, decode_request),
    (made.statuses, decode_status),
    (made.receipts, decode_receipt),
    (made.commands, decode_command),
    (made.centre_statuses, decode_centre_status),
]
DECODERS: list[Decode] = [*(decode for _, decode in PAIRS), open_readings]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[1].__name__)
@given(data=st.data())
def test_what_is_encoded_decodes_to_itself(pair: tuple[st.SearchStrategy[Any], Decode], data: st.DataObject) -> None:
    message = data.draw(pair[0])
    assert pair[1](encode(message)) == message


def _decodes_or_refuses(decode: Decode, data: bytes) -> None:
    with suppress(ContractError):
        decode(data)


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(data=st.binary(max_size=2000))
def test_no_bytes_raise_anything_but_the_contracts_error(decode: Decode, data: bytes) -> None:
    _decodes_or_refuses(decode, data)


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(value=json_values)
def test_no_json_raises_anything_but_the_contracts_error(decode: Decode, value: object) -> None:
    _decodes_or_refuses(decode, json.dumps(value).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("decode", [decode_readings, open_readings], ids=lambda decode: decode.__name__)
@given(batch=made.batches, data=st.data())
def test_a_field_of_the_wrong_type_raises_the_contracts_error_or_refuses_the_reading(
    decode: Decode, batch: Readings, data: st.DataObject
) -> None:
    message = json.loads(encode(batch))
    target = data.draw(st.sampled_from([message, *message["readings"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(json_values)
    _decodes_or_refuses(decode, json.dumps(message).encode("utf-8", "surrogatepass"))


@given(batch=made.batches, data=st.data())
def test_a_truncated_message_is_refused(batch: Readings, data: st.DataObject) -> None:
    encoded = encode(batch)
    with pytest.raises(ContractError):
        decode_readings(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
def test_a_deeply_nested_message_is_refused(decode: Decode) -> None:
    with pytest.raises(ContractError):
        decode(b'{"version":1,"x":' + b"[" * 50_000)


def test_an_oversize_message_is_refused_unread() -> None:
    with pytest.raises(ContractError, match="at most"):
        decode_readings(b" " * (MAX_MESSAGE_BYTES + 1))


def test_a_message_that_would_be_oversize_is_not_encoded() -> None:
    widest = Receipt(epoch="ab" * 16, ranges=tuple((2**63 - 2, 2**63 - 1) for _ in range(1000)))
    assert len(encode(widest)) <= MAX_MESSAGE_BYTES
    with pytest.raises(ContractError, match="at most"):
        encode(Receipt(epoch="ab" * 16, ranges=((2**63 - 2, 2**63 - 1),) * 5000))


@pytest.mark.parametrize(("pair", "version"), [(pair, version) for pair in PAIRS for version in (0, 2, 99)])
def test_a_message_of_another_version_says_so(pair: tuple[Any, Decode], version: int) -> None:
    with pytest.raises(ContractError, match=f"speaks version {version} .* update the older side"):
        pair[1](json.dumps({"version": version, "type": "new_epoch"}).encode())


def test_an_unknown_field_is_refused() -> None:
    message = json.loads(encode(NewEpoch(epoch="ab" * 8))) | {"picture": "…"}
    with pytest.raises(ContractError, match="picture"):
        decode_command(json.dumps(message).encode())


@given(batch=made.batches)
def test_one_bad_reading_does_not_lose_the_others(batch: Readings) -> None:
    message = json.loads(encode(batch))
    message["readings"][0]["role"] = "spy"
    opened = open_readings(json.dumps(message).encode())
    assert opened.readings == batch.readings[1:]
    assert [refusal.seq for refusal in opened.refused] == [batch.readings[0].seq]
    assert "spy" in opened.refused[0].why


@given(batch=made.batches)
def test_a_good_message_opens_whole(batch: Readings) -> None:
    opened = open_readings(encode(batch))
    assert (opened.epoch, opened.historical) == (batch.epoch, batch.historical)
    assert opened.readings == batch.readings
    assert opened.refused == ()


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(name=st.text(min_size=1))
def test_the_error_is_one_short_line_whatever_the_message_held(decode: Decode, name: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode(json.dumps({"version": 1, "type": name, name + "x": 0}).encode("utf-8", "surrogatepass"))
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("reason", sorted(PRIVATE))
@given(batch=made.batches)
def test_a_reason_that_stays_on_the_box_is_refused_on_the_wire(batch: Readings, reason: Reason) -> None:
    message = json.loads(encode(batch))
    first = message["readings"][0]
    for name in ("shares", "valence", "confidence", "reason"):
        first.pop(name, None)
    first["reason"] = reason.value
    data = json.dumps(message).encode()
    with pytest.raises(ContractError, match="not_observed"):
        decode_readings(data)
    assert [refusal.seq for refusal in open_readings(data).refused] == [batch.readings[0].seq]
