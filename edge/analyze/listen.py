"""A film's sound, second by second as a desk would hear it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.analyze.messages import Heard, Listen
from edge.hearing import Hearing
from edge.sound.samples import RATE, Samples, decoded


def heard(task: Listen, hearing: Hearing) -> Iterator[Heard]:
    """Each whole second of a film's first sound track; none where it has no sound. Raises CaptureError."""
    hearing.forget()
    for index, sound in enumerate(_seconds(Path(task.path))):
        found = hearing.second(sound)
        yield Heard(
            item=task.item,
            at_s=float(index),
            spoken=found.spoken,
            clear_db=float(np.clip(found.clear_db, -99.0, 99.0)),
            shares=found.shares,
            confidence=found.confidence,
            reason=found.reason,
        )


def _seconds(path: Path) -> Iterator[Samples]:
    waiting: list[Samples] = []
    count = 0
    for piece in decoded(path):
        waiting.append(piece)
        count += len(piece)
        if count >= RATE:
            whole = np.concatenate(waiting)
            for begin in range(0, count - RATE + 1, RATE):
                yield whole[begin : begin + RATE]
            waiting = [whole[count - count % RATE :]]
            count %= RATE
