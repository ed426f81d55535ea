"""The command `mien-desk`. Each process of the desk is a subcommand; `run` runs them all."""

from __future__ import annotations

import argparse
import json
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from contract.expressions import EXPRESSIONS
from edge import publish, settings, simulate
from edge.analyze import command as analyze
from edge.errors import DiskFull, MienDeskError, SettingsError
from edge.notify import Watched
from edge.processes import Supervisor
from edge.settings import Box, Broker, Settings, Store
from edge.store import NeutralNotes, Relay, Reserve, open_to_its_group, prepare

EXAMPLES: Final = """examples:
  mien-desk run desk.toml                     the whole desk: camera to broker
  mien-desk doctor desk.toml                  is all right: model, outbox, disk, camera, clock, broker? what to do?
  mien-desk store desk.toml                   make, migrate, check or mend the outbox
  mien-desk engine desk.toml                  build TensorRT's engines now rather than as the desk starts
  mien-desk neutral desk.toml --forget        delete what was learned of a resting face in this shift
  mien-desk cameras                           which cameras are there?
  mien-desk microphones                       and which microphones, for voice.source?
  mien-desk publish desk.toml                 the publisher alone
  mien-desk simulate --boxes 11 --broker 127.0.0.1:1883 --dir /tmp/desks --history 8
  mien-desk analyze call.mp4 --out results/   count the expressions in a recording, and draw a report
  mien-desk simulate desks/                   a simulated desk for each settings file in a folder

docs/settings.md lists the settings."""

