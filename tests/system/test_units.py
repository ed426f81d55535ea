"""The desk under the units that ship, in a booted container: it works, nothing gets out, what fails comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from edge.processes import PROCESSES
from tests.system.box import MODULE, Box
from tests.system.escape import RESERVE, WRITTEN

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

OUTBOX = "/var/lib/mien/desk.db"
TARGET = "mien.target"
ESCAPE = "tests.system.escape"
STAYS = ("mien-vision.service", "mien-publish.service")
TRIED = (*STAYS, "mien-voice.service")

_PLAIN = """\
[Service]
Type=notify
ExecStart={command}
"""
_INSTEAD = """\
[Service]
ExecStart=
ExecStart={command}
Restart=no
"""


def wait_until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Returns once it is true. Fails where it is not in time."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.25)


def rows(box: Box, what: str) -> list[tuple[object, ...]]:
    """What a query of the outbox gives; asked inside, where its locks are."""
    file = f"file:{OUTBOX}?mode=ro"  # so that it takes nothing away where it closes the file as the last one
    program = (
        f"import json, sqlite3; print(json.dumps(sqlite3.connect({file!r}, uri=True).execute({what!r}).fetchall()))"
    )
    return [tuple(row) for row in json.loads(box.run("/opt/mien/bin/python", "-c", program))]


def stop(box: Box) -> None:
    """Stop the desk in order; systemctl waits for the target alone."""
    box.run("systemctl", "stop", TARGET)
    wait_until(lambda: {box.show(unit, "ActiveState") for unit in STAYS} == {"inactive"})


def epoch(box: Box) -> str:
    """The outbox's own id, empty while it cannot be asked."""
    try:
        return str(rows(box, "SELECT epoch FROM meta")[0][0])
    except RuntimeError:
        return ""


def readings(box: Box) -> int:
    """How many readings the outbox holds."""
    (count,) = rows(box, "SELECT count(*) FROM outbox")
    return int(str(count[0]))


def service(box: Box, name: str, module: str, argument: str = "") -> None:
    """A unit as anybody would write it, without a word of what it may not do."""
    box.write(f"/etc/systemd/system/{name}", _PLAIN.format(command=f"{MODULE} {module} {argument}"))


@pytest.fixture
def desk(box: Box) -> Box:
    """The box with its desk running for a few seconds."""
    box.run("systemctl", "start", "test-broker.service", TARGET)
    wait_until(lambda: box.show(STAYS[0], "ActiveState") == "active")
    before = readings(box)
    wait_until(lambda: readings(box) >= before + 2)
    return box


@pytest.fixture(scope="module")
def outcomes(box: Box) -> dict[str, dict[str, str]]:
    """How each attempt went under each unit: `plain`, and those of vision, voice and publish."""
    box.run("systemctl", "start", "test-broker.service", "dbus.socket")
    box.run("mknod", "-m", "666", "/dev/video0", "c", "1", "5")  # reads as /dev/zero does
    service(box, "test-listener.service", "tests.system.listener")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "start", "test-listener.service", "mien-store.service")
    process = box.show("test-listener.service", "MainPID")
    service(box, "test-plain.service", ESCAPE, process)
    for unit in TRIED:
        box.write(f"/etc/systemd/system/{unit}.d/escape.conf", _INSTEAD.format(command=f"{MODULE} {ESCAPE} {process}"))
    box.run("systemctl", "daemon-reload")
    said = {}
    for unit in (*TRIED, "test-plain.service"):
        box.run("systemctl", "start", unit)
        wait_until(lambda unit=unit: "\nend " in box.journal(unit))  # type: ignore[misc]
        lines = [line.split(" ", 1) for line in box.journal(unit).splitlines() if " " in line]
        said[unit] = dict(lines)
    for unit in TRIED:
        box.run("rm", "-r", f"/etc/systemd/system/{unit}.d")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "stop", "test-listener.service")
    box.run("rm", *(path for path in WRITTEN if path != RESERVE))  # of the unit that lets everything through
    return said


ATTEMPTS = (
    *("ipv4", "ipv6", "netlink", "packet", "vsock", "abstract-socket", "socket", "d-bus", "resolved", "journal"),
    *("memfd", "shared-memory", "ptrace"),
    *(f"write:{path}" for path in WRITTEN),
    "namespace",
)
OF_PUBLISH = (
    *("packet", "netlink", "vsock", "device"),
    *(attempt for attempt in ATTEMPTS[ATTEMPTS.index("shared-memory") :] if RESERVE not in attempt),
)


@pytest.mark.parametrize("attempt", [*ATTEMPTS, "device"])
def test_a_unit_without_a_word_of_it_lets_everything_through(outcomes: dict[str, dict[str, str]], attempt: str) -> None:
    assert outcomes["test-plain.service"][attempt] == "done"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_in_the_place_of_vision_nothing_gets_out(outcomes: dict[str, dict[str, str]], attempt: str) -> None:
    assert outcomes["mien-vision.service"][attempt] != "done"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_in_the_place_of_voice_nothing_gets_out(outcomes: dict[str, dict[str, str]], attempt: str) -> None:
    assert outcomes["mien-voice.service"][attempt] != "done"


@pytest.mark.parametrize("attempt", OF_PUBLISH)
def test_in_the_place_of_publish_no_device_and_no_other_file_is_reached(
    outcomes: dict[str, dict[str, str]], attempt: str
) -> None:
    assert outcomes["mien-publish.service"][attempt] != "done"


