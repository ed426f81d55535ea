"""Made results of an analysis: a course of seconds from a seed, summed up the way `tally` does, and nothing else."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from contract.expressions import EXPRESSIONS, valence
from contract.reading import Reason, Role
from edge.analyze.results import Bin, Counted, Kind, Recording, Summary

MADE_AT = "2026-11-20T15:42:07+07:00"
LOOKS = {
    "neutral": (0.62, 0.16, 0.04, 0.06, 0.04, 0.03, 0.03, 0.02),
    "happiness": (0.22, 0.62, 0.05, 0.03, 0.02, 0.02, 0.02, 0.02),
    "anger": (0.34, 0.04, 0.05, 0.14, 0.26, 0.09, 0.04, 0.04),
}
"""Shares in the order of the contract, around which a film's seconds wander."""
GAP = (0.42, 0.5)  # parts of a film with gaps between which nobody is seen, and after which hardly anybody
FEW = (0.5, 0.58)


def film(
    name: str,
    seconds: int = 120,
    *,
    looks: str = "neutral",
    gaps: bool = False,
    seen: float = 0.9,
    faces: int = 2,
    bin_s: float = 1.0,
    **fields: Any,
) -> Recording:
    """A film of whole seconds whose shares wander around those of `looks`; seen at random in so many of its seconds."""
    chance, course = random.Random(ascii(name)), []
    for second in range(seconds):
        part = second / seconds
        likely = 0.0 if gaps and GAP[0] <= part < GAP[1] else 0.1 if gaps and FEW[0] <= part < FEW[1] else seen
        read = chance.random() < likely
        reason = None if read else Reason.NO_FACE if likely == 0 else Reason.TURNED_AWAY
        shares = _shares(looks, second, chance) if read else None
        course.append(
            Bin(
                start_s=float(second),
                seconds=1.0,
                seconds_read=1.0 if read else 0.0,
                shares=shares,
                valence=round(valence(shares), 4) if shares else None,
                reason=reason,
            )
        )
    return recording(name, course, faces=faces, bin_s=bin_s, **fields)


def recording(name: str, course: Sequence[Bin], *, faces: int = 2, bin_s: float = 1.0, **fields: Any) -> Recording:
    """A recording of this course, with 25 frames and so many faces in each of its seconds."""
    labels: Counter[str] = Counter()
    for part in course:
        if part.shares:
            largest = EXPRESSIONS[max(range(len(EXPRESSIONS)), key=lambda i: part.shares[i] if part.shares else 0)]
            labels[largest] += round(25 * faces * part.seconds_read)
    reasons: dict[Reason, float] = {}
    for part in course:
        if part.reason is not None:
            reasons[part.reason] = reasons.get(part.reason, 0.0) + part.seconds - part.seconds_read
    known: dict[str, Any] = {
        "kind": Kind.VIDEO,
        "complete": True,
        "width": 1280,
        "height": 720,
        "frames_per_second": 25.0,
    }
    return Recording(file=name, bin_s=bin_s, course=tuple(course), **known | fields, **sums(course, labels, reasons))


def sums(course: Sequence[Bin], labels: Counter[str], reasons: dict[Reason, float]) -> dict[str, Any]:
    """The fields of Counted over bins."""
    seconds, read = sum(part.seconds for part in course), sum(part.seconds_read for part in course)
    faces_read = sum(labels.values())
    unread = {reason: round(25 * s) for reason, s in reasons.items() if reason is not Reason.NO_FACE}
    shares = [
        sum(part.seconds_read * part.shares[i] for part in course if part.shares) / read if read else 0.0
        for i in range(len(EXPRESSIONS))
    ]
    return {
        "frames": round(25 * seconds),
        "faces": faces_read + sum(unread.values()),
        "faces_read": faces_read,
        "seconds": seconds,
        "seconds_read": read,
        "coverage": round(read / seconds, 4) if seconds else 0.0,
        "by_faces": {name: round(labels[name] / faces_read, 4) for name in EXPRESSIONS} if faces_read else {},
        "by_seconds": {name: round(s, 4) for name, s in zip(EXPRESSIONS, shares, strict=True)} if read else {},
        "faces_by_expression": {name: labels[name] for name in EXPRESSIONS},
        "face_reasons": unread,
        "second_reasons": reasons,
        "valence": round(valence(shares), 4) if read else None,
        "label_changes_per_second": 0.12 if read else None,
    }


def unreadable(name: str, fault: str) -> Recording:
    """A file of which nothing could be read."""
    return recording(name, [], complete=False, width=0, height=0, frames_per_second=0.0, fault=f"{name}: {fault}")


def summary(files: Sequence[Recording], **fields: Any) -> Summary:
    """What the recordings add up to."""
    course = [part for one in files for part in one.course]
    labels: Counter[str] = Counter()
    reasons: dict[Reason, float] = {}
    for one in files:
        labels.update(one.faces_by_expression)
        for reason, seconds in one.second_reasons.items():
            reasons[reason] = reasons.get(reason, 0.0) + seconds
    known: dict[str, Any] = {
        "software": "mien 0.1.0",
        "model": "mien-face-made",
        "point": "everyday",
        "role": Role.CUSTOMER,
        "every": 1,
        "made_at": MADE_AT,
        "complete": True,
    }
    return Summary(all=Counted(**sums(course, labels, reasons)), files=tuple(files), **known | fields)


def _shares(looks: str, second: int, chance: random.Random) -> tuple[float, ...]:
    swing = 1 + 0.6 * math.sin(second / 17)
    weights = [
        share * (swing if name in ("happiness", "surprise") else 1) * chance.uniform(0.7, 1.3)
        for name, share in zip(EXPRESSIONS, LOOKS[looks], strict=True)
    ]
    return tuple(round(weight / sum(weights), 4) for weight in weights)
