"""How a data set lies in folders, and how to find the folder in which it does."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.prepared import Prepared


@dataclass(frozen=True)
class Layout:
    """A data set in the layout in which its owner gives it away.

    `key` names it on the command line, `title` in texts. `find` gives the places within a folder (or a file) where the
    set lies; it looks at names, not at pictures. `read` reads what lies at one. `looks` says what is looked for.
    """

    key: str
    title: str
    looks: str
    find: Callable[[Path], list[Path]]
    read: Callable[[Path], Prepared]


def folders(root: Path, depth: int) -> Iterator[Path]:
    """`root` and the folders in it down to `depth` levels below, by name, each before those in it; none hidden."""
    yield root
    if depth:
        for each in sorted(root.iterdir()):
            if each.is_dir() and not each.name.startswith((".", "__MACOSX")):
                yield from folders(each, depth - 1)


def roots(place: Path, depth: int, is_it: Callable[[Path], bool]) -> list[Path]:
    """Those of `folders` for which `is_it` holds, without those inside of one; none where `place` is no folder."""
    found: list[Path] = []
    for each in folders(place, depth) if place.is_dir() else ():
        if not any(each.is_relative_to(root) for root in found) and is_it(each):
            found.append(each)
    return found


def number_in(name: str) -> int:
    """The last whole number in a name, -1 where there is none: frames are sorted by it."""
    found = re.findall(r"\d+", name)
    return int(found[-1]) if found else -1
