"""The faults, a function each: harms a scene so many times and returns how many faults really struck."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from contract.topics import CENTRE, FROM_BOX, FROM_CENTRE, box_topic
from tests.broker import CENTRE_USER
from tests.torture import ledger
from tests.torture.disks import SmallDisk
from tests.torture.scene import BOX_PROCESSES, Scene
from tests.torture.seer import FAULTS
from tests.way import BOX, WORDS, until

WRITING: Final = ("pwrite64", "fdatasync", "ftruncate")
ERRORS: Final = (("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"), ("ftruncate", "EIO"))
STRUCK: Final = 16  # readings of a maker that is struck at one of its calls
SMALL: Final = "keep_bytes = 1500000\n"
PAST_S: Final = 20_000  # of readings that are there before
FORTNIGHT_S: Final = 14 * 86_400


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One kind of harm.

    `share` is its part of all faults, `store` and `desk` settings of the outbox and of its way to the broker, `disk`
    where the outbox lies, or (`of_centre`) the centre's database, `needs` a program.
    """

    name: str
    what: str
    harm: Callable[[Scene, int], int]
    share: float
    store: str = ""
    desk: str = ""
    disk: str = "folder"
    of_centre: bool = False
    needs: str = ""


def kills(scene: Scene, faults: int) -> int:
    """SIGKILL of maker, publisher, ingest and broker, at any moment; each is started again at once."""
    scene.begin()
    scene.goes_on()
    for _ in range(faults):
        time.sleep(scene.random.uniform(0.0, 0.6))
        victim = scene.random.choice(("maker", "publish", "ingest", "broker"))
        if victim == "maker":
            scene.stop_making(signal.SIGKILL)
            scene.make()
        elif victim == "broker":
            scene.way.broker.kill()
            scene.way.broker.start()
        else:
            scene.way.end(victim, signal.SIGKILL)
            scene.way.start(victim)
    scene.goes_on()
    return faults


def killed_calls(scene: Scene, faults: int) -> int:
    """SIGKILL at the n-th call that writes, for n = 1, 2, 3 and on, of each kind of call."""
    scene.way.start("publish", "ingest")
    return _at_each_call(scene, faults, [(call, "signal=KILL") for call in WRITING])


def failed_calls(scene: Scene, faults: int) -> int:
    """A full disk and a failing one at the n-th call that writes, once; the maker tries again."""
    scene.way.start("publish", "ingest")
    return _at_each_call(scene, faults, [(call, f"error={error}") for call, error in ERRORS])


def _at_each_call(scene: Scene, faults: int, kinds: list[tuple[str, str]]) -> int:
    """Run a maker of STRUCK readings again and again, each time struck at a later call, until it has no more."""
    struck, number = 0, 1
    trace = scene.way.folder / "trace.txt"
    while struck < faults and kinds:
        for call, what in list(kinds):
            inject = f"inject={call}:{what}:when={number}"
            strace = ["strace", "-f", "-o", str(trace), "-e", f"trace={call}", "-e", inject]
            scene.run_maker("--count", str(STRUCK), "--every", "0", under=strace)
            said = trace.read_text(errors="replace")
            if "INJECTED" not in said and "+++ killed by SIGKILL" not in said:
                kinds.remove((call, what))
                continue
            struck += 1
            if struck == faults:
                break
        number += 1
        if not kinds:
            break
    return struck


def power_cuts(scene: Scene, faults: int) -> int:
    """Power is cut at any moment; the disk keeps what was synced, and of the rest what it likes."""
    scene.begin()
    scene.goes_on()
    for _ in range(faults):
        scene.makes(scene.random.randrange(1, 30))
        scene.cut_power()
    scene.goes_on()
    return faults


def flapping(scene: Scene, faults: int) -> int:
    """The network between box and broker is cut, and stalls without a word, for up to two seconds."""
    scene.begin()
    scene.goes_on()
    for _ in range(faults):
        time.sleep(scene.random.uniform(0.05, 0.4))
        if scene.random.random() < 0.7:
            scene.network.cut()
        else:
            scene.network.stall()
            time.sleep(scene.random.uniform(0.1, 2.0))
            scene.network.flow()
    scene.goes_on()
    return faults


