"""Databases for the tests of the centre: each test that asks for `engine` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from central import database
from tests.broker import free_port

ANYBODY = "nobody"  # PostgreSQL refuses to run as root
DEBIANS = Path("/usr/lib/postgresql")  # where Debian has it, a folder a version, on no PATH


def _version(initdb: Path) -> float:
    """The version in a path such as `/usr/lib/postgresql/16/bin/initdb`; before 10 it has a point."""
    return float(initdb.parts[-3])


def _programs() -> Path | str:
    """The folder of initdb and pg_ctl, or why PostgreSQL cannot run here."""
    initdb = shutil.which("initdb") or max(DEBIANS.glob("*/bin/initdb"), key=_version, default=None)
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


def _admin(server: str) -> Engine:
    return database.connect(f"{server}/postgres").execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def _created(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """The address of a new database, a copy of `template`."""
    admin = _admin(server)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield f"{server}/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The address of an empty database on PostgreSQL."""
    with _created(postgresql_server, "empty") as address:
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a database on SQLite whose file is not there yet."""
    return f"sqlite:///{tmp_path / 'central.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, on each of the two."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied: sooner done than migrating for each test."""
    path = tmp_path_factory.mktemp("migrated") / "central.db"
    made = database.connect(f"sqlite:///{path}")
    database.migrate(made)
    made.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_name(postgresql_server: str) -> Iterator[str]:
    """The name of a database on PostgreSQL with our tables, to be copied."""
    with _created(postgresql_server, "migrated") as address:
        made = database.connect(address)
        database.migrate(made)
        made.dispose()
        yield "migrated"


@pytest.fixture
def sqlite_engine(sqlite_url: str, migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A database with our tables on SQLite."""
    shutil.copy(migrated_file, tmp_path / "central.db")
    opened = database.connect(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgresql_engine(postgresql_server: str, migrated_name: str) -> Iterator[Engine]:
    """A database with our tables on PostgreSQL."""
    with _created(postgresql_server, "test", migrated_name) as address:
        opened = database.connect(address)
        yield opened
        opened.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database with our tables, on each of the two."""
    opened: Engine = request.getfixturevalue(f"{request.param}_engine")
    return opened


@pytest.fixture
def sqlite_file() -> Callable[[Engine], Path]:
    """The file of an engine on SQLite."""
    return lambda engine: Path(make_url(engine.url).database or "")
