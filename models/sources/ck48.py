"""CK+ peak sequences as the common 48x48 set, in one parquet file: Lucey et al. 2010."""

from collections import Counter
from pathlib import Path

import cv2

from models.data import read_columns
from models.errors import DataError
from models.prepared import Prepared
from models.samples import read_labelled
from models.sources.shots import Origin, Shot, prepared_set

NAME = "CK+"
LICENCE = "research only, non-commercial (check with the owner)"


def ck48(path: Path) -> Prepared:
    """All frames of `ck48.parquet` (`subject`, `emotion`, `image`) with their subjects. Raises DataError."""
    labelled = read_labelled(path)
    if labelled.images is None or labelled.kind != "CK+48":
        raise DataError(f"{path}: is {labelled.kind}, not CK+48; its columns are subject, emotion and image")
    subjects = read_columns(path, ("subject",))["subject"]
    shots = [
        Shot(cv2.imencode(".png", image)[1].tobytes(), int(label), str(subjects[row]))
        for image, label, row in zip(labelled.images, labelled.labels, labelled.rows, strict=True)
    ]
    return prepared_set(Origin(NAME, f"{path.name}: Lucey et al. 2010", LICENCE), shots, Counter())
