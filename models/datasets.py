"""The data sets at hand: where each lies, and by which labels a comparison scores on it."""

import os
from dataclasses import dataclass
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.errors import DataError

TRAIN = Path("fer2013plus/train.parquet")
VALID = Path("fer2013plus/valid.parquet")
TAIWANESE = Path("taiwanese/taiwanese.parquet")
CK48 = Path("ck48/ck48.parquet")
MUXSPACE = Path("muxspace/muxspace.parquet")

UTKFACE = Path("utkface/utkface.parquet")

WITHOUT_CONTEMPT = tuple(name for name in EXPRESSIONS if name != "contempt")

# The kinds of label that files come with; `models.labels` reads them. The first two are the heads that learn them too.
FER_PLUS, FER_2013, EMOTION, RATINGS = "ferplus", "fer2013", "emotion", "ratings"


def data_file(name: Path) -> Path:
    """`name` itself where it exists, else `name` under MIEN_DATA; DataError where neither is there."""
    root = os.environ.get("MIEN_DATA")
    for place in (name, *([Path(root) / name] if root else [])):
        if place.exists():
            return place
    raise DataError(f"{name}: no such file; give its path, or set MIEN_DATA to the folder of data sets")


@dataclass(frozen=True)
class DataSet:
    """A file as a comparison scores it, by which kind of label.

    `collections` are the beginnings of the names under which cards say that they were trained on pictures of the same
    collection. `person` is the column that says whose face it is, "" where nothing does. `whole`: the file is all that
    there is of its collection, so that who was trained on that was trained on these very pictures.
    """

    name: str
    file: Path
    labels: str
    collections: tuple[str, ...]
    note: str
    person: str = ""
    whole: bool = False


FER = ("FER-2013", "FER+")
DATA_SETS = (
    DataSet("FER+ valid", VALID, FER_PLUS, FER, "web pictures; official majority of ten taggers' votes"),
    DataSet("FER-2013 valid", VALID, FER_2013, FER, "the same pictures with their original labels"),
    DataSet(
        "Taiwanese",
        TAIWANESE,
        RATINGS,
        ("Taiwanese",),
        "posed; half of the raters or more agree",
        person="performer",
        whole=True,
    ),
    DataSet(
        "CK+48",
        CK48,
        EMOTION,
        ("CK+",),
        "posed; three frames of each sequence, none neutral",
        person="subject",
        whole=True,
    ),
    DataSet("muxspace", MUXSPACE, EMOTION, ("muxspace",), "news pictures; one labeller each: noisy", person="person"),
)
