"""What there is to look at: every page in every state it can be in, and the databases that bring it there.

A scene is served from one of a few databases, each filled once: `busy` has twelve desks in every state with eight weeks
behind them, `demo` its first minutes, `recorded` a desk of recordings beside live ones, `crowded` two sites with long
names, `unread` desks of which nothing was ever heard, `empty` no desk, and `broken` no tables. The report of an
analysis is no page of the centre but a file; `REPORTS` has the summaries that it is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Engine, insert, update

from central import database
from central.schema import boxes, desks, placements, readings, sites
from edge.analyze.results import Recording, Summary
from tests.browser import made
from tests.browser.faces import FLOOR, Made
from tests.central.web import rows
from tests.edge.analyze.made import film, summary, unreadable

LONG_NAMES: Final = (
    ("Nguyễn Thị Minh Khai, tầng 3, bàn số 12", "Chăm sóc khách hàng doanh nghiệp và cá nhân"),
    ("Rechtsschutzversicherung 4", "Beschwerdemanagementsachbearbeitung"),
    ("投诉与售后服务第十二组靠窗座位", "客户服务与技术支持联合中心"),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A page in a state. `chart` where it draws one, `live` where its script keeps it up to date."""

    name: str  # page-state, as the pictures are called
    place: str = "busy"
    path: str = "/"
    status: int = 200
    chart: bool = False
    live: bool = True


SCENES: Final = (
    Scene(name="floor-busy", chart=True),
    Scene(name="floor-week", path="/?range=week", chart=True),
    Scene(name="floor-demo", place="demo", path="/?range=15min", chart=True),
    Scene(name="floor-recorded", place="recorded", chart=True),
    Scene(name="floor-crowded", place="crowded", chart=True),
    Scene(name="floor-unread", place="unread"),
    Scene(name="floor-empty", place="empty"),
    Scene(name="desk-gaps", path="/desks/4", chart=True),
    Scene(name="desk-late", path="/desks/11", chart=True),
    Scene(name="desk-offline", path="/desks/7?range=hour"),
    Scene(name="desk-dark", path="/desks/10?range=15min", chart=True),
    Scene(name="desk-building", path="/desks/5", chart=True),
    Scene(name="desk-fault", path="/desks/8?range=hour", chart=True),
    Scene(name="desk-simulated", path="/desks/12?range=week", chart=True),
    Scene(name="desk-recorded", place="recorded", path="/desks/4", chart=True),
    Scene(name="desk-unread", place="unread", path="/desks/1"),
    Scene(name="desk-unplaced", place="unread", path="/desks/3"),
    Scene(name="boxes-busy", path="/boxes"),
    Scene(name="boxes-crowded", place="crowded", path="/boxes"),
    Scene(name="boxes-empty", place="empty", path="/boxes"),
    Scene(name="error-unknown", path="/nothing", status=404, live=False),
    Scene(name="error-broken", place="broken", status=500, live=False),
)


def _many() -> list[Recording]:
    looks = ("neutral", "happiness", "anger")
    return [film(f"{i:02} {LONG_NAMES[i % 3][0]}.mp4", 90, looks=looks[i % 3], gaps=i % 4 == 0) for i in range(1, 11)]


REPORTS: Final[dict[str, Callable[[], Summary]]] = {
    "report-one": lambda: summary([film("call.mp4", 300, looks="happiness")]),
    "report-busy": lambda: summary([*_many(), unreadable("lost.mov", "no video can be read in it; copy it again")]),
    "report-gaps": lambda: summary([film("shop/gaps.mp4", 600, gaps=True), film("shop/angry.mov", looks="anger")]),
    "report-partial": lambda: summary([film("a.mp4", complete=False, fault="a.mp4: stopped")], complete=False),
    "report-empty": lambda: summary([unreadable("half.mp4", "it ends in the middle; copy it again")]),
}
"""What the looked-at reports were made of, by the name of the scene."""


