"""The reading of a face and a voice in one second: their shares merged, or those of the one that is there."""

from __future__ import annotations

from typing import Any, Final

from contract.reading import Reading, Source, seen
from edge.merge import Branch, believed, merged
from edge.voice_card import Merging

LONGEST_MODEL: Final = 64


def together(face: Reading | None, voice: Reading, clear_db: float, merging: Merging) -> Reading:
    """The reading of both; `clear_db` is how much louder the speech was than the room. Where neither shows anything,
    the face's reason, else the voice's.
    """
    branches = []
    if face is not None and face.shares is not None:
        branches.append(Branch(face.shares, merging.faces.get(face.model, merging.other_faces)))
    if voice.shares is not None:
        branches.append(Branch(voice.shares, believed(merging.voice, merging.by_noise, clear_db)))
    plain = face if face is not None else voice
    model = "+".join(each.model for each in (face, voice) if each is not None)[:LONGEST_MODEL]
    made: dict[str, Any] = {"reason": plain.reason or voice.reason, "quality": plain.quality, "faces": plain.faces}
    if branches:
        shares = merged(branches)
        quality = max((each.quality or 0.0) for each in (face, voice) if each is not None and each.shares is not None)
        made = seen(shares, confidence=max(shares), quality=quality, faces=plain.faces)
    return Reading(
        source=Source.BOTH,
        boot=voice.boot,
        started_ns=voice.started_ns,
        wall_ms=voice.wall_ms,
        clock_ok=voice.clock_ok,
        duration_s=voice.duration_s,
        role=voice.role,
        shift=face.shift if face is not None else voice.shift,
        policy=voice.policy,
        model=model,
        recorded=voice.recorded,
        **made,
    )
