"""JAFFE, ten Japanese women, the expression in each picture's name: Lyons, Akamatsu, Kamachi & Gyoba 1998."""

import re
from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.prepared import Prepared
from models.sources.layout import Layout, folders, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set

NAME = "JAFFE"
LICENCE = "non-commercial scientific research, with citation (Lyons, Kamachi & Gyoba)"

# Person, expression with the number of the take, number of the picture: KA.AN1.39.tiff
_NAME = re.compile(r"([A-Z]{2})[.-]([A-Z]{2})\d*[.-]\d+", re.IGNORECASE)
_DEPTH = 2
_CODES = {
    "NE": "neutral",
    "HA": "happiness",
    "SU": "surprise",
    "SA": "sadness",
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
}


def jaffe(root: Path) -> Prepared:
    """All pictures in the folder and those in it with their people, known by two letters. Raises DataError."""
    shots, left_out = [], Counter[str]()
    inside = (each for each in folders(root, _DEPTH) if _is_it(each))
    for path in sorted(each for folder in inside for each in folder.iterdir() if is_picture(each)):
        named = _NAME.fullmatch(path.stem)
        code = named[2].upper() if named else ""
        if named is None or code not in _CODES:
            left_out["not named as JAFFE names its pictures"] += 1
        else:
            shots.append(Shot(path, EXPRESSIONS.index(_CODES[code]), named[1].upper()))
    return prepared_set(Origin(NAME, root, "Lyons et al. 1998", LICENCE), shots, left_out)


def _is_it(folder: Path) -> bool:
    names = (_NAME.fullmatch(each.stem) for each in folder.iterdir() if is_picture(each))
    return any(named is not None and named[2].upper() in _CODES for named in names)


def _find(place: Path) -> list[Path]:
    """`place` itself where such pictures are there or below: some keep them in a folder for each expression."""
    return [place] if roots(place, _DEPTH, _is_it) else []


LAYOUT = Layout("jaffe", NAME, "pictures such as KA.AN1.39.tiff", _find, jaffe)
