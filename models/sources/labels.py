"""Expressions as data sets spell them, in the order of the contract."""

import re
from collections import Counter

from contract.expressions import EXPRESSIONS

_SPELLINGS = {
    "neutral": ("neutral", "neutrality", "normal"),
    "happiness": ("happiness", "happy", "joy"),
    "surprise": ("surprise", "surprised"),
    "sadness": ("sadness", "sad"),
    "anger": ("anger", "angry"),
    "disgust": ("disgust", "disgusted"),
    "fear": ("fear", "fearful", "afraid", "scared"),
    "contempt": ("contempt", "contemptuous"),
}
_PLACES = {spelling: EXPRESSIONS.index(name) for name, spellings in _SPELLINGS.items() for spelling in spellings}


def place_of(spelled: str) -> int | None:
    """The place in the contract's order of an expression in any usual spelling, None where it is none.

    Case does not matter, nor does a number before or after the word: `Happy`, `4_anger` and `07-sadness` are known.
    """
    word = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", spelled)
    return _PLACES.get(word.lower())


def place_in(spelled: str, left_out: Counter[str]) -> int | None:
    """As `place_of`; a word that is no expression of the contract is counted in `left_out`."""
    place = place_of(spelled)
    if place is None:
        left_out[f"labelled {spelled.strip() or 'with nothing'}, which has no counterpart"] += 1
    return place
