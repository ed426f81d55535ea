"""Roll-ups equal the sums over the raw rows, whatever the order, the duplicates and the batches."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from central import database, rollup
from central.raw import Sheaf
from central.schema import ROLLUPS, metadata
from central.store import store
from contract.expressions import EXPRESSIONS
from contract.reading import LASTING, Reading, Reason
from tests.contract.strategies import readings

from .made import EPOCH, NOW_MS, arrival, reading, unseen

moments = st.integers(NOW_MS - 2_000_000, NOW_MS + 700_000)  # some from the future, some late


@st.composite
def streams(draw: st.DrawFn) -> list[list[Reading]]:
    """Readings of two boxes, each its own, in batches of any order with some sent again."""
    made = []
    for seq in range(1, draw(st.integers(1, 20)) + 1):
        fields = {"boot": "b0" * 8, "started_ns": seq, "wall_ms": draw(moments)}
        made.append(msgspec.structs.replace(draw(readings(seq)), **fields))
    sent = draw(st.permutations(made + draw(st.lists(st.sampled_from(made), max_size=10))))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=4)))
    return [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(batches=streams(), historical=st.booleans())
def test_they_equal_the_sums_over_the_raw_rows(engine: Engine, batches: list[list[Reading]], historical: bool) -> None:
    with database.writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    for batch in batches:
        both = [arrival([one], box=f"box-{one.seq % 2}", historical=historical) for one in batch]
        store(engine, both, NOW_MS)
    with engine.connect() as connection:
        raw = connection.execute(text("SELECT count(*) FROM readings")).scalar_one()
        assert raw == len({one.seq for batch in batches for one in batch})
        for source, pair in ROLLUPS.items():
            for table, length_ms in pair:
                query = select(table.c.box, table.c.start_ms, *[table.c[name] for name in rollup.SUMS])
                stored = {(row[0], row[1]): row[2:] for row in connection.execute(query)}
                summed = _summed(connection, length_ms, source)
                assert stored.keys() == summed.keys()
                for key, sums in summed.items():
                    assert stored[key] == pytest.approx(sums, rel=1e-9, abs=1e-9)


def _summed(connection: Any, length_ms: int, source: str) -> dict[tuple[str, int], tuple[float, ...]]:
    """The same sums by the database, from the raw rows."""
    lasting = ", ".join(f"'{reason.value}'" for reason in LASTING)
    parts = [
        "count(*)",
        "sum(CASE WHEN reason IS NULL THEN duration_s ELSE 0 END)",
        f"sum(CASE WHEN reason IS NOT NULL AND reason NOT IN ({lasting}) THEN duration_s ELSE 0 END)",
        f"sum(CASE WHEN reason IN ({lasting}) THEN duration_s ELSE 0 END)",
        "sum(CASE WHEN historical AND NOT recorded THEN duration_s ELSE 0 END)",
        "sum(CASE WHEN simulated THEN duration_s ELSE 0 END)",
        "sum(CASE WHEN recorded THEN duration_s ELSE 0 END)",
        *(f"sum(coalesce({name}, 0) * duration_s)" for name in ("valence", "confidence")),
        *(f"sum(coalesce(p_{name}, 0) * duration_s)" for name in EXPRESSIONS),
    ]
    bins = f"wall_ms / {length_ms} * {length_ms}"
    query = f"SELECT box, {bins}, {', '.join(parts)} FROM readings WHERE wall_ok AND source = '{source}' GROUP BY 1, 2"
    return {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(text(query))}


def test_a_quarter_hour_is_fifteen_minutes(sqlite_engine: Engine) -> None:
    start_ms = NOW_MS // 900_000 * 900_000
    made = [reading(seq, wall_ms=start_ms + (seq - 1) * 60_000) for seq in range(1, 17)]
    store(sqlite_engine, [arrival(made)], NOW_MS + 900_000)
    with sqlite_engine.connect() as connection:
        found = connection.execute(text("SELECT start_ms, readings FROM quarters ORDER BY 1")).all()
    assert [tuple(row) for row in found] == [(start_ms, 15), (start_ms + 900_000, 1)]


def test_each_second_is_seen_or_unseen_or_not_observed() -> None:
    made = [
        reading(1),
        reading(2, duration_s=0.5, simulated=True),
        unseen(3, Reason.DARK),
        unseen(4, Reason.NOT_OBSERVED, duration_s=60.0),
    ]
    found = rollup.tally([Sheaf("box-1", EPOCH, False, True, made)], 60_000)
    sums = dict(zip(rollup.SUMS, found["box-1", NOW_MS // 60_000 * 60_000], strict=True))
    assert sums["readings"] == 4
    assert (sums["seen_s"], sums["unseen_s"], sums["not_observed_s"]) == (1.5, 1.0, 60.0)
    assert (sums["late_s"], sums["simulated_s"]) == (0.0, 0.5)
    assert sums["sum_neutral"] == pytest.approx(1.5 * 0.5)
