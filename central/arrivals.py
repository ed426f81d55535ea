"""From a message's topic and bytes to what it says, checked: the centre's side of the contract's decoding.

The topic alone says which box speaks. That the topic's box is the certificate's is held by the broker: its ACL lets a
client write under its own name only (`pattern write mien/v1/boxes/%u/#`); the centre never sees the certificate.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contract.encoding import Opened, decode_request, decode_status, open_readings
from contract.errors import ContractError
from contract.messages import Request, Status
from contract.topics import Channel, parse_box_topic

FUTURE_MS: Final = 600_000  # so far may a box's clock and the centre's differ
LATE_MS: Final = 60_000  # as the contract has it: what ended longer ago is historical

_log: Final = logging.getLogger(__name__)


_parsed: Final = lru_cache(maxsize=16_384)(parse_box_topic)  # the same few topics for ever


@dataclass(frozen=True)
class Arrival:
    """One message of one box. `retained`: the broker kept it from before, so it is no sign of life."""

    box: str
    body: Opened | Request | Status
    retained: bool = False


def open_arrival(topic: str, payload: bytes, *, retained: bool = False) -> Arrival:
    """The message of a topic of a box. Raises ContractError where it is none of ours or breaks the contract."""
    place = _parsed(topic)
    if place.channel is Channel.READINGS:
        return Arrival(place.box, open_readings(payload), retained)
    if place.channel is Channel.REQUESTS:
        return Arrival(place.box, decode_request(payload), retained)
    if place.channel is Channel.STATUS:
        return Arrival(place.box, decode_status(payload), retained)
    raise ContractError(
        f"topic: {place.channel.value} is the centre's to write; forbid it to boxes in the broker's ACL"
    )


def wall_ok(wall_ms: int, clock_ok: bool, now_ms: int) -> bool:
    """Whether a reading's wall time may be believed, so that it has a place in the roll-ups and charts.

    It may where the box vouches for its clock and does not speak from the future; or where the box does not vouch but
    the centre's own clock agrees, as it does for live readings of a site without time servers. A reading without such
    a time is stored all the same: it has an order and a length, but no place in the day.
    """
    return wall_ms <= now_ms + FUTURE_MS and (clock_ok or wall_ms >= now_ms - FUTURE_MS)


class Faults:
    """Counts what boxes did wrong and logs it: at most a line a minute for each box, with the number left unsaid."""

    EVERY_S: Final = 60.0
    MAX_BOXES: Final = 1000  # a stranger who makes up names must not fill the memory

    def __init__(self) -> None:
        self.total = 0
        self._said: dict[str, tuple[float, int]] = {}  # box: when it was last named, and how many since

    def add(self, who: str, fault: str) -> None:
        """Count a fault of `who` (a box, or a topic that names none) and say it unless one was just said."""
        self.total += 1
        now = time.monotonic()
        if who not in self._said and len(self._said) >= self.MAX_BOXES:
            self._said.clear()
        said, unsaid = self._said.get(who, (-self.EVERY_S, 0))
        if now - said < self.EVERY_S:
            self._said[who] = (said, unsaid + 1)
            return
        more = f" (and {unsaid} more faults of this box since)" if unsaid else ""
        _log.warning("box %s: %s%s", who, fault, more)
        self._said[who] = (now, 0)
