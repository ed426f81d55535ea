"""RAVDESS, actors who speak and sing two sentences in eight ways: Livingstone & Russo 2018.

The name says it all: MODALITY-CHANNEL-EMOTION-INTENSITY-STATEMENT-REPETITION-ACTOR.
"""

import re
from collections import Counter
from pathlib import Path

from models.clips.clips import Clips
from models.clips.cut import Film, clips_from, is_video
from models.sources.labels import place_of
from models.sources.shots import Origin

NAME = "RAVDESS"
LICENCE = "CC BY-NC-SA 4.0"
# Calm is no expression of ours; a calm face is a neutral one.
EMOTIONS = ("neutral", "neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # 01 to 08

_NAME = re.compile(r"(\d\d)-\d\d-(\d\d)-\d\d-\d\d-\d\d-(\d\d)")
_WITH_SOUND, _SILENT = "01", "02"


def ravdess(root: Path) -> Clips:
    """Every take as a clip of its actor; where a take is there with sound and without, once. Raises DataError."""
    left_out, films = Counter[str](), []
    taken = set[str]()
    for path in sorted(each for each in root.rglob("*") if is_video(each)):
        named = _NAME.fullmatch(path.stem)
        place = _place(named[2]) if named else None
        if named is None or place is None or named[1] not in (_WITH_SOUND, _SILENT):
            left_out["not named as RAVDESS names its videos"] += 1
        elif path.stem[2:] in taken:
            left_out["the same take without sound"] += 1
        else:
            taken.add(path.stem[2:])
            films.append(Film(path, place, f"actor {named[3]}"))
    return clips_from(Origin(NAME, root, "Livingstone & Russo 2018", LICENCE), films, left_out)


def _place(number: str) -> int | None:
    return place_of(EMOTIONS[int(number) - 1]) if 1 <= int(number) <= len(EMOTIONS) else None
