"""The pages over the made floor, served by waitress on loopback, and Debian's Chromium to look at them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import Engine
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from central import database
from central.web import create_app
from tests.broker import free_port
from tests.browser import made

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: Final = (1366, 768)
PHONE: Final = (390, 844)


@dataclass
class Served:
    """The pages on a port of their own; the clock goes on from the made moment."""

    engine: Engine
    app: Flask
    port: int = field(default_factory=free_port)
    _ends: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where they are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        channels: dict[int, Any] = {}
        create_server(self.app, map=channels, host="127.0.0.1", port=self.port, threads=16)
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, args=(channels,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and leave every connection."""
        if self._thread is not None:
            self._ends.set()
            self._thread.join(timeout=10)

    def end(self) -> None:
        """Stop for good."""
        self.app.extensions["mien"].hub.stop()
        self.stop()
        self.engine.dispose()

    def _run(self, channels: dict[int, Any]) -> None:
        while not self._ends.is_set():
            wasyncore.loop(timeout=0.2, map=channels, count=1)
        for channel in list(channels.values()):
            channel.close()


@dataclass
class Watched:
    """A page, and what went wrong on it: console errors, uncaught ones, requests to anywhere else."""

    page: Any
    url: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """Go to a path and wait until its script has begun."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)
        self.page.goto(self.url + path)
        return self.page

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.url):
            self.wrong.append(request.url)


def until(page: Any, holds: str, given: object = None, *, seconds: float = 20.0) -> None:
    """Wait until a script is true. Playwright's own waiting evaluates text in the page, which the policy forbids."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(holds, given):
        assert time.monotonic() < deadline, f"never came true: {holds}"
        page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser for the whole run."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}; install the package chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made floor, filled once."""
    path = tmp_path_factory.mktemp("made") / "central.db"
    engine = database.connect(f"sqlite:///{path}")
    database.migrate(engine)
    made.fill(engine)
    engine.dispose()
    return path


def _served(file: Path, max_streams: int) -> Served:
    engine, began = database.connect(f"sqlite:///{file}"), time.monotonic()

    def clock() -> int:
        return made.NOW_MS + round((time.monotonic() - began) * 1000)

    served = Served(engine, create_app(engine, clock=clock, max_streams=max_streams, tick_s=0.5))
    served.start()
    return served


@pytest.fixture(scope="module")
def floor(made_file: Path) -> Iterator[Served]:
    """The made floor, for tests that change nothing."""
    served = _served(made_file, max_streams=12)
    yield served
    served.end()


Serve = Callable[..., Served]


@pytest.fixture
def serve(made_file: Path, tmp_path: Path) -> Iterator[Serve]:
    """Serve a copy of the made floor, or another database, with so many streams."""
    running: list[Served] = []

    def run(file: Path | None = None, *, max_streams: int = 6) -> Served:
        served = _served(file or Path(shutil.copy(made_file, tmp_path / "central.db")), max_streams)
        running.append(served)
        return served

    yield run
    for served in running:
        served.end()


Look = Callable[..., Watched]


@pytest.fixture
def look(chromium: Any) -> Iterator[Look]:
    """Open a page of a server in a window of a size; what went wrong on it fails the test at its end."""
    opened: list[tuple[Any, Watched]] = []

    def at(served: Served, path: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Watched:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        watched = Watched(context.new_page(), served.url)
        watched.open(path)
        opened.append((context, watched))
        return watched

    yield at
    for context, _ in opened:
        context.close()
    assert [wrong for _, watched in opened for wrong in watched.wrong] == []
