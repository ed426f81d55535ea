"""A desk of recordings on the pages: marked as such, shown at its own days, and never taken for a live one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, update

from central.schema import boxes, placements, quarantine
from central.web import create_app, queries
from tests.central.web import rows
from tests.central.web.conftest import NOW
from tests.central.web.rows import HOUR, MINUTE, QUARTER, SAD

DAY: Final = 24 * HOUR
FIGURES: Final = ("seen", "val", "happy", "neg", "cov")
OLD: Final = 1_785_639_600_000  # Sunday 2 August 2026, 10:00 in Hanoi
NEWER: Final = OLD + 3 * DAY + 90 * MINUTE  # Wednesday 5 August, 11:30


def recording(connection: Connection, box: str, start_ms: int, seconds: int, **of_readings: Any) -> None:
    """A file of so many seconds, all seen, that was handed over just now."""
    for at in range(start_ms, start_ms + seconds * 1000, 1000):
        late = {"received_ms": NOW - 1000, "historical": True, "recorded": True}
        rows.reading(connection, box, at, **(late | of_readings))
    for length, roll in ((MINUTE, rows.minute), (QUARTER, rows.quarter)):
        starts = sorted({at - at % length for at in range(start_ms, start_ms + seconds * 1000, 1000)})
        for start in starts:
            part = min(start + length, start_ms + seconds * 1000) - max(start, start_ms)
            roll(connection, box, start, seen=part / 1000, recorded_s=part / 1000)


@pytest.fixture
def shop(floor: Engine) -> Engine:
    """Beside the others a desk of recordings of two days of summer, in which the faces look happy."""
    with floor.begin() as connection:
        rows.desk(connection, "Shop", box="box-9", team="Videos", position=9)
        rows.box(connection, "box-9", recorded=True, last_seen_ms=NOW - HOUR, online=False, model="m-9")
        recording(connection, "box-9", OLD, 300)
        recording(connection, "box-9", NEWER, 600)
    return floor


@pytest.fixture
def pages(shop: Engine) -> Iterator[FlaskClient]:
    """A reader of the pages over that floor."""
    made = create_app(shop, clock=lambda: NOW, max_streams=2, tick_s=0.05)
    yield made.test_client()
    made.extensions["mien"].hub.stop()


def tile(html: str) -> str:
    """The tile of the desk of recordings."""
    found = re.search(r'<a class="tile" id="desk-4".*?</a>', html, re.S)
    assert found is not None
    return found[0]


def series(client: FlaskClient, number: int = 4, **query: str) -> Any:
    """The columns of a desk's chart."""
    return client.get(f"/api/desk/{number}", query_string=query).get_json()["series"]["main"]


def figure(html: str, key: str) -> str:
    """A headline figure."""
    found = re.search(rf'id="f-{key}".*?<span class="v">(.*?)</span>', html, re.S)
    assert found is not None
    return found[1]


def test_it_is_marked_wherever_it_stands(pages: FlaskClient) -> None:
    there = tile(pages.get("/").text)
    assert "data-recorded" in there
    assert "Recorded, 5 August 2026<" in there
    assert '<use href="#g-rec"/>' in there
    assert ", not counted</span>" in there
    head = pages.get("/desks/4").text
    assert "Recorded, to Wednesday 5 August 2026, 11:40 · Videos · Box box-9 · not counted" in head
    row = re.search(r'<tr id="box-box-9">.*?</tr>', pages.get("/boxes").text, re.S)
    assert row is not None
    assert '<use href="#g-rec"/></svg> Recorded<' in row[0]


def test_no_sum_of_the_floor_counts_it(shop: Engine, pages: FlaskClient) -> None:
    before = [pages.get("/", query_string={"lang": "en"}).text, pages.get("/api/floor/0").get_json()["series"]["main"]]
    with shop.begin() as connection:
        recording(connection, "box-9", NOW - NOW % MINUTE - 10 * MINUTE, 600)
    later = create_app(shop, clock=lambda: NOW).test_client()
    html = later.get("/", query_string={"lang": "en"}).text
    assert [figure(html, key) for key in FIGURES] == [figure(before[0], key) for key in FIGURES]
    assert later.get("/api/floor/0").get_json()["series"]["main"] == before[1]
    assert "of 2</small>" in html
    assert "1 simulated desk is not counted, 1 recorded desk is not counted" in html
    team = re.search(r'<section class="panel team[^>]*aria-label="Videos">.*?</header>', html, re.S)
    assert team is not None
    assert "recorded, not counted" in team[0]
    assert '<b class="num">' not in team[0]


def test_even_while_a_recording_of_today_is_handed_over_it_is_neither_live_nor_catching_up(
    shop: Engine, pages: FlaskClient
) -> None:
    with shop.begin() as connection:
        recording(connection, "box-9", NOW - NOW % MINUTE - 5 * MINUTE, 300)
        connection.execute(update(boxes).where(boxes.c.box == "box-9").values(online=True, waiting=5000))
    html = pages.get("/").text
    assert "Recorded, 20 November 2026<" in tile(html)
    assert 'data-state="recorded"' in tile(html)
    assert '<span class="val num none"><span class="sr">Valence </span>–</span>' in tile(html)
    assert figure(html, "seen") == "1"
    assert figure(html, "happy") == "0%"
    assert pages.get("/api/floor/0").get_json()["newest"] == NOW - 1000, "the newest live reading"


