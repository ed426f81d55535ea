"""The pages as a process: where they listen, what they say when they cannot, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central import database
from tests.broker import free_port

COMMAND = "import sys; from central.main import main; raise SystemExit(main(sys.argv[1:]))"


def _settings(folder: Path, port: int) -> Path:
    url = f"sqlite:///{folder / 'central.db'}"
    database.migrate(database.connect(url))
    path = folder / "central.toml"
    path.write_text(
        f'[database]\nurl = "{url}"\n[web]\nport = {port}\nthreads = 4\nmax_streams = 2\n', encoding="utf-8"
    )
    return path


@contextmanager
def _pages(settings: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", COMMAND, "web", "--config", str(settings)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _answer(port: int) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_they_end_on_sigterm_also_while_a_stream_is_open(tmp_path: Path) -> None:
    port = free_port()
    with _pages(_settings(tmp_path, port)) as process:
        assert _answer(port)["ok"] is True
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/events/floor/0", timeout=20) as stream:
            assert stream.readline() == b"retry: 3000\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    port = free_port()
    settings = _settings(tmp_path, port)
    with _pages(settings) as first:
        _answer(port)
        with _pages(settings) as second:
            assert second.wait(timeout=30) == 19
            assert second.stderr is not None
            said = second.stderr.read().strip().splitlines()[-1]
        assert first.poll() is None
    assert said.startswith(f"mien-central: web: cannot serve on 127.0.0.1:{port}: ")
    assert said.endswith("choose another web.port")
