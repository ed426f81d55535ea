"""CASME and CASME II, faint expressions that were to be hidden, filmed fast: Yan et al. 2013, Yan et al. 2014.

The frame at the apex is taken; its expression is faint even there.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from models.prepared import Prepared
from models.sources.labels import place_in
from models.sources.layout import Layout, folders, number_in, roots
from models.sources.shots import Origin, Shot, is_picture, prepared_set
from models.sources.tables import SUFFIXES, read_rows, read_table

LICENCE = "research only, by the licence agreement of the Chinese Academy of Sciences (check with the owner)"

_SUBJECT = re.compile(r"(?:sub|s)?0*(\d+)", re.IGNORECASE)
_APEX = ("ApexFrame", "ApexF1", "Apex")
_EMOTION = ("Estimated Emotion", "Emotion")
_DEPTH = 5


def casme(root: Path) -> Prepared:
    """The apex frame of each sequence in the owner's table, where its label is one of the contract's expressions.

    Where uncut pictures are there beside the owner's crops they are taken. Raises DataError.
    """
    shots, left_out = [], Counter[str]()
    sequences = _sequences(root)
    table = _table(root)
    assert table is not None  # `_find` saw it
    for subject, name, apex, emotion in read_table(table, ("Subject",), ("Filename",), _APEX, _EMOTION):
        numbered = _SUBJECT.fullmatch(subject)
        sequence = sequences.get((int(numbered[1]), name.lower())) if numbered else None
        label = place_in(emotion, left_out)
        if label is None or numbered is None:
            continue
        if sequence is None:
            left_out["in the table without its frames"] += 1
            continue
        frame = _frame(sequence, apex)
        if frame is None:
            left_out["its apex is not marked, or that frame is not there"] += 1
        else:
            shots.append(Shot(frame, label, f"sub{int(numbered[1]):02d}"))
    second = "estimated emotion" in (heading.lower() for heading in read_rows(table)[0])
    name, paper = ("CASME II", "Yan et al. 2014") if second else ("CASME", "Yan et al. 2013")
    return prepared_set(Origin(name, root, paper, LICENCE), shots, left_out)


def _frame(sequence: Path, apex: str) -> Path | None:
    frames = (each for each in sorted(sequence.iterdir()) if is_picture(each))
    return next((each for each in frames if apex.isdigit() and number_in(each.stem) == int(apex)), None)


def _sequences(root: Path) -> dict[tuple[int, str], Path]:
    """The folder of each sequence by its subject's number and its name."""
    found: dict[tuple[int, str], Path] = {}
    # The owner's crops first, so that uncut pictures take their place.
    for each in sorted(folders(root, _DEPTH), key=lambda each: "crop" not in str(each.relative_to(root)).lower()):
        numbered = _SUBJECT.fullmatch(each.parent.name)
        if numbered and each != root:
            found[int(numbered[1]), each.name.lower()] = each
    return found


def _table(root: Path) -> Path | None:
    """The owner's table in the folder, such as CASME2-coding-20140508.xlsx; the form that can be read where it can."""
    return next(iter(sorted(_tables(root), key=lambda each: SUFFIXES.index(each.suffix.lower()))), None)


def _tables(root: Path) -> Iterator[Path]:
    for each in root.iterdir():
        if each.suffix.lower() in SUFFIXES and "casme" in each.name.lower() and not each.name.startswith((".", "~")):
            yield each


def _find(place: Path) -> list[Path]:
    return roots(place, 1, lambda each: _table(each) is not None)


LAYOUT = Layout(
    "casme", "CASME or CASME II", "CASME2-coding-*.xlsx (or .csv) and sub01/EP02_01f with frames", _find, casme
)
