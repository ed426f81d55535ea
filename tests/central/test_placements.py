"""Which desk a box serves from when to when."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from central import database, placements
from central.errors import PlacementError
from central.placements import Placed, list_desks
from central.schema import placements as table

ZONE = "Asia/Ho_Chi_Minh"


def place(engine: Engine, box: str, desk: str, at_ms: int, **more: Any) -> Placed:
    """Place a box at a desk of the site Hanoi."""
    with database.writing(engine) as connection:
        return placements.place(connection, box, desk, at_ms=at_ms, **({"site": "Hanoi", "zone": ZONE} | more))


def history(engine: Engine) -> list[tuple[str, int, int, int | None]]:
    """All placements as they were made."""
    query = select(table.c.box, table.c.desk_id, table.c.from_ms, table.c.until_ms).order_by(table.c.id)
    with engine.connect() as connection:
        return [(box, desk, start, end) for box, desk, start, end in connection.execute(query)]


def test_a_moved_box_ends_its_old_placement(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    assert place(engine, "box-1", "Desk 2", 200) == Placed("box-1", "Desk 2", "Hanoi", "Desk 1", ())
    assert history(engine) == [("box-1", 1, 100, 200), ("box-1", 2, 200, None)]


def test_a_replaced_box_leaves_its_desk(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    assert place(engine, "box-2", "Desk 1", 200).replaced == ("box-1",)
    assert history(engine) == [("box-1", 1, 100, 200), ("box-2", 1, 200, None)]


def test_placing_a_box_where_it_is_changes_nothing(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    place(engine, "box-1", "Desk 1", 200)
    assert history(engine) == [("box-1", 1, 100, None)]


def test_a_placement_may_be_said_to_have_begun_earlier_as_for_recordings(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    place(engine, "box-1", "Desk 1", 40)
    assert history(engine) == [("box-1", 1, 40, None)]


def test_but_not_before_another_box_left_the_desk_or_this_one_another(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    place(engine, "box-1", "Desk 2", 200)
    place(engine, "box-2", "Desk 1", 300)
    for box, desk in (("box-1", "Desk 2"), ("box-2", "Desk 1")):
        with pytest.raises(PlacementError, match=f"box {box}: an earlier placement .* lasts longer; give a later time"):
            place(engine, box, desk, 150)
    place(engine, "box-2", "Desk 1", 200)
    assert history(engine)[-1] == ("box-2", 1, 200, None)


def test_desks_of_two_sites_may_have_one_name(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    place(engine, "box-2", "Desk 1", 100, site="Hue")
    assert [end for *_, end in history(engine)] == [None, None]


def test_desks_stand_in_the_order_in_which_they_were_made(engine: Engine) -> None:
    for number in (3, 1, 2):
        place(engine, f"box-{number}", f"Desk {number}", 100)
    with engine.connect() as connection:
        assert [desk.desk for desk in list_desks(connection)] == ["Desk 3", "Desk 1", "Desk 2"]


def test_a_team_and_a_zone_are_changed_where_they_are_given_and_kept_where_not(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100, team="Night")
    place(engine, "box-1", "Desk 1", 200, zone=None)
    with engine.connect() as connection:
        assert [(desk.team, desk.zone) for desk in list_desks(connection)] == [("Night", ZONE)]
    place(engine, "box-1", "Desk 1", 300, team="Day", zone="Asia/Kathmandu")
    with engine.connect() as connection:
        assert [(desk.team, desk.zone) for desk in list_desks(connection)] == [("Day", "Asia/Kathmandu")]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"zone": None}, "site Hanoi: is new and needs its time zone"),
        ({"zone": "Asia/Ho_Chi_Min"}, "no such time zone; did you mean Asia/Ho_Chi_Minh?"),
        ({"zone": "../../etc/passwd"}, "no such time zone"),
        ({"desk": ""}, "desk: 1 to 64 printable characters"),
        ({"team": "a\nb"}, "team: 1 to 64 printable characters"),
        ({"box": "box 1"}, "box id: 1 to 63 letters"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(engine: Engine, changes: dict[str, Any], complaint: str) -> None:
    asked = {"box": "box-1", "desk": "Desk 1"} | changes
    with pytest.raises(PlacementError) as caught:
        place(engine, asked.pop("box"), asked.pop("desk"), 100, **asked)
    assert complaint in str(caught.value)
    with engine.connect() as connection:
        assert list_desks(connection) == []


def test_time_does_not_run_backwards(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    with pytest.raises(PlacementError, match="begins later than that"):
        place(engine, "box-1", "Desk 2", 100)


def test_a_box_is_never_at_two_desks(engine: Engine) -> None:
    place(engine, "box-1", "Desk 1", 100)
    with pytest.raises(IntegrityError), database.writing(engine) as connection:
        connection.execute(insert(table).values(box="box-1", desk_id=1, from_ms=200))
