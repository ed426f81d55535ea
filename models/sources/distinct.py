"""Near copies within a set of face pictures, so that each face counts once and none is both learned and scored."""

from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt

from models.data import Bytes, Ints, unit_rows
from models.prepared import Prepared
from models.sources.people import counted

CHUNK = 1024
# Of posed faces before one wall no two people correlate over 0.93, but one person's own pictures with different
# expressions do up to 0.98 (CK+48, Taiwanese): so pictures of one person are copies only where they are nearly equal.
OF_OTHERS = 0.95
OF_ONE_PERSON = 0.995


def groups_of_copies(images: Bytes, above: float = 0.9, people: npt.NDArray[np.str_] | None = None) -> Ints:
    """For each of `images` (N, H, W) the number of its group (N,), counted in the order of the groups' first pictures.

    Two are in one group where one, or its mirror image, is a near copy (correlation over `above`) of the other, or
    where others link them. Pictures of the same of `people` (N,), "" for nobody, need OF_ONE_PERSON.
    """
    plain, mirrored = unit_rows(images), unit_rows(images[:, :, ::-1])
    persons = None if people is None else np.where(people == "", -1, np.unique(people, return_inverse=True)[1])
    parent = np.arange(len(images))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = int(parent[at])
        return at

    for begin in range(0, len(images), CHUNK):
        part = plain[begin : begin + CHUNK]
        # Only pictures that come before: each pair is looked at once.
        before = slice(0, begin + len(part))
        alike = np.maximum(part @ plain[before].T, part @ mirrored[before].T)
        needed = np.float32(above)
        if persons is not None:
            who = persons[begin : begin + CHUNK, None]
            needed = np.where((who == persons[before]) & (who >= 0), np.float32(OF_ONE_PERSON), needed)
        for row, other in np.argwhere(alike > needed):
            one, two = root(begin + int(row)), root(int(other))
            parent[max(one, two)] = min(one, two)
    roots = np.array([root(at) for at in range(len(images))])
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def without_copies(prepared: Prepared) -> Prepared:
    """The set with one of each group of near copies, the first, wherever in the set the others came from.

    A group whose pictures are not all labelled alike is left out whole. The manifest counts both.
    """
    groups = groups_of_copies(prepared.images, OF_OTHERS, prepared.people)
    first = np.unique(groups, return_index=True)[1]
    agreed = np.ones(len(first), bool)
    agreed[groups[prepared.labels != prepared.labels[first][groups]]] = False
    kept = np.zeros(len(prepared), bool)
    kept[first[agreed]] = True
    contradicted = ~agreed[groups]
    manifest = []
    for each in prepared.manifest:
        own = prepared.sources == each.name
        reasons = Counter(
            {
                "near copy of another picture of the set": int((own & ~kept & ~contradicted).sum()),
                "near copies with different labels": int((own & contradicted).sum()),
            }
        )
        left_out = {**each.left_out, **+reasons}  # those that occur
        manifest.append(msgspec.structs.replace(each, left_out=left_out))
    return counted(replace(prepared, manifest=tuple(manifest))[kept])
