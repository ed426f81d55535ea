"""A network and the card that names it, kept together: the card has the network's hash, the network what it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from contract.manifest import PartName
from convert import output, pack
from convert.bundle import parts
from convert.errors import SourceError
from convert.inscribed import inscribe, inscribe_over_time

if TYPE_CHECKING:
    from onnx import ModelProto


def write_with(path: Path, file: Path, network: ModelProto) -> None:
    """Writes a network to `file` and its hash into the card at `path`, which names it and lies beside it.

    A network of faces has what its card says of its use written into it. Raises SourceError, before anything is
    written, where the card does not name that file, and OutputError.
    """
    part = next((part for part in get_args(PartName) if path.name == f"{part}.json"), None)
    if part is None:
        known = ", ".join(f"{each}.json" for each in get_args(PartName))
        raise SourceError(f"{path}: is no card of a part of a bundle; those are named {known}")
    licence = parts.read(part, path.parent).licence
    card: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    beside = file.parent.resolve() == path.parent.resolve()
    entries = [entry for entry in _entries(card) if beside and entry["file"] == file.name]
    if not entries:
        raise SourceError(f"{path}: names no {file}; give the name that stands on it, in the folder in which it lies")
    if entries[0] is card.get("over_time"):
        inscribe_over_time(network, card, licence)
    elif part != "detector":
        inscribe(network, card, licence)
    data = pack.file_of(file.name, network)
    entries[0]["sha256"] = hashlib.sha256(data).hexdigest()
    output.write(file, data)
    output.write(path, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def _entries(card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What on a card names a file: the card of one network, and what reads over time; or each stage of a detector."""
    alone = [card, *([card["over_time"]] if "over_time" in card else [])]
    return iter(card["networks"].values() if "networks" in card else alone)
