"""What is worth a look: boxes and cameras in trouble, never a person. Simulated desks are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from central.web.language import Language
from central.web.records import Desk, PlacedBox
from central.web.scene import Scene
from central.web.states import State

SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One line: its glyph, its tone, its text, and the page that shows more."""

    glyph: str
    tone: str
    text: str
    href: str


def notices(scene: Scene, boxes: Sequence[PlacedBox], words: Language) -> tuple[tuple[Notice, ...], int]:
    """The first few, what is broken before what is poor, and how many more there are."""
    by_box = {item.box: item for item in boxes}
    found = [
        notice
        for desk in scene.desks
        if not desk.simulated
        for notice in _of_desk(desk, scene, by_box.get(desk.box or ""), words)
    ]
    found += [
        Notice(glyph="not", tone="warn", text=words.t("look_unplaced", box=item.box), href="/boxes")
        for item in boxes
        if item.desk_id is None and item.status is not None and not item.status.simulated
    ]
    found.sort(key=lambda notice: notice.tone != "bad")
    return tuple(found[:SHOWN]), max(0, len(found) - SHOWN)


def _of_desk(desk: Desk, scene: Scene, box: PlacedBox | None, words: Language) -> Iterator[Notice]:
    now = scene.now[desk.id]
    last = desk.live_until_ms

    def notice(glyph: str, tone: str, key: str, place: str = "", **values: object) -> Notice:
        text = words.t(key, desk=desk.name, **values)
        return Notice(glyph=glyph, tone=tone, text=text, href=f"/desks/{desk.id}{place}")

    if now.state is State.NEVER:
        yield notice("not", "warn", "look_never", box=desk.box)
    elif now.state is State.OFFLINE and last is not None:
        yield notice("offline", "bad", "look_offline", time=words.moment(last, scene.zone, scene.now_ms))
    elif now.state is State.FEW:
        yield notice("few", "warn", "look_few")
    elif now.state is State.CATCHUP:
        key = "look_catching" if now.arrived is None else "look_catchup"
        yield notice("catchup", "warn", key, p=words.share(now.arrived))
    if desk.status is not None and desk.status.clock_ok is False:
        yield notice("few", "warn", "look_clock", box=desk.box)
    if desk.status is not None and desk.status.engine_fault:
        yield notice("few", "warn", "look_engine", "#box-h", box=desk.box)
    if box is not None and box.quarantined:
        yield notice("few", "warn", "look_quarantine", n=box.quarantined)
    if desk.status is not None and desk.status.set_aside:
        yield notice("few", "warn", "look_aside", n=desk.status.set_aside)
