"""The whole way of a reading for tests, on the real parts: outbox, publisher, Mosquitto, ingest, database."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.reading import Reading
from demo.tally import Tally, compare
from edge import settings as desk_settings
from edge.store import Outbox, prepare
from tests.broker import CENTRE_USER, BrokerProcess, acl_lines, mosquitto
from tests.edge import made

BOX = made.BOX
WORDS = {CENTRE_USER: "a word for the centre", BOX: "a word for the box"}
PATIENCE_S = 60.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Way:
    """A broker, and the programs at both ends as processes that can be killed."""

    folder: Path
    broker: BrokerProcess
    desk_toml: Path
    central_toml: Path
    central: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the files at both ends."""
        self.settings = desk_settings.load(self.desk_toml)
        self.desk = Path(self.settings.store.path)
        prepare(self.settings.store)
        self.command("central", "migrate", "--config", str(self.central_toml))

    def command(self, room: str, *words: str) -> None:
        """Run a command to its end."""
        subprocess.run([sys.executable, "-m", f"{room}.main", *words], check=True, capture_output=True)

    def start(self, *names: str) -> None:
        """Start `publish` at the desk, `ingest` at the centre."""
        commands = {
            "publish": ["edge.main", "publish", str(self.desk_toml)],
            "ingest": ["central.main", "ingest", "--config", str(self.central_toml)],
        }
        for name in names:
            self.start_as(name, [sys.executable, "-m", *commands[name]])

    def start_as(self, name: str, words: Sequence[str]) -> None:
        """Start a program in the place of one of them."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(words, stdout=log, stderr=log)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop a program, in order or not."""
        process = self.running.pop(name)
        process.send_signal(number)
        process.wait(timeout=30)

    def keep(self, readings: list[Reading]) -> None:
        """Put readings into the outbox, as vision does."""
        outbox = Outbox(self.settings.store, self.settings.policy)
        outbox.add_many(readings)
        outbox.close()

    def tally(self) -> Tally:
        """Both ends compared."""
        return compare({BOX: self.desk}, self.central)

    def ask(self, sql: str) -> list[Any]:
        """Ask the centre's database."""
        with closing(sqlite3.connect(self.central, timeout=10)) as db:
            return db.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        """Change the centre's database behind its back; nobody else may have it open."""
        with closing(sqlite3.connect(self.central)) as db:
            db.execute(sql)
            db.commit()

    def stored(self) -> int:
        """Raw rows at the centre."""
        count: int = self.ask("SELECT count(*) FROM readings")[0][0]
        return count

    def waiting(self) -> int:
        """Rows at the desk that no receipt has freed."""
        count: int = made.look(self.settings.store, "SELECT count(*) FROM outbox WHERE state = 'waiting'")[0][0]
        return count

    def ask_gaps_owed(self) -> int:
        """Gap records at the desk that the centre has not confirmed."""
        count: int = made.look(self.settings.store, "SELECT count(*) FROM gaps WHERE NOT reported")[0][0]
        return count

    def settle(self) -> None:
        """Wait until every row of the desk is received or named, however many there are."""
        while left := self.waiting():
            until(lambda left=left: self.waiting() < left, f"the outbox empties; {left} wait, {self.log()}")  # type: ignore[misc]

    def log(self) -> str:
        """What the programs said last."""
        return " | ".join(path.read_text()[-300:] for path in sorted(self.folder.glob("*.log")))


def make_way(
    folder: Path,
    *broker_options: str,
    desk: str = "",
    outbox: str = "desk.db",
    central: str = "central.db",
    store: str = "",
) -> Iterator[Way]:
    """A way in `folder`, with further lines of the desk's settings; `outbox` and `central` are files in the folder."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for user, word in WORDS.items():
        (secrets / user).touch(mode=0o600)
        (secrets / user).write_text(word)
    with mosquitto(folder / "broker", passwords=WORDS, acl=acl_lines(), options=broker_options) as broker:
        access = f'port = {broker.port}\nusername = "%s"\npassword_file = "secrets/%s"\n'
        desk_toml, central_toml = folder / "desk.toml", folder / "central.toml"
        desk_toml.write_text(
            f'[box]\nid = "{BOX}"\n[store]\npath = "{outbox}"\n{store}[broker]\n{access % (BOX, BOX)}{desk}',
            encoding="utf-8",
        )
        database = f'[database]\nurl = "sqlite:///{folder}/{central}"\n'
        central_toml.write_text(f"{database}[broker]\n{access % (CENTRE_USER, CENTRE_USER)}", encoding="utf-8")
        way = Way(folder, broker, desk_toml, central_toml, folder / central)
        try:
            yield way
        finally:
            for process in way.running.values():
                process.kill()
                process.wait()
