"""What licences allow, by their names: who makes a bundle and the box that loads it read one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Use:
    """What a licence allows, in words; of two the one with the higher `narrowness` allows less."""

    words: str
    narrowness: int


ANY: Final = Use("commercial use and any other", 0)
NON_COMMERCIAL: Final = Use("use that is not commercial", 1)
RESEARCH: Final = Use("research and teaching alone", 2)
UNKNOWN: Final = 3
"""The narrowness of a licence that is not KNOWN."""

KNOWN: Final[dict[str, Use]] = {
    "Apache-2.0": ANY,
    "MIT": ANY,
    "BSD-2-Clause": ANY,
    "BSD-3-Clause": ANY,
    "CC-BY-NC-4.0": NON_COMMERCIAL,
    "non-commercial": NON_COMMERCIAL,
    "research-only": RESEARCH,
}


def use_of(licence: str) -> Use:
    """What a licence allows. One that is not KNOWN may allow anything or nothing, and counts as the narrowest."""
    return KNOWN.get(licence) or Use(f'what the owner says under "{licence}", which is not known here', UNKNOWN)