def demo(engine: Engine, minutes_long: float = 18) -> None:
    """A demo in which simulated desks are in every state that a tile has words for."""
    database.migrate(engine)
    made.demo(engine, minutes_long)
    late = {"historical": True, "received_ms": made.NOW_MS + 3000}
    with engine.begin() as connection:
        tail = (readings.c.box.in_(["box-11", "box-12"]), readings.c.wall_ms > made.NOW_MS - made.MINUTE)
        connection.execute(update(readings).where(*tail).values(**late))
        connection.execute(update(boxes).where(boxes.c.box == "box-12").values(waiting=400))
        connection.execute(update(boxes).where(boxes.c.box == "box-05").values(online=False))
        connection.execute(update(boxes).where(boxes.c.box == "box-06").values(last_seen_ms=None))


def first_minutes(engine: Engine) -> None:
    """A demo three minutes after it was begun."""
    database.migrate(engine)
    made.demo(engine)


def busy(engine: Engine) -> None:
    """The made Friday."""
    database.migrate(engine)
    made.fill(engine)


def recorded(engine: Engine) -> None:
    """Three live desks, and one of recordings of an hour of a Monday and of half an hour a week before."""
    database.migrate(engine)
    made.fill(engine, floor=FLOOR[:3], weeks=1)
    with engine.begin() as connection:
        rows.desk(connection, "Shop videos", box="shop", team="Recordings", position=9)
        rows.box(
            connection, "shop", recorded=True, last_seen_ms=made.NOW_MS - made.HOUR, online=False, model="mien-face"
        )
        monday = made.MIDNIGHT_MS - 4 * made.DAY + 10 * made.HOUR
        for start, length in ((monday, made.HOUR), (monday - 7 * made.DAY, made.HOUR // 2)):
            for step, roll in ((made.MINUTE, rows.minute), (made.QUARTER, rows.quarter)):
                for at in range(start, start + length, step):
                    roll(connection, "shop", at, seen=0.9 * step / 1000, recorded_s=step / 1000)
            for at in range(start, start + length, made.SECOND):
                late = made.NOW_MS - made.HOUR
                rows.reading(connection, "shop", at, received_ms=late, historical=True, recorded=True)


def crowded(engine: Engine) -> None:
    """Fifteen desks whose names need all the room there is, and a second site."""
    database.migrate(engine)
    floor = []
    for number in range(15):
        desk, (name, team) = FLOOR[number % len(FLOOR)], LONG_NAMES[number % len(LONG_NAMES)]
        floor.append(replace(desk, name=f"{name} {number + 1}", team=team))
    made.fill(engine, floor=tuple(floor), weeks=1)
    with engine.begin() as connection:
        connection.execute(insert(sites).values(id=2, name="Thành phố Hồ Chí Minh, toà nhà B", zone=made.ZONE))
        connection.execute(insert(desks).values(id=99, site_id=2, name="Bàn 1", team="", position=1))


def unread(engine: Engine) -> None:
    """Desks with boxes of which nothing was ever heard, and a desk without one."""
    database.migrate(engine)
    floor = tuple(Made(f"Desk {number}", "Billing") for number in (1, 2, 3))
    with engine.begin() as connection:
        connection.execute(insert(sites).values(id=1, name="Da Nang, floor 3", zone=made.ZONE))
        for number, desk in enumerate(floor, 1):
            values = {"id": number, "site_id": 1, "name": desk.name, "team": desk.team, "position": number}
            connection.execute(insert(desks).values(values))
        for number in (1, 2):
            since = {"from_ms": made.MIDNIGHT_MS, "until_ms": None}
            connection.execute(insert(placements).values(id=number, box=f"box-{number:02}", desk_id=number, **since))


def empty(engine: Engine) -> None:
    """Tables, and nothing in them."""
    database.migrate(engine)


def broken(engine: Engine) -> None:
    """No tables: every page that asks for them fails."""
    engine.connect().close()


PLACES: Final[dict[str, Callable[[Engine], None]]] = {
    "busy": busy,
    "demo": demo,
    "first_minutes": first_minutes,
    "recorded": recorded,
    "crowded": crowded,
    "unread": unread,
    "empty": empty,
    "broken": broken,
}
