"""Another service on the box, to which bytes could be handed: it listens everywhere and shares memory."""

from __future__ import annotations

import ctypes
import socket
import threading
import time
from pathlib import Path

from edge.notify import Watched
from tests.system.escape import ABSTRACT, LISTENER, RESOLVED, SEGMENT

_IPC_CREAT = 0o1000


def listen(address: str) -> None:
    """Takes whatever comes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as heard:
        heard.bind(address)
        if not address.startswith("\0"):
            Path(address).chmod(0o666)
        heard.listen()
        while True:
            come, _ = heard.accept()
            with come:
                come.recv(64)


def main() -> None:
    """Runs until it is ended."""
    Path(RESOLVED).parent.mkdir(parents=True, exist_ok=True)
    for address in (LISTENER, ABSTRACT, RESOLVED):
        threading.Thread(target=listen, args=(address,), daemon=True).start()
    ctypes.CDLL(None).shmget(SEGMENT, 4096, _IPC_CREAT | 0o666)
    time.sleep(0.5)  # they listen by then
    Watched().ready()
    threading.Event().wait()


if __name__ == "__main__":
    main()
