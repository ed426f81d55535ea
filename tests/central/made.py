"""Made readings and messages for the tests of the centre."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from central.arrivals import Arrival
from contract.encoding import Opened
from contract.messages import Request, Status
from contract.reading import Reading, Reason, Role, Source, seen

EPOCH = "e0" * 8
OTHER_EPOCH = "e1" * 8
NOW_MS = 1_790_000_000_000  # a moment in 2026
DAY_MS = 86_400_000
SHARES = (0.5, 0.2, 0.1, 0.05, 0.05, 0.04, 0.03, 0.03)


def reading(seq: int, *, wall_ms: int = NOW_MS, boot: str = "b0" * 8, **changes: Any) -> Reading:
    """Reading `seq` of a box: its identity follows from its number, so equal arguments make the same reading."""
    made = Reading(
        source=Source.FACE,
        boot=boot,
        started_ns=seq * 1_000_000_000,
        seq=seq,
        wall_ms=wall_ms,
        duration_s=1.0,
        role=Role.AGENT,
        shift="5f" * 8,
        policy="supervision",
        model="expression-1.0.0",
        **seen(SHARES, confidence=0.8, quality=0.9, faces=1),  # type: ignore[arg-type]
    )
    return msgspec.structs.replace(made, **changes) if changes else made


def unseen(seq: int, reason: Reason = Reason.NO_FACE, **changes: Any) -> Reading:
    """Reading `seq` with a reason in place of an expression."""
    without = {"shares": None, "valence": None, "confidence": None, "faces": 0, "reason": reason}
    return msgspec.structs.replace(reading(seq), **(without | changes))


def renumbered(made: Reading, seq: int) -> Reading:
    """The same reading under another number."""
    return msgspec.structs.replace(made, seq=seq)


def arrival(
    readings: Sequence[Reading], *, box: str = "box-1", epoch: str = EPOCH, historical: bool = False
) -> Arrival:
    """A `readings` message as it is taken in."""
    return Arrival(box, Opened(epoch, historical, tuple(readings), ()))


def numbered(numbers: Iterable[int], *, wall_ms: int = NOW_MS) -> list[Reading]:
    """A reading a number, all of one moment."""
    return [reading(seq, wall_ms=wall_ms) for seq in numbers]


def asking(body: Request | Status, *, box: str = "box-1") -> Arrival:
    """A request or a status as it is taken in."""
    return Arrival(box, body)
