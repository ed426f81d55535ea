"""The folder of engines: whole or not at all, and only what this very box built."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.errors import RuntimeFailure, SettingsError
from edge.runtime.cuda.api import Device
from edge.runtime.engines import key as keys
from edge.runtime.engines.folder import Folder, NoEngine
from edge.runtime.engines.key import Key, Platform, this_box
from edge.runtime.tensorrt import Plan

ROOT = Path(__file__).parents[4]
HERE = Platform("10.3.0", "Orin", "8.7", "36.4.3", "machine")
KEY = Key("a" * 64, HERE)
PLAN = Plan(b"an engine", b"timing")
ORIN = Device("Orin", "8.7", True)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "engines")
    made.make_ready()
    return made


def why(folder: Folder, key: Key = KEY) -> str:
    with pytest.raises(NoEngine) as caught:
        folder.plan(key)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def kept(folder: Folder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


def test_what_is_kept_is_found_again_by_its_key(folder: Folder) -> None:
    folder.keep(KEY, "onet", PLAN)
    assert folder.has(KEY)
    assert folder.plan(KEY) == PLAN.engine
    folder.keep_timing(PLAN.timing)
    assert folder.timing() == PLAN.timing
    assert kept(folder) == [f"{KEY.name}.engine", f"{KEY.name}.json", "timing.cache"]


@pytest.mark.parametrize("field", Platform.__struct_fields__)
def test_an_engine_for_another_platform_is_not_there(folder: Folder, field: str) -> None:
    folder.keep(KEY, "onet", PLAN)
    other = msgspec.structs.replace(KEY, platform=msgspec.structs.replace(HERE, **{field: "another"}))
    assert not folder.has(other)
    assert "has no engine" in why(folder, other)


@pytest.mark.parametrize("field", ["network", "profile", "precision"])
def test_an_engine_for_another_network_profile_or_precision_is_not_there(folder: Folder, field: str) -> None:
    folder.keep(KEY, "onet", PLAN)
    assert not folder.has(msgspec.structs.replace(KEY, **{field: "b" * 64}))


def test_an_engine_from_another_box_under_the_name_of_ours_is_not_read(folder: Folder) -> None:
    folder.keep(KEY, "onet", PLAN)
    other = msgspec.structs.replace(KEY, platform=msgspec.structs.replace(HERE, machine="another"))
    for end in ("engine", "json"):
        (folder.path / f"{KEY.name}.{end}").rename(folder.path / f"{other.name}.{end}")
    assert "for another box" in why(folder, other)


@pytest.mark.parametrize("damage", [b"", b"an engina", b"an engine and more"])
def test_a_plan_whose_bytes_are_not_those_that_were_built_is_not_read(folder: Folder, damage: bytes) -> None:
    folder.keep(KEY, "onet", PLAN)
    (folder.path / f"{KEY.name}.engine").write_bytes(damage)
    assert "is not what this box built" in why(folder)


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"key": 1}'])
def test_a_manifest_that_is_none_is_not_believed(folder: Folder, text: bytes) -> None:
    folder.keep(KEY, "onet", PLAN)
    (folder.path / f"{KEY.name}.json").write_bytes(text)
    assert "is no manifest of an engine" in why(folder)


@pytest.mark.parametrize("end", ["engine", "json"])
def test_a_file_that_everybody_may_write_or_that_is_a_link_is_not_read(folder: Folder, end: str) -> None:
    folder.keep(KEY, "onet", PLAN)
    path = folder.path / f"{KEY.name}.{end}"
    path.chmod(0o646)
    assert "may be written by every user" in why(folder)
    path.chmod(0o640)
    path.rename(folder.path / "elsewhere")
    path.symlink_to(folder.path / "elsewhere")
    assert "cannot be read" in why(folder)


def test_a_plan_without_its_manifest_is_not_there(folder: Folder) -> None:
    """What is left where the box lost its power between the two."""
    folder.keep(KEY, "onet", PLAN)
    (folder.path / f"{KEY.name}.json").unlink()
    assert not folder.has(KEY)
    assert "has no engine" in why(folder)


def test_engines_for_another_platform_go_and_those_of_another_bundle_stay(folder: Folder) -> None:
    other = Key("b" * 64, HERE)
    folder.keep(KEY, "onet", PLAN)
    folder.keep(other, "onet", PLAN)
    assert folder.has(KEY)
    assert folder.has(other)
    upgraded = msgspec.structs.replace(KEY, platform=msgspec.structs.replace(HERE, tensorrt="10.16.2"))
    folder.keep(upgraded, "onet", PLAN)
    assert kept(folder) == [f"{upgraded.name}.engine", f"{upgraded.name}.json"]


def test_of_many_engines_the_newest_stay_and_a_plan_without_a_manifest_goes(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.runtime.engines.folder.MOST", 2)
    (folder.path / "orphan.engine").write_bytes(b"")
    keys_ = [Key(letter * 64, HERE) for letter in "abc"]
    for i, key in enumerate(keys_):
        folder.keep(key, "onet", PLAN)
        os.utime(folder.path / f"{key.name}.json", (i, i))
    folder.keep(keys_[2], "onet", PLAN)
    assert {path.stem for path in folder.path.glob("*.engine")} == {keys_[1].name, keys_[2].name}


def test_engines_in_a_folder_of_somebody_else_are_not_read(folder: Folder) -> None:
    folder.keep(KEY, "onet", PLAN)
    folder.path.chmod(0o777)
    assert "may be written by every user" in why(folder)
    folder.path.chmod(0o750)
    if os.geteuid() == 0:
        os.chown(folder.path / f"{KEY.name}.engine", 12345, -1)
        assert "belongs to the user 12345" in why(folder)


def test_a_second_builder_waits_for_the_first(folder: Folder) -> None:
    script = (
        "import sys; from pathlib import Path; from edge.runtime.engines.folder import Folder\n"
        "with Folder(Path(sys.argv[1])).building():\n    print('in', flush=True)\n"
    )
    with folder.building():
        second = subprocess.Popen(
            [sys.executable, "-c", script, str(folder.path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(3)
    assert second.communicate(timeout=20)[0] == "in\n"


def test_a_folder_into_which_nobody_may_look_is_an_error_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFailure, match="cannot be looked into"):
        Folder(tmp_path / ("x" * 300)).has(KEY)


def test_what_a_build_left_that_lost_its_power_goes(folder: Folder) -> None:
    (folder.path / ".partial-abc").write_bytes(b"half an engine")
    folder.make_ready()
    assert kept(folder) == []


def test_a_folder_that_cannot_be_made_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match=r"engines cannot be kept here: .*model\.engines"):
        Folder(tmp_path / "file" / "engines").make_ready()


def test_a_folder_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines").chmod(0o777)
    with pytest.raises(SettingsError, match="chmod o-w"):
        Folder(tmp_path / "engines").make_ready()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(place)]
    if (made := subprocess.run(["mount", *options], capture_output=True, text=True)).returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_folder_on_a_disk_that_is_read_only_is_an_error_at_once(mount: Path) -> None:
    (mount / "engines").mkdir(mode=0o750)
    subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
    with pytest.raises(SettingsError, match="Read-only file system"):
        Folder(mount / "engines").make_ready()


def test_a_disk_that_is_full_leaves_no_half_of_an_engine_and_what_was_there(mount: Path) -> None:
    folder = Folder(mount / "engines")
    folder.make_ready()
    folder.keep(KEY, "onet", PLAN)
    with pytest.raises(RuntimeFailure, match="make room"):
        folder.keep(Key("b" * 64, HERE), "pnet", Plan(bytes(2 << 20), b""))
    assert kept(folder) == [f"{KEY.name}.engine", f"{KEY.name}.json"]
    assert folder.plan(KEY) == PLAN.engine


def test_a_box_knows_its_gpu_its_system_and_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release, machine = tmp_path / "nv_tegra_release", tmp_path / "machine-id"
    release.write_text("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n")
    machine.write_text("1234\n")
    monkeypatch.setattr(keys, "L4T", release)
    monkeypatch.setattr(keys, "MACHINE", machine)
    first = this_box("10.3.0", ORIN)
    assert (first.tensorrt, first.gpu, first.capability, first.l4t) == ("10.3.0", "Orin", "8.7", "36.4.3")
    assert "1234" not in first.machine
    machine.write_text("1235\n")
    assert this_box("10.3.0", ORIN).machine != first.machine
    machine.unlink()
    release.unlink()
    assert this_box("10.3.0", ORIN).l4t == ""
    assert len(this_box("10.3.0", ORIN).machine) == 16
