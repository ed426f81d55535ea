"""The tables: no column of the desk could hold a picture."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import msgspec
import pytest

from contract.reading import Reading
from edge.settings import Policy, Store
from edge.store import Outbox
from edge.store.rows import COLUMNS
from tests.edge.made import look, reading

LONG = "x" * 10_000
TABLES = """
SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'
"""  # SQLite makes that one itself: of each table the highest number


def tables_of(store: Store) -> dict[str, str]:
    """Every table with the statement that makes it."""
    return dict(look(store, TABLES))


def unbounded(tables: dict[str, str]) -> list[str]:
    """The columns that would take 10 kB: as a text, and as bytes, each put into an empty table by itself."""
    found = []
    for name, sql in tables.items():
        for what in (LONG, LONG.encode()):
            with closing(sqlite3.connect(":memory:")) as db:
                db.execute(sql.replace(" NOT NULL", ""))  # what else a row needs is another matter
                for (column,) in db.execute(f"SELECT name FROM pragma_table_info('{name}')").fetchall():
                    if taken(db, f"INSERT INTO {name} ({column}) VALUES (?)", what):
                        found.append(f"{name}.{column}")
    return found


def taken(db: sqlite3.Connection, sql: str, what: object) -> bool:
    """Whether a table takes it; raises what else is wrong with the statement."""
    try:
        db.execute(sql, (what,))
    except sqlite3.IntegrityError as refused:
        if re.search("CHECK|cannot store|datatype mismatch", str(refused)):
            return False
        raise
    return True


def test_every_table_is_strict_and_none_has_a_blob(store: Store) -> None:
    ours = tables_of(store)
    strict = dict(look(store, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
    assert {name: strict[name] for name in ours} == dict.fromkeys(ours, 1)
    types = {kind for table in ours for (kind,) in look(store, f"SELECT type FROM pragma_table_info('{table}')")}
    assert types == {"INTEGER", "REAL", "TEXT"}


def test_no_column_of_any_table_takes_ten_kilobytes(store: Store) -> None:
    ours = tables_of(store)
    assert {"outbox", "mirror", "gaps", "health", "engines", "meta", "_sqlite_migrations"} <= ours.keys()
    assert unbounded(ours) == []


def test_a_column_that_would_take_them_is_found() -> None:
    strict = "CREATE TABLE one (id INTEGER PRIMARY KEY, word TEXT, raw BLOB CHECK (length(raw) < 9)) STRICT"
    loose = "CREATE TABLE two (id INTEGER PRIMARY KEY, anything)"
    assert unbounded({"one": strict, "two": loose}) == ["one.word", "two.anything", "two.anything"]


@pytest.mark.parametrize("text", ["x" * 65, "x\0" + "y" * 100_000], ids=["long", "hidden behind a NUL"])
def test_a_text_that_is_too_long_is_refused(store: Store, text: str) -> None:
    Outbox(store, Policy()).add(reading(1))
    with closing(sqlite3.connect(store.path)) as db, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        db.execute("UPDATE outbox SET model = ?", (text,))


def test_a_row_has_every_field_of_a_reading() -> None:
    fields = {field.name for field in msgspec.structs.fields(Reading)} - {"seq", "shares"}
    assert set(COLUMNS) > fields
    assert len(COLUMNS) == len(fields) + 8
