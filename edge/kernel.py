"""What a process asks of the Linux kernel about its own end: to go when its parent goes, to leave no memory behind."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Final

# From <linux/prctl.h>.
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4

_libc: Final = ctypes.CDLL(None, use_errno=True)  # loaded here, since between fork and exec little may be done


def leave_no_dump() -> None:
    """Let no crash of this process, and no other process of its user, write its memory out: it holds pictures.

    The limit alone does not keep a dump from a program that takes it through a pipe, as systemd-coredump does. Raises
    OSError.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def end_with(parent: int, by: signal.Signals = signal.SIGTERM) -> None:
    """Get the signal `by` when process `parent` ends, however it does. For its child, before exec. Raises OSError."""
    _prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it ended before this was asked
        os._exit(128 + by)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")