log: Final = logging.getLogger("mien.desk")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code, which for an error is that of its class (edge/errors.py)."""
    try:
        try:
            return _main(arguments)
        finally:
            sys.stdout.flush()  # here, where a reader that has gone can still be answered for
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        return 0


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return int(options.command(options))
    except MienDeskError as error:
        print(f"mien-desk: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _reader_has_gone() -> bool:
    """Whether whoever read our output has seen enough; then what is left of it goes nowhere, without a complaint."""
    output = select.poll()
    output.register(sys.stdout, 0)  # an error is told without being asked for
    if not output.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _run(options: argparse.Namespace) -> int:
    settings.load(options.config)
    return Supervisor(options.config, options.pids).run(_stop_on_signals())


def _store(options: argparse.Namespace) -> int:
    loaded = settings.load(options.config)
    reserve = Reserve(Path(loaded.store.path))
    try:
        found = prepare(loaded.store)
    except DiskFull:  # which is to keep the desk from nothing
        with suppress(OSError):
            reserve.give_up()
        found = prepare(loaded.store)
    if found.moved_aside is not None:
        log.error("%s", found.why)
        log.error("moved it aside to %s; %d readings go on under a new epoch", found.moved_aside, found.salvaged)
    relay = Relay(loaded.store)
    if options.retry_set_aside:
        log.info("%d readings that were set aside wait again", relay.retry_set_aside())
    counts = relay.counts()
    relay.close()
    try:
        reserve.make()
    except OSError as error:
        log.warning("%s: %s; no room is kept for a full disk", reserve.path, error.strerror)
    open_to_its_group(loaded.store)
    log.info(
        "outbox %s, epoch %s: %d waiting, %d received, %d set aside, %d never to leave, %d gaps",
        *(
            loaded.store.path,
            found.epoch,
            counts.waiting,
            counts.received,
            counts.set_aside,
            counts.mirror,
            counts.gaps,
        ),
    )
    return 0


def _vision(options: argparse.Namespace) -> int:
    from edge import vision  # brings OpenCV and ONNX Runtime, which no other process needs

    return vision.run(settings.load(options.config))


def _voice(options: argparse.Namespace) -> int:
    loaded = settings.load(options.config)
    if loaded.voice.source is None:
        log.info("voice: off; voice.source in the settings names a microphone")
        Watched().ready()  # for systemd, to which a process that ends before has failed
        return 0
    from edge import voice  # brings what hears, which no other process needs

    return voice.run(loaded)


def _engine(options: argparse.Namespace) -> int:
    from edge import engine  # as `vision`

    return engine.run(settings.load(options.config))


def _publish(options: argparse.Namespace) -> int:
    return publish.run(settings.load(options.config), _stop_on_signals())


def _simulate(options: argparse.Namespace) -> int:
    desks = [settings.load(file) for file in _files(options.config)]
    if options.boxes:
        desks += _made_up(options)
    if not desks:
        raise SettingsError("simulate: no desk is named; give settings files, or --boxes, --broker and --dir")
    stop = _stop_on_signals()
    return simulate.run(desks, stop, seed=options.seed, hours=options.history, step_s=options.history_step)


def _files(places: Sequence[Path]) -> list[Path]:
    return [file for place in places for file in (sorted(place.glob("*.toml")) if place.is_dir() else [place])]


def _made_up(options: argparse.Namespace) -> list[Settings]:
    if options.broker is None or options.dir is None:
        raise SettingsError("simulate: --boxes needs --broker HOST:PORT and --dir DIR")
    host, _, port = options.broker.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"--broker {options.broker}: not HOST:PORT, as 127.0.0.1:1883")
    names = [f"{options.prefix}-{number:02d}" for number in range(1, options.boxes + 1)]
    return [
        Settings(
            box=Box(id=name),
            store=Store(path=str(options.dir / f"{name}.db")),
            broker=Broker(host=host, port=int(port), allow_mqtt_311=options.allow_mqtt_311),
        )
        for name in names
    ]


def _doctor(options: argparse.Namespace) -> int:
    from edge import doctor  # brings OpenCV, which no other command than those that see needs

    found = [doctor.Finding("settings", "ok", f"{options.config} is all right")]
    loaded = settings.load(options.config)
    if not options.json:
        print(found[0].line())
    for finding in doctor.findings(loaded):
        found.append(finding)
        if not options.json:
            print(finding.line(), flush=True)
    if options.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    return next((finding.exit_code for finding in found if finding.state == "wrong"), 0)


def _neutral(options: argparse.Namespace) -> int:
    notes = NeutralNotes(settings.load(options.config).store)
    try:
        if options.forget:
            notes.forget()
        kept = notes.kept()
    finally:
        notes.close()
    if options.forget:
        print("deleted; a desk that runs begins anew within a minute")
    elif not kept.learned.seconds:
        print("nothing was learned of a resting face; policy.own_neutral in the settings lets that be learned")
    else:
        print(f"from {kept.learned.seconds} surely neutral seconds of shift {kept.shift}, read by {kept.model}:")
        for name, mean in zip(EXPRESSIONS, kept.learned.means, strict=True):
            print(f"  {name:10} log probability {mean:6.2f}")
    return 0


def _cameras(_options: argparse.Namespace) -> int:
    from edge.capture.camera import devices

    found = devices()
    for device in found:
        print(f"{device.path}  {device.name}")
    if not found:
        print("no camera is connected to this machine")
    return 0


def _microphones(_options: argparse.Namespace) -> int:
    from edge.sound.sources import devices  # brings PortAudio

    found = devices()
    for device in found:
        print(device.name)
    if not found:
        print("no microphone is connected to this machine")
    return 0


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mien-desk",
        description="The desk box: reads a face once a second and sends the readings, never a picture.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: object, text: str, *, config: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        if config:
            sub.epilog = f"example: mien-desk {name} desk.toml"
            sub.add_argument("config", type=Path, metavar="CONFIG.toml", help="the settings of the desk")
        return sub

    run = add("run", _run, "Run the whole desk until stopped.")
    run.add_argument("--pids", type=Path, metavar="FILE", help="add a line `name pid` as each process starts")
    store = add("store", _store, "Make, migrate, check or mend the outbox; runs before the others.")
    store.add_argument("--retry-set-aside", action="store_true", help="let readings that were refused wait again")
    add("engine", _engine, "Build the engines that TensorRT needs on this box, where it is to run the networks.")
    add("vision", _vision, "Run the process that reads the camera.")
    add("voice", _voice, "Run the process that hears the microphone, where the settings name one.")
    add("publish", _publish, "Run the process that sends readings.")
    doctor = add("doctor", _doctor, "Look at all that a desk needs, running or not: what is wrong, and what to do.")
    doctor.add_argument("--json", action="store_true", help="print all findings for a program")
    neutral = add("neutral", _neutral, "Show what was learned of an agent's resting face, or delete it.")
    neutral.add_argument("--forget", action="store_true", help="delete it; nothing of it is kept")
    add("cameras", _cameras, "List the cameras of this machine.", config=False)
    add("microphones", _microphones, "List the microphones of this machine.", config=False)
    _add_simulate(add("simulate", _simulate, "Run simulated desks through the real publisher.", config=False))
    analyze.add_options(add("analyze", analyze.run, "Count the expressions in recordings.", config=False))
    return parser


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config", type=Path, nargs="*", metavar="CONFIG.toml", help="settings of a simulated desk, or a folder of them"
    )
    parser.add_argument("--boxes", type=int, default=0, metavar="N", help="beside these, make up N desks")
    parser.add_argument("--broker", metavar="HOST:PORT", help="the broker of the made-up desks, without a password")
    parser.add_argument("--dir", type=Path, help="the folder for their outboxes")
    parser.add_argument("--prefix", default="sim", help="their ids begin with this (default: %(default)s)")
    parser.add_argument("--allow-mqtt-311", action="store_true", help="let them speak MQTT 3.1.1 where need be")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another course (default: %(default)s)")
    parser.add_argument(
        "--history", type=float, default=0.0, metavar="HOURS", help="fill new outboxes with the past so many hours"
    )
    parser.add_argument(
        "--history-step", type=float, default=10.0, metavar="S", help="seconds a reading of it (default: %(default)s)"
    )


if __name__ == "__main__":
    sys.exit(main())
