"""DFEW, clips from films that ten people named: Jiang, Zong, Zheng, Tang, Xia, Lu & Liu 2020.

Nobody names the people; a clip stands for a person.
"""

from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.clips.clips import Clips
from models.clips.cut import Film, clips_from
from models.sources.dfew import LICENCE, NAME, NUMBERED, folders_of, frames_in, labels_of
from models.sources.shots import Origin

RATE = 25.0  # frames a second; its films have from 24 to 30


def dfew(root: Path) -> Clips:
    """Each clip that has a single label and frames. Raises DataError."""
    left_out, films, folders = Counter[str](), [], folders_of(root)
    for clip, label in sorted(labels_of(root).items()):
        frames = frames_in(folders[clip]) if clip in folders else []
        if not frames:
            left_out["clips without frames"] += 1
        elif label == 0:
            left_out["clips without a single label"] += 1
        else:
            place = EXPRESSIONS.index(NUMBERED[label - 1])
            films.append(Film(tuple(frames), place, f"clip {clip:05d}", RATE))
    return clips_from(Origin(NAME, root, "Jiang et al. 2020", LICENCE, clips=True), films, left_out)
