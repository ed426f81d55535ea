"""SQL for many plain tuples at once, the same text for SQLite and PostgreSQL.

The hot path of ingest runs through here: building a statement anew for each batch, or a dictionary for each row, costs
more than storing the row (bench/ingest.py measures the whole). Everything else uses SQLAlchemy's expressions as usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Boolean, Connection, Row, Table

_CHUNK: Final = 400  # tuples a look-up; SQLite takes 32,766 values a statement, PostgreSQL 65,535


def insert_many(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run an INSERT made by `insert_sql` for each of the rows."""
    if rows:
        connection.exec_driver_sql(_dressed(sql, connection.dialect.paramstyle), list(rows))


@lru_cache(maxsize=64)
def insert_sql(table: Table, columns: tuple[str, ...], update: tuple[tuple[str, str], ...] | None = None) -> str:
    """INSERT with a value for each column; one for a Boolean is 0 or 1, which SQLite's driver binds faster than a bool.

    `update`: what to do with a row whose primary key is there already, as (column, expression) pairs in which
    `excluded.x` is the new value and `table.x` the old; an empty tuple leaves the old row alone; None raises.
    """
    marks = ["(? <> 0)" if isinstance(table.c[name].type, Boolean) else "?" for name in columns]
    text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join(marks)})"
    if update is None:
        return text
    if not update:
        return f"{text} ON CONFLICT DO NOTHING"
    keys = ", ".join(column.name for column in table.primary_key.columns)
    return f"{text} ON CONFLICT ({keys}) DO UPDATE SET {', '.join(f'{column} = {value}' for column, value in update)}"


def look_up(connection: Connection, sql: str, wanted: Sequence[tuple[Any, ...]]) -> Iterator[Row[Any]]:
    """Rows of a SELECT that joins `wanted`, the given tuples; `sql` begins WITH wanted (...) AS (:wanted)."""
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        marks = f"({', '.join('?' * len(chunk[0]))})"
        text = sql.replace(":wanted", f"VALUES {', '.join([marks] * len(chunk))}")
        values = tuple(chain.from_iterable(chunk))
        yield from connection.exec_driver_sql(_dressed(text, connection.dialect.paramstyle), values)


_MARKS: Final[Mapping[str, str]] = {"qmark": "?", "pyformat": "%s", "format": "%s"}


@lru_cache(maxsize=4096)
def _dressed(sql: str, paramstyle: str) -> str:
    return sql.replace("?", _MARKS[paramstyle])
