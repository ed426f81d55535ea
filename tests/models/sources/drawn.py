"""Drawn face pictures of 48x48, which need no detector, laid out as data sets are."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from contract.expressions import EXPRESSIONS
from models.data import Bytes
from models.prepared import Prepared


def drawn(seed: int) -> Bytes:
    """Blots (48, 48) uint8; those of two seeds are unlike."""
    draw = np.random.default_rng(seed)
    return np.asarray(cv2.resize(draw.integers(0, 256, (12, 12), np.uint8), (48, 48)), np.uint8)


def put(path: Path, seed: int) -> Path:
    """Writes the picture of a seed, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), drawn(seed))
    return path


def put_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def shown(prepared: Prepared) -> Counter[str]:
    """How many pictures show each expression."""
    return Counter(EXPRESSIONS[label] for label in prepared.labels)


def left_out(prepared: Prepared, source: str = "") -> dict[str, int]:
    """What the manifest says was left out of a source, or of the only one."""
    (found,) = (each for each in prepared.manifest if source in ("", each.name))
    return found.left_out
