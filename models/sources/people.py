"""People in one part only: who is in which part is decided by the person's name alone, the same in every run."""

import zlib
from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np

from models.data import Ints
from models.prepared import Prepared

FOLDS = 5  # people, or pictures where nobody is named, are dealt into as many


def fold_of(name: str) -> int:
    """The fold of a person or picture, 0 to FOLDS - 1, the same on every machine."""
    return zlib.crc32(name.encode()) % FOLDS


def folds_of(prepared: Prepared) -> Ints:
    """The fold (N,) of each picture: its person's, or where nobody is named that of the picture itself."""
    names = (who or image.tobytes().hex() for who, image in zip(prepared.people, prepared.images, strict=True))
    return np.array([fold_of(str(name)) for name in names], np.int64)


def split(prepared: Prepared, held: frozenset[int]) -> tuple[Prepared, Prepared]:
    """The set without the folds in `held`, and those folds: nobody is in both, and together they are the whole."""
    inside = np.isin(folds_of(prepared), list(held))
    return counted(prepared[~inside]), counted(prepared[inside])


def counted(prepared: Prepared) -> Prepared:
    """The set with a manifest that counts the pictures and people that are in it now, not those it was cut from."""
    pictures = Counter(prepared.sources.tolist())
    pairs = set(zip(prepared.sources.tolist(), prepared.people.tolist(), strict=True))
    people = Counter(source for source, who in pairs if who)
    manifest = tuple(
        # A source that names no people keeps 0: its ids stand for something else, such as clips.
        msgspec.structs.replace(each, pictures=pictures[each.name], people=people[each.name] if each.people else 0)
        for each in prepared.manifest
    )
    return replace(prepared, manifest=manifest)
