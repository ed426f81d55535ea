"""Adding readings."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from contract.messages import GapCause, Receipt
from contract.reading import Reason
from edge.errors import SettingsError, StoreError
from edge.settings import Policy, Store
from edge.store import EngineNotes, Outbox, Relay, Vitals, prepare
from tests.edge.made import look, now_ms, reading, without_face

MIRROR = Policy(name="mirror", publish=False)


def test_numbers_rise_from_one(store: Store) -> None:
    outbox = Outbox(store, Policy())
    assert [outbox.add(reading(i)) for i in range(3)] == [1, 2, 3]


def test_a_reading_comes_back_as_it_went_in(store: Store) -> None:
    made = reading(1, conversation="call-7", clock_ok=False, simulated=True)
    number = Outbox(store, Policy()).add(made)
    assert Relay(store).load([number]) == [msgspec.structs.replace(made, seq=number)]


def test_a_recording_comes_back_as_one(store: Store) -> None:
    number = Outbox(store, Policy(), recorded=True).add(reading(1, recorded=True))
    assert Relay(store).load([number])[0].recorded


def test_recordings_are_added_once_however_often_they_come(store: Store) -> None:
    outbox = Outbox(store, Policy(), recorded=True)
    made = [reading(i, recorded=True) for i in range(5)]
    assert [outbox.add_recordings(made[:3]), outbox.add_recordings(made), outbox.add_recordings(made)] == [3, 2, 0]
    assert look(store, "SELECT started_ns / 1000000000 FROM outbox ORDER BY seq") == [(i,) for i in range(5)]


def test_recordings_of_any_age_are_kept_though_they_are_older_than_the_days(store: Store) -> None:
    old = [reading(i, recorded=True, wall_ms=1_000_000_000_000 + i) for i in range(500)]
    Outbox(store, Policy(), recorded=True).add_recordings(old)
    Outbox(store, Policy(), recorded=True).add_recordings([reading(9000 + i, recorded=True) for i in range(500)])
    prepare(store)
    assert Relay(store).counts().waiting == 1000
    assert Relay(store).gaps(10) == []


def test_where_recordings_fill_the_file_what_was_received_goes_and_what_is_owed_stays(tmp_path: Path) -> None:
    small = Store(path=str(tmp_path / "small.db"), keep_bytes=1_000_000)
    prepare(small)
    outbox = Outbox(small, Policy(), recorded=True)
    assert outbox.add_recordings([reading(i, recorded=True) for i in range(2000)]) == 2000
    with pytest.raises(StoreError, match=r"full of recordings .* run `mien-desk publish CONFIG.toml` first, or raise"):
        outbox.add_recordings([reading(i, recorded=True) for i in range(2000, 5000)])
    relay = Relay(small)
    assert relay.counts().waiting == 2000, "a part of what did not fit was kept"
    relay.mark_sent(range(1, 2001))
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, 2000),)))
    assert outbox.add_recordings([reading(i, recorded=True) for i in range(2000, 4000)]) == 2000
    assert (relay.counts().waiting, relay.counts().gaps) == (2000, 0)
    assert relay.counts().received < 2000


@pytest.mark.parametrize("recorded", [True, False])
def test_an_outbox_of_the_other_kind_is_refused(store: Store, recorded: bool) -> None:
    opened_before = Outbox(store, Policy(), recorded=not recorded)
    Outbox(store, Policy(), recorded=recorded).add(reading(1, recorded=recorded))
    with pytest.raises(SettingsError, match=r"never mix with them; name another file there .* and another box.id"):
        Outbox(store, Policy(), recorded=not recorded)
    with pytest.raises(SettingsError, match="never mix"):
        opened_before.add(reading(2, recorded=not recorded))
    Outbox(store, Policy(), recorded=recorded).add(reading(3, recorded=recorded))


def test_the_same_identity_is_kept_once(store: Store) -> None:
    outbox = Outbox(store, Policy())
    first = reading(1)
    assert [outbox.add(first), outbox.add(reading(2)), outbox.add(first), outbox.add(reading(3))] == [1, 2, 1, 3]


def test_a_private_reason_stays_on_the_box(store: Store) -> None:
    number = Outbox(store, Policy()).add(without_face(1, Reason.PAUSED))
    assert look(store, "SELECT reason FROM outbox") == [("paused",)]
    assert Relay(store).load([number])[0].reason is Reason.NOT_OBSERVED


def test_a_row_is_synced_to_disk_before_add_returns(store: Store) -> None:
    outbox = Outbox(store, Policy())
    assert outbox._connection.db.conn.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert outbox._connection.db.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_mirror_row_is_never_in_the_outbox(store: Store) -> None:
    Outbox(store, MIRROR).add(reading(1))
    relay = Relay(store)
    assert relay.counts().mirror == 1
    assert relay.counts().waiting == 0
    assert relay.oldest(10) == relay.newest(10) == []


def test_a_later_policy_does_not_send_a_mirror_row_even_where_it_is_added_again(store: Store) -> None:
    made = reading(1)
    Outbox(store, MIRROR).add(made)
    outbox = Outbox(store, Policy())
    outbox.add(made)
    outbox.add(reading(2))
    assert [reading.started_ns for reading in Relay(store).load([1, 2])] == [2_000_000_000]


def test_two_writers_and_the_publisher_lose_nothing(store: Store) -> None:
    def write(offset: int) -> None:
        outbox = Outbox(store, Policy())
        for index in range(150):
            outbox.add(reading(offset + index))
        outbox.close()

    writers = [threading.Thread(target=write, args=(offset,)) for offset in (0, 1000)]
    for writer in writers:
        writer.start()
    relay = Relay(store)
    while any(writer.is_alive() for writer in writers):
        relay.mark_sent([head.seq for head in relay.oldest(50)])
    assert relay.counts().waiting == 300
    assert len({head.seq for head in relay.oldest(1000)}) == 300


def test_a_writer_that_is_killed_loses_no_reading_whose_number_it_had(store: Store) -> None:
    script = (
        "import sys; from edge.settings import *; from edge.store import *; from tests.edge.made import reading\n"
        f"outbox = Outbox(Store(path={store.path!r}), Policy())\n"
        "for index in range(10_000): print(outbox.add(reading(index)), flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        told = [int(writer.stdout.readline()) for _ in range(40)]
        writer.send_signal(signal.SIGKILL)
    assert prepare(store).moved_aside is None
    assert {head.seq for head in Relay(store).oldest(10_000)} >= set(told)


def test_what_could_not_be_written_is_named_by_numbers_that_no_reading_has(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add(reading(1))
    outbox.lost(5, 1000, 6000)
    assert outbox.add(reading(2)) == 7
    (owed,) = Relay(store).gaps(10)
    assert (owed.gap.first, owed.gap.last, owed.gap.count) == (2, 6, 5)
    assert (owed.gap.from_ms, owed.gap.until_ms, owed.gap.cause) == (1000, 6000, GapCause.DISK_FULL)


def test_what_was_lost_before_any_reading_is_named_too(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.lost(1, 0, 1)
    assert outbox.add(reading(1)) == 2
    assert Relay(store).gaps(10)[0].gap.first == 1


def test_what_vision_says_of_itself_reaches_the_publisher(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.note_health(Vitals(9.1, "net-1"))
    outbox.note_health(Vitals(14.9, "net-2"))
    health = Relay(store).health()
    assert (health.frames_per_second, health.model) == (14.9, "net-2")
    assert abs(health.at_ms - now_ms()) < 5000


def test_what_is_said_of_engines_reaches_the_publisher(store: Store) -> None:
    Outbox(store, Policy()).note_health(Vitals(14.9, "net-2", "onnx", "no TensorRT\n" + "x" * 300))
    notes, relay = EngineNotes(store), Relay(store)
    notes.building("expression: " + "y" * 300, 0.25)
    health = relay.health()
    assert health.building is not None
    assert (len(health.building[0]), health.building[1], health.backend) == (200, 0.25, "onnx")
    assert health.fault is not None
    assert health.fault.startswith("no TensorRT xxx")
    assert len(health.fault) == 200
    Outbox(store, Policy()).note_health(Vitals(14.9, "net-2", "onnx"))
    notes.done("pnet: refused")
    assert (relay.health().building, relay.health().fault) == (None, "pnet: refused")
    notes.done()
    assert relay.health().fault is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_the_same_reading_goes_the_next_time(small_disk: Path) -> None:
    store = Store(path=str(small_disk / "desk.db"))
    prepare(store)
    outbox = Outbox(store, Policy())
    outbox.add(reading(0))
    ballast = small_disk / "ballast"
    free = os.statvfs(small_disk)
    ballast.write_bytes(b"x" * (free.f_bavail * free.f_bsize - 100_000))
    kept = [1]

    def add_until_full() -> None:
        for index in range(1, 10_000):
            kept.append(outbox.add(reading(index)))

    with pytest.raises(StoreError, match="disk is full; free some space") as caught:
        add_until_full()
    assert store.path in str(caught.value)
    assert [head.seq for head in Relay(store).oldest(10_000)] == kept
    assert outbox.add(reading(len(kept))) == kept[-1] + 1
    ballast.unlink()
    assert prepare(store).moved_aside is None


def test_a_write_that_fails_is_a_store_error_and_the_reading_can_be_added_again(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add(reading(0))
    size = Path(store.path + "-wal").stat().st_size
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        with pytest.raises(StoreError, match="disk"):
            outbox.add(reading(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert outbox.add(reading(1)) == 2
