"""Which recordings files and folders are; what cannot be read is named, and the others are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.analyze.inputs import COPY, find

FOREIGN = os.fsdecode(b"caf\xe9")  # as Latin-1 has it, which is no UTF-8
NOBODY = 65534
ROOT = Path(__file__).parents[3]
LOOK = f"""
import os, sys
from pathlib import Path
from edge.analyze.inputs import find
os.setuid({NOBODY})
for one in find([Path(name) for name in sys.argv[1:]], None, []):
    print(one.fault or one.name)
"""


def faults(*paths: Path) -> dict[str, str | None]:
    """What is said of each recording, by its name."""
    return {Path(found.name).name: found.fault for found in find(paths, None, [])}


def test_a_name_that_is_no_text_is_named_as_far_as_it_can_be_and_the_others_are_read(tmp_path: Path) -> None:
    for name in (f"{FOREIGN}.mp4", f"{FOREIGN}.png", "good.mp4", "good.png"):
        (tmp_path / name).write_text("something")
    found = faults(tmp_path)
    assert [found[name] for name in ("good.mp4", tmp_path.name)] == [None, None]
    for name in ("caf\ufffd.mp4", "caf\ufffd.png"):
        assert "its name is not UTF-8; rename it" in (found[name] or "")
    (album,) = (one for one in find([tmp_path], None, []) if one.files)
    assert album.files == ("good.png",)


def test_a_name_that_is_too_long_for_any_file_is_named(tmp_path: Path) -> None:
    (found,) = find([tmp_path / f"{'x' * 300}.mp4"], None, [])
    assert "cannot be read: File name too long; check its path" in (found.fault or "")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can look as somebody else")
def test_what_may_not_be_entered_is_named_and_the_others_are_found(tmp_path: Path) -> None:
    for folder in ("closed", "listed", "open"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_text("something")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "listed").chmod(0o744)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and str(above).startswith("/tmp/"):
            above.chmod(above.stat().st_mode | 0o011)
    command = [sys.executable, "-c", LOOK, *(str(tmp_path / name) for name in ("closed/a.mp4", "listed", "open"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    closed, listed, opened = done.stdout.splitlines()
    for said in (closed, listed):
        assert said.endswith("a.mp4: cannot be read: Permission denied; check its path and permissions")
    assert opened == str(tmp_path / "open" / "a.mp4")


def test_a_copy_that_was_drawn_earlier_is_no_recording(tmp_path: Path) -> None:
    for name in ("a.mp4", f"a.mp4{COPY}.mp4", f"b.png{COPY}.jpg"):
        (tmp_path / name).write_text("something")
    assert faults(tmp_path) == {"a.mp4": None}
