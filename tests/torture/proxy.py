"""A network between a box and its broker that can be cut, stall and be away."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from typing import Final

_AT_ONCE: Final = struct.pack("ii", 1, 0)  # an end by RST, as of a cable that was pulled and a router that forgot


class Proxy:
    """Hands bytes on, from a port of its own to another, in threads. Use it as a context manager."""

    def __init__(self, to_port: int) -> None:
        """Listens at once."""
        self._to = ("127.0.0.1", to_port)
        self._heard = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._heard.getsockname()[1]
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Proxy:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes all."""
        self._ended = True
        self._heard.close()
        self.cut()

    def cut(self) -> None:
        """Ends every connection at once."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def stall(self) -> None:
        """From now on nothing gets through, and nobody is told."""
        self._flows.clear()

    def flow(self) -> None:
        """It does again."""
        self._flows.set()

    def _listen(self) -> None:
        while not self._ended:
            try:
                near, _ = self._heard.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:  # the broker is away: so is what is behind this port
            near.close()
            return
        with near, far:
            far.settimeout(None)
            with self._lock:
                self._open |= {near, far}
            with suppress(OSError, ValueError):
                self._pump(near, far)
            with self._lock:
                self._open -= {near, far}

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        while not self._ended:
            ready, _, _ = select.select([near, far], [], [], 0.2)
            self._flows.wait()
            for each in ready:
                if not (data := each.recv(65536)):
                    return
                other[each].sendall(data)
