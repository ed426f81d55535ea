"""Tries to get bytes out of where it runs and to reach what it has no business with; says of each how it went.

Started by a unit in the place of `vision` or `publish`, by itself, without anything of ours beside `edge.notify`. Its
argument is the number of another service's process.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.notify import Watched

SECRET: Final = b"pixels"
LISTENER: Final = "/run/test-listener.socket"
ABSTRACT: Final = "\0test-listener"
DBUS: Final = "/run/dbus/system_bus_socket"
JOURNAL: Final = "/run/systemd/journal/socket"
RESOLVED: Final = "/run/systemd/resolve/io.systemd.Resolve"
BROKER: Final = ("127.0.0.1", 1883)
SEGMENT: Final = 0x6D69656E  # of shared memory, which another service has made
RESERVE: Final = "/var/lib/mien/desk.db-reserve"  # publish's to give up
WRITTEN: Final = (
    RESERVE,
    "/var/lib/mien/picture",
    "/var/lib/mien/engines/picture",
    "/dev/shm/picture",
    "/tmp/picture",
    "/var/tmp/picture",
    "/run/picture",
    "/etc/picture",
    "/var/log/picture",
)
DEVICE: Final = "/dev/video0"

_PTRACE_ATTACH, _PTRACE_DETACH, _CLONE_NEWUSER = 16, 17, 0x10000000
_libc: Final = ctypes.CDLL(None, use_errno=True)


def over(family: int, kind: int, address: object = None) -> None:
    """Opens a socket, and sends to an address where one is given."""
    with socket.socket(family, kind) as out:
        out.settimeout(5)
        if address is not None:
            out.connect(address)  # type: ignore[arg-type]
            out.send(SECRET)


def hand_on_memory() -> None:
    """Gives a file that is in memory alone to another service."""
    memory = os.memfd_create("picture")
    os.write(memory, SECRET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as out:
        out.connect(LISTENER)
        out.sendmsg([SECRET], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [memory]))])


def write(path: str) -> None:
    """Leaves a file."""
    Path(path).write_bytes(SECRET)


def share_memory() -> None:
    """Finds the segment of another service."""
    _checked(_libc.shmget(SEGMENT, 0, 0))


def seize(process: int) -> None:
    """Takes hold of another service's process."""
    _libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    _checked(_libc.ptrace(_PTRACE_ATTACH, process, None, None))
    os.waitpid(process, getattr(os, "__WALL", 0x40000000))
    _libc.ptrace(_PTRACE_DETACH, process, None, None)


def become_another() -> None:
    """Makes a namespace in which it has all rights."""
    _checked(_libc.unshare(_CLONE_NEWUSER))


def open_device() -> None:
    """Reads what stands for a camera."""
    with Path(DEVICE).open("rb") as camera:
        camera.read(1)


def ask_the_clock() -> None:
    """Asks the kernel whether the wall clock is right, as `edge.clock` does."""
    _checked(_libc.adjtimex(ctypes.create_string_buffer(512)))


def _checked(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def attempts(process: int) -> dict[str, Callable[[], None]]:
    """All of them, by name."""
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    return {
        "ipv4": lambda: over(socket.AF_INET, stream, BROKER),
        "ipv6": lambda: over(socket.AF_INET6, datagram, ("::1", 9)),
        "netlink": lambda: over(socket.AF_NETLINK, socket.SOCK_RAW),
        "packet": lambda: over(socket.AF_PACKET, socket.SOCK_RAW),
        "vsock": lambda: over(socket.AF_VSOCK, stream),
        "abstract-socket": lambda: over(socket.AF_UNIX, stream, ABSTRACT),
        "socket": lambda: over(socket.AF_UNIX, stream, LISTENER),
        "d-bus": lambda: over(socket.AF_UNIX, stream, DBUS),
        "resolved": lambda: over(socket.AF_UNIX, stream, RESOLVED),
        "journal": lambda: over(socket.AF_UNIX, datagram, JOURNAL),
        "memfd": hand_on_memory,
        "shared-memory": share_memory,
        "ptrace": lambda: seize(process),
        "device": open_device,
        "clock": ask_the_clock,
        **{f"write:{path}": lambda path=path: write(path) for path in WRITTEN},  # type: ignore[misc]
        "namespace": become_another,  # the last: where it succeeds it is nobody in the old one
    }


def main() -> None:
    """Tries all, and says how each went."""
    Watched().ready()
    for name, attempt in attempts(int(sys.argv[1])).items():
        try:
            attempt()
        except OSError as error:
            print(name, error.strerror or error)
        else:
            print(name, "done")
    print("end", os.getuid(), flush=True)


if __name__ == "__main__":
    main()
