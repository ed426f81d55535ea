"""Mosquitto on a loopback port, for as long as a measurement needs one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.errors import BenchError, CannotMeasure

START_S: Final = 10.0


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A broker for anyone on the loopback, without limits to what it queues; its port."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise CannotMeasure("no Mosquitto on this machine: install it")
    port = free_port()
    config = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_inflight_messages 0"]
    lines += ["max_queued_messages 0", "persistence false"]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    running = subprocess.Popen([program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        running.terminate()
        running.wait()


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens on a loopback port. Raises BenchError where nothing does."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise BenchError(f"port {port}: nothing listens after {START_S:.0f} s; see whether the machine is overloaded")
