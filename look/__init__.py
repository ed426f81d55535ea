"""How Mien looks, wherever it is drawn: colours and sizes, base styles, and the words that all rooms have in common.

Mostly data, for the pages of the centre and the report of the desk alike. This room imports nothing of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
STYLES: Final = ("tokens.css", "base.css", "marks.css")
"""The style sheets in FOLDER, in the order in which they are laid over each other."""

STACK: Final = ("happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger")
"""The expressions as they are stacked, from the top: the order of every chart, legend and table."""

WASHED: Final = ("happiness", "neutral")
"""The two that fill large areas: as a wash with an edge in the full colour."""

LITTLE: Final = 0.25
"""Under this part of the time seen there is no figure."""
