"""What systemd is told: over a socket as it opens one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import notify
from edge.notify import Watched


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Systemd's end, for a process that it watches every two seconds."""
    address = str(tmp_path / "notify") if request.param == "file" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as heard:
        heard.bind(address.replace("@", "\0", 1))
        monkeypatch.setenv(notify.SOCKET, address)
        monkeypatch.setenv(notify.PERIOD_US, "2000000")
        yield heard


def told(systemd: socket.socket) -> list[bytes]:
    """All that it was told until now."""
    messages = []
    while True:
        try:
            messages.append(systemd.recv(1024))
        except BlockingIOError:
            return messages


def test_it_is_told_that_a_process_is_ready_goes_on_and_ends(systemd: socket.socket) -> None:
    watched = Watched()
    watched.ready()
    watched.alive()
    watched.stopping()
    assert told(systemd) == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_it_is_told_four_times_a_period_however_often_the_loop_goes_round(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    watched = Watched()
    for _ in range(32):
        watched.alive()
        now += 0.125
    assert len(told(systemd)) == 8


def test_one_that_nobody_watches_says_nothing_of_its_loop(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notify.PERIOD_US)
    Watched().alive()
    assert told(systemd) == []


def test_without_systemd_and_with_one_that_went_away_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(notify.SOCKET, raising=False)
    Watched().ready()
    monkeypatch.setenv(notify.SOCKET, "/nowhere/notify")
    Watched().ready()
