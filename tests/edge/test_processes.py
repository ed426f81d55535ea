"""`mien-desk run`: what it starts, starts again, gives up and stops, with small real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from edge import processes
from edge.errors import CaptureError, CorruptStore, ModelError, SettingsError
from edge.processes import PROCESSES, Process, Supervisor
from tests.edge.centre import wait_for

ROOT = Path(__file__).parents[2]


class Run:
    """A supervisor in a thread whose processes run scripts of the test instead of `edge.main`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self.code: int | None = None
        self.pids = folder / "pids"
        for name, script in {
            "store": "",
            "engine": "",
            "vision": FOREVER,
            "voice": "",
            "publish": FOREVER,
            **scripts,
        }.items():
            head = f"import sys, time, pathlib\nhere = pathlib.Path({str(folder)!r})\n"
            (folder / f"{name}.py").write_text(head + script)

        def command(_: Supervisor, process: Process) -> list[str]:
            return [sys.executable, str(folder / f"{process.name}.py")]

        monkeypatch.setattr(Supervisor, "_command", command)
        self._supervisor = Supervisor(folder / "desk.toml", self.pids)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Run:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        self._thread.join(20)
        assert self.code is not None
        return self.code

    def started(self, name: str) -> list[int]:
        """The pids of a process, in the order of its starts."""
        lines = self.pids.read_text().split() if self.pids.exists() else []
        return [int(pid) for who, pid in zip(lines[::2], lines[1::2], strict=True) if who == name]

    def _run(self) -> None:
        self.code = self._supervisor.run(self.stop)


FOREVER = "time.sleep(600)"


def _count(name: str) -> str:
    """Note each start in a file."""
    return f"(here / '{name}.starts').open('a').write('x')\n"


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A supervisor of these scripts."""
    return lambda **scripts: Run(tmp_path, monkeypatch, **scripts)


def test_the_store_runs_first_and_the_others_beside_each_other() -> None:
    assert [process.name for process in PROCESSES] == ["store", "engine", "vision", "voice", "publish"]
    assert [process.once for process in PROCESSES] == [True, False, False, False, False]


def test_all_are_stopped_when_it_is_told_to_stop(run: Callable[..., Run]) -> None:
    with run() as desk:
        wait_for(lambda: desk.started("vision") and desk.started("publish"), "both run")
        pids = desk.started("vision") + desk.started("publish")
    assert desk.code == 0
    assert all(_gone(pid) for pid in pids)


def test_engines_are_built_once_beside_the_others(run: Callable[..., Run]) -> None:
    with run(engine="(here / 'built').touch()") as desk:
        wait_for(lambda: (desk.folder / "built").exists() and desk.started("vision"), "both run")
        time.sleep(1.5)
        assert len(desk.started("engine")) == 1


def test_a_folder_of_engines_that_cannot_be_written_ends_the_desk(run: Callable[..., Run]) -> None:
    with run(engine=f"sys.exit({SettingsError.exit_code})") as desk:
        assert desk.ended() == SettingsError.exit_code


def test_the_publisher_is_stopped_last(run: Callable[..., Run]) -> None:
    told = (
        "import signal\nname = pathlib.Path(sys.argv[0]).stem\n"
        "def end(*_):\n    (here / 'ends').open('a').write(name + ' ')\n    sys.exit(0)\n"
        f"signal.signal(signal.SIGTERM, end)\n(here / (name + '.ready')).touch()\n{FOREVER}"
    )
    with run(vision=told, publish=told) as desk:
        wait_for(lambda: len(list(desk.folder.glob("*.ready"))) == 2, "both run")
    assert (desk.folder / "ends").read_text() == "vision publish "


def test_a_process_that_does_not_end_is_killed(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_WAIT_S", 0.5)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n(here / 'deaf').touch()\ntime.sleep(600)"
    with run(vision=deaf) as desk:
        wait_for(lambda: (desk.folder / "deaf").exists(), "it runs")
    assert _gone(desk.started("vision")[0])


SUPERVISE = """
import sys, threading
from pathlib import Path
from edge.processes import Supervisor
here = Path(sys.argv[1])
Supervisor._command = lambda self, process: [sys.executable, str(here / f"{process.name}.py")]
Supervisor(here / "desk.toml", here / "pids").run(threading.Event())
"""


def test_a_supervisor_that_is_killed_leaves_no_process_running(tmp_path: Path) -> None:
    for name, script in {"store": "", "engine": "", "vision": FOREVER, "voice": "", "publish": FOREVER}.items():
        (tmp_path / f"{name}.py").write_text(f"import time\n{script}")
    pids = tmp_path / "pids"
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(tmp_path)], cwd=ROOT)
    try:
        wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 8, "all run")
    finally:
        supervisor.kill()
        supervisor.wait()
    children = [int(pid) for pid in pids.read_text().split()[1::2]]
    try:
        wait_for(lambda: all(_ended(pid) for pid in children), "both end")
    finally:
        for pid in children:
            if not _ended(pid):
                os.kill(pid, signal.SIGKILL)


def _ended(pid: int) -> bool:
    """Gone, or a zombie whose new parent, not this test, has to take its code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_nothing_starts_where_the_store_fails(run: Callable[..., Run]) -> None:
    with run(store="sys.exit(14)") as desk:
        assert desk.ended() == 14
    assert desk.started("vision") == []


