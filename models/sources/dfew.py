"""DFEW, clips from films that ten people named: Jiang, Zong, Zheng, Tang, Xia, Lu & Liu 2020.

Nobody names the people, and one may be in several clips; a clip stands for a person, so that its frames stay together.
"""

from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.errors import DataError
from models.prepared import Prepared
from models.sources.layout import Layout, folders, number_in, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set
from models.sources.tables import read_table

NAME = "DFEW"
LICENCE = "restricted to non-commercial research and educational purposes, as its readme says"
FRAMES = 3  # of each clip, at a quarter, the middle and three quarters of it

NUMBERED = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")  # 1 to 7; 0: no single one
_SPLITS = "EmoLabel_DataSplit"
_ANNOTATIONS = ("annotation.csv", "annotation.xlsx")
_DEPTH = 3


def dfew(root: Path) -> Prepared:
    """Three frames of each clip that has a single label; both parts of the owner's folds. Raises DataError."""
    clips = folders_of(root)
    shots, left_out = [], Counter[str]()
    for clip, label in sorted(labels_of(root).items()):
        frames = frames_in(clips[clip]) if clip in clips else []
        if not frames:
            left_out["clips without frames"] += 1
        elif label == 0:
            left_out["clips without a single label"] += 1
        else:
            places = sorted({len(frames) * part // (FRAMES + 1) for part in range(1, FRAMES + 1)})
            place = EXPRESSIONS.index(NUMBERED[label - 1])
            shots += [Shot(frames[at], place, f"clip {clip:05d}") for at in places]
            left_out["other frames of its clips"] += len(frames) - len(places)
    return prepared_set(Origin(NAME, root, "Jiang et al. 2020", LICENCE, clips=True), shots, left_out)


def frames_in(clip: Path) -> list[Path]:
    """The pictures of a clip's folder in their order."""
    return sorted((each for each in clip.iterdir() if is_picture(each)), key=_order)


def _order(frame: Path) -> tuple[int, str]:
    return number_in(frame.stem), frame.name


def labels_of(root: Path) -> dict[int, int]:
    """The label 0 to 7 of each clip's number, from the annotation where it is there, else from the owner's folds."""
    annotation = _annotation(root)
    tables = [annotation] if annotation else sorted((root / _SPLITS).rglob("*.csv"))
    labels: dict[int, int] = {}
    for table in tables:
        for clip, label in read_table(table, ("video_name", "clip_name", "order"), ("label", "annotation")):
            number = number_in(Path(clip).stem)
            if number < 0 or not label.isdigit() or int(label) > len(NUMBERED):
                raise DataError(f"{table}: clip {clip} has the label {label}; known are 0 to 7, {' '.join(NUMBERED)}")
            labels[number] = int(label)
    return labels


def folders_of(root: Path) -> dict[int, Path]:
    """The folder of frames of each clip's number: where a clip is there in several forms, the last by name."""
    return {
        int(each.name): each
        for inside in folders(root, _DEPTH - 1)
        for each in inside.iterdir()
        if each.name.isdigit() and each.is_dir()
    }


def _annotation(root: Path) -> Path | None:
    places = (root / inside / name for name in _ANNOTATIONS for inside in ("Annotation", "."))
    return next((each for each in places if each.is_file()), None)


def _is_it(folder: Path) -> bool:
    labelled = (folder / _SPLITS).is_dir() or _annotation(folder) is not None
    return labelled and any(each.is_dir() and "clip" in each.name.lower() for each in folder.iterdir())


LAYOUT = Layout(
    "dfew",
    NAME,
    f"{_SPLITS} or Annotation, and Clip/clip_224x224 with 00001/ of frames",
    lambda place: roots(place, 2, _is_it),
    dfew,
)
