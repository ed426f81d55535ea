"""CK+ peak sequences as the common 48x48 set, in one parquet file: Lucey et al. 2010."""

from collections import Counter
from pathlib import Path

from models.data import read_columns
from models.datasets import EMOTION
from models.prepared import Prepared
from models.samples import read_labelled
from models.sources.shots import Origin, Shot, prepared_set

NAME = "CK+"
LICENCE = "research only, non-commercial (check with the owner)"


def ck48(path: Path) -> Prepared:
    """All frames of `ck48.parquet` (`subject`, `emotion`, `image`) with their subjects. Raises DataError."""
    subjects = read_columns(path, ("subject", "emotion"))["subject"]
    labelled = read_labelled(path, EMOTION)
    shots = [
        Shot(encoded, int(label), str(subjects[row]))
        for encoded, label, row in zip(labelled.encoded, labelled.labels, labelled.rows, strict=True)
    ]
    return prepared_set(Origin(NAME, path, "Lucey et al. 2010", LICENCE), shots, Counter())
