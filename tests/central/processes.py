"""The centre's command as a process, for tests that kill it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .box import wait_for

COMMAND = (sys.executable, "-m", "central.main")


@contextmanager
def started(
    *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`mien-central` in the working folder `folder`, its log in `folder/log`; killed in the end if it runs still."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*COMMAND, *(str(argument) for argument in arguments)],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def logged(folder: Path) -> str:
    """What processes of this folder have said."""
    return (folder / "log").read_text(encoding="utf-8")


def wait_until_connected(folder: Path, times: int = 1) -> None:
    """Wait until a broker was connected to `times` times."""
    wait_for(lambda: logged(folder).count("connected as") >= times)


def ran(*arguments: object, folder: Path, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run `mien-central` to its end: status, standard output, standard error."""
    done = subprocess.run(
        [*COMMAND, *(str(argument) for argument in arguments)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
