"""The clocks of a box: which boot this is, and whether its wall clock was ever set."""

from __future__ import annotations

import ctypes
import secrets
import time
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CPU_INFO = Path("/proc/cpuinfo")
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
_REFUSED = -1  # a filter of system calls forbids to ask: then nobody knows


def boot() -> str:
    """The id of this boot of the machine: 32 hexadecimal digits. Made up where the kernel gives none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")
    except OSError:
        return secrets.token_hex(16)


def is_set() -> bool:
    """Whether the network keeps the wall clock right, as the kernel says; in a virtual machine the host does."""
    libc = ctypes.CDLL(None)
    timex = ctypes.create_string_buffer(512)  # struct timex and room to spare; all 0 asks and changes nothing
    if int(libc.adjtimex(timex)) not in (_TIME_ERROR, _REFUSED):
        return True
    try:
        return " hypervisor" in CPU_INFO.read_text(encoding="utf-8")
    except OSError:
        return False


def wall_ms_of(monotonic_s: float) -> int:
    """UTC in milliseconds at a moment of the monotonic clock, by both clocks of now."""
    return max(0, round((time.time() - (time.monotonic() - monotonic_s)) * 1000))
