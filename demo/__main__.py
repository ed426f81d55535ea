"""`python -m demo`, run by `make demo`: starts everything, prints the address of the page, stops on Ctrl-C.

DEMO_SECONDS=60 stops by itself, CAMERA=0 takes a webcam, DEMO_KEEP=DIR keeps the databases, PORT=8080 is the page's
port, DEMO_BROKER=embedded does without the machine's Mosquitto. The last line is JSON: what was made, sent, stored,
lost and duplicated, by comparing the databases at both ends.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType
from typing import Final

from demo import broker, configs, pages, tally
from demo.broker import Broker, DemoError
from demo.children import Children, wait_until

START_S: Final = 60.0
DRAIN_S: Final = 60.0
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


def start(folder: Path, options: Options) -> tuple[Children, Broker]:
    """Broker, centre, the real desk, the simulated ones: in this order."""
    children = Children(folder)
    words = configs.passwords()
    configs.write_secrets(folder, words)
    running = broker.start(folder, words)
    children.adopt("broker", running.process)
    try:
        _start_centre(children, running, options)
        _start_desks(children, running, options)
    except BaseException:
        children.stop_all()
        raise
    return children, running


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
    end = None if options.seconds is None else began + options.seconds
    while end is None or time.monotonic() < end:
        _raise_if_ended(children)
        time.sleep(0.25)
    return pages.ask_all(options.port)


def _raise_if_ended(children: Children) -> None:
    name = children.ended()
    if name is not None:
        raise DemoError(f"{name}: ended by itself ({children.last_words(name)}); its log is in {children.folder}")


def finish(children: Children, answers: dict[str, bool], running: Broker) -> int:
    """Stop making readings, let the outboxes empty, stop the rest, compare both ends; 0 where all is well."""
    boxes, central = tally.find_boxes(children.folder), children.folder / "central.db"
    # what the simulated desks look back on may still be on its way; the last seconds go as each desk stops
    wait_until(lambda: tally.compare(boxes, central).waiting < ON_THEIR_WAY, DRAIN_S)
    children.stop("simulated")
    children.stop("desk")
    children.stop_all()
    counts = tally.compare(boxes, central)
    result = {
        **asdict(counts),
        "frames_per_second": tally.frames_per_second(boxes[configs.REAL_BOX]),
        "broker": running.name,
        "pages": answers,
    }
    print(json.dumps(result), flush=True)
    arrived = counts.made == counts.stored > 0 and counts.duplicated == 0
    return 0 if arrived and all(answers.values()) else 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(folder: Path, options: Options) -> int:
    """The demo with its files in `folder`."""
    print("Starting the broker, the centre, one desk and eleven simulated ones …", flush=True)
    children, running = start(folder, options)
    print(f"  broker: {running.name} on 127.0.0.1:{running.port}", flush=True)
    if running.only_311:
        print("  no Mosquitto here: the embedded broker speaks MQTT 3.1.1 only, and keeps nothing", flush=True)
    answers: dict[str, bool] = {}
    try:
        answers = watch(children, options)
    except KeyboardInterrupt:
        answers = pages.ask_all(options.port)
        print("\nStopping …", flush=True)
    except BaseException:
        children.stop_all()
        raise
    return finish(children, answers, running)


def main() -> int:
    """The whole demo; 1 where anything was lost, duplicated or did not answer."""
    signal.signal(signal.SIGTERM, _interrupt)
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
