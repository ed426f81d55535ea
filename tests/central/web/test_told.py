"""What other systems may tell: with the token alone, and nothing that cannot be; and the table and CSV of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from central.web import create_app
from tests.central.web import rows
from tests.central.web.conftest import NOW

TOKEN = "s3cret-of-the-till"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
CALL = {"desk": 1, "start": "2026-11-20T15:30:00+07:00", "end": "2026-11-20T15:40:00+07:00", "external_id": "call-7"}


@pytest.fixture
def app(floor: Engine) -> Iterator[Flask]:
    """The pages over the made floor, with a token."""
    made = create_app(floor, clock=lambda: NOW, max_streams=2, tick_s=0.05, token=TOKEN)
    yield made
    made.extensions["mien"].hub.stop()


def test_a_conversation_is_told_once_and_again(client: FlaskClient) -> None:
    first = client.post("/api/v1/conversations", json=CALL | {"end": None}, headers=HEADERS)
    assert (first.status_code, first.json) == (201, {"desk": 1, "external_id": "call-7", "open": True})
    again = client.post("/api/v1/conversations", json=CALL, headers=HEADERS)
    assert (again.status_code, again.json) == (200, {"desk": 1, "external_id": "call-7", "open": False})
    html = client.get("/desks/1?range=hour").text
    assert "call-7" in html
    assert "Conversations" in html


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_without_the_token_nothing_is_taken(client: FlaskClient, header: str) -> None:
    answer = client.post("/api/v1/conversations", json=CALL, headers={"Authorization": header})
    assert answer.status_code == 401
    assert TOKEN not in answer.text
    assert client.get("/api/v1/desks").status_code == 401


def test_without_a_token_file_nobody_may(floor: Engine) -> None:
    made = create_app(floor, clock=lambda: NOW)
    answer = made.test_client().post("/api/v1/conversations", json=CALL, headers=HEADERS)
    assert answer.status_code == 403
    assert "web.token_file" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"desk": 99}, 422, "desk: there is none of number 99"),
        ({"desk": "one"}, 400, "$.desk"),
        ({"start": "2026-11-20T15:30:00"}, 400, "$.start"),
        ({"end": "2026-11-20T15:20:00+07:00"}, 422, "end: must be after start"),
        ({"external_id": "x" * 65}, 400, "$.external_id"),
        ({"external_id": "<script>"}, 400, "$.external_id"),
        ({"other": 1}, 400, "other"),
    ],
)
def test_what_cannot_be_is_refused_with_why(
    client: FlaskClient, change: dict[str, object], status: int, said: str
) -> None:
    answer = client.post("/api/v1/conversations", json=CALL | change, headers=HEADERS)
    assert answer.status_code == status
    assert said in answer.get_json()["error"]


def test_only_json_is_taken(client: FlaskClient) -> None:
    form = client.post("/api/v1/conversations", data=CALL, headers=HEADERS)
    assert form.status_code == 415


def test_desks_are_listed_by_number(client: FlaskClient) -> None:
    found = client.get("/api/v1/desks", headers=HEADERS).get_json()
    assert [(each["desk"], each["name"]) for each in found][1:] == [(2, "Desk 2"), (3, "Desk 3")]


def test_the_same_as_csv_and_no_name_is_a_formula(client: FlaskClient) -> None:
    client.post("/api/v1/conversations", json=CALL, headers=HEADERS)
    client.post("/api/v1/conversations", json=CALL | {"external_id": "b", "end": None}, headers=HEADERS)
    answer = client.get(
        "/desks/1/conversations.csv", query_string={"from": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
    )
    assert answer.mimetype == "text/csv"
    assert "desk-1-conversations.csv" in answer.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["external_id"], row["start"], row["end"]) for row in table] == [
        ("call-7", "2026-11-20T08:30:00.000Z", "2026-11-20T08:40:00.000Z"),
        ("b", "2026-11-20T08:30:00.000Z", ""),
    ]
    assert client.get("/desks/1/conversations.csv?from=yesterday").status_code == 400
    assert client.get("/desks/99/conversations.csv").status_code == 404


def test_a_desk_without_a_voice_has_no_sources_to_choose(client: FlaskClient) -> None:
    assert 'aria-label="Source"' not in client.get("/desks/1").text


@pytest.mark.parametrize(("language", "word"), [("en", "Sounds"), ("zh", "听起来"), ("vi", "Nghe có vẻ")])
def test_a_desk_with_a_voice_shows_it_apart_from_the_face(
    floor: Engine, client: FlaskClient, language: str, word: str
) -> None:
    from central.schema import ROLLUPS

    start = NOW - NOW % rows.MINUTE
    (minutes, _), (quarters, _) = ROLLUPS["voice"]
    with floor.begin() as connection:
        for i in range(1, 15):
            rows.rolled(connection, minutes, "box-1", start - i * rows.MINUTE, seen=50.0, unseen_s=10.0)
        rows.rolled(connection, quarters, "box-1", start - start % rows.QUARTER - rows.QUARTER, seen=700.0)
        rows.reading(connection, "box-1", NOW - 1500, source="voice", reason="no_speech", seq=9, started_ns=7)
    face = client.get(f"/desks/1?range=hour&lang={language}").text
    voice = client.get(f"/desks/1?range=hour&source=voice&lang={language}").text
    assert word in voice
    assert word not in face
    for html in (face, voice):
        assert html.count("source=voice") >= 1
    assert (
        client.get("/api/desk/1?range=hour&source=voice").get_json()["series"]
        != client.get("/api/desk/1?range=hour").get_json()["series"]
    )
