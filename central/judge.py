"""What a reading is that comes with a number, given what is stored: new, a duplicate, or neither.

Each reading is judged for itself:

- With the content of a row that is stored, under whatever epoch and number, it is a duplicate: receipted, not stored.
  After a new epoch a box sends its unreceipted rows again under new numbers, and a broker delivers twice.
- Other content under a number that is held (an outbox put back from a copy): it goes to quarantine, is not receipted,
  and the box is told to begin a new epoch, under which it sends it again. Nothing is overwritten or lost.
- Other content under an identity that is held under another number would come again under every epoch: it goes to
  quarantine and is refused by name, so that the box sets it aside.
- Its number is received, but the raw row is gone: from a time whose raw rows may have been purged it is a replay, and
  a duplicate. Younger, it cannot be the reading that had the number: as other content. A wall time that may not be
  believed says neither, and the reading may be one that nobody has: as other content too. Were it a replay, it is then
  stored a second time, outside the charts; that is better than to let go of a new one.
- It is of a recording made longer ago than recordings are kept: refused by name, unless its number was received.
  Stored, it would go with the next purge. Younger ones have all their raw rows still: their content tells duplicates.
- Its number is not received, and it is from a time whose raw rows may have been purged: new, where its box never had
  another epoch. Had it one, the reading may have been stored under that and nothing is left to tell; it is refused
  by name, for to add it to the roll-ups twice would be worse. A box that keeps its rows for fewer days than the centre
  (`store.keep_days` under `retention.raw_days`) does not get there.
"""

from __future__ import annotations

from enum import Enum

from central.raw import Content


class Verdict(Enum):
    """What becomes of a reading; the value is what is written beside one that is not stored."""

    NEW = "stored"
    DUPLICATE = "stored before"
    OTHER_UNDER_NUMBER = "other content under a number that was received: an outbox put back from a copy?"
    OTHER_UNDER_IDENTITY = "other content under source, boot and started_ns of a reading that is stored"
    RECORDED_TOO_LONG_AGO = "recorded longer ago than the centre keeps recordings (its retention.recorded_days)"
    TOO_OLD = "older than the centre keeps rows of a box that changed its epoch: cannot be told from a duplicate"


def judge(
    content: Content,
    *,
    at_number: Content | None,
    at_identity: Content | None,
    is_received: bool,
    may_be_purged: bool,
    other_epochs: bool,
    recorded: bool,
) -> Verdict:
    """The verdict on a reading.

    `at_number`, `at_identity`: the stored rows that share its number or its identity. `is_received`: whether its number
    lies in what was received. `may_be_purged`: whether its wall time may be believed and raw rows of that time may
    have been purged. `other_epochs`: whether its box ever had another epoch. `recorded`: whether it is of a recording.
    """
    if content in (at_number, at_identity):
        return Verdict.DUPLICATE
    if at_number is not None:
        return Verdict.OTHER_UNDER_NUMBER
    if at_identity is not None:
        return Verdict.OTHER_UNDER_IDENTITY
    if is_received:
        return Verdict.DUPLICATE if may_be_purged else Verdict.OTHER_UNDER_NUMBER
    if may_be_purged and recorded:
        return Verdict.RECORDED_TOO_LONG_AGO
    if may_be_purged and other_epochs:
        return Verdict.TOO_OLD
    return Verdict.NEW
