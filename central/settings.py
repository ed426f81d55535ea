"""The settings of the centre: one TOML file, read into frozen structs. Every key has a default: there may be no file.

Relative paths are taken from the folder of the settings file. Secrets never stand in it: it names files that hold them,
and the address of a database with a password in it comes by the environment variable DATABASE_URL.
"""

from __future__ import annotations

import difflib
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from central.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

DATABASE_URL: Final = "DATABASE_URL"

_Text = Annotated[str, Meta(min_length=1, max_length=1024)]
_Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
_Positive = Annotated[int, Meta(ge=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Database(_Table, frozen=True, kw_only=True):
    """Where readings are kept."""

    url: _Text = "sqlite:///central.db"  # DATABASE_URL overrules it


class Broker(_Table, frozen=True, kw_only=True):
    """The way to the boxes."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    client_id: _Name = "mien-centre"  # one an ingester: the broker keeps messages for it while it is away
    shared: bool = False  # several ingesters share the messages ($share/mien/...); each needs its own client_id
    username: _Text | None = None
    password_file: _Text | None = None  # one line; readable by the centre's own user alone
    ca: _Text | None = None  # PEM; where given, the connection is TLS
    certificate: _Text | None = None  # PEM
    key: _Text | None = None  # PEM
    allow_mqtt_311: bool = False  # 3.1.1 has no flow control towards us; for the demo's embedded broker

    def __post_init__(self) -> None:
        """Keys that need each other."""
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs username")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key need each other")
        if self.certificate is not None and self.ca is None:
            raise ValueError("certificate needs ca")


class Web(_Table, frozen=True, kw_only=True):
    """The pages."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8080
    threads: Annotated[int, Meta(ge=4, le=512)] = 32
    max_streams: Annotated[int, Meta(ge=0, le=500)] = 20  # event streams at once, each a thread; further pages poll
    token_file: _Text | None = None  # one line: who sends it may tell of conversations; nobody may where not given

    def __post_init__(self) -> None:
        """Streams that took every thread would freeze the site."""
        if self.max_streams > self.threads - 2:
            raise ValueError("max_streams must leave at least 2 of the threads for pages")


class Retention(_Table, frozen=True, kw_only=True):
    """How long what is kept. `raw_days` must be more than the `store.keep_days` of every box (14 by default)."""

    raw_days: _Positive = 30
    minutes_days: _Positive = 180
    quarters_days: _Positive = 1095
    recorded_days: _Positive = 1095  # readings of recordings and their sums, from when they were recorded

    def __post_init__(self) -> None:
        """What is drawn from far away must not end before what is drawn from near."""
        if not self.raw_days <= self.minutes_days <= self.quarters_days:
            raise ValueError("raw_days, minutes_days and quarters_days must not fall")


class Settings(_Table, frozen=True, kw_only=True):
    """The whole file."""

    database: Database = Database()
    broker: Broker = Broker()
    web: Web = Web()
    retention: Retention = Retention()


_PATHS: Final = ("password_file", "ca", "certificate", "key")  # all under [broker]
_SQLITE: Final = "sqlite:///"


def load(path: Path | str | None = None) -> Settings:
    """Read the settings file; the defaults alone where `path` is None. DATABASE_URL overrules `database.url`.

    Raises SettingsError: it names the file, the key and, for an unknown one, the nearest.
    """
    place = Path("central.toml") if path is None else Path(path)
    raw = {} if path is None else _read(place)
    _refuse_unknown(place, raw, Settings, "")
    tables = _with_whole_paths(place.absolute().parent, raw)
    url = os.environ.get(DATABASE_URL)
    if url:
        tables["database"] = {"url": url}
    try:
        return msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{place}: {_plainly(str(error))}; correct it there, see docs/centre.md") from error


def read_password(path: str, key: str = "broker.password_file") -> str:
    """The one line of the file that `key` names. Raises SettingsError where all users may read it."""
    file = Path(path)
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError(f"{path}: cannot read {key}: {why}; check the path and its owner") from error
    if mode & stat.S_IRWXO:
        raise SettingsError(f"{path}: {key} is open to every user; run chmod 640 on it")
    password = text.rstrip("\r\n")
    if not password or "\n" in password:
        raise SettingsError(f"{path}: {key} must hold one line; write it anew")
    return password


def _read(path: Path) -> dict[str, Any]:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the settings: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}; correct that line") from error
    return raw


def _refuse_unknown(path: Path, raw: Mapping[str, Any], table: type[msgspec.Struct], where: str) -> None:
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(table)}
    for key, value in raw.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)[0]
            raise SettingsError(f'{path}: unknown key "{where}{key}"; did you mean "{where}{near}"?')
        inner = fields[key]
        if isinstance(value, Mapping) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            _refuse_unknown(path, value, inner, f"{where}{key}.")


def _with_whole_paths(folder: Path, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The same tables, with relative paths taken from `folder`."""
    tables = {name: dict(table) if isinstance(table, dict) else table for name, table in raw.items()}
    web = tables.get("web")
    if isinstance(web, dict) and isinstance(web.get("token_file"), str) and web["token_file"]:
        web["token_file"] = str(folder / web["token_file"])
    broker = tables.get("broker")
    if isinstance(broker, dict):
        for key in _PATHS:
            if isinstance(broker.get(key), str) and broker[key]:
                broker[key] = str(folder / broker[key])
    database = tables.get("database")
    if isinstance(database, dict) and isinstance(database.get("url"), str):
        database["url"] = _with_whole_file(folder, database["url"])
    return tables


def _with_whole_file(folder: Path, url: str) -> str:
    """An SQLite address with its file taken from `folder`; another address, or one in memory, as it is."""
    file = url.removeprefix(_SQLITE)
    if file == url or not file or file == ":memory:":
        return url
    return f"{_SQLITE}{folder / file}"


def _plainly(text: str) -> str:
    """msgspec's message with the place in front: `broker.port: Expected ...`."""
    message, _, place = text.partition(" - at `$.")
    return f"{place.rstrip('`')}: {message}" if place else message
