"""`mien-central`: the command of the centre."""

from __future__ import annotations

import argparse
import logging
import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from central import aside, database, placements, processes, settings
from central.errors import CentreError, DatabaseError
from central.retention import Purge
from central.settings import Settings

DEFAULT_FILE: Final = Path("central.toml")

_EXAMPLES: Final = """\
examples:
  mien-central migrate                       make the tables, or bring them to this version
  mien-central run                           receive readings and serve the pages on http://127.0.0.1:8080
  mien-central run --config site.toml        with the settings of a file
  mien-central place box-7 --desk "Desk 7" --team Night --site Hanoi --zone Asia/Ho_Chi_Minh
  mien-central desks                         which box serves which desk
  DATABASE_URL=postgresql://mien@db/mien mien-central ingest

Settings come from --config, else from ./central.toml where it is there, else each has its default.
DATABASE_URL overrules the database named there.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status. Errors are one line on standard error."""
    try:
        try:
            return _main(argv)
        finally:
            sys.stdout.flush()  # here, where a reader that has gone can still be answered for
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        return 0


def _main(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        status: int = arguments.command(arguments)
    except CentreError as error:
        print(f"mien-central: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return status


def _reader_has_gone() -> bool:
    """Whether whoever read our output has seen enough; then what is left of it goes nowhere, without a complaint."""
    output = select.poll()
    output.register(sys.stdout, 0)  # an error is told without being asked for
    if not output.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mien-central",
        description="The centre of Mien: receives the readings of the boxes, keeps them, and serves the pages.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(commands, "migrate", _migrate, "make the tables, or bring them to this version")
    _add(commands, "ingest", _ingest, "receive readings and store them")
    _add(commands, "web", _web, "serve the pages")
    run = _add(commands, "run", _run, "migrate, then ingest and web, each started again where it ends")
    run.add_argument("--pids", type=Path, metavar="FILE", help="append 'name pid' for each process started")
    place = _add(commands, "place", _place, "say which desk a box serves from now on")
    place.add_argument("box", metavar="BOX", help="the box's id: the CN of its certificate")
    place.add_argument(
        "--desk", required=True, metavar="NAME", help="the desk; made where the site has none of this name"
    )
    place.add_argument("--site", required=True, metavar="NAME", help="its site; made where there is none of this name")
    place.add_argument("--team", metavar="NAME", help="the desk's team; unchanged where not given")
    place.add_argument("--zone", metavar="ZONE", help="the site's time zone, as Asia/Kolkata; a new site needs it")
    place.add_argument(
        "--since", type=_moment, metavar="TIME", help="since when, as 2026-11-20T08:00+07:00; now where not given"
    )
    _add(commands, "desks", _desks, "list desks and the boxes that serve them")
    _add(commands, "purge", _purge, "delete now what is older than [retention] says (ingest does it every hour)")
    quarantine = _add(commands, "quarantine", _quarantine, "list readings that contradict what is stored")
    quarantine.add_argument("--box", metavar="BOX", help="of this box alone")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings; ./central.toml where it is there")
    parser.set_defaults(command=command)
    return parser


def _moment(text: str) -> int:
    """UTC milliseconds of an ISO 8601 time that says how far it is from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with an offset; write it as 2026-11-20T08:00+07:00")
    return int(moment.timestamp() * 1000)


def _settings(arguments: argparse.Namespace) -> Settings:
    path: Path | None = arguments.config
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    return settings.load(path)


def _engine(arguments: argparse.Namespace) -> Engine:
    """The database, its tables checked."""
    engine = database.connect(_settings(arguments).database.url)
    database.check(engine)
    return engine


def _migrate(arguments: argparse.Namespace) -> int:
    engine = database.connect(_settings(arguments).database.url)
    print(f"{database.shown(engine)}: at version {database.migrate(engine)}")
    return 0


def _ingest(arguments: argparse.Namespace) -> int:
    from central.ingest import Ingester  # paho is loaded by this process alone

    loaded = _settings(arguments)
    ingester = Ingester(database.connect(loaded.database.url), loaded)
    ingester.run(processes.Stop())
    return 0


def _web(arguments: argparse.Namespace) -> int:
    from central.web import serve  # so is Flask

    loaded = _settings(arguments)
    database.check(database.connect(loaded.database.url))
    serve(loaded)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    _migrate(arguments)
    options = [] if arguments.config is None else ["--config", str(arguments.config)]
    return processes.run(options, arguments.pids)


def _place(arguments: argparse.Namespace) -> int:
    engine = _engine(arguments)
    try:
        with database.writing(engine) as connection:
            done = placements.place(
                connection,
                arguments.box,
                arguments.desk,
                site=arguments.site,
                team=arguments.team,
                zone=arguments.zone,
                at_ms=arguments.since,
            )
    except DBAPIError as error:
        raise DatabaseError(database.explained(engine, error)) from error
    moved = f", moved from {done.moved_from}" if done.moved_from else ""
    replaced = f", in place of {', '.join(done.replaced)}" if done.replaced else ""
    print(f"{done.box} serves {done.desk} at {done.site}{moved}{replaced}")
    return 0


def _desks(arguments: argparse.Namespace) -> int:
    with _engine(arguments).connect() as connection:
        rows = placements.list_desks(connection)
        strangers = placements.list_unplaced(connection)
    table = [("SITE", "TEAM", "DESK", "BOX", "SINCE", "ONLINE", "LAST HEARD OF")]
    for row in rows:
        online = "" if row.box is None else "yes" if row.online else "no"
        since, heard = _when(row.from_ms, row.zone), _when(row.last_seen_ms, row.zone)
        table.append((row.site, row.team, row.desk, row.box or "(none)", since, online, heard))
    _print_table(table)
    if strangers:
        print(f"without a desk: {', '.join(strangers)}; give them one with mien-central place")
    return 0


def _purge(arguments: argparse.Namespace) -> int:
    loaded = _settings(arguments)
    engine = database.connect(loaded.database.url)
    database.check(engine)
    purge = Purge(engine, loaded.retention)
    purge.begin()
    said = time.monotonic()
    while purge.step():
        if time.monotonic() - said > 1.0:
            said = time.monotonic()
            print(f"{purge.gone} rows gone", end="\r", file=sys.stderr, flush=True)
    print(f"{purge.gone} rows gone")
    return 0


def _quarantine(arguments: argparse.Namespace) -> int:
    with _engine(arguments).connect() as connection:
        rows = aside.list_quarantine(connection, arguments.box)
    table = [("RECEIVED (UTC)", "BOX", "EPOCH", "NUMBER", "WHY", "READING")]
    for row in rows:
        table.append((_when(row.received_ms, "UTC"), row.box, row.epoch, str(row.seq), row.why, row.body))
    _print_table(table)
    return 0


def _when(at_ms: int | None, zone: str) -> str:
    if at_ms is None:
        return ""
    at = datetime.fromtimestamp(at_ms / 1000, timezone.utc)
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
