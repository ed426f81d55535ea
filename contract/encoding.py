"""JSON to messages and back, typed and checked by msgspec on both sides. Decoding raises ContractError alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from contract.errors import ContractError, first_line
from contract.messages import (
    MAX_READINGS,
    PRIVATE_REASON,
    VERSION,
    CentreStatus,
    Command,
    Message,
    Readings,
    Receipt,
    Refusal,
    Request,
    Status,
)
from contract.reading import PRIVATE, Reading, Seq, Token

MAX_MESSAGE_BYTES: Final = 128 * 1024  # a hundred readings are about 45 kB

M = TypeVar("M")


class _Spoken(msgspec.Struct):
    """The version alone, read where the rest did not fit."""

    version: int


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A `readings` message whose readings are not yet looked at, so that one bad reading does not lose the others."""

    version: Literal[1]
    epoch: Token
    readings: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=MAX_READINGS)]
    historical: bool = False


class _Numbered(msgspec.Struct):
    """The number of a reading that is otherwise not one."""

    seq: Seq


@dataclass(frozen=True)
class Opened:
    """A `readings` message as the centre takes it: the good readings, and a refusal for each of the others."""

    epoch: str
    historical: bool
    readings: tuple[Reading, ...]
    refused: tuple[Refusal, ...]


_encoder: Final = msgspec.json.Encoder()
_spoken: Final = msgspec.json.Decoder(_Spoken)
_readings: Final = msgspec.json.Decoder(Readings)
_envelope: Final = msgspec.json.Decoder(_Envelope)
_reading: Final = msgspec.json.Decoder(Reading)
_numbered: Final = msgspec.json.Decoder(_Numbered)
_request: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(Request)
_status: Final = msgspec.json.Decoder(Status)
_receipt: Final = msgspec.json.Decoder(Receipt)
_command: Final = msgspec.json.Decoder(Command)
_centre: Final = msgspec.json.Decoder(CentreStatus)


def encode(message: Message) -> bytes:
    """The message as JSON; ContractError where it could not be sent."""
    data = _encoder.encode(message)
    if len(data) > MAX_MESSAGE_BYTES:
        raise ContractError(
            f"{type(message).__name__}: {len(data)} bytes, at most {MAX_MESSAGE_BYTES}; send fewer readings a message"
        )
    return data


def decode_readings(data: bytes) -> Readings:
    """A message of the topic `readings`, whole: any bad reading refuses it all."""
    return _decode(_readings, "readings", data)


def open_readings(data: bytes) -> Opened:
    """A message of the topic `readings`, reading by reading.

    A reading that breaks the contract but has a number becomes a refusal; ContractError where even its number, or the
    envelope, cannot be read.
    """
    envelope = _decode(_envelope, "readings", data)
    readings: list[Reading] = []
    refused: list[Refusal] = []
    for raw in envelope.readings:
        try:
            reading = _decode(_reading, "reading", raw)
        except ContractError as error:
            refused.append(Refusal(seq=_decode(_numbered, "reading", raw).seq, why=str(error)[:200]))
            continue
        if reading.seq < 1:
            raise ContractError("reading: has no number; the sender must take it from its outbox")
        if reading.reason in PRIVATE:
            refused.append(Refusal(seq=reading.seq, why=f"reading: {PRIVATE_REASON}; update the box"))
            continue
        readings.append(reading)
    return Opened(envelope.epoch, envelope.historical, tuple(readings), tuple(refused))


def decode_request(data: bytes) -> Request:
    """A message of the topic `requests`."""
    return _decode(_request, "request", data)


def decode_status(data: bytes) -> Status:
    """A message of the topic `status`."""
    return _decode(_status, "status", data)


def decode_receipt(data: bytes) -> Receipt:
    """A message of the topic `receipt`."""
    return _decode(_receipt, "receipt", data)


def decode_command(data: bytes) -> Command:
    """A message of the topic `command`."""
    return _decode(_command, "command", data)


def decode_centre_status(data: bytes) -> CentreStatus:
    """A message of the topic `mien/v1/centre`."""
    return _decode(_centre, "centre status", data)


def _decode(decoder: msgspec.json.Decoder[M], what: str, data: bytes | msgspec.Raw) -> M:
    if len(memoryview(data)) > MAX_MESSAGE_BYTES:
        raise ContractError(
            f"{what}: {len(memoryview(data))} bytes, at most {MAX_MESSAGE_BYTES}; the sender must split it"
        )
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        spoken = _version(data)
        if spoken is not None and spoken != VERSION:
            raise ContractError(
                f"{what}: speaks version {spoken} of the contract, this side speaks {VERSION}; update the older side"
            ) from None
        raise ContractError(f"{what}: {first_line(error)}; check what publishes to this topic") from None


def _version(data: bytes | msgspec.Raw) -> int | None:
    try:
        return _spoken.decode(data).version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