def test_a_process_that_fails_starts_again_and_the_others_go_on(run: Callable[..., Run]) -> None:
    with run(vision=f"sys.exit({CaptureError.exit_code})") as desk:
        wait_for(lambda: len(desk.started("vision")) >= 2, "it starts again")
    assert len(desk.started("publish")) == 1


def test_a_process_that_is_killed_starts_again(run: Callable[..., Run]) -> None:
    with run() as desk:
        wait_for(lambda: desk.started("publish"), "it runs")
        os.kill(desk.started("publish")[0], signal.SIGKILL)
        wait_for(lambda: len(desk.started("publish")) == 2, "it starts again")


def test_the_waits_between_starts_grow(run: Callable[..., Run]) -> None:
    stamp = "(here / 'stamps').open('a').write(f'{time.monotonic()}\\n')\nsys.exit(1)"
    with run(vision=stamp) as desk:
        wait_for(lambda: len(desk.started("vision")) >= 4, "it starts four times")
        wait_for(lambda: len((desk.folder / "stamps").read_text().split()) >= 4, "and says when")
    at = [float(line) for line in (desk.folder / "stamps").read_text().split()]
    first, second, third = (after - before for before, after in pairwise(at[:4]))
    assert first < second < third


def test_an_error_that_only_a_person_can_mend_ends_all(run: Callable[..., Run]) -> None:
    with run(vision=f"sys.exit({ModelError.exit_code})") as desk:
        assert desk.ended() == ModelError.exit_code
    assert all(_gone(pid) for pid in desk.started("publish"))


def test_a_process_that_has_done_its_work_is_not_started_again(run: Callable[..., Run]) -> None:
    with run(vision="") as desk:
        wait_for(lambda: desk.started("vision") and desk.started("publish"), "both ran")
        time.sleep(1.5)
        assert len(desk.started("vision")) == 1
        assert not _gone(desk.started("publish")[0])


def test_on_a_damaged_outbox_all_stop_the_store_mends_it_and_all_start_again(run: Callable[..., Run]) -> None:
    damaged_once = (
        "if not (here / 'mended').exists():\n    (here / 'mended').touch()\n"
        f"    sys.exit({CorruptStore.exit_code})\n{FOREVER}"
    )
    with run(store=_count("store"), vision=damaged_once) as desk:
        wait_for(lambda: len(desk.started("vision")) == 2 and len(desk.started("publish")) == 2, "both start again")
    assert (desk.folder / "store.starts").read_text() == "xx"
    assert _gone(desk.started("publish")[0])


def test_every_process_is_a_subcommand() -> None:
    text = subprocess.run(
        [sys.executable, "-m", "edge.main", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert all(process.name in text for process in PROCESSES)
    assert "examples:" in text


def test_what_does_not_see_brings_nothing_that_sees() -> None:
    heavy = "import sys, edge.main; print([name for name in ('cv2', 'onnxruntime') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True).stdout == "[]\n"
