"""Where an outbox may lie: on a disk of this box, since on a share SQLite's locks and syncs do not hold."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from edge.errors import StoreError

MOUNTS: Final = Path("/proc/self/mountinfo")
SHARES: Final = re.compile(
    r"nfs|cifs|smb|9p|afs|ceph|gluster|lustre|ocfs|gfs|davfs|fuse\.(sshfs|rclone|s3fs|gvfs)|beegfs|virtiofs"
)


def refuse_share(folder: Path) -> None:
    """Raises StoreError where a folder lies on a network share. Where the kernel does not say, it lies on none."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    kind = _kind(os.path.realpath(folder), lines)
    if kind is not None and SHARES.match(kind):
        raise StoreError(
            f"{folder}: lies on a network share ({kind}), where locks and syncs do not hold and readings get lost; "
            "name a store.path on a disk of this box"
        )


def _kind(folder: str, lines: list[str]) -> str | None:
    """The file system of a folder: that of the longest mount above it, of several there the last."""
    found: tuple[str, str] | None = None
    for line in lines:
        before, _, after = line.partition(" - ")
        # Spaces and the like are octal escapes there.
        mount = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4])
        above = folder == mount or folder.startswith(mount.rstrip("/") + "/")
        if above and (found is None or len(mount) >= len(found[0])):
            found = (mount, after.split()[0])
    return found and found[1]
