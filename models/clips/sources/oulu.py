"""Oulu-CASIA sequences, from neutral to a posed expression's peak: Zhao, Huang, Taini, Li & Pietikäinen 2011."""

from collections import Counter
from pathlib import Path

from models.clips.clips import Clips
from models.clips.cut import Film, clips_from
from models.sources.dfew import frames_in
from models.sources.labels import place_in
from models.sources.oulu import LICENCE, NAME, sequences
from models.sources.shots import Origin

RATE = 25.0  # frames a second


def oulu(root: Path) -> Clips:
    """Each sequence as a clip of its person, in visible light where there is any. Raises DataError."""
    left_out, films = Counter[str](), []
    for person, sequence in sequences(root, left_out):
        frames = frames_in(sequence)
        label = place_in(sequence.name, left_out) if frames else None
        if label is not None:
            films.append(Film(tuple(frames), label, person, RATE))
    return clips_from(Origin(NAME, root, "Zhao et al. 2011", LICENCE), films, left_out)
