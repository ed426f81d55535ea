"""The way to the database: SQLite as the default, PostgreSQL where one machine is outgrown; and its migrations.

SQLite is opened with a write-ahead log and synchronous=FULL: a receipt promises that a reading outlives a power cut.
Whoever writes takes SQLite's one write lock at the beginning (`writing`), so that what it reads first stays true.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from central.errors import DatabaseError, SchemaError

MIGRATIONS: Final = Path(__file__).with_name("migrations")
BUSY_MS: Final = 10_000  # how long a connection waits for SQLite's lock before it reports it
_POOL: Final = {"pool_size": 8, "max_overflow": 64}  # as many as the pages have threads, but few kept open
CACHE_KIB: Final = 32_000  # of pages that a connection keeps in memory, once it has seen so many
PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA wal_autocheckpoint = 4000",  # pages; at the default of 1000 a busy ingester checkpoints every second commit
    f"PRAGMA cache_size = -{CACHE_KIB}",
)
_DRIVERS: Final = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def connect(url: str) -> Engine:
    """An engine for `url` (SQLAlchemy's form); nothing is opened yet. DatabaseError where `url` cannot be one."""
    try:
        address = make_url(url)
        address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
        if address.get_backend_name() == "sqlite":
            return _sqlite(address)
        if address.get_backend_name() != "postgresql":
            raise DatabaseError(f"database: {address.drivername} is not supported; use sqlite:/// or postgresql://")
        return create_engine(address, pool_pre_ping=True, **_POOL)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise DatabaseError(
            "database: its address cannot be read; write it as sqlite:///FILE or postgresql://..."
        ) from (error)
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"database: the driver {error.name} is missing; run pip install 'mien[postgresql]'"
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: committed at the end of the block, rolled back where it raises."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


def migrate(engine: Engine, version: str = "head") -> str:
    """Bring the tables to this code's version and return it. Raises SchemaError where they are of a newer one.

    `version`: stop there instead, at an older one.
    """
    with _told(engine), writing(engine) as connection:
        _refuse_newer(engine, _revision(connection))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        revision = _revision(connection)
    assert revision is not None
    return revision


def check(engine: Engine) -> None:
    """Raise SchemaError unless the tables are of this code's version; DatabaseError where they cannot be read."""
    with _told(engine), engine.connect() as connection:
        revision = _revision(connection)
    _refuse_newer(engine, revision)
    if revision != _scripts().get_current_head():
        found = f"version {revision}" if revision else "no tables of Mien"
        raise SchemaError(f"database {shown(engine)}: has {found}; run mien-central migrate")


def shown(engine: Engine) -> str:
    """The database's address as it may be shown: without its password."""
    return engine.url.render_as_string(hide_password=True)


def explained(engine: Engine, error: DBAPIError) -> str:
    """One line that says what the database reported and what to do; the statement and its values are left out."""
    what = reported(error)
    advice = next((advice for part, advice in _ADVICE if part in what), "check that it runs and may be written")
    return f"database {shown(engine)}: {what}; {advice}"


def reported(error: DBAPIError) -> str:
    """The first line of what the database reported."""
    return (str(error.orig).strip().splitlines() or [type(error).__name__])[0]


_ADVICE: Final = (
    ("disk is full", "free some space, or lower the [retention] days and run mien-central purge"),
    ("No space left", "free some space on the database's machine"),
    ("locked", "another process holds it; stop what else writes to this file"),
    ("unable to open", "check that the folder is there and may be written"),
    ("readonly", "give its file and folder to the user that runs mien-central"),
    ("not a database", "the file is something else; name another, or move it away"),
    ("malformed", "the file is damaged; stop the centre and put the last backup in its place"),
    ("password authentication", "correct DATABASE_URL"),
    ("refused", "start PostgreSQL, or correct DATABASE_URL"),
    ("no such table", "run mien-central migrate"),
)


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(explained(engine, error)) from error


def _sqlite(address: URL) -> Engine:
    engine = create_engine(address, **({} if address.database in (None, "", ":memory:") else _POOL))

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: Any, record: object) -> None:
        dbapi_connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in PRAGMAS:
            dbapi_connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(engine: Engine, revision: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(
            f"database {shown(engine)}: has version {revision}, which this software does not know;"
            " install the newer Mien that made it, or put back a backup of before"
        )
