"""Faces of news photos from the muxspace repository: pictures without trusted labels, cut as the desk cuts them."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from contract.expressions import EXPRESSIONS
from edge.detect import Detector
from models.data import FACE_SIDE, NOT_A_CLASS, read_columns
from models.errors import DataError
from models.prepared import Prepared, Source
from models.samples import PICTURE_OF_BOX_HEIGHT, read_labelled
from models.sources.people import fold_of

NAME = "muxspace"


def muxspace(path: Path, folds: frozenset[int]) -> Prepared:
    """The faces of the people in `folds` (of `people.FOLDS`), cut as wide as FER-2013 pictures are.

    One student labelled each picture; those labels are not kept, since a teacher's answers take their place. Raises
    DataError.
    """
    labelled = read_labelled(path)
    people = read_columns(path, ("person",))["person"]
    named = [people[row] or f"row {row}" for row in labelled.rows]
    places = [place for place, person in enumerate(named) if fold_of(person) in folds]
    detector = Detector.from_bundle()
    chosen = type(labelled)(
        path,
        labelled.kind,
        labelled.labels[places],
        labelled.rows[places],
        encoded=tuple(labelled.encoded[place] for place in places),
    )
    with tqdm(total=len(places), desc="finding faces", mininterval=2) as bar:
        faces = chosen.find_faces(detector, lambda place: bar.update() and None)
    cut = chosen.cut(faces, PICTURE_OF_BOX_HEIGHT, FACE_SIDE)
    if not len(cut):
        raise DataError(f"{path}: no face was found in it; copy it again from its source")
    seen = [place for place, face in enumerate(faces) if face is not None]
    who = np.array([f"{NAME}/{named[places[place]]}" for place in seen])
    source = Source(
        NAME,
        path.name,
        "repository Apache-2.0 (news photos)",
        len(cut),
        len(set(who.tolist())),
        {"no face found": cut.not_found, "people kept apart": len(named) - len(places)},
    )
    none = np.zeros((len(cut), len(EXPRESSIONS)), np.float32)
    labels = np.full(len(cut), NOT_A_CLASS, np.int64)
    return Prepared(cut.crops, none, labels, who, np.full(len(cut), NAME), (source,))
