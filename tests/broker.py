"""Real brokers for tests, each a process on a loopback port: Mosquitto, and one that speaks MQTT 3.1.1 only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from demo.broker import CENTRE_USER, acl_lines, free_port

__all__ = [
    "CENTRE_USER",
    "BrokerProcess",
    "acl_lines",
    "free_port",
    "mosquitto",
    "needs_mosquitto",
    "only_311",
    "running",
]

MOSQUITTO: Final = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_mosquitto: Final = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto on this machine")

_ONLY_311: Final = """
import asyncio, sys
from amqtt.broker import Broker
async def serve():
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}},
                     "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}})
    await broker.start()
    await asyncio.Event().wait()
asyncio.run(serve())
"""


@dataclass
class BrokerProcess:
    """A broker that can be killed and started again on the same port. Use it as a context manager."""

    command: Sequence[str]
    port: int
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> BrokerProcess:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, however it stands."""
        self.kill()

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        assert self._process is None, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text(errors="replace")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"does not listen: {self.log.read_text(errors='replace')}")

    def kill(self) -> None:
        """SIGKILL: what it kept in memory is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def terminate(self) -> None:
        """SIGTERM: it ends in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def signal(self, number: int) -> None:
        """Any other signal: SIGHUP reads passwords and ACL again, SIGSTOP freezes it."""
        assert self._process is not None
        self._process.send_signal(number)


def mosquitto(
    folder: Path,
    *,
    passwords: Mapping[str, str] | None = None,
    acl: Sequence[str] | None = None,
    options: Sequence[str] = (),
) -> BrokerProcess:
    """A Mosquitto, not yet started, whose files lie in `folder`.

    Anonymous without `passwords` (user to password); `acl` are lines of an ACL file, as `acl_lines()`; `options` are
    further lines of its configuration, as `message_size_limit 2000`.
    """
    if MOSQUITTO is None:
        pytest.skip("no mosquitto on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", f"allow_anonymous {'false' if passwords else 'true'}"]
    if os.geteuid() == 0:
        lines.append("user root")  # else it becomes a user who cannot read this folder
    if passwords:
        secrets = folder / "passwords"
        secrets.touch(mode=0o600)
        secrets.write_text("".join(f"{user}:{word}\n" for user, word in passwords.items()), encoding="utf-8")
        hashing = shutil.which("mosquitto_passwd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert hashing, "mosquitto is here, mosquitto_passwd is not"
        subprocess.run([hashing, "-U", str(secrets)], check=True, capture_output=True)
        lines.append(f"password_file {secrets}")
    if acl is not None:
        rules = folder / "acl"
        rules.touch(mode=0o600)
        rules.write_text("\n".join(acl) + "\n", encoding="utf-8")
        lines.append(f"acl_file {rules}")
    lines += ["max_queued_messages 100000", "persistence false", "log_dest stderr", *options]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return BrokerProcess([MOSQUITTO, "-c", str(config)], port, folder / "broker.log")


def only_311(folder: Path) -> BrokerProcess:
    """A broker that speaks MQTT 3.1.1 only (amqtt), anonymous, not yet started."""
    pytest.importorskip("amqtt", reason="amqtt is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    return BrokerProcess([sys.executable, "-c", _ONLY_311, str(port)], port, folder / "broker.log")


def running(process: BrokerProcess) -> Iterator[BrokerProcess]:
    """For a fixture: `yield from running(mosquitto(tmp_path))`."""
    with process:
        yield process
