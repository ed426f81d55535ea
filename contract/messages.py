"""The messages on the wire, each a msgspec struct with the version of the contract it speaks.

From the box: `Readings` (readings), `AskReceipt`, `ReportGap`, `ReportRefused` (requests), `Status` (status, retained).
From the centre: `Receipt` (receipt), `NewEpoch` (command), `CentreStatus` (`mien/v1/centre`, retained).
"""

from __future__ import annotations

from enum import Enum
from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from contract.reading import PRIVATE, Milliseconds, Name, Reading, Seq, Token, Unit

VERSION: Final = 1
MAX_READINGS: Final = 100
MAX_RANGES: Final = 1000
PRIVATE_REASON: Final = "a reason that stays on the box must leave it as not_observed"

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, Meta(max_length=200)]
Range = tuple[Seq, Seq]


def _check_range(first: int, last: int) -> None:
    if last < first:
        raise ValueError("a range ends before it begins")


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every message carries: the version of the contract."""

    version: Literal[1] = VERSION


class Readings(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """1 to 100 numbered readings of one outbox. `historical` where they are older than 60 s: live tiles ignore them."""

    epoch: Token  # id of the outbox database
    historical: bool = False  # over 60 s old as it is sent
    readings: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=MAX_READINGS)]  # numbered, rising

    def __post_init__(self) -> None:
        """Every reading on the wire has its number, numbers rise, and no reason is there that stays on the box."""
        if any(reading.reason in PRIVATE for reading in self.readings):
            raise ValueError(PRIVATE_REASON)
        numbers = [reading.seq for reading in self.readings]
        if numbers[0] < 1 or any(b <= a for a, b in pairwise(numbers)):
            raise ValueError("readings must be numbered from 1, rising")


class GapCause(str, Enum):
    """Why an outbox let go of readings that the centre never had."""

    FULL_DAYS = "full_days"
    FULL_BYTES = "full_bytes"
    DISK_FULL = "disk_full"
    CORRUPT = "corrupt"


class Gap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Readings `first` to `last` of an epoch that no longer exist anywhere, `count` of them."""

    first: Seq  # number of the first one
    last: Seq  # number of the last one
    count: Annotated[int, Meta(ge=1)]  # how many of these numbers are lost
    from_ms: Milliseconds  # UTC, when the first one began
    until_ms: Milliseconds  # UTC, when the last one ended
    cause: GapCause  # why they went

    def __post_init__(self) -> None:
        """A gap covers at least its own count."""
        _check_range(self.first, self.last)
        if self.count > self.last - self.first + 1:
            raise ValueError("a gap counts more readings than it covers")


class AskReceipt(Message, frozen=True, kw_only=True, tag="ask_receipt", forbid_unknown_fields=True):
    """The box asks which of `first` to `last` the centre has: after a reconnect, before sending anything again."""

    epoch: Token  # id of the outbox database
    first: Seq  # number of the first reading it asks for
    last: Seq  # number of the last one

    def __post_init__(self) -> None:
        """A question has a range."""
        _check_range(self.first, self.last)


class ReportGap(Message, frozen=True, kw_only=True, tag="report_gap", forbid_unknown_fields=True):
    """The box names readings it had to let go of; answered by a receipt that lists the gap."""

    epoch: Token  # id of the outbox database
    gap: Gap  # which readings


class ReportRefused(Message, frozen=True, kw_only=True, tag="report_refused", forbid_unknown_fields=True):
    """The box names a reading that was refused on its way and set aside, so that nothing is missing without a name."""

    epoch: Token  # id of the outbox database
    seq: Seq  # number of the reading
    wall_ms: Milliseconds  # UTC, when its window began
    why: Text  # what refused it, and what it said


Request = AskReceipt | ReportGap | ReportRefused


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reading that the centre will not store, and why: the box sets it aside and goes on."""

    seq: Seq  # number of the reading
    why: Text  # in one line


class Receipt(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the centre holds for good of an epoch, sent after its COMMIT, duplicates too. Only this frees a row."""

    epoch: Token  # id of the outbox database
    ranges: Annotated[tuple[Range, ...], Meta(max_length=MAX_RANGES)] = ()  # first and last of stored numbers
    gaps: Annotated[tuple[Range, ...], Meta(max_length=MAX_RANGES)] = ()  # the same of reported gaps
    refused: Annotated[tuple[Refusal, ...], Meta(max_length=MAX_READINGS)] = ()  # readings it will not store

    def __post_init__(self) -> None:
        """Ranges are ranges."""
        for first, last in (*self.ranges, *self.gaps):
            _check_range(first, last)


class NewEpoch(Message, frozen=True, kw_only=True, tag="new_epoch", forbid_unknown_fields=True):
    """The centre saw other content under a known number (an outbox restored from a copy): leave this epoch."""

    epoch: Token  # the epoch to leave


Command = NewEpoch


class Building(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the box is in building the engines of its networks; ONNX Runtime reads faces meanwhile."""

    step: Text  # which network, and what of it
    share: Unit  # of all the work


class Status(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The box about itself; retained. As the will: `online` false and nothing else."""

    online: bool  # False in the will
    at_ms: Milliseconds = 0  # UTC, when it was sent; 0 in the will
    software: Name | None = None  # version of mien
    model: Name | None = None  # id of the expression model
    epoch: Token | None = None  # id of the outbox database
    simulated: bool = False  # its readings are made up
    recorded: bool = False  # its readings are of recordings
    clock_ok: bool = True  # False where its clock was not set from the network
    frames_per_second: Annotated[float, Meta(ge=0.0, le=1000.0)] | None = None  # looked at, lately
    frame_ms: Annotated[float, Meta(ge=0.0, le=1e6)] | None = None  # from a picture's arrival until it is read
    memory_mb: Annotated[float, Meta(ge=0.0, le=1e6)] | None = None  # of the machine's, held by what looks at them
    temperature_c: Annotated[float, Meta(ge=-100.0, le=200.0)] | None = None  # the hottest of its zones
    disk_free_mb: Annotated[float, Meta(ge=0.0, le=1e9)] | None = None  # room beside the outbox
    backend: Name | None = None  # what runs the networks: onnx or tensorrt
    building_engine: Building | None = None  # how far, while engines are built
    engine_fault: Text | None = None  # why the networks run on ONNX Runtime though TensorRT was to run them
    waiting: Count = 0  # rows not yet received by the centre
    set_aside: Count = 0  # rows refused on their way and kept
    gaps: Count = 0  # gap records ever written

    def __post_init__(self) -> None:
        """A box hands over one kind of readings."""
        if self.simulated and self.recorded:
            raise ValueError("a box is simulated or recorded, not both")


class CentreStatus(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the centre is there; retained, and its own will."""

    online: bool  # False in the will
    at_ms: Milliseconds = 0  # UTC, when it was sent; 0 in the will
