"""The pages over the made floor, served by waitress on loopback, and Debian's Chromium to look at them.

`MIEN_SHOTS=DIR` keeps the pictures of every page that the tests look at; else they go with the other temporary files.
"""

from __future__ import annotations

import os
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
from edge.analyze.report import report_html
from tests.broker import free_port
from tests.browser import made, scenes

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",  # so that a pixel of a picture has the colour of its token
)
DESKTOP: Final = (1366, 768)
PHONE: Final = (390, 844)


@dataclass
class Clock:
    """It goes on from the made moment, and can be set back to it: half a minute later every made desk is offline."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> int:
        """UTC milliseconds since 1970."""
        return made.NOW_MS + round((time.monotonic() - self.began) * 1000)

    def rewind(self) -> None:
        """It is the made moment again."""
        self.began = time.monotonic()


@dataclass
class Served:
    """The pages on a port of their own."""

    engine: Engine
    app: Flask
    clock: Clock
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
    """A page, and what went wrong on it: words on the console, uncaught errors, requests to anywhere else.

    What the content policy refuses is told on the console. `status` is what the page answers with, which the console
    tells too where it is an error.
    """

    page: Any
    url: str
    status: int = 200
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """Go to a path and wait until its script has begun."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)
        answer = self.page.goto(self.url + path)
        assert answer is None or answer.status in (self.status, 304), answer.status
        return self.page

    def _console(self, message: Any) -> None:
        known = (
            self.status >= 400
            and message.text.startswith("Failed to load resource")
            and str(self.status) in message.text
        )
        if message.type in ("error", "warning") and not known:
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


Places = Callable[[str], Path]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The database files of scenes.py by name, each filled when it is first asked for."""
    folder = tmp_path_factory.mktemp("made")

    def file_of(place: str) -> Path:
        path = folder / f"{place}.db"
        if not path.exists():
            filling = folder / f"{place}.filling"  # a test that is stopped here must leave no half of a database
            filling.unlink(missing_ok=True)
            engine = database.connect(f"sqlite:///{filling}")
            scenes.PLACES[place](engine)
            engine.dispose()
            filling.rename(path)
        return path

    return file_of


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go."""
    folder = Path(os.environ.get("MIEN_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _served(file: Path, max_streams: int) -> Served:
    engine, clock = database.connect(f"sqlite:///{file}"), Clock()
    served = Served(engine, create_app(engine, clock=clock, max_streams=max_streams, tick_s=0.5), clock)
    served.start()
    return served


Site = Callable[[str], Served]


@pytest.fixture(scope="session")
def _running(places: Places) -> Iterator[dict[str, Served]]:
    running: dict[str, Served] = {}
    yield running
    for served in running.values():
        served.end()


@pytest.fixture
def site(places: Places, _running: dict[str, Served]) -> Site:
    """The pages over one of the databases by its name, at the made moment, for tests that change nothing."""

    def at(place: str) -> Served:
        if place not in _running:
            _running[place] = _served(places(place), max_streams=12)
        _running[place].clock.rewind()
        return _running[place]

    return at


@pytest.fixture
def floor(site: Site) -> Served:
    """The made floor, for tests that change nothing."""
    return site("busy")


Serve = Callable[..., Served]


@pytest.fixture
def serve(places: Places, tmp_path: Path) -> Iterator[Serve]:
    """Serve a copy of the made floor, or another database, with so many streams."""
    running: list[Served] = []

    def run(file: Path | None = None, *, max_streams: int = 6) -> Served:
        served = _served(file or Path(shutil.copy(places("busy"), tmp_path / "central.db")), max_streams)
        running.append(served)
        return served

    yield run
    for served in running:
        served.end()


@dataclass(frozen=True)
class Folder:
    """Files that a browser opens from the disk: reports of an analysis."""

    path: Path

    @property
    def url(self) -> str:
        """Where they are."""
        return self.path.as_uri()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The reports of scenes.py, each written from its summary."""
    folder = tmp_path_factory.mktemp("reports")
    for name, made_summary in scenes.REPORTS.items():
        (folder / f"{name}.html").write_text(report_html(made_summary()), encoding="utf-8")
    return Folder(folder)


Look = Callable[..., Watched]


@pytest.fixture
def look(chromium: Any) -> Iterator[Look]:
    """Open a page of a server in a window of a size; what went wrong on it fails the test at its end."""
    opened: list[tuple[Any, Watched]] = []

    def at(
        served: Served | Folder, path: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light", status: int = 200
    ) -> Watched:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        watched = Watched(context.new_page(), served.url, status)
        opened.append((context, watched))
        watched.open(path)
        return watched

    yield at
    for context, _ in opened:
        context.close()
    assert [wrong for _, watched in opened for wrong in watched.wrong] == []
