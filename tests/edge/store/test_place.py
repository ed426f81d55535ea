"""An outbox lies on a disk of the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import StoreError
from edge.settings import Store
from edge.store import place, prepare

ROOT_MOUNT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p1 rw"


def mounted(kind: str, at: str) -> str:
    """A line of mountinfo, as the kernel writes it; a space in a name is \\040."""
    where = at.replace(" ", r"\040")
    return f"40 22 0:50 / {where} rw,relatime shared:9 master:2 - {kind} server:/export rw,vers=4.2"


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "virtiofs"])
def test_a_folder_on_a_share_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    share = tmp_path / "the share"
    mounts = tmp_path / "mountinfo"
    mounts.write_text("\n".join([ROOT_MOUNT, mounted(kind, str(share))]), encoding="utf-8")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    with pytest.raises(StoreError, match=rf"network share \({kind}\).*disk of this box"):
        prepare(Store(path=str(share / "deep/desk.db")))
    assert not (share / "deep/desk.db").exists()


@pytest.mark.parametrize("kind", ["ext4", "f2fs", "overlay", "tmpfs", "btrfs", "xfs", "fuseblk"])
def test_a_disk_of_the_box_is_taken_also_beside_and_below_a_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    disk = tmp_path / "share/disk"
    lines = [ROOT_MOUNT, mounted("nfs4", str(tmp_path / "share")), mounted(kind, str(disk)), mounted("nfs", f"{disk}2")]
    mounts = tmp_path / "mountinfo"
    mounts.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    prepare(Store(path=str(disk / "desk.db")))
    assert (disk / "desk.db").exists()


def test_where_the_kernel_does_not_say_it_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "nothing")
    prepare(Store(path=str(tmp_path / "desk.db")))
