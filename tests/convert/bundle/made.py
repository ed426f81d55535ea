"""Tiny networks with whole cards, and the packaged detector and cover network beside them, to make bundles of."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

from convert.bundle import parts
from convert.bundle.parts import Part
from edge.bundle import DEFAULT
from tests.edge.bundles import make_bundle, point

FREE: Final = ({"name": "webfaces", "source": "found", "licence": "MIT"},)
BOUND: Final = ({"name": "labfaces", "source": "by agreement", "licence": "research only, by agreement"},)


def expression(folder: Path, **fields: Any) -> Path:
    """A bundle of a tiny expression network alone, whose card has all that cards have, and these `fields`."""
    whole = {
        "input": {
            "name": "face",
            "size": 40,
            "scale": 1 / 64,
            "mean": 128.0,
            "crop_of_box_height": 0.793,
            "outside": 128,
            "formula": "(grey - mean) * scale",
            "crop_reason": "made",
        },
        "flip_average": True,
        "network": {"family": "one layer", "parameters": 12800, "multiply_adds": 12800},
        "trained_on": FREE,
        **dict.fromkeys(("training", "calibration"), "none"),
        **{name: [] for name in ("scores", "intended_use", "must_not_be_used_for", "limits")},
    }
    return make_bundle(folder, point(labels="ferplus"), **{**whole, **fields})


def bound(folder: Path) -> Path:
    """The same, which may be used for research alone."""
    return expression(folder, licence="research-only", trained_on=BOUND)


def copy(folder: Path) -> Path:
    """A copy of the packaged default bundle, to change."""
    return Path(shutil.copytree(DEFAULT, folder))


def change(card: Path, **fields: Any) -> None:
    """Puts these fields into a card."""
    card.write_text(json.dumps({**json.loads(card.read_text()), **fields}))


def three(folder: Path, detector: Path = DEFAULT, cover: Path = DEFAULT) -> list[Part]:
    """The parts of a bundle of the expression network in `folder`."""
    return [parts.read("expression", folder), parts.read("detector", detector), parts.read("cover", cover)]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, and its bytes; links by where they lead."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {
        str(path.relative_to(folder)): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in found
    }


def rehash(folder: Path) -> None:
    """Makes the expression card of a bundle say the hash that its network has now."""
    card = folder / "expression.json"
    file = folder / json.loads(card.read_text())["file"]
    change(card, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
