"""`python -m demo` as a newcomer runs it: everything starts, every page answers, nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.broker import free_port, needs_mosquitto

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.timeout(240)


def demo(keep: Path, **environment: str) -> subprocess.Popen[str]:
    """The demo as a process, its files in `keep`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DEMO_")}
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**inherited, "DEMO_KEEP": str(keep), "PORT": str(free_port()), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Its last line, once it has ended well."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, out + err
    last: dict[str, Any] = json.loads(out.splitlines()[-1])
    return last


def ended(pid: int) -> bool:
    """Whether a process is gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@dataclass(frozen=True)
class Ran:
    """A demo of twenty seconds on Mosquitto, watched from outside while it ran."""

    folder: Path
    pids: dict[str, int]
    command_lines: frozenset[bytes]
    result: dict[str, Any]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run for all tests that only look at what it did."""
    folder = tmp_path_factory.mktemp("demo")
    process = demo(folder, DEMO_SECONDS="20")
    pids: dict[str, int] = {}
    seen: set[bytes] = set()
    while process.poll() is None:
        seen |= set(command_lines())
        with suppress(FileNotFoundError):
            pids |= {name: int(pid) for name, pid in map(str.split, (folder / "pids").read_text().splitlines())}
        time.sleep(0.5)
    return Ran(folder, pids, frozenset(seen), result_of(process))


def command_lines() -> Iterator[bytes]:
    """The command line of every process of the machine, as any user may read it."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield entry.read_bytes()


@needs_mosquitto
def test_the_demo_loses_nothing_doubles_nothing_and_every_page_answers(ran: Ran) -> None:
    result = ran.result
    assert result["broker"] == "mosquitto"
    assert result["made"] == result["sent"] == result["stored"] > 10_000
    assert result["lost"] == result["duplicated"] == result["waiting"] == result["set_aside"] == 0
    assert all(result["pages"].values())
    assert len(result["pages"]) == 17


@needs_mosquitto
def test_the_demo_leaves_both_databases_and_no_process(ran: Ran) -> None:
    assert {"broker", "ingest", "web", "vision", "publish"} <= ran.pids.keys()
    assert all(ended(pid) for pid in ran.pids.values())
    assert not (ran.folder / "pids").exists()
    assert {"desk.db", "central.db"} <= {path.name for path in ran.folder.iterdir()}


@needs_mosquitto
def test_no_secret_of_the_demo_stands_in_a_command_line_or_a_log(ran: Ran) -> None:
    secrets = [path.read_text().strip().encode() for path in (ran.folder / "secrets").iterdir()]
    logs = [path.read_bytes() for path in ran.folder.glob("*.log")]
    assert len(secrets) == 13
    assert any(b"mien" in line for line in ran.command_lines)
    assert not [1 for text in (*ran.command_lines, *logs) for secret in secrets if secret in text]


@pytest.mark.system
def test_the_demo_runs_on_the_embedded_broker_and_says_so(tmp_path: Path) -> None:
    pytest.importorskip("amqtt", reason="amqtt is not installed")
    process = demo(tmp_path, DEMO_SECONDS="20", DEMO_BROKER="embedded")
    result = result_of(process)
    assert result["broker"] == "amqtt (embedded)"
    assert result["made"] == result["stored"] > 10_000
    assert result["lost"] == result["duplicated"] == 0
    assert all(result["pages"].values())


def said(process: subprocess.Popen[str], words: str) -> None:
    """Wait until the demo says `words`."""
    assert process.stdout is not None
    assert any(words in line for line in process.stdout), "it ended without saying so"


def processes_of(folder: Path) -> list[int]:
    """Every process whose command line names a file in `folder`."""
    name = str(folder).encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if name in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


@needs_mosquitto
def test_control_c_stops_all_of_it_in_order_however_often_it_is_pressed(tmp_path: Path) -> None:
    process = demo(tmp_path)
    said(process, "Live charts: http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    said(process, "Stopping")
    process.send_signal(signal.SIGINT)
    result = result_of(process)
    assert result["lost"] == result["duplicated"] == result["waiting"] == 0
    assert not processes_of(tmp_path)


@needs_mosquitto
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.system)])
def test_a_demo_stopped_before_it_has_begun_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    process = demo(tmp_path)
    said(process, "broker: mosquitto")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert not processes_of(tmp_path)


@needs_mosquitto
def test_a_demo_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    process = demo(tmp_path)
    said(process, "Live charts: http://127.0.0.1:")
    process.kill()
    process.communicate(timeout=10)
    deadline = time.monotonic() + 30
    while processes_of(tmp_path):
        assert time.monotonic() < deadline, "something runs on"
        time.sleep(0.2)


@needs_mosquitto
@pytest.mark.system
def test_a_demo_without_the_camera_asked_for_says_so_and_fails(tmp_path: Path) -> None:
    process = demo(tmp_path, DEMO_SECONDS="15", CAMERA="97")
    _, err = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "the real desk reads nothing: " in err
    assert "97" in err


def test_a_wish_that_is_no_number_is_refused_in_one_line(tmp_path: Path) -> None:
    process = demo(tmp_path, DEMO_SECONDS="a minute")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith("demo: DEMO_SECONDS and PORT are numbers")
    assert err.count("\n") == 1
