"""Room for the day on which others fill the disk. That it is enough is shown by torture, on a small disk of its own."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.messages import GapCause
from edge.errors import DiskFull
from edge.main import main
from edge.settings import Policy, Store
from edge.store import Outbox, Prepared, Relay, Reserve, bounds, prepare, reserve
from edge.store.connection import Connection
from edge.store.outbox import TRIM_EVERY
from tests.edge.made import look, reading

Usage = namedtuple("Usage", "total used free")
SMALL = 32_000_000
FULL_OF_IT = SMALL // reserve.SHARE

Disk = Callable[[int], None]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A small disk with so many bytes free."""

    def has_free(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(SMALL, SMALL - free, free))

    has_free(SMALL)
    return has_free


def test_it_takes_its_room_where_there_is_enough(disk: Disk, tmp_path: Path) -> None:
    kept = Reserve(tmp_path / "desk.db")
    disk(2 * FULL_OF_IT)
    kept.make()
    assert kept.bytes == 0
    disk(SMALL)
    assert kept.fill()
    assert FULL_OF_IT <= kept.bytes < FULL_OF_IT + 8192


def test_it_gives_its_room_up_in_parts_and_takes_it_again_where_there_is_enough(disk: Disk, tmp_path: Path) -> None:
    kept = Reserve(tmp_path / "desk.db")
    kept.make()
    disk(1000)
    held = []
    for _ in range(reserve.PARTS + 1):
        kept.give_up()
        held.append(kept.bytes)
    assert held == [FULL_OF_IT // 4 * 3, FULL_OF_IT // 2, FULL_OF_IT // 4, 0, 0]
    assert not kept.fill()
    disk(SMALL)
    assert kept.fill()
    assert kept.bytes >= FULL_OF_IT


def test_a_start_on_a_full_disk_that_needs_no_room_keeps_all_of_it(disk: Disk, store: Store, tmp_path: Path) -> None:
    kept = Reserve(Path(store.path))
    kept.make()
    disk(1000)
    config = tmp_path / "desk.toml"
    config.write_text(f'[box]\nid = "desk-01"\n[store]\npath = "{store.path}"\n')
    assert main(["store", str(config)]) == 0
    assert kept.bytes >= FULL_OF_IT


def test_a_start_that_a_full_disk_refuses_tries_again_with_a_part_of_it(
    disk: Disk, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Reserve(Path(store.path))
    kept.make()
    disk(1000)

    def only_with_room(given: Store) -> Prepared:
        if kept.bytes >= FULL_OF_IT:
            raise DiskFull("the disk is full")
        return prepare(given)

    monkeypatch.setattr("edge.main.prepare", only_with_room)
    config = tmp_path / "desk.toml"
    config.write_text(f'[box]\nid = "desk-01"\n[store]\npath = "{store.path}"\n')
    assert main(["store", str(config)]) == 0
    assert kept.bytes == FULL_OF_IT // 4 * 3


def test_one_that_store_never_made_is_not_made_by_others(disk: Disk, tmp_path: Path) -> None:
    kept = Reserve(tmp_path / "desk.db")
    assert not kept.fill()
    assert list(tmp_path.iterdir()) == []


def test_it_is_given_up_only_where_the_log_cannot_be_written_into_the_file(
    disk: Disk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Reserve(Path(store.path))
    kept.make()
    relay = Relay(store)
    assert not relay.make_room()
    assert kept.bytes >= FULL_OF_IT
    monkeypatch.setattr(Connection, "_checkpoint", lambda self: kept.bytes <= FULL_OF_IT // 2)
    assert relay.make_room()
    assert kept.bytes == FULL_OF_IT // 2
    assert not relay.make_room()


def test_on_a_nearly_full_disk_the_oldest_go_and_the_file_does_not_grow(disk: Disk, store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add_many([reading(index) for index in range(6000)])
    size = _pages(store)
    disk(FULL_OF_IT - 1)
    for index in range(6000, 6000 + 8 * TRIM_EVERY):
        outbox.add(reading(index))
    assert _pages(store) <= size + bounds.SPARE_BYTES // 4096
    gaps = Relay(store).gaps(10)
    assert {owed.gap.cause for owed in gaps} == {GapCause.DISK_FULL}
    assert gaps[0].gap.first == 1


def _pages(store: Store) -> int:
    count: int = look(store, "PRAGMA page_count")[0][0]
    return count
