"""What is done after a unit failed for good: by its exit code, over a systemctl and a /sys of the test's own."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

RECOVER = Path(__file__).parents[2] / "firmware_config/libexec/recover"
VISION = "mien-vision.service"
CORRUPT, STALE, SETTINGS = 16, 18, 11

_SYSTEMCTL = """#!/bin/sh
if [ "$1" = show ]; then echo "$STATUS"; else echo "$*" >>"$CALLS"; fi
"""
_SLEEP = "#!/bin/sh\n"


class Machine:
    """A machine without systemd and devices."""

    def __init__(self, folder: Path) -> None:
        self.calls, self.state, self.sys = folder / "calls", folder / "state", folder / "sys"
        self._programs = folder / "bin"
        for each in (self.state, self.sys / "class/video4linux", self._programs):
            each.mkdir(parents=True)
        self.program("systemctl", _SYSTEMCTL)
        self.program("sleep", _SLEEP)

    def program(self, name: str, text: str) -> None:
        """One that stands before the machine's own."""
        (self._programs / name).write_text(text, encoding="utf-8")
        (self._programs / name).chmod(0o755)

    def camera(self) -> Path:
        """A camera on USB; returns what switches its device off and on."""
        device = self.sys / "devices/usb1/1-2"
        (device / "1-2:1.0").mkdir(parents=True)
        (device / "authorized").write_text("1\n", encoding="utf-8")
        node = self.sys / "class/video4linux/video0"
        node.mkdir()
        (node / "device").symlink_to(device / "1-2:1.0")
        return device / "authorized"

    def recover(self, status: int) -> list[str]:
        """What systemctl was asked for after a unit ended with this exit code."""
        self.calls.unlink(missing_ok=True)
        env = {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "STATUS": str(status),
            "CALLS": str(self.calls),
            "STATE_DIRECTORY": str(self.state),
            "MIEN_SYS": str(self.sys),
        }
        done = subprocess.run([RECOVER, VISION], env=env, text=True, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        self.said = done.stdout
        return self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One without a camera."""
    return Machine(tmp_path)


def test_a_damaged_outbox_is_mended_before_all_go_on(machine: Machine) -> None:
    assert machine.recover(CORRUPT) == ["restart mien-store.service", "--no-block start mien.target"]


def test_a_camera_that_lies_is_switched_off_and_on_three_times_and_then_the_box(machine: Machine) -> None:
    switch = machine.camera()
    for _ in range(3):
        switch.write_text("")
        assert machine.recover(STALE) == [f"--no-block start {VISION}"]
        assert switch.read_text() == "1\n"
        assert "1-2 off and on" in machine.said
    assert machine.recover(STALE) == ["--no-block reboot"]


def test_the_box_is_not_started_anew_twice_within_six_hours(machine: Machine) -> None:
    assert machine.recover(STALE) == ["--no-block reboot"]
    assert machine.recover(STALE) == [f"--no-block start {VISION}"]
    assert "look at the camera" in machine.said
    before = time.time() - 6 * 3600 - 1
    os.utime(machine.state / "rebooted", (before, before))
    assert machine.recover(STALE) == ["--no-block reboot"]


def test_a_clock_that_was_set_back_starts_no_box_anew(machine: Machine) -> None:
    machine.recover(STALE)
    later = time.time() + 1e6
    os.utime(machine.state / "rebooted", (later, later))
    assert machine.recover(STALE) == [f"--no-block start {VISION}"]


def test_an_hour_later_the_camera_may_be_reset_again(machine: Machine) -> None:
    machine.camera()
    (machine.state / "resets").write_text("-3700\n-3700\n-3700\n", encoding="utf-8")
    assert machine.recover(STALE) == [f"--no-block start {VISION}"]


def test_a_wrong_setting_waits_for_a_person(machine: Machine) -> None:
    assert machine.recover(SETTINGS) == []
    assert f"exit code {SETTINGS}" in machine.said
    assert f"journalctl -u {VISION}" in machine.said