def hostile(scene: Scene, faults: int) -> int:
    """Bytes on every topic that are no message of ours, from whoever may write there, while readings flow."""
    scene.begin()
    scene.goes_on()
    topics = {BOX: FROM_BOX, CENTRE_USER: FROM_CENTRE}
    for user, channels in topics.items():
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"hostile-{user}")
        client.username_pw_set(user, WORDS[user])
        client.connect("127.0.0.1", scene.way.broker.port)
        client.loop_start()
        places = [box_topic(BOX, channel) for channel in channels] + ([CENTRE] if user == CENTRE_USER else [])
        for number in range(-(-faults // 2)):
            client.publish(places[number % len(places)], _rubbish(scene), qos=1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
    scene.goes_on()
    return 2 * -(-faults // 2)


def _rubbish(scene: Scene) -> bytes:
    draw = scene.random
    whole = b'{"epoch":"0123456789abcdef","ranges":[[1,5]],"readings":[{"seq":1,"wall_ms":0}],"online":true}'
    kinds = (
        lambda: draw.randbytes(draw.randrange(2000)),
        lambda: whole[: draw.randrange(1, len(whole))],
        lambda: b"[" * 20_000,
        lambda: b'{"epoch":"' + b"x" * 100_000 + b'"}',
        lambda: b'{"epoch":1e400,"ranges":[[0,-1]],"readings":null}',
        lambda: b"\xff\xfe" + whole,
        lambda: b"",
    )
    return draw.choice(kinds)()


def clockless(scene: Scene, faults: int) -> int:
    """The box wakes without the time, says any, and learns it while readings wait; nothing arrives with a wrong one."""
    no_clock = scene.way.folder / "no-clock"
    scene.way.start("ingest")
    scene.make("--no-clock", str(no_clock))
    for _ in range(faults):
        no_clock.touch()
        if "publish" in scene.way.running:
            scene.way.end("publish", scene.random.choice((signal.SIGKILL, signal.SIGTERM)))
        scene.makes(scene.random.randrange(1, 20))
        scene.way.start("publish")
        scene.makes(scene.random.randrange(1, 20))
        no_clock.unlink()
        scene.goes_on(by=5)
    return faults


def restored(scene: Scene, faults: int) -> int:
    """The outbox is put back from a copy of before, and goes on under numbers that the centre knows otherwise."""
    scene.begin()
    desk = scene.way.desk
    for number in range(faults):
        scene.goes_on()
        copy = scene.way.folder / f"copy-{number}.db"
        with closing(sqlite3.connect(desk)) as there, closing(sqlite3.connect(copy)) as image:
            there.backup(image)
        scene.goes_on()
        scene.stop_making()
        scene.way.settle()
        scene.way.end("publish")
        for path in (desk, *(Path(f"{desk}{ending}") for ending in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
        shutil.copy(copy, desk)
        scene.make()
        scene.way.start("publish")
    scene.goes_on()
    return faults


def fortnight(scene: Scene, faults: int) -> int:
    """Days without a network, a reading a second, into an outbox that cannot hold them: what goes is named."""
    seconds = FORTNIGHT_S if faults > 1 else 20_000
    scene.run_maker("--past", str(seconds), "--count", "2", "--every", "0")
    scene.begin()
    scene.goes_on()
    return 1


def full_disk(scene: Scene, faults: int) -> int:
    """Others fill the box's small disk to the last byte, and what the reserve gave up too; all goes on meanwhile."""
    assert isinstance(scene.disk, SmallDisk)
    scene.way.command("edge", "store", str(scene.way.desk_toml))  # which makes the reserve
    scene.run_maker("--past", str(PAST_S), "--count", "2", "--every", "0")
    scene.begin()
    scene.goes_on()
    for _ in range(faults):
        if scene.random.random() < 0.5:
            scene.network.stall()
        for _ in range(2):
            scene.disk.fill()
            scene.makes(scene.random.randrange(20, 200))
        scene.network.flow()
        scene.goes_on()
        scene.disk.free()
        scene.makes(scene.random.randrange(1, 100))
    return faults


def camera(scene: Scene, faults: int) -> int:
    """The camera of `vision` itself freezes, blocks, dies, goes, shrinks or is slow, and comes back.

    Each second has its reading, whatever the camera does; but for those between an end of the process and its start.
    """
    fault = scene.way.folder / "fault"
    scene.way.start(*BOX_PROCESSES)
    scene.see(fault)
    scene.goes_on(by=3)
    ended = 0

    def has_made(number: int) -> bool:
        """Whether so many are there; where `vision` ended of its own accord it is started again, as systemd does."""
        nonlocal ended
        ended += scene.sees_again(fault)
        return scene.made() >= number

    for number in range(faults):
        fault.write_text(FAULTS[number % len(FAULTS)])
        lasts_until = time.monotonic() + scene.random.uniform(2.0, 20.0)
        until(lambda moment=lasts_until: has_made(0) and time.monotonic() > moment, "the fault is over")  # type: ignore[misc]
        fault.unlink()
        made = scene.made()
        until(lambda made=made: has_made(made + 3), "readings are made")  # type: ignore[misc]
    scene.stop_making()
    starts = sorted(line.started_ns for line in ledger.read(scene.notes))
    holes = sum(later - earlier > 1_500_000_000 for earlier, later in pairwise(starts))
    assert holes <= ended, f"{holes} times a second has no reading, and vision ended {ended} times alone"
    return faults


def damaged(scene: Scene, faults: int) -> int:
    """Pages of the outbox are overwritten while nobody runs; `store` saves what can be read and names the rest."""
    scene.begin()
    for _ in range(faults):
        scene.goes_on()
        scene.stop_making()
        scene.way.end("publish")
        with closing(sqlite3.connect(scene.way.desk)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = scene.way.desk.stat().st_size // 4096
        with scene.way.desk.open("r+b") as file:
            file.seek(4096 * scene.random.randrange(2, pages))
            file.write(scene.random.randbytes(4096))
        scene.way.command("edge", "store", str(scene.way.desk_toml))
        scene.make()
        scene.way.start("publish")
    scene.goes_on()
    return faults


SCENARIOS: Final = (
    Scenario(name="kills", what="SIGKILL of maker, publish, ingest, broker", harm=kills, share=0.2),
    Scenario(name="killed-calls", what="SIGKILL at each writing call", harm=killed_calls, share=0.11, needs="strace"),
    Scenario(
        name="failed-calls", what="ENOSPC, EIO at each writing call", harm=failed_calls, share=0.11, needs="strace"
    ),
    Scenario(name="power-cuts", what="the box's power cut", harm=power_cuts, share=0.1, disk="forgetful"),
    Scenario(
        name="centre-cuts",
        what="the centre's power cut",
        harm=power_cuts,
        share=0.06,
        disk="forgetful",
        of_centre=True,
    ),
    Scenario(name="flapping", what="network cut, network stalled", harm=flapping, share=0.16),
    Scenario(name="hostile", what="rubbish on every topic", harm=hostile, share=0.14),
    Scenario(
        name="clockless",
        what="wall clock unknown, then known",
        harm=clockless,
        share=0.06,
        desk="clock_wait_s = 600.0\n",
    ),
    Scenario(name="restored", what="outbox put back from a copy", harm=restored, share=0.03),
    Scenario(name="camera", what="a camera that lies, blocks, goes", harm=camera, share=0.02),
    Scenario(name="full-disk", what="a disk of 32 MB, full", harm=full_disk, share=0.03, disk="small"),
    Scenario(name="damaged", what="pages of the outbox overwritten", harm=damaged, share=0.03),
    Scenario(name="fortnight", what="days offline, outbox too small", harm=fortnight, share=0.002, store=SMALL),
)
