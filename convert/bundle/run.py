"""The expression network of a bundle straight from its training run: exported, compared with float32 on real faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from convert import export, verify
from convert.bundle import parts
from convert.bundle.parts import Part
from convert.export import Exported, Origin
from models.datasets import data_file


@dataclass(frozen=True)
class Faces:
    """Files of labelled faces: the even rows of `fitting` fit the operating points, those of `verifying`, by the labels
    of that kind ("": the first that the file has), show what half precision changes.
    """

    fitting: Path
    verifying: Path
    labels: str = ""

    def check(self) -> None:
        """Raises DataError where one of them is missing, before anything takes time."""
        for path in (self.fitting, self.verifying):
            data_file(path)


def exported(origin: Origin, faces: Faces, folder: Path, say: Callable[[str], None]) -> tuple[Part, Exported]:
    """The network of a run, written with its card into a folder, and said what was found.

    Raises RangeError where float16 does not hold a weight, CheckpointError, DataError, OutputError.
    """
    faces.check()
    made = export.export(origin, faces.fitting)
    export.write(made, folder)
    say(f"exported {origin.run} as {made.card.name}-{made.card.version}, its points fitted on {faces.fitting}")
    say(made.told())
    return parts.read("expression", folder), made


def verified(made: Exported, faces: Faces, folder: Path, say: Callable[[str], None]) -> None:
    """Compares it with its weights before they were rounded, a line for each operating point.

    Raises LimitError past a limit, DataError and CardError.
    """
    say(f"comparing it with float32 on {faces.verifying}, node by node as a GPU rounds")
    found = verify.faces_of(folder, data_file(faces.verifying), faces.labels)
    rows = verify.told(verify.compared(folder, made.float32, made.half, found), say)
    verify.hold(rows, f"{made.card.name}-{made.card.version}")
