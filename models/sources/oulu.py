"""Oulu-CASIA, sequences from neutral to a posed expression's peak: Zhao, Huang, Taini, Li & Pietikäinen 2011."""

import re
from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.prepared import Prepared
from models.sources.labels import place_in, place_of
from models.sources.layout import Layout, folders, number_in, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set

NAME = "Oulu-CASIA"
LICENCE = "research only, by agreement with the University of Oulu (check with the owner)"
PEAK = 3  # the last frames of a sequence, which show its expression; the first shows none

_PERSON = re.compile(r"P\d{3}", re.IGNORECASE)
_DEPTH = 5  # B_OriginalImg/VL/Strong/P001/Anger, and one more around it


def oulu(root: Path) -> Prepared:
    """The first frame of each sequence as neutral, the last three as its expression, of all lights and all people.

    Near-infrared sequences (NI) are left out where there are any in visible light (VL): a webcam sees none. So are
    the owner's own crops of pictures that are there uncut. Raises DataError.
    """
    shots, left_out = [], Counter[str]()
    for person, sequence in sequences(root, left_out):
        frames = sorted(
            (each for each in sequence.iterdir() if is_picture(each)), key=lambda each: number_in(each.stem)
        )
        label = place_in(sequence.name, left_out) if frames else None
        if label is None:
            continue
        peak = frames[-min(PEAK, len(frames)) :]
        before = frames[: -len(peak)]
        if before:
            shots.append(Shot(before[0], EXPRESSIONS.index("neutral"), person))
        shots += [Shot(frame, label, person) for frame in peak]
        left_out["between neutral and the peak of a sequence"] += max(0, len(before) - 1)
    return prepared_set(Origin(NAME, root, "Zhao et al. 2011", LICENCE), shots, left_out)


def sequences(root: Path, left_out: Counter[str]) -> list[tuple[str, Path]]:
    """The folders of the sequences that are taken, each with its person; what is not is counted in `left_out`."""
    every = [
        (each.name.upper(), sequence)
        for each in folders(root, _DEPTH - 1)
        if _PERSON.fullmatch(each.name)
        for sequence in sorted(each.iterdir())
        if sequence.is_dir()
    ]
    for is_left, why in ((_is_infrared, "sequences in near-infrared light"), (_is_cut, "sequences cut by the owner")):
        marks = [any(map(is_left, sequence.relative_to(root).parts[:-2])) for _, sequence in every]
        if not all(marks):
            left_out[why] += sum(marks)
            every = [each for each, marked in zip(every, marks, strict=True) if not marked]
    return every


def _is_infrared(folder: str) -> bool:
    return re.match(r"NIR?($|[_\W])", folder, re.IGNORECASE) is not None


def _is_cut(folder: str) -> bool:
    return "crop" in folder.lower() or "preprocess" in folder.lower()


def _is_it(folder: Path) -> bool:
    people = [each for each in folder.iterdir() if _PERSON.fullmatch(each.name) and each.is_dir()]
    return any(below.is_dir() and place_of(below.name) is not None for who in people for below in who.iterdir())


def _find(place: Path) -> list[Path]:
    """`place` itself where people's folders lie below: those of NI and VL lie side by side in it."""
    return [place] if roots(place, _DEPTH - 1, _is_it) else []


LAYOUT = Layout("oulu", NAME, "folders such as VL/Strong/P001/Anger with 000.jpeg and on", _find, oulu)
