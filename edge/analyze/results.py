"""What an analysis of recordings finds, as it stands in `summary.json` and as the report draws it.

Faces are counted as Hoa et al. (2024, figure 8) do: each face of each frame once, under the expression it shows most.
Seconds count with all their shares, as the charts of the centre do: half a second of a smile is half a second.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from contract.reading import Reason, Role


class Kind(str, Enum):
    """What a recording is. Each of `pictures` stands for itself and counts as one second; `frames` are a clip's."""

    VIDEO = "video"
    FRAMES = "frames"
    PICTURES = "pictures"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over a recording, or over all of them. Shares are parts of 1, by the names of contract.expressions."""

    frames: int  # that were looked at
    faces: int  # found in them, each frame's counted anew
    faces_read: int  # of these, how many have an expression
    seconds: float  # looked at
    seconds_read: float  # of these, how many have an expression
    coverage: float  # seconds_read / seconds; 0 of nothing
    by_faces: dict[str, float]  # shares of the expressions among faces_read; empty where that is 0
    by_seconds: dict[str, float]  # mean shares over seconds_read; empty where that is 0
    faces_by_expression: dict[str, int]
    face_reasons: dict[Reason, int]  # faces without an expression, by reason
    second_reasons: dict[Reason, float]  # seconds without an expression, by reason
    valence: float | None  # mean over seconds_read
    label_changes_per_second: float | None  # of the smoothed label of a followed face; None of pictures


class Listened(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the seconds of a film's sound: of the voice in it, or of face and voice together."""

    seconds: float
    seconds_read: float  # of these, how many have an expression
    coverage: float  # seconds_read / seconds; 0 of nothing
    by_seconds: dict[str, float]  # mean shares over seconds_read; empty where that is 0
    second_reasons: dict[Reason, float]  # seconds without an expression, by reason
    valence: float | None  # mean over seconds_read


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a recording, for its course over time."""

    start_s: float
    seconds: float  # looked at within it
    seconds_read: float
    shares: tuple[float, ...] | None = None  # mean over seconds_read, in the order of contract.expressions
    valence: float | None = None
    reason: Reason | None = None  # the most frequent one of the rest, where there is a rest


class Recording(Counted, frozen=True, kw_only=True):
    """One file, or one folder of images. `fault` says what was wrong with it and what to do, where something was."""

    file: str  # as it was given, or found under the folder that was given
    kind: Kind
    complete: bool  # False where it was cut short: by its fault, or by whoever stopped the analysis
    width: int  # of the first frame as it is seen, upright; 0 where there was none
    height: int
    frames_per_second: float
    bin_s: float  # length of a bin of the course
    course: tuple[Bin, ...]
    fault: str | None = None
    voice: Listened | None = None  # where it was listened to, and has sound
    both: Listened | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`summary.json`."""

    software: str
    model: str  # the id that readings carry
    point: str  # the operating point at which it was used
    role: Role
    every: int  # one frame in so many was looked at
    made_at: str  # ISO 8601 with its offset
    complete: bool  # False where somebody stopped it
    all: Counted
    files: tuple[Recording, ...]
    voice_model: str | None = None  # the id that readings of voices carry, where films were listened to
    voice: Listened | None = None
    both: Listened | None = None
