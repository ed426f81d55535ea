"""`python -m demo`, run by `make demo`: starts everything, prints the address of the page, stops on Ctrl-C.

DEMO_SECONDS=60 stops by itself, CAMERA=0 takes a webcam, DEMO_KEEP=DIR keeps the databases, PORT=8080 is the page's
port, DEMO_BROKER=embedded does without the machine's Mosquitto. The last line is JSON: what was made, sent, stored,
lost and duplicated, by comparing the databases at both ends.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType
from typing import Final

from demo import broker, configs, pages, tally
from demo.broker import Broker
from demo.children import Children, wait_until
from demo.errors import DemoError

START_S: Final = 60.0
DRAIN_S: Final = 60.0
BLIND_S: Final = 20.0  # after which the real desk should have read something
ON_THEIR_WAY: Final = 100  # readings: a few seconds of twelve desks
DEFAULT_PORT: Final = 8080
HISTORY_H: Final = 3  # hours that the simulated desks look back on, so that their charts are not empty


@dataclass(frozen=True)
class Options:
    """What the environment asks of the demo."""

    seconds: float | None
    camera: str | None
    keep: Path | None
    port: int


def read_options() -> Options:
    """The environment's wishes; DemoError where one is no number."""
    keep = os.environ.get("DEMO_KEEP")
    try:
        seconds = os.environ.get("DEMO_SECONDS")
        return Options(
            seconds=float(seconds) if seconds else None,
            camera=os.environ.get("CAMERA") or None,
            keep=Path(keep).absolute() if keep else None,
            port=int(os.environ.get("PORT") or _default_port()),
        )
    except ValueError as error:
        raise DemoError(
            f"DEMO_SECONDS and PORT are numbers ({error}); e.g. DEMO_SECONDS=60 PORT=8080 make demo"
        ) from None


def _default_port() -> int:
    """8080, or any free port where that is taken."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return broker.free_port()
    return DEFAULT_PORT


def start(children: Children, options: Options) -> Broker:
    """Broker, centre, the real desk, the simulated ones: in this order."""
    words = configs.passwords()
    configs.write_secrets(children.folder, words)
    running = broker.start(children.folder, words)
    children.adopt("broker", running.process)
    _start_centre(children, running, options)
    _start_desks(children, running, options)
    return running


def _start_centre(children: Children, running: Broker, options: Options) -> None:
    config = ["--config", str(configs.write_centre(children.folder, running, options.port))]
    since = datetime.now(timezone.utc) - timedelta(hours=HISTORY_H + 1)
    site = ["--site", "Demo", "--zone", configs.local_zone(), "--since", since.isoformat(timespec="seconds")]
    children.run(["mien-central", "migrate", *config])
    for place in configs.placements():
        children.run(["mien-central", "place", place.box, "--desk", place.desk, "--team", place.team, *site, *config])
    children.start("central", ["mien-central", "run", *config, "--pids", str(children.folder / "pids")])


def _start_desks(children: Children, running: Broker, options: Options) -> None:
    desk = configs.write_desk(children.folder, running, options.camera)
    children.start("desk", ["mien-desk", "run", str(desk), "--pids", str(children.folder / "pids")])
    simulated = configs.write_simulated(children.folder, running)
    children.start("simulated", ["mien-desk", "simulate", str(simulated), "--history", str(HISTORY_H)])


def watch(children: Children, options: Options) -> dict[str, bool]:
    """Wait for the page, say where it is, run for as long as asked, and ask every page once near the end."""
    began = time.monotonic()
    if not wait_until(lambda: pages.ask_all(options.port)["/"] or children.ended() is not None, START_S):
        raise DemoError(f"centre: no page after {START_S:.0f} s ({children.last_words('central')})")
    _raise_if_ended(children)
    print(f"\n  Live charts: http://127.0.0.1:{options.port}/   (Ctrl-C stops it)\n", flush=True)
    end = math.inf if options.seconds is None else began + options.seconds
    blind_at = began + BLIND_S
    while time.monotonic() < end:
        _raise_if_ended(children)
        if time.monotonic() > blind_at:
            blind_at = math.inf
            _say_if_blind(children)
        time.sleep(0.25)
    return pages.ask_all(options.port)


def _say_if_blind(children: Children) -> bool:
    """Whether the real desk has read nothing so far, said aloud with its own words."""
    blind = tally.frames_per_second(children.folder / "desk.db") is None
    if blind:
        print(f"  the real desk reads nothing: {children.last_words('desk')}", file=sys.stderr, flush=True)
    return blind


def _raise_if_ended(children: Children) -> None:
    name = children.ended()
    if name is not None:
        raise DemoError(f"{name}: ended by itself ({children.last_words(name)}); its log is in {children.folder}")


def finish(children: Children, answers: dict[str, bool], running: Broker) -> int:
    """Stop making readings, let the outboxes empty, stop the rest, compare both ends; 0 where all is well."""
    central = children.folder / "central.db"
    # what the simulated desks look back on may still be on its way; the last seconds go as each desk stops
    wait_until(lambda: tally.compare(tally.find_boxes(children.folder), central).waiting < ON_THEIR_WAY, DRAIN_S)
    children.stop("simulated")
    children.stop("desk")
    blind = _say_if_blind(children)
    children.stop_all()
    counts = tally.compare(tally.find_boxes(children.folder), central)
    result = {
        **asdict(counts),
        "frames_per_second": tally.frames_per_second(children.folder / "desk.db"),
        "broker": running.name,
        "pages": answers,
    }
    print(json.dumps(result), flush=True)
    arrived = counts.made == counts.stored > 0 and counts.duplicated == counts.set_aside == 0
    return 0 if arrived and not blind and answers and all(answers.values()) else 1


def run(folder: Path, options: Options) -> int:
    """The demo with its files in `folder`. However it ends, it leaves no process behind."""
    print("Starting the broker, the centre, one desk and eleven simulated ones …", flush=True)
    children = Children(folder)
    try:
        running = start(children, options)
        print(f"  broker: {running.name} on 127.0.0.1:{running.port}", flush=True)
        if running.only_311:
            print("  no Mosquitto here: the embedded broker speaks MQTT 3.1.1 only, and keeps nothing", flush=True)
        try:
            answers = watch(children, options)
        except KeyboardInterrupt:
            _on_signals(signal.SIG_IGN)  # it is stopping already, in order
            print("\nStopping …", flush=True)
            answers = pages.ask_all(options.port)
        return finish(children, answers, running)
    except KeyboardInterrupt:
        print("\nStopped before it had begun", file=sys.stderr)
        return 1
    finally:
        _on_signals(signal.SIG_IGN)
        children.stop_all()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def main() -> int:
    """The whole demo; 1 where anything was lost, duplicated or did not answer."""
    _on_signals(_interrupt)
    try:
        options = read_options()
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            return run(options.keep, options)
        folder = Path(tempfile.mkdtemp(prefix="mien-demo-"))
        try:
            return run(folder, options)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
