"""The kinds of label that files of faces come with, and how each is read off a file's columns.

`ferplus`: the votes of ten taggers, official majority. `fer2013`: that set's own labels. `emotion`: a column of names.
`ratings`: `intended` with `rated_*`, shares of raters: what at least half of them chose, or neutral where it was meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract.expressions import EXPRESSIONS
from models.data import CLASSES, NOT_A_CLASS, Ints, majority, read_columns
from models.datasets import EMOTION, FER_2013, FER_PLUS, RATINGS, WITHOUT_CONTEMPT
from models.errors import DataError
from models.sources.labels import place_of

VOTES = (*CLASSES, "unknown", "NF")
RATED = ("happiness", "sadness", "anger", "disgust", "fear", "surprise")
CLEAR_RATING = 0.5
# Words of data sets for a picture that shows no expression of theirs: such a picture has no label.
NO_LABEL = (
    "",
    "none",
    "null",
    "nan",
    "uncertain",
    "unsure",
    "unknown",
    "unclear",
    "other",
    "nf",
    "no-face",
    "non-face",
)

COLUMNS = {
    FER_PLUS: frozenset((*VOTES, "image")),
    FER_2013: frozenset(("fer2013", "image")),
    EMOTION: frozenset(("emotion", "image")),
    RATINGS: frozenset(("intended", "image", *(f"rated_{name}" for name in RATED))),
}
# Which kinds each word of a command line stands for, the first that a file has; "" is whatever the file has.
ASKED = {
    "": (FER_PLUS, EMOTION, RATINGS, FER_2013),
    FER_PLUS: (FER_PLUS,),
    FER_2013: (FER_2013,),
    EMOTION: (EMOTION, RATINGS),
    RATINGS: (RATINGS,),
}


@dataclass(frozen=True)
class Labels:
    """The label of every row of a file (N,), in the contract's order, NOT_A_CLASS where it has none."""

    kind: str
    places: Ints
    offered: tuple[str, ...]


def read_labels(path: Path, kind: str, columns: set[str]) -> Labels:
    """The labels of a file that has the columns of that kind. Raises DataError."""
    return _READERS[kind](path, columns)


def _votes(path: Path, columns: set[str]) -> Labels:
    read = read_columns(path, VOTES)
    votes = np.array([[0 if x is None else x for x in read[name]] for name in VOTES], np.float64).T.reshape(-1, 10)
    if votes.size and not (np.isin(votes, np.arange(256)).all()):
        row = int(np.flatnonzero(~np.isin(votes, np.arange(256)).all(axis=1))[0])
        raise DataError(f"{path}, row {row}: its votes are no counts; give how many taggers chose each expression")
    return Labels(FER_PLUS, majority(votes.astype(np.uint8)), EXPRESSIONS)


def _own(path: Path, columns: set[str]) -> Labels:
    return Labels(FER_2013, _named(path, "fer2013"), WITHOUT_CONTEMPT)


def _emotion(path: Path, columns: set[str]) -> Labels:
    return Labels(EMOTION, _named(path, "emotion"), EXPRESSIONS)


def _ratings(path: Path, columns: set[str]) -> Labels:
    """Label: neutral where it was intended, else the emotion that at least half of the raters chose."""
    known = tuple(f"rated_{name}" for name in RATED)
    rated = (*known, *sorted(name for name in columns - set(known) if name.startswith("rated_")))
    read = read_columns(path, ("intended", *rated))
    shares = np.nan_to_num(np.array([[np.nan if x is None else x for x in read[name]] for name in rated], float).T)
    # A column of no expression, such as rated_other, can have the majority too: then there is no label.
    found = [place_of(name.removeprefix("rated_")) for name in rated]
    places = np.array([NOT_A_CLASS if place is None else place for place in found])
    labels = np.where(shares.max(axis=1) >= CLEAR_RATING, places[shares.argmax(axis=1)], NOT_A_CLASS)
    labels[[place_of(str(word)) == EXPRESSIONS.index("neutral") for word in read["intended"]]] = 0
    offered = tuple(name for i, name in enumerate(EXPRESSIONS) if i in places or name == "neutral")
    return Labels(RATINGS, labels.astype(np.int64), offered)


_READERS: dict[str, Callable[[Path, set[str]], Labels]] = {
    FER_PLUS: _votes,
    FER_2013: _own,
    EMOTION: _emotion,
    RATINGS: _ratings,
}


def _named(path: Path, column: str) -> Ints:
    words = read_columns(path, (column,))[column]
    return np.array([_place(word, f"{path}, row {row}") for row, word in enumerate(words)], np.int64)


def _place(word: Any, where: str) -> int:
    place = None if word is None else place_of(str(word))
    if place is None and word is not None and str(word).strip().lower() not in NO_LABEL:
        raise DataError(f"{where}: unknown expression {word!r}; known are {', '.join(EXPRESSIONS)}, or null for none")
    return NOT_A_CLASS if place is None else place
