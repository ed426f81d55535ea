"""Made pictures and tables of them."""

from pathlib import Path

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet


def encoded(side: int, value: int = 90, form: str = ".png") -> bytes:
    """A square picture of one grey, encoded."""
    return bytes(cv2.imencode(form, np.full((side, side), value, np.uint8))[1].tobytes())


def write_table(path: Path, **columns: list[object]) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path
