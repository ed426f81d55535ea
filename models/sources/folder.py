"""A folder with one folder of pictures for each expression, as people keep data sets of their own."""

import re
from collections import Counter
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.errors import DataError
from models.prepared import Prepared
from models.sources.labels import place_of
from models.sources.shots import Origin, Shot, is_picture, prepared_set

UNSTATED = "not stated: check with the owner"


def folder(root: Path, name: str = "", person: str = "", licence: str = UNSTATED) -> Prepared:
    """The pictures of `root`/<expression>/, folders in those too. `name` is the source's, by default the folder's.

    `person` is a regular expression that finds the person in a picture's path below its expression's folder (its
    first group, or all that it matches); a picture in which it finds none is left out. DataError where no folder is
    an expression's, or where nothing can be used.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give one with a folder of pictures for each expression")
    try:
        finds = re.compile(person) if person else None
    except re.error as error:
        raise DataError(
            f"--person {person}: not a regular expression ({error}); quote it, and double no backslash"
        ) from None
    shots: list[Shot] = []
    left_out: Counter[str] = Counter()
    for inside, label in _classes(root, left_out):
        for path in sorted(each for each in inside.rglob("*") if is_picture(each)):
            found = finds.search(path.relative_to(inside).as_posix()) if finds else None
            if finds and not found:
                left_out["no person found in its name"] += 1
                continue
            shots.append(Shot(path, label, _text(found)))
    if finds and not shots and left_out["no person found in its name"]:
        raise DataError(f"{root}: --person {person} finds nobody in any file's name; try it on one of the names")
    return prepared_set(Origin(name or root.resolve().name, root, "", licence), shots, left_out)


def _text(found: re.Match[str] | None) -> str:
    return "" if found is None else next((group for group in found.groups() if group), found[0])


def _classes(root: Path, left_out: Counter[str]) -> list[tuple[Path, int]]:
    """The expressions' folders with their places in the contract's order; pictures in other folders are counted."""
    known = []
    inside = [each for each in sorted(root.iterdir()) if each.is_dir() and not each.name.startswith(".")]
    for each in inside:
        place = place_of(each.name)
        if place is not None:
            known.append((each, place))
        else:
            pictures = sum(is_picture(path) for path in each.rglob("*"))
            left_out[f"in the folder {each.name}, which is no expression"] += pictures
    if known:
        return known
    deeper = next((each for each in inside if any(place_of(below.name) is not None for below in each.iterdir())), None)
    hint = f"; did you mean {deeper}?" if deeper else f"; name its folders {' '.join(EXPRESSIONS)}"
    if any(each.name.isdigit() for each in inside):
        hint = "; numbers alone mean different expressions in different sets: add the words, such as 0_neutral"
    raise DataError(f"{root}: none of its folders is named for an expression{hint}")
