"""Live updates: one thread makes each page that is being watched, and sends what changed to all who watch it.

A stream holds one of the server's threads, so their number is capped; who gets none polls. A page is made once a tick
however many watch it, and streams that nobody reads any more end with the next thing written to them.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from central.errors import CentreError
from central.web.page import Built, Key

log = logging.getLogger(__name__)

TICK_S: Final = 2.0  # boxes send as often
WAITING: Final = 8  # updates a slow reader may be behind before it gets the whole page instead
SILENCE_S: Final = 15.0  # a comment is written after so long, to find out who is gone

Update = dict[str, Any]


def whole(built: Built) -> Update:
    """A made page as JSON takes it."""
    return {
        "now": built.now_ms,
        "newest": built.newest_ms,
        "parts": dict(built.parts),
        "series": {name: {**item, "from": 0} for name, item in built.series.items()},
    }


def changed(before: Built, after: Built) -> Update:
    """What is new in `after`: parts whose text differs, and of each series the columns from the first that differs."""
    parts = {name: text for name, text in after.parts.items() if before.parts.get(name) != text}
    series = {}
    for name, item in after.series.items():
        tail = _tail(before.series.get(name), item)
        if tail is not None:
            series[name] = tail
    return {"now": after.now_ms, "newest": after.newest_ms, "parts": parts, "series": series}


def _tail(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Update | None:
    """A series without the columns that its reader has; None where nothing changed."""
    if before == after:
        return None
    if before is None or before["step"] != after["step"]:
        return {**after, "from": 0}
    shift = (after["start"] - before["start"]) // after["step"]
    old, new = before["bins"], after["bins"]
    same = 0
    while same < len(new) and 0 <= same + shift < len(old) and old[same + shift] == new[same]:
        same += 1
    if shift < 0:
        same = 0
    slim = {name: value for name, value in after.items() if name not in ("ticks", "usual") or before.get(name) != value}
    return {**slim, "from": same, "bins": new[same:]}


class Stream:
    """What one reader waits for. `lagging` once it was too slow: the next update is then a whole page."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.lagging = True
        self.updates: queue.Queue[Update | None] = queue.Queue(WAITING)

    def put(self, update: Update | None) -> None:
        """Leave an update for the reader, or None where it is over; drop what waits where that is too much."""
        try:
            self.updates.put_nowait(update)
            self.lagging = False
        except queue.Full:
            self.lagging = True
            while not self.updates.empty():
                self.updates.get_nowait()
            if update is None:
                self.updates.put_nowait(None)


class Hub:
    """The thread that makes what is watched. It begins with the first stream and rests while there is none."""

    def __init__(self, make: Callable[[Key], Built], *, limit: int, tick_s: float = TICK_S) -> None:
        self._make = make
        self._limit = limit
        self._tick_s = tick_s
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._streams: set[Stream] = set()
        self._thread: threading.Thread | None = None
        self._last: dict[Key, Built] = {}

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def open(self, key: Key) -> Stream | None:
        """A stream of updates of a page, or None where as many as may be are open."""
        with self._lock:
            if len(self._streams) >= self._limit:
                return None
            stream = Stream(key)
            self._streams.add(stream)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        self._wanted.set()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._streams.discard(stream)
            if not self._streams:
                self._wanted.clear()

    def stop(self) -> None:
        """End every stream, and take no other."""
        with self._lock:
            self._limit = 0
            streams = list(self._streams)
        for stream in streams:
            stream.put(None)

    def tick(self) -> None:
        """Make every page that is watched and send each stream what it has not had."""
        with self._lock:
            streams = list(self._streams)
        keys = {stream.key for stream in streams}
        self._last = {key: built for key, built in self._last.items() if key in keys}
        for key in keys:
            try:
                built = self._make(key)
            except (SQLAlchemyError, CentreError) as error:  # readers notice the silence and say so
                log.warning("live: %s %d was not made: %s", key.page, key.id, type(error).__name__)
                continue
            before = self._last.get(key)
            update = whole(built) if before is None else changed(before, built)
            for stream in streams:
                if stream.key == key:
                    stream.put(whole(built) if stream.lagging else update)
            self._last[key] = built

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            began = time.monotonic()
            self.tick()
            time.sleep(max(0.1, self._tick_s - (time.monotonic() - began)))


def lines(stream: Stream) -> Iterator[str]:
    """The stream as text of an event stream, until it is over. Whoever opened it closes it."""
    yield "retry: 3000\n\n"
    while True:
        try:
            update = stream.updates.get(timeout=SILENCE_S)
        except queue.Empty:
            yield ": nothing new\n\n"
            continue
        if update is None:
            return
        yield f"event: update\ndata: {json.dumps(update, separators=(',', ':'))}\n\n"
