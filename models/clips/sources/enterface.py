"""eNTERFACE'05, people who react to six stories in five sentences each: Martin, Kotsia, Macq & Pitas 2006."""

import re
from collections import Counter
from pathlib import Path

from models.clips.clips import Clips
from models.clips.cut import Film, clips_from, is_video
from models.sources.labels import place_of
from models.sources.shots import Origin

NAME = "eNTERFACE'05"
LICENCE = "research only (check with the owner)"

_SUBJECT = re.compile(r"subject[\s_]*(\d+)", re.IGNORECASE)


def enterface(root: Path) -> Clips:
    """`subject 1/anger/sentence 1/s1_an_1.avi` and the like: each video as a clip of its subject. Raises DataError."""
    left_out, films = Counter[str](), []
    for path in sorted(each for each in root.rglob("*") if is_video(each)):
        folders = path.relative_to(root).parts[:-1]
        subject = next((found[1] for each in folders if (found := _SUBJECT.fullmatch(each))), None)
        label = next((place for each in folders if (place := place_of(each)) is not None), None)
        if subject is None or label is None:
            left_out["in no folder of a subject and an expression"] += 1
        else:
            films.append(Film(path, label, f"subject {int(subject)}"))
    return clips_from(Origin(NAME, root, "Martin et al. 2006", LICENCE), films, left_out)
