"""One box and one centre as they are: every process that a scenario may harm, and the count of what arrived."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.edge import made
from tests.torture import ledger
from tests.torture.disks import Disk, ForgetfulDisk, mounted
from tests.torture.ledger import Verdict
from tests.torture.proxy import Proxy
from tests.way import Way, make_way, until

BOX_PROCESSES: Final = ("publish", "ingest")


@dataclass
class Scene:
    """A way of readings, with a maker at its beginning and a network in it that can fail."""

    way: Way
    disk: Disk
    network: Proxy
    random: random.Random
    of_centre: bool = False  # the disk is
    maker: subprocess.Popen[bytes] | None = None

    @property
    def notes(self) -> Path:
        """What the maker noted."""
        return self.way.folder / "made.txt"

    def begin(self, *of_maker: str) -> None:
        """Start all of it."""
        self.way.start(*BOX_PROCESSES)
        self.make(*of_maker)

    def maker_command(self, *options: str) -> list[str]:
        """What makes readings into this outbox."""
        return [sys.executable, "-m", "tests.torture.maker", str(self.way.desk_toml), str(self.notes), *options]

    def make(self, *options: str) -> None:
        """Start a maker that goes on until it is ended."""
        with (self.way.folder / "maker.log").open("ab") as log:
            self.maker = subprocess.Popen(self.maker_command(*options), stdout=log, stderr=log)

    def see(self, fault: Path) -> None:
        """Start `vision` itself in the place of a maker, with a camera that does as the file `fault` says."""
        words = [sys.executable, "-m", "tests.torture.seer", str(self.way.desk_toml), str(self.notes), str(fault)]
        with (self.way.folder / "maker.log").open("ab") as log:
            self.maker = subprocess.Popen(words, stdout=log, stderr=log)

    def sees_again(self, fault: Path) -> bool:
        """Start `vision` again where it ended, as systemd does; whether it had."""
        if self.maker is None or self.maker.poll() is None:
            return False
        self.see(fault)
        return True

    def run_maker(self, *options: str, under: Sequence[str] = ()) -> int:
        """Run a maker to its end, under another program where one is given; returns its exit status."""
        return subprocess.run([*under, *self.maker_command(*options)], capture_output=True, timeout=600).returncode

    def stop_making(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the maker; it may be amid anything."""
        if self.maker is not None:
            self.maker.send_signal(number)
            self.maker.wait(30)
            self.maker = None

    def made(self) -> int:
        """How many readings were noted until now."""
        return self.notes.read_bytes().count(b"\n") if self.notes.exists() else 0

    def makes(self, more: int = 20) -> None:
        """Wait until so many more were made."""
        made = self.made()
        until(lambda: self.made() >= made + more, "readings are made")

    def goes_on(self, by: int = 20) -> None:
        """Wait until more was made and more is stored: the way works."""
        stored = self.way.stored()
        self.makes(by)
        until(lambda: self.way.stored() > stored, f"readings arrive; {self.way.log()}")

    def receives(self) -> None:
        """Wait until a receipt frees a row."""
        received = self._received()
        until(lambda: self._received() > received, "a receipt comes")

    def _received(self) -> int:
        count: int = made.look(self.way.settings.store, "SELECT count(*) FROM outbox WHERE state = 'received'")[0][0]
        return count

    def cut_power(self, *of_maker: str) -> None:
        """Everything that works on the disk ends at once, and begins again with what it kept."""
        assert isinstance(self.disk, ForgetfulDisk)
        self.disk.cut()
        if not self.of_centre:
            self.stop_making(signal.SIGKILL)
        stopped = [name for name in (("ingest",) if self.of_centre else ("publish",)) if name in self.way.running]
        for name in stopped:
            self.way.end(name, signal.SIGKILL)
        self.disk.unmount()
        self.disk.mount()
        if not self.of_centre:
            self.way.command("edge", "store", str(self.way.desk_toml))
            self.make(*of_maker)
        self.way.start(*stopped)

    def judge(self) -> Verdict:
        """End the maker, wait until the outbox owes nothing, and count."""
        self.stop_making()
        self.network.flow()
        for name in BOX_PROCESSES:
            if name not in self.way.running:
                self.way.start(name)
        self.way.settle()
        until(lambda: self.way.ask_gaps_owed() == 0, "the centre knows every gap")
        return ledger.judge(ledger.read(self.notes), self.way.central)


@contextmanager
def scene(
    folder: Path, seed: int, *, store: str = "", desk: str = "", disk: str = "folder", of_centre: bool = False
) -> Iterator[Scene]:
    """A scene in an empty folder; `store` and `desk` are further settings of the outbox and of its way to the broker.

    `disk` is one of `disks.KINDS`, on which the outbox lies, or the centre's database.
    """
    where = {"central": "disk/central.db"} if of_centre else {"outbox": "disk/desk.db"}
    folder.mkdir(parents=True)
    with mounted(disk, folder / "disk", seed) as made_disk:
        for way in make_way(folder, desk=f"catch_up_per_s = 5000\n{desk}", store=store, **where):
            text = way.desk_toml.read_text(encoding="utf-8")
            with Proxy(way.broker.port) as network:
                way.desk_toml.write_text(re.sub(r"^port = .*$", f"port = {network.port}", text, count=1, flags=re.M))
                played = Scene(way, made_disk, network, random.Random(seed), of_centre=of_centre)
                try:
                    yield played
                finally:
                    played.stop_making(signal.SIGKILL)