def test_silence_makes_it_no_trouble_and_no_notice(pages: FlaskClient) -> None:
    notices = re.search(r'<ul class="notices".*?</ul>', pages.get("/").text, re.S)
    assert notices is not None
    assert "Shop" not in notices[0]
    assert "box-9" not in notices[0]
    boxes_page = pages.get("/boxes").text
    trouble, _, well = boxes_page.partition('<tbody id="well">')
    assert "box-9" not in trouble.partition('<tbody id="trouble">')[2]
    assert "box-9" in well


def test_what_is_truly_wrong_with_it_is_still_told(shop: Engine, pages: FlaskClient) -> None:
    with shop.begin() as connection:
        rows.put_aside(connection, quarantine, "box-9", 1)
    assert "Shop: 1 reading in quarantine" in pages.get("/").text
    assert 'readings in quarantine <span class="quiet">(Recorded)</span>' in pages.get("/boxes").text


def test_its_page_stands_at_the_end_of_its_newest_day(pages: FlaskClient) -> None:
    html = pages.get("/desks/4", query_string={"range": "day"}).text
    assert "Expressions, 5 August 2026" in html
    assert "today" not in html.lower()
    assert figure(html, "looks") == "Looks happy"
    assert figure(html, "cov") == "100%"
    drawn = series(pages, range="day")
    assert (drawn["start"], drawn["n"]) == (NEWER - 30 * MINUTE, 12), "from the hour of the first to that of the last"
    assert [item[0] for item in drawn["bins"]] == ["-"] * 6 + ["o", "o"]
    assert drawn["bins"][6][1] == 1000, "coverage is of what was recorded"


def test_another_day_is_chosen_by_the_address_and_named_there(pages: FlaskClient) -> None:
    html = pages.get("/desks/4", query_string={"day": "2026-08-02", "range": "day"}).text
    assert "Recorded, to Sunday 2 August 2026, 10:05" in html
    days = html[html.index('<ul class="pad days">') :]
    links = re.findall(r'<a href="/desks/4\?day=([\d-]+)&amp;range=day"( aria-current="true")?>(.*?)</a>', days)
    assert links == [
        ("2026-08-05", "", "5 August 2026"),
        ("2026-08-02", ' aria-current="true"', "2 August 2026"),
    ]
    given = re.search(r'id="given">(.*?)</script>', html, re.S)
    assert given is not None
    assert json.loads(given[1])["data"].endswith("day=2026-08-02"), "updates are of the same day"
    assert series(pages, day="2026-08-02", range="day")["start"] == OLD


@pytest.mark.parametrize("day", ["2026-08-03", "yesterday", "", "9" * 5000])
def test_a_day_without_recordings_is_answered_with_the_newest(pages: FlaskClient, day: str) -> None:
    assert "to Wednesday 5 August 2026, 11:40" in pages.get("/desks/4", query_string={"day": day}).text


def test_the_day_of_an_address_changes_nothing_at_a_desk_of_a_camera(pages: FlaskClient) -> None:
    assert series(pages, 1, day="2026-08-02") == series(pages, 1)


def test_between_recordings_nothing_is_missing(pages: FlaskClient) -> None:
    week = series(pages, range="week")["bins"]
    assert {item[0] for item in week} == {"-", "o"}
    assert [item[0] for item in week].count("o") == 2
    assert "missing" not in re.sub(r"<li>.*?</li>|<script.*?</script>", "", pages.get("/desks/4").text, flags=re.S)


def test_recordings_from_before_the_box_was_placed_are_told_of(shop: Engine, pages: FlaskClient) -> None:
    with shop.begin() as connection:
        connection.execute(update(placements).where(placements.c.box == "box-9").values(from_ms=NOW - HOUR))
    html = pages.get("/desks/4").text
    assert "The recordings are from before their box was placed here." in html
    assert "mien-central place BOX --since TIME" in html


def test_recordings_have_no_part_in_a_usual_range(shop: Engine) -> None:
    with shop.connect() as connection:
        assert queries.quarters_by_desk(connection, [4], [(OLD - DAY, NEWER + DAY)]) == {}


def test_a_real_box_that_once_handed_recordings_over_is_still_real(shop: Engine, pages: FlaskClient) -> None:
    with shop.begin() as connection:
        rows.minute(connection, "box-1", NOW - NOW % MINUTE - 40 * MINUTE, seen=60.0, recorded_s=60.0, shares=SAD)
    assert "data-recorded" not in re.search(r'<a class="tile" id="desk-1".*?</a>', pages.get("/").text, re.S)[0]  # type: ignore[index]


@pytest.mark.parametrize(("lang", "said"), [("zh", "录像，2026年8月5日<"), ("vi", "Ghi hình, 5/8/2026<")])
def test_it_is_marked_in_each_language(pages: FlaskClient, lang: str, said: str) -> None:
    assert said in tile(pages.get("/", query_string={"lang": lang}).text)
