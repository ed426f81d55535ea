"""MQTT topics between the boxes and the centre, and what a box's id may look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contract.errors import ContractError

ROOT: Final = "mien/v1"
CENTRE: Final = f"{ROOT}/centre"
BOX_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


class Channel(str, Enum):
    """The last level of a box's topic. The first three come from the box, the last two from the centre."""

    READINGS = "readings"
    REQUESTS = "requests"
    STATUS = "status"
    RECEIPT = "receipt"
    COMMAND = "command"


FROM_BOX: Final = (Channel.READINGS, Channel.REQUESTS, Channel.STATUS)
FROM_CENTRE: Final = (Channel.RECEIPT, Channel.COMMAND)


@dataclass(frozen=True)
class BoxTopic:
    """A topic under `mien/v1/boxes/`, taken apart."""

    box: str
    channel: Channel


def check_box_id(box: str) -> str:
    """Return `box`, or raise ContractError where it cannot be the CN of a box and a level of a topic."""
    if not BOX_ID.fullmatch(box):
        raise ContractError("box id: 1 to 63 letters, digits and hyphens, not starting with a hyphen; rename the box")
    return box


def box_topic(box: str, channel: Channel) -> str:
    """The topic of `channel` for `box`."""
    return f"{ROOT}/boxes/{check_box_id(box)}/{channel.value}"


def any_box(channel: Channel) -> str:
    """The filter by which the centre subscribes to `channel` of every box."""
    return f"{ROOT}/boxes/+/{channel.value}"


def parse_box_topic(topic: str) -> BoxTopic:
    """Take a box's topic apart; ContractError where it is none of ours."""
    prefix, _, rest = topic.partition("/boxes/")
    box, slash, channel = rest.partition("/")
    if prefix != ROOT or not slash or channel not in {c.value for c in Channel}:
        raise ContractError(f"topic: not one of {ROOT}/boxes/<box>/<channel>; check the subscription")
    return BoxTopic(check_box_id(box), Channel(channel))
