"""Seconds of a film's sound as readings: of the voice, and of face and voice together."""

from __future__ import annotations

from typing import Any

from contract.reading import Reading, Source, seen
from edge.analyze.messages import Heard
from edge.analyze.output import Identity
from edge.together import together
from edge.voice_card import Merging


def reading_of(second: Heard, of: Identity, model: str) -> Reading:
    """A second of sound as the contract's reading."""
    made: dict[str, Any] = {"reason": second.reason, "quality": round(second.spoken, 4)}
    if second.shares is not None and second.confidence is not None:
        made = seen(second.shares, confidence=second.confidence, quality=second.spoken, faces=0)
    return Reading(
        source=Source.VOICE,
        boot=of.boot,
        started_ns=round(second.at_s * 1e9),
        wall_ms=of.began_ms + round(second.at_s * 1e3),
        duration_s=1.0,
        role=of.role,
        shift=of.boot,
        policy=of.policy,
        model=model,
        recorded=True,
        **made,
    )


def both_of(face: Reading | None, second: Heard, of: Identity, model: str, merging: Merging) -> Reading:
    """A second of face and voice as the contract's reading; `face` is that of the window in which it lies."""
    return together(face, reading_of(second, of, model), second.clear_db, merging)
