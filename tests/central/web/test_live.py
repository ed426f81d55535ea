"""Live updates: one thread for all who watch, only what changed, and no more streams than may be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from central.web.live import WAITING, Hub, changed, lines, whole
from central.web.page import Built, Key
from tests.central.web import rows
from tests.central.web.conftest import NOW

KEY = Key("floor", 1, "hour", "en")


def _built(start: int = 0, bins: str = "abc", **parts: str) -> Built:
    series = {"start": start, "step": 10, "n": 9, "now": len(bins) - 1, "bins": [[mark] for mark in bins]}
    return Built(now_ms=1, newest_ms=1, zone="UTC", range="hour", parts=parts, series={"main": series})


class _Maker:
    """Makes a page of how often it was asked for; fails where told to."""

    def __init__(self) -> None:
        self.asked: list[Key] = []
        self.fails = False

    def __call__(self, key: Key) -> Built:
        self.asked.append(key)
        if self.fails:
            raise OperationalError("SELECT", {}, Exception("locked"))
        return _built(count=str(len(self.asked)))


@pytest.fixture
def maker() -> _Maker:
    return _Maker()


@pytest.fixture
def hub(maker: _Maker) -> Iterator[Hub]:
    """A hub whose thread does nothing: the tests tick."""
    made = Hub(maker, limit=3, tick_s=3600)
    made._thread = threading.current_thread()
    yield made
    made.stop()


def test_a_page_is_made_once_a_tick_however_many_watch_it(hub: Hub, maker: _Maker) -> None:
    streams = [hub.open(KEY), hub.open(KEY), hub.open(replace(KEY, language="vi"))]
    hub.tick()
    assert sorted(key.language for key in maker.asked) == ["en", "vi"]
    for stream in streams:
        assert stream is not None
        assert stream.updates.qsize() == 1


def test_nothing_is_made_while_nobody_watches(hub: Hub, maker: _Maker) -> None:
    stream = hub.open(KEY)
    assert stream is not None
    hub.close(stream)
    hub.tick()
    assert maker.asked == []


def test_the_first_update_is_the_whole_page_and_the_next_what_changed(hub: Hub) -> None:
    stream = hub.open(KEY)
    assert stream is not None
    hub.tick()
    hub.tick()
    first, second = stream.updates.get_nowait(), stream.updates.get_nowait()
    assert first is not None
    assert second is not None
    assert (first["parts"], second["parts"]) == ({"count": "1"}, {"count": "2"})
    assert first["series"]["main"]["from"] == 0
    assert second["series"] == {}


def test_a_stream_too_many_is_refused(hub: Hub) -> None:
    first = hub.open(KEY)
    assert first is not None
    assert [hub.open(KEY) is None for _ in range(3)] == [False, False, True]
    hub.close(first)
    assert hub.open(KEY) is not None


def test_a_slow_reader_gets_the_whole_page_once_it_reads_again(hub: Hub) -> None:
    stream = hub.open(KEY)
    assert stream is not None
    for _ in range(WAITING + 2):
        hub.tick()
    update = stream.updates.get_nowait()
    assert update is not None
    assert update["series"]["main"]["from"] == 0


def test_a_page_that_cannot_be_made_ends_no_stream(hub: Hub, maker: _Maker) -> None:
    stream = hub.open(KEY)
    assert stream is not None
    maker.fails = True
    hub.tick()
    assert stream.updates.empty()
    maker.fails = False
    hub.tick()
    assert stream.updates.qsize() == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reader_who_leaves_gives_the_stream_back_also_before_a_line_was_read(app: Flask, method: str) -> None:
    for _ in range(5):  # more often than there are streams
        answer = app.test_client().open("/events/floor/0", method=method, buffered=False)
        assert answer.status_code == 200
        answer.close()
    assert app.extensions["mien"].hub.count == 0


def test_a_hub_that_stops_ends_its_streams_and_takes_no_other(hub: Hub) -> None:
    stream = hub.open(KEY)
    assert stream is not None
    hub.stop()
    assert list(lines(stream)) == ["retry: 3000\n\n"]
    assert hub.open(KEY) is None


@pytest.mark.parametrize(
    ("before", "after", "first", "sent"),
    [
        (_built(0, "abc"), _built(0, "abcd"), 3, "d"),
        (_built(0, "abc"), _built(0, "abx"), 2, "x"),
        (_built(0, "abc"), _built(10, "bcd"), 2, "d"),  # a window that rolled on by one column
        (_built(0, "abc"), _built(0, "xbc"), 0, "xbc"),  # something came late
        (_built(10, "abc"), _built(0, "abc"), 0, "abc"),
    ],
)
def test_only_columns_from_the_first_new_one_are_sent(before: Built, after: Built, first: int, sent: str) -> None:
    update = changed(before, after)["series"]["main"]
    assert (update["from"], "".join(mark for (mark,) in update["bins"])) == (first, sent)


def test_a_series_that_is_as_it_was_is_not_sent() -> None:
    assert changed(_built(head="a"), _built(head="b"))["series"] == {}
    assert changed(_built(head="a"), _built(head="b"))["parts"] == {"head": "b"}
    assert whole(_built(head="a"))["parts"] == {"head": "a"}


def _events(app: Flask, path: str) -> tuple[Any, Callable[[], dict[str, Any]]]:
    answer = app.test_client().get(path, buffered=False)
    chunks = answer.iter_encoded()

    def following() -> dict[str, Any]:
        for chunk in chunks:
            if b"event: update" in chunk:
                update: dict[str, Any] = json.loads(chunk.split(b"data: ", 1)[1])
                return update
        raise AssertionError("the stream ended")

    return answer, following


def test_a_reading_that_is_stored_comes_by_the_stream(app: Flask, floor: Engine) -> None:
    answer, following = _events(app, "/events/desk/1?range=15min&lang=en")
    assert answer.mimetype == "text/event-stream"
    assert "15:42:07" in following()["parts"]["last"]
    with floor.begin() as connection:
        rows.reading(connection, "box-1", NOW - 1000, reason="dark")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        update = following()
        if "too dark" in update["parts"].get("last", ""):
            break
    else:
        pytest.fail("the reading did not come")
    answer.close()
    assert app.extensions["mien"].hub.count == 0


def test_over_the_limit_a_page_is_told_to_poll(app: Flask) -> None:
    held = [_events(app, "/events/floor/0") for _ in range(2)]
    refused = app.test_client().get("/events/floor/0")
    assert refused.status_code == 503
    for answer, _ in held:
        answer.close()
    polled = app.test_client().get("/api/floor/0?lang=zh").json
    assert polled is not None
    assert "楼层" in polled["parts"]["head"]
