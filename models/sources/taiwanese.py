"""Taiwanese performers whose pictures about a hundred raters named: Chen, Cho & Tseng 2013.

Neutral is a picture that was meant so; else at least half of the raters decide. Nobody could choose neutral, so the
ratings are no votes for a head that can: only the label is kept.
"""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from contract.expressions import EXPRESSIONS
from models.data import NOT_A_CLASS, read_columns
from models.datasets import RATINGS
from models.errors import DataError
from models.labels import CLEAR_RATING, RATED
from models.prepared import Prepared
from models.samples import read_labelled
from models.sources.layout import Layout, folders, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set
from models.sources.tables import SUFFIXES, read_rows

NAME = "Taiwanese"
LICENCE = "academic use (Chen, Cho & Tseng 2013; check with the owner)"
UNCLEAR = "fewer than half of the raters agree"

# The owner's names: performer, kind of performance, view, what was performed, serial number, such as 0111b03.
_NAME = re.compile(r"(\d{2})\d\d([a-g])\d{2}")
_NEUTRAL = "a"
# The owner's table: column A the name, G to L the share of raters for each of these.
_SHARES = slice(6, 12)


def taiwanese(path: Path) -> Prepared:
    """The clearly labelled pictures of `taiwanese.parquet`, or of the owner's folder, with performers. DataError."""
    return _of_parquet(path) if path.suffix == ".parquet" else _of_folder(path)


def _of_parquet(path: Path) -> Prepared:
    performers = read_columns(path, ("performer", "intended"))["performer"]
    labelled = read_labelled(path, RATINGS)
    shots = [
        Shot(encoded, int(label), str(performers[row]))
        for encoded, label, row in zip(labelled.encoded, labelled.labels, labelled.rows, strict=True)
    ]
    return _set(path, shots, Counter({UNCLEAR: len(performers) - len(shots)}))


def _of_folder(root: Path) -> Prepared:
    """The owner's folder: a table, Image_info, and pictures named as in it, anywhere below."""
    pictures = {each.stem: each for inside in folders(root, 3) for each in sorted(inside.iterdir()) if is_picture(each)}
    shots, left_out = [], Counter[str]()
    table = _table(root)
    assert table is not None  # `_find` saw it
    for row in read_rows(table)[1:]:
        stem = Path(row[0]).stem
        named = _NAME.fullmatch(stem)
        label = _label(row, named[2], f"{table}, {stem}") if named else NOT_A_CLASS
        if named is None or stem not in pictures:
            left_out["in the table without a picture"] += 1
        elif label == NOT_A_CLASS:
            left_out[UNCLEAR] += 1
        else:
            shots.append(Shot(pictures[stem], label, named[1]))
    return _set(root, shots, left_out)


def _label(row: list[str], performed: str, where: str) -> int:
    if performed == _NEUTRAL:
        return EXPRESSIONS.index("neutral")
    try:
        shares = np.array([float(cell or 0) for cell in row[_SHARES]])
    except ValueError:
        shares = np.array([])
    if len(shares) != len(RATED) or shares.max() > 1:
        raise DataError(f"{where}: columns G to L are not the shares of raters; save the owner's table as it is")
    return EXPRESSIONS.index(RATED[shares.argmax()]) if shares.max() >= CLEAR_RATING else NOT_A_CLASS


def _set(path: Path, shots: list[Shot], left_out: Counter[str]) -> Prepared:
    return prepared_set(Origin(NAME, path, "Chen, Cho & Tseng 2013", LICENCE), shots, left_out)


def _table(root: Path) -> Path | None:
    found = [each for each in root.iterdir() if each.stem.lower() == "image_info" and each.suffix.lower() in SUFFIXES]
    return min(found, key=lambda each: SUFFIXES.index(each.suffix.lower()), default=None)


def _is_parquet(path: Path) -> bool:
    try:
        return {"performer", "intended", "rated_fear", "image"} <= set(pyarrow.parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError):
        return False


def _find(place: Path) -> list[Path]:
    if place.is_file():
        return [place] if _is_parquet(place) else []
    files = [each for inside in folders(place, 1) for each in sorted(inside.glob("*.parquet")) if _is_parquet(each)]
    return files or roots(place, 1, lambda each: _table(each) is not None)


LAYOUT = Layout(
    "taiwanese", NAME, "taiwanese.parquet, or Image_info.csv and pictures such as 0111b03.jpg", _find, taiwanese
)
