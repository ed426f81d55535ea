"""A page as it is made: parts of HTML by name and the series of its charts, for the first look and every update."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jinja2
from sqlalchemy import Connection, Engine

from central.schema import FACE
from central.web.language import Language, language
from central.web.usual import Keeper

_FRESH_S: Final = 1.0  # a page asked for again within this is not made anew


@dataclass(frozen=True)
class Key:
    """Which page: its kind, the number of its site or desk (0 where it has none), its range and its language.

    `day`, as 2026-11-20: the day of recordings that a desk is to show; `source`: of what its readings are.
    """

    page: str
    id: int
    range: str
    language: str
    day: str = ""
    source: str = FACE


@dataclass(frozen=True, kw_only=True)
class Built:
    """A made page: HTML by the name of its part, columns by chart, and what the frame prints around them."""

    now_ms: int
    newest_ms: int | None
    zone: str
    range: str
    parts: Mapping[str, str]
    series: Mapping[str, Mapping[str, Any]]
    frame: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kit:
    """What makes a page: the templates, and the usual ranges that are kept."""

    templates: jinja2.Environment
    keeper: Keeper

    def parts(self, folder: str, names: tuple[str, ...], words: Language, view: object) -> dict[str, str]:
        """The parts of a page, `folder/name.html` or else `shared/name.html`, each printed from the same view."""
        values = {"view": view, "t": words.t, "language": words}
        found = {
            name: self.templates.select_template([f"{folder}/{name}.html", f"shared/{name}.html"]) for name in names
        }
        return {name: template.render(values).strip() for name, template in found.items()}


Builder = Callable[[Connection, Kit, Key, Language, int], Built]


class Maker:
    """Makes pages from the tables by their key. Many who ask for the same page within a second get one and the same."""

    def __init__(self, engine: Engine, kit: Kit, builders: Mapping[str, Builder], clock: Callable[[], int]) -> None:
        self._engine = engine
        self._kit = kit
        self._builders = builders
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Key, tuple[float, Built]] = {}

    def make(self, key: Key) -> Built:
        """The page of `key` as it is now. Raises UnknownPageError, or SQLAlchemy's errors."""
        with self._lock:
            at, built = self._kept.get(key, (0.0, None))
        if built is not None and time.monotonic() - at < _FRESH_S:
            return built
        with self._engine.connect() as connection:
            built = self._builders[key.page](connection, self._kit, key, language(key.language), self._clock())
        now = time.monotonic()
        with self._lock:
            fresh = {kept: item for kept, item in self._kept.items() if now - item[0] < _FRESH_S}
            self._kept = {**fresh, key: (now, built)}
        return built
