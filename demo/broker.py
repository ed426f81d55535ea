"""The demo's broker on a loopback port: the machine's Mosquitto, or the embedded one where there is none.

Both ask for a password and let a box write to its own topics only.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.topics import CENTRE, FROM_BOX, FROM_CENTRE, ROOT, box_topic
from demo.children import start_background
from demo.errors import DemoError

CENTRE_USER: Final = "centre"
START_S: Final = 15.0


@dataclass(frozen=True)
class Broker:
    """A broker that runs: what it is, where it listens, and whether it speaks only MQTT 3.1.1."""

    name: str
    port: int
    only_311: bool
    process: subprocess.Popen[bytes]


def mosquitto() -> str | None:
    """The machine's Mosquitto, which Debian keeps off most PATHs; None where `DEMO_BROKER=embedded` hides it."""
    if os.environ.get("DEMO_BROKER") == "embedded":
        return None
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def acl_lines() -> tuple[str, ...]:
    """What a site grants: a user named as its box writes and reads its own topics; `centre` all of ours."""
    return (
        *(f"pattern write {ROOT}/boxes/%u/{channel.value}" for channel in FROM_BOX),
        *(f"pattern read {ROOT}/boxes/%u/{channel.value}" for channel in FROM_CENTRE),
        f"pattern read {CENTRE}",
        f"user {CENTRE_USER}",
        f"topic readwrite {ROOT}/#",
    )


def start(folder: Path, passwords: Mapping[str, str]) -> Broker:
    """Start a broker that knows `passwords` (user to password); its files lie in `folder`."""
    program = mosquitto()
    port = free_port()
    if program is None:
        command = [sys.executable, "-m", "demo.embedded_broker", str(_embedded_config(folder, port, passwords))]
    else:
        command = [program, "-c", str(_mosquitto_config(folder, port, passwords))]
    with (folder / "broker.log").open("wb") as log:
        process = start_background(command, log)
    _await_listening(process, port, folder / "broker.log")
    return Broker("mosquitto" if program else "amqtt (embedded)", port, program is None, process)


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    last = (log.read_text(errors="replace").splitlines() or ["it said nothing"])[-1]
    raise DemoError(f"broker: does not listen on 127.0.0.1:{port} ({last}); read {log}")


def _mosquitto_config(folder: Path, port: int, passwords: Mapping[str, str]) -> Path:
    secrets, acl, config = folder / "passwords", folder / "acl", folder / "mosquitto.conf"
    secrets.touch(mode=0o600)
    secrets.write_text("".join(f"{user}:{password}\n" for user, password in passwords.items()), encoding="utf-8")
    hashing = shutil.which("mosquitto_passwd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto_passwd"
    subprocess.run([hashing, "-U", str(secrets)], check=True, capture_output=True)
    acl.write_text("\n".join(acl_lines()) + "\n", encoding="utf-8")
    acl.chmod(0o600)
    config.write_text(
        f"listener {port} 127.0.0.1\n"
        "allow_anonymous false\n"
        f"password_file {secrets}\n"
        f"acl_file {acl}\n"
        "max_queued_messages 100000\n"
        "max_inflight_messages 1000\n"
        f"{_run_as()}"
        "persistence false\n"
        "log_dest stderr\n"
        "log_type error\nlog_type warning\nlog_type notice\n",
        encoding="utf-8",
    )
    return config


def _run_as() -> str:
    """Started by root, Mosquitto would become a user who cannot read the demo's files."""
    return "user root\n" if os.geteuid() == 0 else ""


def _embedded_config(folder: Path, port: int, passwords: Mapping[str, str]) -> Path:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),))
    secrets, config = folder / "passwords", folder / "broker.json"
    secrets.touch(mode=0o600)
    secrets.write_text("".join(f"{user}:{hasher.hash(word)}\n" for user, word in passwords.items()), encoding="utf-8")
    write: dict[str, list[str]] = {CENTRE_USER: [f"{ROOT}/#"]}
    read: dict[str, list[str]] = {CENTRE_USER: [f"{ROOT}/#"]}
    for box in passwords.keys() - {CENTRE_USER}:
        write[box] = [box_topic(box, channel) for channel in FROM_BOX]
        read[box] = [*(box_topic(box, channel) for channel in FROM_CENTRE), CENTRE]
    plugins = {
        "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(secrets)},
        "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
            "publish_acl": write,
            "acl": read,
        },
    }
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    config.write_text(json.dumps({"listeners": listeners, "plugins": plugins}), encoding="utf-8")
    return config
