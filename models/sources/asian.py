"""Faces from Taiwan, Japan and China, and others where their sets have them, merged into one set to train on."""

import sys
from pathlib import Path

from models.errors import DataError
from models.prepared import Prepared, joined
from models.sources import casme, dfew, jaffe, oulu, rafdb, taiwanese
from models.sources.distinct import without_copies
from models.sources.layout import Layout

LAYOUTS: tuple[Layout, ...] = (
    taiwanese.LAYOUT,
    jaffe.LAYOUT,
    oulu.LAYOUT,
    casme.LAYOUT,
    rafdb.LAYOUT,
    dfew.LAYOUT,
)
_BY_KEY = {layout.key: layout for layout in LAYOUTS}


def asian(places: list[str]) -> Prepared:
    """All layouts found in `places`, each a folder or file, or `KEY=PLACE` where it is to be read as one layout.

    Near copies are out across all of them; of copies the one of the layout that stands first in LAYOUTS stays. A place
    that is not there is said on stderr and passed over. DataError where nothing is there, where a place is of no known
    layout, or where two are of the same set.
    """
    found = sorted((each for place in places for each in _found(place)), key=lambda each: LAYOUTS.index(each[0]))
    if not found:
        raise DataError(f"none of {' '.join(places)} is there; give folders that hold {known()}")
    sets = [layout.read(root) for layout, root in found]
    names = [source.name for each in sets for source in each.manifest]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{' '.join(places)}: {twice} is there more than once; give it once, its people would be mixed")
    return without_copies(joined(sets))


def known() -> str:
    """The layouts that are known, as one line."""
    return "; ".join(f"{layout.key} ({layout.looks})" for layout in LAYOUTS)


def _found(place: str) -> list[tuple[Layout, Path]]:
    """The layouts in one place, and where exactly; none where the place is not there."""
    key, named, rest = place.partition("=")
    only = _BY_KEY.get(key) if named else None
    path = Path(rest if only else place)
    if not path.exists():
        if named and only is None:
            raise DataError(f"{place}: {key} is no known layout; known are {', '.join(_BY_KEY)}")
        print(f"mien-models: {path}: no such file or folder; passed over", file=sys.stderr)
        return []
    found = [(layout, root) for layout in ([only] if only else LAYOUTS) for root in layout.find(path)]
    if not found:
        sought = f"not laid out as {only.key} ({only.looks})" if only else f"of no known layout; known are {known()}"
        raise DataError(f"{path}: {sought}")
    return found
