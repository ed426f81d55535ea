"""A Reading: how a face looked, or a voice sounded, for one second, or the reason why that cannot be said."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contract.expressions import valence

SHARE_SUM_TOLERANCE: Final = 0.02  # eight shares rounded to four decimals, and float16 engines
VALENCE_TOLERANCE: Final = 0.02
MAX_INT: Final = 2**63 - 1  # what SQLite and PostgreSQL hold

# Lengths are bounded so that no column of any store could hold a picture.
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]*$")]
Token = Annotated[str, Meta(min_length=8, max_length=32, pattern=r"^[0-9a-f]+$")]
Seq = Annotated[int, Meta(ge=1, le=MAX_INT)]
Nanoseconds = Annotated[int, Meta(ge=0, le=MAX_INT)]
Milliseconds = Annotated[int, Meta(ge=0, le=MAX_INT)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
Signed = Annotated[float, Meta(ge=-1.0, le=1.0)]


class Source(str, Enum):
    """Where a reading was read from."""

    FACE = "face"
    VOICE = "voice"
    BOTH = "both"


class Role(str, Enum):
    """Whose face the box looks at: the agent's, or the mean over the customers in view."""

    AGENT = "agent"
    CUSTOMER = "customer"


class Reason(str, Enum):
    """Why a reading has no expression. The last group lasts: one row a minute."""

    NO_FACE = "no_face"
    MANY_FACES = "many_faces"
    TOO_SMALL = "too_small"
    TURNED_AWAY = "turned_away"
    COVERED = "covered"
    DARK = "dark"
    BLURRED = "blurred"
    NO_SPEECH = "no_speech"
    TOO_NOISY = "too_noisy"
    UNSURE = "unsure"
    STALE = "stale"
    # lasting
    PAUSED = "paused"
    NO_CONSENT = "no_consent"
    SIGNED_OUT = "signed_out"
    OFF_HOURS = "off_hours"
    BUILDING_ENGINE = "building_engine"
    # the only form in which a box publishes the four reasons in PRIVATE
    NOT_OBSERVED = "not_observed"


LASTING: Final = frozenset(
    {
        Reason.PAUSED,
        Reason.NO_CONSENT,
        Reason.SIGNED_OUT,
        Reason.OFF_HOURS,
        Reason.BUILDING_ENGINE,
        Reason.NOT_OBSERVED,
    }
)
"""Reasons of which a box keeps one row a minute."""

PRIVATE: Final = frozenset({Reason.PAUSED, Reason.NO_CONSENT, Reason.SIGNED_OUT, Reason.OFF_HOURS})
"""Reasons that leave the box as `not_observed`: nobody is to be asked why they paused."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One window of one source on one box, normally a second.

    `source`, `boot` and `started_ns` together are its identity, chosen before it is stored; `seq` is its order in the
    outbox, 0 until the outbox has numbered it. Either `shares`, `valence` and `confidence` are there, or `reason` is.

    Raises ValueError when built with values that contradict each other.
    """

    source: Source  # where it was read from
    boot: Token  # random id of the machine's boot
    started_ns: Nanoseconds  # monotonic clock of that boot at which the window began
    seq: Annotated[int, Meta(ge=0, le=MAX_INT)] = 0  # its order in the outbox
    wall_ms: Milliseconds  # UTC, milliseconds since 1970, at which the window began
    clock_ok: bool = True  # False where the box had not set its clock from the network
    duration_s: Annotated[float, Meta(gt=0.0, le=60.0)]  # length of the window in seconds
    role: Role  # whose face
    shift: Token  # random, new at each sign-in: links the seconds of one shift, names nobody
    policy: Name  # name of the policy it was made under
    model: Name  # id of the model that read it
    conversation: Name | None = None  # id of the conversation it falls in
    simulated: bool = False  # made up by the simulator
    recorded: bool = False  # read from a recording: its wall time is that of the recording, and it is never live
    shares: Annotated[tuple[Unit, ...], Meta(min_length=8, max_length=8)] | None = None  # in the contract's order
    valence: Signed | None = None  # weighted sum of the shares
    confidence: Unit | None = None  # mean highest probability over the usable frames
    quality: Unit | None = None  # part of the window's frames that were usable
    faces: Annotated[int, Meta(ge=0, le=1000)] = 0  # in view: the mean over its frames
    reason: Reason | None = None  # why there are no shares

    @property
    def ended_ms(self) -> int:
        """UTC milliseconds at which the window ended: a reading's age counts from here, for one may last a minute."""
        return self.wall_ms + round(1000 * self.duration_s)

    def __post_init__(self) -> None:
        """Hold the fields together: an expression or a reason, never both, never neither."""
        if self.simulated and self.recorded:
            raise ValueError("what is simulated was not recorded: a reading is one or the other")
        if (self.shares is None) == (self.reason is None):
            raise ValueError("a reading has either shares or a reason")
        if self.shares is None:
            if self.valence is not None or self.confidence is not None:
                raise ValueError("a reading with a reason has neither valence nor confidence")
            return
        if self.valence is None or self.confidence is None or self.quality is None:
            raise ValueError("a reading with shares needs valence, confidence and quality")
        # written so that NaN, of which no comparison holds, is refused too
        if not abs(sum(self.shares) - 1.0) <= SHARE_SUM_TOLERANCE:
            raise ValueError("shares do not add up to 1")
        if not abs(valence(self.shares) - self.valence) <= VALENCE_TOLERANCE:
            raise ValueError("valence is not that of the shares")


def seen(
    shares: tuple[float, ...], *, confidence: float, quality: float, faces: int
) -> dict[str, tuple[float, ...] | float | int]:
    """The fields of a reading with an expression, rounded to four decimals as they travel and are stored."""
    rounded = tuple(round(float(share), 4) for share in shares)
    return {
        "shares": rounded,
        "valence": round(min(1.0, max(-1.0, valence(rounded))), 4),
        "confidence": round(float(confidence), 4),
        "quality": round(float(quality), 4),
        "faces": int(faces),
    }


def published(reading: Reading) -> Reading:
    """The reading as it may leave the box: the private reasons become `not_observed`."""
    if reading.reason in PRIVATE:
        return msgspec.structs.replace(reading, reason=Reason.NOT_OBSERVED)
    return reading
