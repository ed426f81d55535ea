"""RAF-DB, faces from the web, of which about forty people named the expression: Li, Deng & Du 2017.

Its people come from everywhere and nobody names them; the owner's annotation says which faces are Asian.
"""

import re
from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.errors import DataError
from models.prepared import Prepared
from models.sources.layout import Layout, folders, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set

NAME = "RAF-DB"
LICENCE = "restricted to non-commercial research and educational purposes, as its readme says"

_NUMBERED = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # 1 to 7
_LISTS = ("list_patition_label.txt", "list_partition_label.txt")
_PICTURE = re.compile(r"((?:train|test)_\d+)(?:_aligned)?", re.IGNORECASE)
_GROUP_LINE = 6  # of an annotation: five landmarks, sex, then group (0 Caucasian, 1 African-American, 2 Asian), age
_ASIAN = "2"
_DEPTH = 3


def rafdb(root: Path) -> Prepared:
    """The pictures of both parts, aligned where they are there, else original. Raises DataError.

    Where the owner's annotations (Annotation/manual) lie beside them, the faces that they call Asian alone.
    """
    pictures = _pictures(root)
    groups = {each.name.removesuffix("_manu_attri.txt"): each for each in root.rglob("*_manu_attri.txt")}
    shots, left_out = [], Counter[str]()
    for name, label in sorted(_labels(root, pictures).items()):
        if name not in pictures:
            left_out["in the list without a picture"] += 1
        elif groups and (name not in groups or not _is_asian(groups[name])):
            left_out["a face that its annotation does not call Asian"] += 1
        else:
            shots.append(Shot(pictures[name], label))
    return prepared_set(Origin(NAME, root, "Li et al. 2017", LICENCE), shots, left_out)


def _pictures(root: Path) -> dict[str, Path]:
    """Each picture by its name in the list, `train_00001`: the aligned one where there is one."""
    found: dict[str, Path] = {}
    for inside in folders(root, _DEPTH):
        for each in sorted(inside.iterdir()):
            named = _PICTURE.fullmatch(each.stem) if is_picture(each) else None
            if named and (named[1] not in found or each.stem.endswith("_aligned")):
                found[named[1]] = each
    return found


def _labels(root: Path, pictures: dict[str, Path]) -> dict[str, int]:
    """The expression of each picture, from the owner's list or, where that is not there, from folders named 1 to 7."""
    path = _list(root)
    if path is None:
        return {name: _expression(each.parent.name, str(each)) for name, each in pictures.items()}
    labels = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.split()
        if len(words) == 2:
            labels[Path(words[0]).stem] = _expression(words[1], f"{path}, line {number}")
        elif words:
            raise DataError(f"{path}, line {number}: is no picture's name and its label; copy the file again")
    return labels


def _expression(number: str, where: str) -> int:
    if number not in ("1", "2", "3", "4", "5", "6", "7"):
        raise DataError(f"{where}: label is {number}; known are 1 to 7, {' '.join(_NUMBERED)}")
    return EXPRESSIONS.index(_NUMBERED[int(number) - 1])


def _is_asian(annotation: Path) -> bool:
    lines = annotation.read_text(encoding="utf-8", errors="replace").split("\n")
    return len(lines) > _GROUP_LINE and lines[_GROUP_LINE].strip() == _ASIAN


def _list(root: Path) -> Path | None:
    found = (inside / name for inside in folders(root, 1) for name in _LISTS)
    return next((each for each in found if each.is_file()), None)


def _is_numbered(folder: Path) -> bool:
    """Does it hold folders 1 to 7 of RAF-DB's pictures, itself or one level down in train and test?"""
    places = [folder / part / number for part in ("", "train", "test") for number in "1234567"]
    there = (place for place in places if place.is_dir())
    return any(_PICTURE.fullmatch(each.stem) for place in there for each in place.iterdir() if is_picture(each))


def _find(place: Path) -> list[Path]:
    return roots(place, 2, lambda each: _list(each) is not None or _is_numbered(each))


LAYOUT = Layout(
    "rafdb", NAME, "EmoLabel/list_patition_label.txt with Image/aligned, or train/1 to train/7", _find, rafdb
)
