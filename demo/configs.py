"""Writes what a person would by hand: a settings file for each box and one for the centre, and their passwords."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.broker import CENTRE_USER, Broker

REAL_BOX: Final = "box-01"
SIMULATED: Final = tuple(f"box-{number:02d}" for number in range(2, 13))
TEAMS: Final = ("Billing", "Bookings", "Technical help")


@dataclass(frozen=True)
class Placement:
    """Which desk of which team a box serves."""

    box: str
    desk: str
    team: str


def placements() -> list[Placement]:
    """Twelve boxes at twelve desks, four a team."""
    boxes = (REAL_BOX, *SIMULATED)
    return [Placement(box, f"Desk {i + 1:02d}", TEAMS[i // 4]) for i, box in enumerate(boxes)]


def passwords() -> dict[str, str]:
    """A new password for the centre and for each box."""
    return {user: secrets.token_urlsafe(24) for user in (CENTRE_USER, REAL_BOX, *SIMULATED)}


def write_secrets(folder: Path, words: Mapping[str, str]) -> None:
    """One file a user, for its owner's eyes only."""
    (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
    for user, word in words.items():
        path = folder / "secrets" / user
        path.touch(mode=0o600)
        path.write_text(word + "\n", encoding="utf-8")


def write_desk(folder: Path, broker: Broker, camera: str | None) -> Path:
    """The real desk: the synthetic clip, or the camera asked for."""
    source = camera if camera is not None else "synthetic"
    return _write(
        folder / "desk.toml",
        {
            "box": {"id": REAL_BOX},
            "camera": {"source": source, "fps": 25.0, "loop": True},
            "store": {"path": "desk.db"},
            "broker": _broker(broker, REAL_BOX) | {"clock_wait_s": 0},
        },
    )


def write_simulated(folder: Path, broker: Broker) -> Path:
    """A folder with a settings file for each simulated box."""
    simulated = folder / "simulated"
    simulated.mkdir(exist_ok=True)
    for box in SIMULATED:
        tables: dict[str, dict[str, Any]] = {
            "box": {"id": box},
            "store": {"path": f"{box}.db"},
            "broker": _broker(broker, box, "../"),
        }
        _write(simulated / f"{box}.toml", tables)
    return simulated


def write_centre(folder: Path, broker: Broker, port: int) -> Path:
    """The centre, with its database beside the boxes'."""
    return _write(
        folder / "central.toml",
        {
            "database": {"url": f"sqlite:///{folder.absolute() / 'central.db'}"},
            "broker": _broker(broker, CENTRE_USER),
            "web": {"port": port},
        },
    )


def _broker(broker: Broker, user: str, up: str = "") -> dict[str, Any]:
    table: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": broker.port,
        "username": user,
        "password_file": f"{up}secrets/{user}",
    }
    if broker.only_311:
        table["allow_mqtt_311"] = True
    return table


def _write(path: Path, tables: Mapping[str, Mapping[str, Any]]) -> Path:
    """TOML's strings, numbers and booleans are written as JSON's."""
    lines: list[str] = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def local_zone() -> str:
    """The machine's own time zone by its IANA name, UTC where it has none."""
    _, found, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name if found else "UTC"
