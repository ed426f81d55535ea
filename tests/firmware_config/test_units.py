"""The units that ship are those of the desk's processes, within their budgets, and exposed as little as promised."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from edge import errors
from edge.processes import ENDS_ALL, PROCESSES, Process

FIRMWARE = Path(__file__).parents[2] / "firmware_config"
UNITS = FIRMWARE / "systemd"
MOST = 20  # exposure times ten
HARDENED = sorted(UNITS.glob("*.service"))


def settings_of(unit: str) -> dict[str, list[str]]:
    """Every setting of a unit file, with each value that it is given."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_each_process_has_a_unit_with_its_user_and_its_budget(process: Process) -> None:
    unit, budget = settings_of(process.unit), process.budget
    assert unit["ExecStart"] == [f"/opt/mien/bin/mien-desk {process.name} /etc/mien/desk.toml"]
    assert unit["User"] == [process.user]
    assert unit["Group"] == ["mien"]
    assert unit["MemoryMax"] == [f"{budget.memory_mb}M"]
    assert unit["TimeoutStopSec"] == [str(budget.stop_s)]
    assert unit["WatchdogSec"] == ([] if budget.watchdog_s is None else [str(budget.watchdog_s)])
    assert unit["Type"] == (["oneshot"] if process.once else ["exec"] if budget.watchdog_s is None else ["notify"])


def test_the_target_wants_every_process_and_no_unit_is_left_over() -> None:
    units = [process.unit for process in PROCESSES]
    assert settings_of("mien.target")["Wants"] == [" ".join(units)]
    assert {path.name for path in UNITS.iterdir()} == {*units, "mien.target", "mien-recover@.service"}
    assert all(settings_of(unit)["PartOf"] == ["mien.target"] for unit in units)


@pytest.mark.parametrize("process", [each for each in PROCESSES if not each.once], ids=lambda process: process.name)
def test_what_only_a_person_or_recovery_can_mend_is_not_started_again_and_again(process: Process) -> None:
    unit = settings_of(process.unit)
    given_up = {int(code) for code in " ".join(unit["RestartPreventExitStatus"]).split()}
    of_recovery = {errors.CorruptStore.exit_code, errors.StaleCamera.exit_code}
    assert given_up <= ENDS_ALL | of_recovery
    assert {errors.SettingsError.exit_code, errors.CorruptStore.exit_code} <= given_up
    assert unit["OnFailure"] == ["mien-recover@%N.service"]
    assert unit["StartLimitIntervalSec"] == ["0"]  # whatever passes by itself is waited for, however long


def test_vision_stops_before_publish_and_all_stop_before_store() -> None:
    assert "mien-publish.service" in settings_of("mien-vision.service")["After"][0]
    assert all(
        "mien-store.service" in settings_of(process.unit)["After"][0] and settings_of(process.unit)["Requires"]
        for process in PROCESSES
        if not process.once
    )


def test_voice_may_open_sound_devices_and_no_other() -> None:
    unit = settings_of("mien-voice.service")
    assert unit["DevicePolicy"] == ["closed"]
    assert unit["DeviceAllow"] == ["char-alsa rw"]
    assert unit["SupplementaryGroups"] == ["audio"]
    # What else it may do is what vision may.
    seen = settings_of("mien-vision.service")
    own = {"Description", "ExecStart", "User", "RestartSec", "RestartPreventExitStatus", "MemoryMax"}
    own |= {"DeviceAllow", "SupplementaryGroups", "MemoryDenyWriteExecute"}
    assert {key: unit[key] for key in unit if key not in own} == {key: seen[key] for key in seen if key not in own}


def test_every_user_is_made_and_owns_what_it_needs() -> None:
    made = (FIRMWARE / "sysusers.d/mien.conf").read_text(encoding="utf-8")
    assert {process.user for process in PROCESSES} == set(re.findall(r"^u (\S+)", made, re.MULTILINE))
    laid = (FIRMWARE / "tmpfiles.d/mien.conf").read_text(encoding="utf-8")
    assert "d /var/lib/mien 2750 mien-store mien -" in laid.splitlines()


@pytest.mark.parametrize("path", HARDENED, ids=lambda path: path.name)
def test_a_unit_is_exposed_no_more_than_promised(path: Path) -> None:
    assert analyze("security", "--offline=true", f"--threshold={MOST}", str(path)) == 0


def test_a_unit_without_a_word_of_it_is_exposed_too_much(tmp_path: Path) -> None:
    plain = tmp_path / "plain.service"
    plain.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert analyze("security", "--offline=true", f"--threshold={MOST}", str(plain)) != 0


def analyze(*arguments: str) -> int:
    """The exit status of systemd-analyze, whose words are shown where a test fails."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (apt install systemd)")
    done = subprocess.run([program, *arguments], text=True, capture_output=True, timeout=60)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze looks at no file that is not installed: it takes systemd 250")
    print(done.stdout.splitlines()[-1:] or done.stderr)
    return done.returncode
