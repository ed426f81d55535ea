"""A box in a container: this machine's own system, booted anew over a layer that goes, with the desk as shipped.

It takes root, systemd and systemd-nspawn. What it changes lies in memory and is gone with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FIRMWARE: Final = ROOT / "firmware_config"
NEEDED: Final = ("systemd-nspawn", "systemctl", "nsenter", "mosquitto", "mount", "dbus-daemon")
BOOT_S: Final = 60.0
UNITS: Final = Path("etc/systemd/system")
PYTHON: Final = "/opt/python"  # the interpreter and its packages, where no unit hides them as a home
SOURCE: Final = "/opt/mien-source"
PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"

MODULE: Final = "/opt/mien/bin/run-module"
"""In a container: runs a module of this checkout with arguments."""

_COMMAND: Final = f"""#!/opt/mien/bin/python
import sys
sys.path.insert(0, "{SOURCE}")
from edge.main import main
sys.exit(main())
"""
_RUN_MODULE: Final = f"""#!/opt/mien/bin/python
import runpy, sys
sys.path.insert(0, "{SOURCE}")
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
_SETTINGS: Final = """\
[box]
id = "box-1"
[camera]
source = "synthetic"
loop = true
[model]
backend = "onnx"
[broker]
host = "127.0.0.1"
port = 1883
"""
_BROKER: Final = """\
[Unit]
Before=mien-publish.service
[Service]
ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto-test.conf
"""
_BROKER_SETTINGS: Final = "listener 1883 127.0.0.1\nallow_anonymous true\n"


def missing() -> str | None:
    """Why no box can be booted on this machine, or None."""
    if os.geteuid() != 0:
        return "to boot a container takes root"
    gone = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if gone:
        return f"{', '.join(gone)}: not installed (apt install systemd-container mosquitto dbus)"
    if sys.prefix == sys.base_prefix:
        return "runs in no virtual environment, whose packages a container could be shown"
    if subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        return "this root may make no namespaces, as in a container without privileges"
    return None


class Box:
    """A booted container. The units are there and none of them runs."""

    def __init__(self, folder: Path) -> None:
        """Nothing yet; `start` boots it in this folder."""
        self._folder, self.root = folder, folder / "root"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def start(self) -> None:
        """Boot; raises RuntimeError where that fails."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(self._folder)], check=True)
        upper, work = self._folder / "upper", self._folder / "work"
        for each in (upper, work, self.root):
            each.mkdir()
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)], check=True)
        self._lay_out()
        self._nspawn = self._boot()
        self._leader = self._find_leader(self._nspawn)
        self._wait_for_boot()
        self.run("ldconfig")

    def run(self, *command: str, check: bool = True) -> str:
        """What a command in it prints, run as root."""
        inside = ["nsenter", "-t", str(self._leader), "-a", "--wd=/", *command]
        done = subprocess.run(inside, text=True, capture_output=True, timeout=120, env={"PATH": PATH})
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def show(self, unit: str, name: str) -> str:
        """A property of a unit, as `systemctl show` says it."""
        return self.run("systemctl", "show", f"--property={name}", "--value", unit)

    def journal(self, unit: str) -> str:
        """What a unit has said."""
        return self.run("journalctl", "--unit", unit, "--no-pager", "--output=cat", check=False)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file in it, while it runs too."""
        place = Path(f"/proc/{self._leader}/root") if self._leader else self.root
        file = place / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def close(self) -> None:
        """Power off and forget all."""
        if self._nspawn is not None and self._nspawn.poll() is None:
            os.kill(self._leader or self._nspawn.pid, signal.SIGKILL)  # its first process: with it all others end
            self._nspawn.wait(30)
        for place in (self.root, self._folder):
            subprocess.run(["umount", "--lazy", str(place)], check=False)

    def _lay_out(self) -> None:
        """The files that IT lays on a box, and beside them a broker of the test's own."""
        for name in ("systemd", "sysusers.d", "tmpfiles.d"):
            target = self.root / ("etc/systemd/system" if name == "systemd" else f"etc/{name}")
            target.mkdir(parents=True, exist_ok=True)
            for file in (FIRMWARE / name).iterdir():
                shutil.copy(file, target)
        (self.root / "usr/libexec/mien").mkdir(parents=True)
        shutil.copy(FIRMWARE / "libexec/recover", self.root / "usr/libexec/mien/recover")
        for folder in ("opt/python", "opt/mien/bin", "opt/mien-source", "opt/mien-packages", "etc/mien"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        interpreter = Path(sys.base_prefix).resolve() / "bin" / version
        self.write("opt/mien/pyvenv.cfg", f"home = {PYTHON}/bin\n")
        (self.root / "opt/mien/bin/python").symlink_to(f"{PYTHON}/bin/{interpreter.name}")
        packages = self.root / "opt/mien/lib" / version
        packages.mkdir(parents=True)
        (packages / "site-packages").symlink_to("/opt/mien-packages")
        self.write("opt/mien/bin/mien-desk", _COMMAND, 0o755)
        self.write(MODULE, _RUN_MODULE, 0o755)
        self.write("etc/mien/desk.toml", _SETTINGS)
        self.write("etc/systemd/system/test-broker.service", _BROKER)
        self.write("etc/mosquitto-test.conf", _BROKER_SETTINGS)
        self.write(
            "etc/ld.so.conf.d/000-python.conf", f"{PYTHON}/lib\n"
        )  # an interpreter may have a library of its own
        self.write("etc/machine-id", "")
        for unit in ("mosquitto", "postgresql", "avahi-daemon"):
            (self.root / UNITS / f"{unit}.service").unlink(missing_ok=True)
            (self.root / UNITS / f"{unit}.service").symlink_to("/dev/null")

    def _boot(self) -> subprocess.Popen[bytes]:
        packages = sysconfig.get_paths()["purelib"]
        shown = {sys.base_prefix: PYTHON, str(ROOT): SOURCE, packages: "/opt/mien-packages"}
        binds = [f"--bind-ro={Path(here).resolve()}:{there}" for here, there in shown.items()]
        # A machine of its own would let its kernel be asked whether the clock is right; a container has to be told to.
        tree = ["--register=no", "--keep-unit", "--private-network", "--system-call-filter=adjtimex clock_adjtime"]
        tree += ["-D", str(self.root), *binds]
        command = ["systemd-nspawn", "--quiet", *tree, "--boot", "systemd.unit=basic.target"]
        with (self._folder / "boot.log").open("wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _find_leader(self, nspawn: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + BOOT_S
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
        while time.monotonic() < deadline and nspawn.poll() is None:
            for child in children.read_text().split():
                if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
            time.sleep(0.05)
        raise RuntimeError(f"no container: {self._said()}")

    def _wait_for_boot(self) -> None:
        deadline = time.monotonic() + BOOT_S
        while time.monotonic() < deadline:
            if self.run("systemctl", "is-active", "basic.target", check=False) == "active":
                return
            time.sleep(0.2)
        raise RuntimeError(f"the container does not come up: {self._said()}")

    def _said(self) -> str:
        return (self._folder / "boot.log").read_text(errors="replace")[-2000:]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A booted box whose desk does not run yet."""
    why = missing()
    if why is not None:
        pytest.skip(why)
    box = Box(tmp_path_factory.mktemp("box"))
    try:
        box.start()
        yield box
    finally:
        box.close()
