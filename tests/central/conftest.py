"""Databases for the tests of the centre: each test that asks for `engine` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from central import database
from tests.broker import free_port

ANYBODY = "nobody"  # PostgreSQL refuses to run as root


def _programs() -> Path | str:
    """The folder of initdb and pg_ctl, or why PostgreSQL cannot run here."""
    initdb = shutil.which("initdb")
    if initdb is None:
        return "no PostgreSQL server on this machine"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL refuses to run as root, and there is no setpriv"
    return Path(initdb).parent


def _as_anybody(*command: object) -> list[str]:
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    user = pwd.getpwnam(ANYBODY)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *words]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server of our own on loopback, without a database's name at its end."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = _programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    folder = Path(tempfile.mkdtemp(prefix="mien-postgresql-"))  # pytest closes its own folders to other users
    if os.geteuid() == 0:
        user = pwd.getpwnam(ANYBODY)
        os.chown(folder, user.pw_uid, user.pw_gid)
    port = free_port()
    data, log = folder / "data", folder / "log"
    quiet: dict[str, Any] = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    subprocess.run(_as_anybody(programs / "initdb", "-D", data, "-U", "mien", "-A", "trust", "-N"), **quiet)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    subprocess.run(_as_anybody(programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"), **quiet)
    try:
        yield f"postgresql://mien@127.0.0.1:{port}"
    finally:
        subprocess.run(_as_anybody(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"), **quiet)
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database on PostgreSQL."""
    name = f"t{abs(hash(request.node.nodeid)):x}"
    admin = database.connect(f"{postgresql_server}/postgres").execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{postgresql_server}/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a database on SQLite whose file is not there yet."""
    return f"sqlite:///{tmp_path / 'central.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, on each of the two."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database with our tables, on each of the two."""
    opened = database.connect(url)
    database.migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """A database with our tables on SQLite."""
    opened = database.connect(sqlite_url)
    database.migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_file() -> Callable[[Engine], Path]:
    """The file of an engine on SQLite."""
    return lambda engine: Path(make_url(engine.url).database or "")
