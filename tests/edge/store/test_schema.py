"""The tables: no column of the desk could hold a picture."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import msgspec
import pytest

from contract.reading import Reading
from edge.settings import Policy, Store
from edge.store import Outbox
from edge.store.rows import COLUMNS
from tests.edge.made import look, reading

OURS = ("meta", "outbox", "mirror", "gaps", "health", "engines")


def test_every_table_is_strict_and_none_has_a_blob(store: Store) -> None:
    strict = dict(look(store, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
    assert {name: strict[name] for name in OURS} == dict.fromkeys(OURS, 1)
    types = {kind for table in OURS for (kind,) in look(store, f"SELECT type FROM pragma_table_info('{table}')")}
    assert types == {"INTEGER", "REAL", "TEXT"}


def test_every_text_has_a_checked_length(store: Store) -> None:
    for table in OURS:
        (sql,) = next(iter(look(store, f"SELECT sql FROM sqlite_schema WHERE name = '{table}'")))
        for (name,) in look(store, f"SELECT name FROM pragma_table_info('{table}') WHERE type = 'TEXT'"):
            assert f"length(CAST({name} AS BLOB)) BETWEEN" in sql or f"{name} IN (" in sql, f"{table}.{name}"


@pytest.mark.parametrize("text", ["x" * 65, "x\0" + "y" * 100_000], ids=["long", "hidden behind a NUL"])
def test_a_text_that_is_too_long_is_refused(store: Store, text: str) -> None:
    Outbox(store, Policy()).add(reading(1))
    with closing(sqlite3.connect(store.path)) as db, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        db.execute("UPDATE outbox SET model = ?", (text,))


def test_a_row_has_every_field_of_a_reading() -> None:
    fields = {field.name for field in msgspec.structs.fields(Reading)} - {"seq", "shares"}
    assert set(COLUMNS) > fields
    assert len(COLUMNS) == len(fields) + 8
