"""What a network's file says of itself, for whoever meets it alone: what its card says of how to use it, as JSON.

Scores and words stay on the card, and so does the file's own hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from onnx import ModelProto, helper

LAYOUT: Final = {"layout": "NCHW", "type": "float32"}
ROWS: Final = "what is kept of a frame, its age in seconds before the newest, 1 or 0 for none; the newest last"
INPUT: Final = (
    *("name", "size", "channels", "frames", "flow", "formula", "mean", "scale", "crop_of_box_height", "outside"),
)
POINT: Final = ("name", "output", "temperature", "shift", "unsure_below")


def inscribe(model: ModelProto, card: Mapping[str, Any], licence: str) -> None:
    """Puts into the metadata of a network of faces what its card, decoded from JSON, says of it; other metadata goes.

    `mien.model`, `mien.licence`, `mien.input` (layout, normalization, crop) and, as its card has them, `mien.points`
    (labels, temperatures), `mien.output`, `mien.threshold`.
    """
    entries: dict[str, Any] = {
        "model": f"{card['name']}-{card['version']}",
        "licence": licence,
        "input": LAYOUT | {name: card["input"][name] for name in INPUT if name in card["input"]},
    }
    if "points" in card:
        entries["points"] = [{name: point[name] for name in POINT if name in point} for point in card["points"]]
    entries.update({name: card[name] for name in ("output", "threshold") if name in card})
    told = {f"mien.{name}": msgspec.json.encode(value).decode() for name, value in entries.items()}
    helper.set_model_props(model, told)


def inscribe_over_time(model: ModelProto, card: Mapping[str, Any], licence: str) -> None:
    """The same for the network that reads a ring of frames: `mien.model`, `mien.licence` and what a row of it is."""
    told = {"model": f"{card['name']}-{card['version']}", "licence": licence, "ring": ROWS}
    helper.set_model_props(model, {f"mien.{name}": msgspec.json.encode(value).decode() for name, value in told.items()})
