"""Readings of recordings: how long they are kept, and that they are there once, however old they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from central.retention import Purge
from central.schema import minutes, quarantine, quarters, readings, refused
from central.settings import Retention
from central.store import store
from contract.messages import NewEpoch, Receipt, Refusal
from contract.reading import Reading

from .made import DAY_MS, EPOCH, NOW_MS, OTHER_EPOCH, arrival, reading, renumbered

YEAR = 365 * DAY_MS


def purge(engine: Engine, now_ms: int = NOW_MS, **days: int) -> None:
    """All that is due."""
    work = Purge(engine, Retention(**days))
    work.begin(now_ms)
    while work.step():
        pass


def recording(*numbers: int, age_ms: int = YEAR) -> list[Reading]:
    """Seconds of a file."""
    return [reading(seq, wall_ms=NOW_MS - age_ms + seq * 1000, recorded=True) for seq in numbers]


def put(engine: Engine, made: Sequence[Reading], epoch: str = EPOCH, now_ms: int = NOW_MS) -> Any:
    """Store one message and return its one answer."""
    [answer] = store(engine, [arrival(made, epoch=epoch)], now_ms)
    return answer.message


def kept(engine: Engine) -> tuple[int, float, float]:
    """Raw rows, and the seconds in either roll-up."""
    with engine.connect() as connection:
        raw = connection.execute(select(func.count()).select_from(readings)).scalar_one()
        by_minute, by_quarter = (
            connection.execute(select(func.sum(table.c.recorded_s))).scalar() or 0.0 for table in (minutes, quarters)
        )
        return raw, by_minute, by_quarter


@pytest.mark.parametrize("days", [31, 200, 1000], ids=["raw_days are over", "minutes_days too", "nearly too old"])
def test_a_file_older_than_live_rows_are_kept_is_stored_and_stays(engine: Engine, days: int) -> None:
    purge(engine)
    assert put(engine, recording(1, 2, 3, age_ms=days * DAY_MS)) == Receipt(epoch=EPOCH, ranges=((1, 3),))
    purge(engine)
    assert kept(engine) == (3, 3.0, 3.0)


def test_recordings_go_with_all_their_sums_once_their_days_are_over(engine: Engine) -> None:
    put(engine, recording(1, 2))
    store(engine, [arrival([reading(9, boot="b9" * 8)], box="box-9")], NOW_MS)
    purge(engine, recorded_days=300)
    assert kept(engine) == (1, 0.0, 0.0), "a live row went, or a recorded one stayed"


def test_a_file_older_than_recordings_are_kept_is_refused_by_name_at_once(engine: Engine) -> None:
    purge(engine)
    answer = put(engine, [*recording(1, 2, age_ms=4 * YEAR), *recording(3)])
    why = "recorded longer ago than the centre keeps recordings (its retention.recorded_days)"
    assert answer == Receipt(epoch=EPOCH, ranges=((3, 3),), refused=(Refusal(seq=1, why=why), Refusal(seq=2, why=why)))
    assert kept(engine) == (1, 1.0, 1.0)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(select(refused.c.seq, refused.c.why))] == [(1, why), (2, why)]
        assert connection.execute(select(func.count()).select_from(quarantine)).scalar_one() == 0


def test_the_same_file_from_another_outbox_is_there_once_long_after_live_rows_are_purged(engine: Engine) -> None:
    put(engine, recording(1, 2))
    purge(engine, NOW_MS + 60 * DAY_MS)
    moved = [renumbered(made, made.seq + 50) for made in recording(1, 2)]
    assert put(engine, moved, epoch=OTHER_EPOCH) == Receipt(epoch=OTHER_EPOCH, ranges=((51, 52),))
    assert put(engine, moved) == Receipt(epoch=EPOCH, ranges=((51, 52),))
    assert kept(engine) == (2, 2.0, 2.0)


def test_another_old_file_of_a_box_of_several_epochs_is_taken(engine: Engine) -> None:
    purge(engine)
    put(engine, recording(1))
    assert put(engine, recording(2), epoch=OTHER_EPOCH) == Receipt(epoch=OTHER_EPOCH, ranges=((2, 2),))


def test_after_recordings_are_kept_for_longer_what_went_can_be_handed_over_again(engine: Engine) -> None:
    put(engine, recording(1))
    purge(engine, recorded_days=300)
    purge(engine, recorded_days=1000)
    assert put(engine, recording(1)) == NewEpoch(epoch=EPOCH)
    assert put(engine, recording(1), epoch=OTHER_EPOCH) == Receipt(epoch=OTHER_EPOCH, ranges=((1, 1),))
    assert kept(engine) == (1, 1.0, 1.0)
