"""Taiwanese performers: a neutral still of each, then one of an expression, as a clip (Chen, Cho & Tseng 2013).

Two stills are no film: the first half of the clip shows the one, the second half the other, at a desk's rate.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from contract.expressions import EXPRESSIONS
from models.clips.clips import Clip, Clips, clips_of
from models.data import Bytes, Floats
from models.prepared import Source
from models.sources.taiwanese import LICENCE, taiwanese

NAME = "Taiwanese, pairs of stills"
FRAMES, RATE = 8, 8.0


def pairs(path: Path) -> Clips:
    """A clip for each clearly labelled still of a performer who has a neutral one too. Raises DataError."""
    stills = taiwanese(path)
    neutral = EXPRESSIONS.index("neutral")
    left_out, found = Counter[str](), []
    times: Floats = np.arange(FRAMES, dtype=np.float32) / np.float32(RATE)
    for person in np.unique(stills.people):
        own = stills[stills.people == person]
        calm = own.images[own.labels == neutral]
        if not len(calm):
            left_out["of performers without a neutral picture"] += len(own)
            continue
        for row, (image, label) in enumerate(zip(own.images, own.labels.tolist(), strict=True)):
            before = calm[row % len(calm)]
            found.append(Clip(_from_to(before, image), times, label, str(person).partition("/")[2]))
    return clips_of(found, Source(NAME, f"{path.name}: Chen, Cho & Tseng 2013", LICENCE, 0, 0, dict(+left_out)))


def _from_to(before: Bytes, after: Bytes) -> Bytes:
    return np.stack([before] * (FRAMES // 2) + [after] * (FRAMES // 2))
