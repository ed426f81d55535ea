"""The command `mien-central`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from central import database
from central.store import store
from tests.broker import free_port, mosquitto, needs_mosquitto

from .box import wait_for, write_settings
from .made import NOW_MS, arrival, numbered, reading
from .processes import logged, ran, started

PLACE = ("place", "box-1", "--desk", "Desk 1", "--team", "Night", "--site", "Hanoi")


def test_each_command_has_help_and_the_whole_has_examples(tmp_path: Path) -> None:
    status, output, _ = ran("--help", folder=tmp_path)
    assert status == 0
    assert "mien-central run --config site.toml" in output
    for command in ("migrate", "ingest", "web", "run", "place", "desks", "purge", "quarantine"):
        status, output, _ = ran(command, "--help", folder=tmp_path)
        assert (status, f"usage: mien-central {command}" in output) == (0, True)


def test_a_database_without_tables_is_refused_with_what_to_do(tmp_path: Path) -> None:
    status, output, error = ran("ingest", folder=tmp_path)
    assert (status, output) == (15, "")
    assert error.strip().splitlines() == [
        "mien-central: database sqlite:///central.db: has no tables of Mien; run mien-central migrate"
    ]


def test_a_newer_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    with database.writing(database.connect(f"sqlite:///{tmp_path / 'central.db'}")) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in ("ingest", "web", "run", "migrate", "desks"):
        status, _, error = ran(command, folder=tmp_path)
        assert (status, error.count("\n")) == (15, 1)
        assert "install the newer Mien that made it" in error


def test_wrong_settings_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text("[broker]\nhots = 'x'\n")
    status, _, error = ran("ingest", folder=tmp_path)
    assert (status, error.count("\n")) == (11, 1)
    assert 'unknown key "broker.hots"; did you mean "broker.host"?' in error


def test_a_box_is_placed_listed_and_moved(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    status, _, error = ran(*PLACE, folder=tmp_path)
    assert (status, "is new and needs its time zone; add --zone" in error) == (18, True)
    assert ran(*PLACE, "--zone", "Asia/Ho_Chi_Minh", folder=tmp_path)[:2] == (0, "box-1 serves Desk 1 at Hanoi\n")
    status, output, _ = ran("place", "box-1", "--desk", "Desk 2", "--site", "Hanoi", folder=tmp_path)
    assert (status, output) == (0, "box-1 serves Desk 2 at Hanoi, moved from Desk 1\n")
    status, output, _ = ran("desks", folder=tmp_path)
    lines = [line.split() for line in output.splitlines()]
    assert lines[1][:5] == ["Hanoi", "Night", "Desk", "1", "(none)"]
    assert lines[2][:4] == ["Hanoi", "Desk", "2", "box-1"]


def test_boxes_without_a_desk_are_named(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    store(database.connect(f"sqlite:///{tmp_path / 'central.db'}"), [arrival(numbered([1]), box="box-7")], NOW_MS)
    assert "without a desk: box-7; give them one with mien-central place" in ran("desks", folder=tmp_path)[1]


def test_quarantine_is_listed(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    engine = database.connect(f"sqlite:///{tmp_path / 'central.db'}")
    store(engine, [arrival([reading(1)])], NOW_MS)
    store(engine, [arrival([reading(1, boot="b1" * 8)])], NOW_MS)
    status, output, _ = ran("quarantine", "--box", "box-1", folder=tmp_path)
    assert (status, len(output.splitlines())) == (0, 2)
    assert "other content under a number that was received" in output
    assert len(ran("quarantine", "--box", "box-2", folder=tmp_path)[1].splitlines()) == 1


def test_purge_says_how_many_rows_went(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    engine = database.connect(f"sqlite:///{tmp_path / 'central.db'}")
    store(engine, [arrival(numbered(range(1, 51), wall_ms=1_600_000_000_000))], NOW_MS)
    status, output, _ = ran("purge", folder=tmp_path)
    assert (status, output) == (0, "52 rows gone\n")  # with a minute and a quarter-hour


@dataclass(frozen=True)
class Centre:
    """`mien-central run` with its children at work."""

    process: subprocess.Popen[bytes]
    folder: Path

    def pids(self, name: str) -> list[int]:
        """The process ids of all starts of a child."""
        path = self.folder / "pids"
        found = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in found if line.split()[0] == name]

    def wait_until_children_are_gone(self) -> None:
        """Fails where one lives on."""
        pids = self.pids("ingest") + self.pids("web")
        wait_for(lambda: not any(_runs(pid) for pid in pids))


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """All processes, connected and answering."""
    port = free_port()
    with mosquitto(tmp_path / "broker") as broker:
        path = write_settings(tmp_path, broker.port)
        path.write_text(f"{path.read_text()}[web]\nport = {port}\n")
        with started("run", "--config", path, "--pids", tmp_path / "pids", folder=tmp_path) as process:
            made = Centre(process, tmp_path)
            wait_for(lambda: logged(tmp_path).count("connected as") == 1)
            wait_for(lambda: _answers(port))
            assert (len(made.pids("ingest")), len(made.pids("web"))) == (1, 1)
            yield made


@needs_mosquitto
def test_run_starts_again_what_ends(centre: Centre) -> None:
    os.kill(centre.pids("ingest")[0], signal.SIGKILL)
    wait_for(lambda: logged(centre.folder).count("connected as") == 2)
    assert "ingest ended with status -9; starting it again in 1 s" in logged(centre.folder)
    assert len(centre.pids("ingest")) == 2


@needs_mosquitto
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run_ends_all_of_it_when_told_to(hangups: None, centre: Centre, number: signal.Signals) -> None:
    centre.process.send_signal(number)
    assert centre.process.wait(20) == 0
    centre.wait_until_children_are_gone()
    assert "Traceback" not in logged(centre.folder)


def test_a_run_under_nohup_outlives_its_terminal() -> None:
    code = (
        "import os, signal; from central.processes import Stop; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "stop = Stop(); os.kill(os.getpid(), signal.SIGHUP); raise SystemExit(stop())"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_mosquitto
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_run_that_is_killed_leaves_no_process_behind(centre: Centre) -> None:
    centre.process.kill()
    centre.process.wait()
    centre.wait_until_children_are_gone()


@pytest.fixture
def hangups() -> Iterator[None]:
    """What is started now obeys SIGHUP, even where these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for yet."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    with closing(sqlite3.connect(tmp_path / "central.db")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    (tmp_path / "central.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    status, _, error = ran("desks", folder=tmp_path)
    assert (status, error.count("\n")) == (14, 1)
    assert "central.db" in error


def test_a_box_can_be_placed_since_a_time_gone_by(tmp_path: Path) -> None:
    ran("migrate", folder=tmp_path)
    status, _, error = ran(*PLACE, "--zone", "Asia/Ho_Chi_Minh", "--since", "2026-11-20T08:00+07:00", folder=tmp_path)
    assert (status, error) == (0, "")
    with closing(sqlite3.connect(tmp_path / "central.db")) as db:
        assert db.execute("SELECT from_ms, until_ms FROM placements").fetchall() == [(1_795_136_400_000, None)]


@pytest.mark.parametrize("since", ["2026-11-20T08:00", "this morning"])
def test_a_time_without_an_offset_is_refused_with_what_to_write(tmp_path: Path, since: str) -> None:
    status, _, error = ran(*PLACE, "--since", since, folder=tmp_path)
    assert status == 2
    assert "write it as 2026-11-20T08:00+07:00" in error
