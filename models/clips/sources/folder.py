"""A folder with one folder of videos for each expression: AFEW's layout, and that of people's own clips."""

import re
from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.clips.clips import Clips
from models.clips.cut import Film, clips_from, is_video
from models.errors import DataError
from models.sources.folder import UNSTATED
from models.sources.labels import place_of
from models.sources.shots import Origin

AFEW_NAME = "AFEW"
AFEW_LICENCE = "research only, by agreement with the owner (Dhall, Goecke, Lucey & Gedeon 2012)"


def afew(root: Path) -> Clips:
    """AFEW's videos, `Train_AFEW/Angry/000123.avi` and the like; nobody names the people. Raises DataError."""
    return folder(root, AFEW_NAME, licence=AFEW_LICENCE, owner="Dhall et al. 2012")


def folder(root: Path, name: str = "", person: str = "", licence: str = UNSTATED, owner: str = "") -> Clips:
    """The videos in folders named for expressions, anywhere below `root`. `name` is the source's.

    `person` is a regular expression that finds the person in a video's path below `root` (its first group, or all that
    it matches); a video in which it finds none is left out. Raises DataError.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give one with a folder of videos for each expression")
    try:
        finds = re.compile(person) if person else None
    except re.error as error:
        raise DataError(f"--person {person}: not a regular expression ({error}); quote it") from None
    left_out, films = Counter[str](), []
    for path in sorted(each for each in root.rglob("*") if is_video(each)):
        inside = path.relative_to(root)
        label = next((place for each in reversed(inside.parts[:-1]) if (place := place_of(each)) is not None), None)
        found = finds.search(inside.as_posix()) if finds else None
        if label is None:
            left_out[f"in no folder named for one of {' '.join(EXPRESSIONS)}"] += 1
        elif finds and not found:
            left_out["no person found in its name"] += 1
        else:
            films.append(Film(path, label, (found[1] if found.groups() else found[0]) if found else ""))
    return clips_from(Origin(name or root.resolve().name, root, owner, licence), films, left_out)
