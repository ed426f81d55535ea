"""Conversations: told by a system or by a box, how they went, and what is kept once their readings go."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from central import conversations as talks
from central import database
from central.conversations import ConversationError
from central.retention import Purge
from central.schema import conversations, readings
from central.settings import Retention
from central.store import store
from contract.expressions import EXPRESSIONS
from contract.reading import Reading, Role, Source, seen
from tests.central import made
from tests.central.made import DAY_MS, NOW_MS
from tests.central.web import rows

MINUTE = 60_000
START = NOW_MS - 10 * MINUTE


def mood(happiness: float) -> tuple[float, ...]:
    """Shares of that much happiness, the rest neutral: a valence of that much."""
    return tuple(
        happiness if name == "happiness" else 1 - happiness if name == "neutral" else 0.0 for name in EXPRESSIONS
    )


def second(index: int, happiness: float, **changes: Any) -> Reading:
    """A second of the conversation that began at START."""
    said: dict[str, Any] = seen(mood(happiness), confidence=0.8, quality=1.0, faces=1)
    return made.reading(index + 1, wall_ms=START + index * 1000, **said, **changes)


@pytest.fixture
def desk(engine: Engine) -> int:
    """A desk served by box-1."""
    with database.writing(engine) as connection:
        rows.site(connection)
        return rows.desk(connection, "A", box="box-1")


def sixty(engine: Engine, **changes: Any) -> None:
    """A minute that begins sad and ends happy."""
    store(engine, [made.arrival([second(i, i / 100, **changes) for i in range(60)])], NOW_MS)


def found(connection: Connection, desk: int) -> list[talks.Conversation]:
    """Those of the last hour."""
    return talks.at_desk(connection, desk, NOW_MS - 60 * MINUTE, NOW_MS, NOW_MS)


def test_its_change_is_the_last_third_less_the_first(engine: Engine, desk: int) -> None:
    sixty(engine)
    with database.writing(engine) as connection:
        assert talks.tell(connection, desk, "call-1", START, START + MINUTE, NOW_MS)
        [talk] = found(connection, desk)
    assert talk.how.change == pytest.approx(0.40, abs=1e-6)
    assert talk.how.coverage == pytest.approx(1.0)


def test_it_is_not_told_where_too_little_was_seen(engine: Engine, desk: int) -> None:
    sixty(engine)
    with database.writing(engine) as connection:
        talks.tell(connection, desk, "long", START, START + 101_000, NOW_MS)
        talks.tell(connection, desk, "enough", START - 10_000, START + 70_000, NOW_MS)
        enough, long = found(connection, desk)
    assert long.how.change is None
    assert long.how.coverage == pytest.approx(60 / 101)
    assert enough.how.change is not None


def test_customers_tell_before_agents_and_both_before_the_face(engine: Engine, desk: int) -> None:
    sixty(engine)
    of_customers = [second(i, (60 - i) / 100, role=Role.CUSTOMER, boot="c0" * 8) for i in range(60)]
    merged = [second(i, 0.5, source=Source.BOTH) for i in range(60)]
    with database.writing(engine) as connection:
        talks.tell(connection, desk, "call", START, START + MINUTE, NOW_MS)
    store(engine, [made.arrival([made.renumbered(each, 100 + i) for i, each in enumerate(merged)])], NOW_MS)
    with engine.connect() as connection:
        assert found(connection, desk)[0].how.change == pytest.approx(0.0, abs=1e-6)
    store(engine, [made.arrival([made.renumbered(each, 200 + i) for i, each in enumerate(of_customers)])], NOW_MS)
    with engine.connect() as connection:
        assert found(connection, desk)[0].how.change == pytest.approx(-0.40, abs=1e-6)


def test_one_that_lasts_has_a_coverage_and_no_change_yet(engine: Engine, desk: int) -> None:
    sixty(engine)
    with database.writing(engine) as connection:
        talks.tell(connection, desk, "call", START, None, NOW_MS)
        [talk] = talks.at_desk(connection, desk, START, NOW_MS, START + MINUTE)
        assert talk.end_ms is None
        assert talk.how.change is None
        assert talk.how.coverage == pytest.approx(1.0)
        assert not talks.tell(connection, desk, "call", START, START + MINUTE, NOW_MS)
        [talk] = found(connection, desk)
    assert talk.how.change is not None


def test_what_cannot_be_is_refused(engine: Engine, desk: int) -> None:
    with database.writing(engine) as connection:
        with pytest.raises(ConversationError, match="end: must be after start"):
            talks.tell(connection, desk, "x", START, START, NOW_MS)
        with pytest.raises(ConversationError, match="within a day"):
            talks.tell(connection, desk, "x", START, START + DAY_MS + 1, NOW_MS)
        with pytest.raises(ConversationError, match="none of number 77"):
            talks.tell(connection, 77, "x", START, START + 1, NOW_MS)
        assert connection.execute(select(conversations)).all() == []


def test_a_box_tells_of_one_by_its_readings_however_late_they_come(engine: Engine, desk: int) -> None:
    late, early = ([second(i, 0.5, conversation="c-1") for i in span] for span in (range(30, 60), range(30)))
    store(engine, [made.arrival(late)], NOW_MS)
    store(engine, [made.arrival(early, historical=True)], NOW_MS)
    store(engine, [made.arrival(early, historical=True)], NOW_MS)  # a duplicate tells nothing new
    with engine.connect() as connection:
        [talk] = found(connection, desk)
    assert (talk.external_id, talk.start_ms, talk.end_ms) == ("c-1", START, START + MINUTE)


def test_how_it_went_is_kept_when_its_readings_go(engine: Engine, desk: int) -> None:
    sixty(engine)
    with database.writing(engine) as connection:
        talks.tell(connection, desk, "call", START, START + MINUTE, NOW_MS)
        [before] = found(connection, desk)
    purge = Purge(engine, Retention(raw_days=1, minutes_days=180, quarters_days=1095))
    purge.begin(NOW_MS + 2 * DAY_MS)
    while purge.step():
        pass
    with engine.connect() as connection:
        assert connection.execute(select(readings)).all() == []
        [after] = found(connection, desk)
    assert after.how == before.how
    with database.writing(engine) as connection:
        talks.tell(connection, desk, "call", START, START + MINUTE, NOW_MS)  # said once more, it says nothing new
        [again] = found(connection, desk)
    assert again.how == before.how
    purge.begin(NOW_MS + 1200 * DAY_MS)
    while purge.step():
        pass
    with engine.connect() as connection:
        assert found(connection, desk) == []
