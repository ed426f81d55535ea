"""Opening a database, and its migrations."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from central import database
from central.errors import DatabaseError, SchemaError
from central.schema import metadata


def test_the_migrations_make_exactly_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_on_sqlite_even_checks_and_partial_indexes_are_the_schemas(sqlite_engine: Engine, tmp_path: Path) -> None:
    made = database.connect(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(made)
    assert _definitions(sqlite_engine) == _definitions(made)


def _definitions(engine: Engine) -> dict[str, list[str]]:
    """Each table and index with the lines that define it, in no order: constraints may be written in any."""
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    with engine.connect() as connection:
        return {name: sorted(re.split(r",\s+(?=\w+ [A-Z])|,?\s*\n\s*", sql)) for name, sql in connection.execute(query)}


def test_a_database_of_the_first_version_keeps_what_it_has(
    sqlite_url: str, sqlite_file: Callable[[Engine], Path]
) -> None:
    engine = database.connect(sqlite_url)
    database.migrate(engine, "0001")
    with sqlite3.connect(sqlite_file(engine)) as other:
        other.execute("INSERT INTO boxes (box, online) VALUES ('box-1', 1)")
        other.execute("INSERT INTO minutes (box, start_ms, seen_s) VALUES ('box-1', 60000, 30.0)")
    database.migrate(engine)
    with sqlite3.connect(sqlite_file(engine)) as other:
        assert other.execute("SELECT box, online, recorded FROM boxes").fetchall() == [("box-1", 1, 0)]
        assert other.execute("SELECT seen_s, recorded_s FROM minutes").fetchall() == [(30.0, 0.0)]


@pytest.mark.parametrize(
    ("version", "new"),
    [
        ("0002", ("backend", "building_step", "building_share", "engine_fault")),
        ("0003", ("frame_ms", "memory_mb", "temperature_c", "disk_free_mb")),
    ],
)
def test_boxes_of_an_older_version_stay_and_have_told_nothing_of_what_is_new(
    url: str, version: str, new: tuple[str, ...]
) -> None:
    engine = database.connect(url)
    database.migrate(engine, version)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO boxes (box, online, frames_per_second) VALUES ('box-1', true, 14.5)"))
    database.migrate(engine)
    with engine.connect() as connection:
        [row] = connection.execute(text(f"SELECT box, online, frames_per_second, {', '.join(new)} FROM boxes"))
    assert tuple(row) == ("box-1", True, 14.5, *[None] * len(new))
    engine.dispose()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    assert database.migrate(engine) == database.migrate(engine)
    database.check(engine)


def test_an_empty_database_says_to_migrate(url: str) -> None:
    with pytest.raises(SchemaError, match=r"no tables of Mien; run mien-central migrate"):
        database.check(database.connect(url))


def test_a_newer_database_is_refused_with_what_to_do(engine: Engine) -> None:
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (database.check, database.migrate):
        with pytest.raises(SchemaError, match=r"version 9999, which this software does not know; install the newer"):
            attempt(engine)


def test_a_failed_migration_leaves_nothing(sqlite_url: str, sqlite_file: Callable[[Engine], Path]) -> None:
    engine = database.connect(sqlite_url)
    with sqlite3.connect(sqlite_file(engine)) as other:
        other.execute("CREATE TABLE desks (something TEXT)")  # in the way of ours, which is made last
    with pytest.raises(DatabaseError, match="already exists"):
        database.migrate(engine)
    with sqlite3.connect(sqlite_file(engine)) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["desks"]


def test_sqlite_keeps_what_it_committed_through_a_power_cut(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_writer_takes_the_lock_before_it_reads(sqlite_engine: Engine, sqlite_file: Callable[[Engine], Path]) -> None:
    with database.writing(sqlite_engine), sqlite3.connect(sqlite_file(sqlite_engine), timeout=0) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM boxes").fetchone() == (0,)  # readers never wait


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "central.db").write_text("a shopping list, long enough to be taken for a header of a database\n" * 40)
    with pytest.raises(DatabaseError, match=r"central.db: file is not a database; the file is something else"):
        database.migrate(database.connect(f"sqlite:///{tmp_path / 'central.db'}"))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"unable to open database file; check that the folder is there"):
        database.migrate(database.connect(f"sqlite:///{tmp_path / 'nowhere' / 'central.db'}"))


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(DatabaseError, match=r"mysql.* is not supported; use sqlite:/// or postgresql://"):
        database.connect("mysql://db/mien")


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(DatabaseError, match="start PostgreSQL, or correct DATABASE_URL") as caught:
        database.check(database.connect("postgresql://mien:hunter2@127.0.0.1:1/mien"))
    assert "hunter2" not in str(caught.value)


def test_an_address_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(DatabaseError) as caught:
        database.connect("hunter2")
    assert "hunter2" not in str(caught.value)