def test_vision_may_ask_whether_the_clock_is_right(outcomes: dict[str, dict[str, str]]) -> None:
    assert outcomes["mien-vision.service"]["clock"] == "done"


def test_publish_may_give_up_the_reserve(outcomes: dict[str, dict[str, str]]) -> None:
    assert outcomes["mien-publish.service"][f"write:{RESERVE}"] == "done"


def test_publish_reaches_the_broker(outcomes: dict[str, dict[str, str]]) -> None:
    assert outcomes["mien-publish.service"]["ipv4"] == "done"


def test_the_desk_reads_and_sends_as_the_users_that_it_ships_with(desk: Box) -> None:
    for process in PROCESSES:
        assert desk.show(process.unit, "User") == process.user
        assert desk.show(process.unit, "Result") == "success"
    assert [desk.show(unit, "NRestarts") for unit in STAYS] == ["0", "0"]
    wait_until(lambda: "connected to" in desk.journal(STAYS[1]))
    assert rows(desk, "SELECT count(*) FROM outbox WHERE reason IS NULL")[0][0] != 0


def test_beside_the_outbox_there_is_nothing_but_what_store_made(desk: Box) -> None:
    beside = desk.run("ls", "-A", "/var/lib/mien").split()
    assert sorted(beside) == ["desk.db", "desk.db-reserve", "desk.db-shm", "desk.db-wal", "engines"]
    assert desk.run("ls", "-A", "/var/lib/mien/engines") == ""


def test_a_loop_that_hangs_is_started_again(desk: Box) -> None:
    hung = desk.show(STAYS[0], "MainPID")
    desk.run("kill", "-STOP", hung)
    wait_until(lambda: desk.show(STAYS[0], "MainPID") not in {hung, "0"}, 60)
    wait_until(lambda: desk.show(STAYS[0], "ActiveState") == "active")
    assert "watchdog" in desk.journal(STAYS[0]).lower()
    before = readings(desk)
    wait_until(lambda: readings(desk) > before)


def test_a_damaged_outbox_is_mended_and_all_go_on(desk: Box) -> None:
    first = epoch(desk)
    stop(desk)
    desk.run(
        "sh",
        "-c",
        f"rm -f {OUTBOX}-wal {OUTBOX}-shm; dd if=/dev/urandom of={OUTBOX} bs=4096 seek=2 count=8 conv=notrunc",
    )
    desk.run("sh", "-c", f"touch {OUTBOX}-wal {OUTBOX}-shm; chown mien-store:mien {OUTBOX}*; chmod 660 {OUTBOX}*")
    desk.run("systemctl", "start", TARGET)
    wait_until(lambda: desk.show(STAYS[0], "ActiveState") == "active")
    assert epoch(desk) not in {first, ""}
    before = readings(desk)
    wait_until(lambda: readings(desk) > before)


def test_an_outbox_that_is_damaged_while_the_desk_runs_is_mended_by_recovery(desk: Box) -> None:
    first = epoch(desk)
    desk.run("sh", "-c", f"dd if=/dev/urandom of={OUTBOX} bs=100 count=1 conv=notrunc")
    desk.run("systemctl", "kill", "--signal=KILL", *STAYS, check=False)  # those that have not seen it yet
    wait_until(lambda: "mending it" in desk.journal("mien-recover@*"))
    wait_until(lambda: desk.show(STAYS[0], "ActiveState") == "active" and epoch(desk) not in {first, ""})
    before = readings(desk)
    wait_until(lambda: readings(desk) > before)
    assert [desk.show(unit, "ActiveState") for unit in STAYS] == ["active", "active"]


def test_a_camera_that_lies_is_reset_and_where_there_is_none_the_box_is_started_anew_but_not_twice(desk: Box) -> None:
    """Under recovery's own unit; that the box was started anew for it a moment ago is in its folder."""
    desk.run("sh", "-c", "mkdir -p /var/lib/mien-recover; touch /var/lib/mien-recover/rebooted")
    desk.write(f"/etc/systemd/system/{STAYS[0]}.d/lies.conf", _INSTEAD.format(command="/bin/sh -c 'exit 18'"))
    desk.run("systemctl", "daemon-reload")
    desk.run("systemctl", "restart", STAYS[0], check=False)
    wait_until(lambda: "look at the camera" in desk.journal("mien-recover@*"))
    desk.run("rm", "-r", f"/etc/systemd/system/{STAYS[0]}.d")
    desk.run("systemctl", "daemon-reload")
    desk.run("systemctl", "reset-failed")
    desk.run("systemctl", "start", TARGET)
    wait_until(lambda: desk.show(STAYS[0], "ActiveState") == "active")
    assert len(desk.run("cat", "/run/mien-recover-resets").split()) >= 1


def test_an_ordered_stop_loses_nothing(desk: Box) -> None:
    assert [desk.show(unit, "ActiveState") for unit in STAYS] == ["active", "active"]
    stop(desk)
    stopped = {unit: int(desk.show(unit, "InactiveEnterTimestampMonotonic")) for unit in STAYS}
    assert stopped["mien-vision.service"] < stopped["mien-publish.service"]
    numbers = [int(str(seq)) for (seq,) in rows(desk, "SELECT seq FROM outbox ORDER BY seq")]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    begun = [int(str(ns)) / 1e9 for (ns,) in rows(desk, "SELECT max(started_ns) FROM outbox")]
    assert stopped["mien-vision.service"] / 1e6 - begun[0] < 4.0  # the last whole second was kept
