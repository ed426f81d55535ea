"""What an engine is for. Only where all of it is the same does an engine fit: plans are not portable."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from edge.runtime.cuda.api import Device
from edge.runtime.profile import BATCHES, SIDES

L4T: Final = Path("/etc/nv_tegra_release")
MACHINE: Final = Path("/etc/machine-id")
PRECISION: Final = "as the network's types"  # strongly typed
PROFILE: Final = f"batches {BATCHES}, sides {SIDES}"

_Text = Annotated[str, Meta(max_length=256)]


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """This box, as far as a plan depends on it. `machine` is a hash of its machine id, `l4t` "" beside a Jetson."""

    tensorrt: _Text
    gpu: _Text
    capability: _Text
    l4t: _Text
    machine: _Text


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine's network (SHA-256 of its file) and all that it was built for."""

    network: _Text
    platform: Platform
    profile: _Text = PROFILE
    precision: _Text = PRECISION

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.network[:12]}-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]}"


def this_box(tensorrt: str, device: Device) -> Platform:
    """The platform of this process."""
    return Platform(tensorrt, device.name, device.capability, _l4t(), _machine())


def _l4t() -> str:
    """The release of a Jetson's system: "36.4.3" of "# R36 (release), REVISION: 4.3, ..."."""
    try:
        text = L4T.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"R(\d+).*?REVISION:\s*([\d.]+)", text)
    return f"{found[1]}.{found[2]}" if found else text.strip()[:64]


def _machine() -> str:
    """A box whose disk is a copy of another's has another machine id, or the copy was made wrongly."""
    try:
        text = MACHINE.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    return hashlib.sha256(f"mien engines {text or platform.node()}".encode()).hexdigest()[:16]
