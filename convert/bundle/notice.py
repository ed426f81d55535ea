"""NOTICE: whose models lie in a bundle, under which licences, and the notices that came with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contract.manifest import NOTICE
from convert.bundle import files
from convert.bundle.licences import whole_use
from convert.bundle.parts import Part
from convert.errors import SourceError

APACHE: Final = "https://www.apache.org/licenses/LICENSE-2.0"


def text(parts: Sequence[Part]) -> str:
    """The text of a bundle's NOTICE.

    Raises SourceError where the detector comes without a NOTICE: its licence has one go with every copy.
    """
    lines = ["This folder holds models for a Mien desk. manifest.json names each file.", ""]
    lines += [f"Together, their licences allow {whole_use([part.licence for part in parts])}. What a model must not be"]
    lines += ["used for, whatever its licence allows, stands on its card.", ""]
    for part in parts:
        names = ", ".join(taken.path.name for taken in part.files)
        where = f" ({APACHE})" if part.licence == "Apache-2.0" else ""
        lines += [f"{part.name}: {part.model} ({names})", f"  licence: {part.licence}{where}"]
        lines += [f"  rests on: {ground.name} ({ground.licence})" for ground in part.rests_on] + [""]
    for notice, owners in _notices(parts).items():
        lines += ["-" * 80, f"The notice that came with {', '.join(owners)}:", "", notice.strip(), ""]
    return "\n".join(lines)


def _notices(parts: Sequence[Part]) -> dict[str, list[str]]:
    """Each different notice that lies beside a part, with the parts that it lies beside."""
    found: dict[str, list[str]] = {}
    for part in parts:
        path = part.folder / NOTICE
        if path.exists():
            found.setdefault(files.read(path).decode("utf-8", "replace"), []).append(f"{part.name} {part.model}")
        elif part.name == "detector":
            raise SourceError(
                f"{path}: is not there, but the {part.licence} licence of {part.model} has its notice go with every "
                "copy; put the notice of those who made the detector there"
            )
    return found
