"""The pages as they are answered: what they say, in which language, under which headers, and when there is none."""

from __future__ import annotations

import json
import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from central.web import create_app
from central.web.assets import FOLDER, digest
from central.web.ranges import RANGES
from contract.reading import LASTING
from tests.central.web import rows
from tests.central.web.conftest import HOSTILE, NOW

PAGES = ("/", "/desks/1", "/desks/2", "/desks/3", "/boxes")


def _figure(html: str, key: str) -> str:
    found = re.search(rf'id="f-{key}">.*?<span class="v">(.*?)</span>', html, re.S)
    assert found is not None, key
    return found[1]


def _given(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', html, re.S)
    assert found is not None
    given: dict[str, object] = json.loads(found[1])
    return given


@pytest.mark.parametrize("language", ["en", "zh", "vi"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_made_in_every_language(client: FlaskClient, path: str, language: str) -> None:
    answer = client.get(path, query_string={"lang": language})
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("key", RANGES)
@pytest.mark.parametrize("path", ["/", "/desks/1"])
def test_every_range_is_made_and_marked_as_chosen(client: FlaskClient, path: str, key: str) -> None:
    html = client.get(path, query_string={"range": key}).text
    assert re.findall(r'<a href="[^"]*range=(\w+)" aria-current="true">', html) == [key]


@pytest.mark.parametrize("path", [*PAGES, "/nothing", "/api/floor/0", "/healthz", "/static/page.css"])
def test_every_answer_forbids_what_comes_from_elsewhere_or_inline(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
    )
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_no_page_has_inline_style_or_script_or_an_address_elsewhere(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html)
    assert set(re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", html)) <= {' type="application/json" id="given"'}
    assert not re.findall(r"(?:https?:)?//[\w.]+", html)


@pytest.mark.parametrize("path", [*PAGES, "/api/floor/0", "/api/desk/1"])
def test_a_hostile_name_is_text_and_nothing_else(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert HOSTILE not in answer.text
    if answer.is_json:
        assert HOSTILE not in "".join(answer.json["parts"].values())  # type: ignore[index]


def test_the_floor_speaks_of_real_desks_and_says_so(client: FlaskClient) -> None:
    html = client.get("/").text
    assert _figure(html, "seen") == "1"
    assert "of 2</small>" in html  # the one that was never heard of counts too
    assert "1 simulated desk is not counted" in html
    assert _figure(html, "happy") == "0%"
    assert _figure(html, "neg") == "60%"
    assert _figure(html, "val") == "\u22120.60"


def test_a_simulated_desk_is_marked_wherever_it_stands(client: FlaskClient) -> None:
    floor = client.get("/").text
    tile = re.search(r'<a class="tile" id="desk-2".*?</a>', floor, re.S)
    assert tile is not None
    assert "data-simulated" in tile[0]
    assert "Simulated, looks happy<" in tile[0]
    assert "Simulated, not counted" in client.get("/desks/2").text
    assert "(Simulated)" in client.get("/boxes").text


def test_a_page_begins_with_the_data_of_its_charts(client: FlaskClient) -> None:
    given = _given(client.get("/", query_string={"range": "hour"}).text)
    series = given["update"]["series"]["main"]  # type: ignore[index]
    assert series["n"] == 60
    assert series["bins"][-2][0] == "o"
    assert series["bins"][-2][1:4] == [750, -600, 0]  # coverage, valence, happiness, in thousandths


def test_the_table_says_what_the_chart_draws(client: FlaskClient) -> None:
    html = client.get("/desks/1", query_string={"range": "hour"}).text
    row = re.search(r'<tr><th scope="row">15:35–15:40</th>(.*?)</tr>', html)
    assert row is not None
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[1])
    assert cells == ["0%", "0%", "40%", "60%", "0%", "0%", "0%", "0%", "\u22120.60", "75%", ""]


def test_before_four_weeks_the_day_from_which_there_is_a_usual_range_is_named(client: FlaskClient) -> None:
    assert "usual range from 18 December" in client.get("/").text


def test_what_is_not_there_is_a_page_too(client: FlaskClient) -> None:
    for path in ("/nothing", "/desks/99", "/?site=7", f"/desks/{2**70}", f"/?site={2**70}"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text


def test_what_is_not_there_is_json_where_json_was_asked_for(client: FlaskClient) -> None:
    for path in ("/api/desk/99", "/api/nothing/1", "/events/desk/99"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json


def test_pages_take_no_posts(client: FlaskClient) -> None:
    assert client.post("/").status_code == 405


def test_a_page_that_cannot_be_made_gives_a_reference_and_no_trace(
    floor: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(floor, clock=lambda: NOW).test_client()
    with floor.begin() as connection:
        connection.execute(text("ALTER TABLE minutes RENAME TO elsewhere"))
    with caplog.at_level(logging.ERROR, logger="central.web.faults"):
        answer = client.get("/", query_string={"lang": "en"})
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "minutes" not in answer.text
    reference = re.search(r"Tell IT this reference: ([0-9a-f]{4}-[0-9:]{8})", answer.text)
    assert reference is not None
    assert reference[1] in caplog.text
    assert client.get("/api/floor/0").json["error"].startswith("reference")  # type: ignore[index]


def test_a_language_is_taken_from_the_address_the_cookie_or_the_browser(app: Flask) -> None:
    said = {"en": "Floor", "zh": "楼层", "vi": "Toàn sàn"}

    def heading(client: FlaskClient, path: str, accepts: str) -> str:
        html = client.get(path, headers={"Accept-Language": accepts}).text
        return str(re.findall(r"<h1>(.*?)</h1>", html)[0])

    for accepts, code in (("zh-CN,zh;q=0.9,en;q=0.5", "zh"), ("vi", "vi"), ("fr", "en"), ("de, zh-TW;q=0.3", "zh")):
        assert heading(app.test_client(), "/", accepts) == said[code]
    client = app.test_client()
    assert heading(client, "/?lang=vi", "zh") == said["vi"]
    assert heading(client, "/", "zh") == said["vi"]  # remembered
    assert heading(client, "/?lang=klingon", "zh") == said["vi"]


def test_colours_and_patterns_are_taken_from_the_address_and_remembered(client: FlaskClient) -> None:
    assert 'data-theme="dark"' in client.get("/?theme=dark").text
    assert 'data-theme="dark"' in client.get("/boxes").text
    assert "data-theme" not in client.get("/?theme=auto").text
    assert 'data-patterns="on"' in client.get("/?patterns=on").text


def test_a_static_file_is_kept_for_a_year_under_its_hash_and_asked_for_again_without(client: FlaskClient) -> None:
    html = client.get("/").text
    asked = re.findall(r'(?:href|src)="(/static/[^"]+)"', html)
    assert f"/static/page.css?v={digest('page.css')}" in asked
    for path in asked:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["Cache-Control"], path
    assert client.get("/static/page.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/page.css?v=000000000000").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/../__init__.py").status_code == 404


def test_what_is_vendored_has_its_licence_beside_it() -> None:
    assert "MIT" in (FOLDER / "vendor" / "uPlot.LICENSE").read_text(encoding="utf-8")


def test_pages_are_kept_by_no_cache(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_the_health_of_the_pages_is_that_of_the_database(client: FlaskClient, floor: Engine) -> None:
    assert client.get("/healthz").json == {"ok": True, "database": "read", "streams": 0}
    with floor.begin() as connection:
        connection.execute(text("ALTER TABLE boxes RENAME TO elsewhere"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json["ok"] is False  # type: ignore[index]


def test_without_a_site_or_a_desk_the_floor_says_what_to_do(sqlite_engine: Engine) -> None:
    client = create_app(sqlite_engine, clock=lambda: NOW).test_client()
    assert "No site is entered yet." in client.get("/").text
    assert "No box was heard of yet." in client.get("/boxes").text
    with sqlite_engine.begin() as connection:
        rows.site(connection)
    other = create_app(sqlite_engine, clock=lambda: NOW).test_client()
    assert "mien-central place" in other.get("/").text


def test_with_simulated_desks_alone_the_chart_says_so(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        rows.site(connection)
        rows.desk(connection, "A", box="box-a")
        rows.box(connection, "box-a", live_ms=NOW - 2000, simulated=True)
        rows.minute(connection, "box-a", NOW - NOW % 60_000 - 60_000, seen=60.0, simulated_s=60.0)
        rows.reading(connection, "box-a", NOW - 2000, simulated=True)
    html = create_app(sqlite_engine, clock=lambda: NOW).test_client().get("/").text
    assert "No real desk has readings in this range." in html
    assert _figure(html, "val") == "–"


def test_boxes_in_trouble_stand_first_with_what_is_wrong(floor: Engine) -> None:
    with floor.begin() as connection:
        rows.box(connection, "box-9", live_ms=NOW - 3_600_000, clock_ok=False)
        rows.reading(connection, "box-9", NOW - 3_600_000)
    html = create_app(floor, clock=lambda: NOW).test_client().get("/boxes").text
    assert re.findall(r'<tr id="box-(box-\d)">', html) == ["box-3", "box-9", "box-1", "box-2"]
    assert "offline, serves no desk, clock not set" in html


@pytest.mark.parametrize(
    ("language", "number", "trouble"),
    [
        ("en", "3,640", "3,640 readings lost"),
        ("zh", "3,640", "丢失 3,640 条读数"),
        ("vi", "3.640", "mất 3.640 bản ghi"),
    ],
)
def test_lost_readings_are_named_at_their_desk_and_are_trouble_of_their_box(
    floor: Engine, language: str, number: str, trouble: str
) -> None:
    with floor.begin() as connection:
        then = NOW - 3 * 86_400_000
        rows.lost(connection, "box-1", then, then + 3_640_000, count=3640)
    client = create_app(floor, clock=lambda: NOW).test_client()
    desk, boxes = (client.get(path, query_string={"lang": language}).text for path in ("/desks/1", "/boxes"))
    table = re.search(r'<table class="data" id="lost">(.*?)</table>', desk, re.S)
    assert table is not None
    assert f"<td>{number}</td>" in table[1]
    assert _figure(desk, "gaps") == "0"  # of today
    assert re.findall(r'<tr id="box-(box-\d)">', boxes.split('id="well"')[0]) == ["box-1", "box-3"]
    assert trouble in boxes


@pytest.mark.parametrize("language", ["en", "zh", "vi"])
def test_every_reason_that_lasts_has_one_look_and_is_never_named(floor: Engine, language: str) -> None:
    client = create_app(floor, clock=lambda: NOW).test_client()
    with floor.begin() as connection:
        for i, reason in enumerate(sorted(reason.value for reason in LASTING)):
            rows.reading(connection, "box-1", NOW - (3 + i) * 1000, reason=reason, faces=i)
    answer = client.get("/desks/1", query_string={"lang": language})
    assert answer.status_code == 200
    hidden = re.findall(r"<td class=\"l none\">(.*?)</td>(.*?)</tr>", answer.text)
    said = {"en": "not observed", "zh": "未观测", "vi": "không quan sát"}[language]
    assert len(hidden) == len(LASTING)
    assert {looks for looks, _ in hidden} == {said}
    assert len({rest for _, rest in hidden}) == 1


def test_two_sites_stand_beside_each_other_in_the_bar(floor: Engine) -> None:
    with floor.begin() as connection:
        rows.site(connection, name="Kathmandu", zone="Asia/Kathmandu", number=2)
        rows.desk(connection, "Desk K", site_id=2)
    client = create_app(floor, clock=lambda: NOW).test_client()
    here, there = client.get("/").text, client.get("/?site=2").text
    assert "Desk K" not in here
    assert 'href="/?site=2"' in here
    assert "Desk K" in there
    assert "14:27" in there  # 15:42 in Hanoi is 14:27 in Kathmandu
