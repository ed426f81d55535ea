"""`mien-desk analyze`: its options, and what it says at its end."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from contract.reading import Role
from edge import settings
from edge.analyze.output import READINGS, REPORT, SUMMARY
from edge.analyze.progress import span
from edge.analyze.results import Counted, Kind, Listened, Summary
from edge.errors import SettingsError

DESCRIPTION: Final = (
    "Read the expressions in recorded videos, gifs and folders of images, as a desk would, and count them: "
    f"{READINGS}, {SUMMARY} and {REPORT} in --out. Nothing is sent anywhere, and no picture is written, "
    "unless --publish or --annotated asks for it."
)
EXAMPLES: Final = """examples:
  mien-desk analyze call.mp4 --out results/
  mien-desk analyze recordings/ --out results/ --role customer     every video and folder of images below
  mien-desk analyze film.mp4 --out results/ --every 5              one frame in five, for a quicker look
  mien-desk analyze film.mp4 --out results/ --point expressive     for acted or strong expressions
  mien-desk analyze photos/ --out results/ --pictures              each image stands for itself
  mien-desk analyze call.mp4 --out results/ --voice                what is heard, too
  mien-desk analyze call.mp4 --out results/ --annotated copies/    also a copy that SHOWS the faces, with labels
  mien-desk analyze call.mp4 --out results/ --publish desk.toml --began 2026-11-20T09:00:00+01:00

Exit codes: 0 all was read; 1 something could not be, or not whole (it is named, the rest is done); 130 stopped by
Ctrl-C or SIGTERM, with what was read until then in --out; others as for any error of mien-desk."""
TOP: Final = 3  # expressions in the table at the end


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("inputs", type=Path, nargs="+", metavar="FILE|FOLDER", help="videos, images, or folders of them")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the results; those in it are replaced")
    add("--role", choices=[role.value for role in Role], default=Role.AGENT.value, help="whose seconds count: the "
        "agent's, the largest face near the middle (default), or the mean over all faces")  # fmt: skip
    add("--every", type=_count, default=1, metavar="N", help="look at one frame in N (default: every one)")
    add("--model", default="default", metavar="NAME", help="a packaged bundle, its model's name, or a bundle's folder")
    add("--point", metavar="NAME", help="an operating point on the model's card (default: its first)")
    add("--voice", metavar="NAME", nargs="?", const="voice", help="also read the voice in films that have sound, and "
        "both together, by the packaged voice of that name or the one in that folder (NAME left out: the one that "
        "comes with Mien)")  # fmt: skip
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--frames", dest="images", action="store_const", const=Kind.FRAMES, help="folders of images "
                        "hold the frames of a clip (default: found out from the images, and said)")  # fmt: skip
    images.add_argument("--pictures", dest="images", action="store_const", const=Kind.PICTURES, help="folders of "
                        "images hold single pictures; each counts as one second")  # fmt: skip
    add("--fps", type=_rate, default=25.0, metavar="N", help="frames a second of folders of frames (default: 25)")
    add("--workers", type=_count, default=0, metavar="N", help="processes (default: one for each core)")
    add("--annotated", type=Path, metavar="DIR", help="also write copies with boxes, landmarks and labels drawn in. "
        "PRIVACY: they show the faces of all who were recorded; keep them as safe as the recordings")  # fmt: skip
    add("--publish", type=Path, metavar="CONFIG.toml", help="hand the readings to the centre, through the outbox and "
        "broker of this desk's settings, marked as recorded")  # fmt: skip
    add("--began", type=_when, metavar="ISO8601", help="when the one recording began, as 2026-11-20T09:00:00+01:00 "
        "(default: when the file was last changed, less its length)")  # fmt: skip
    add("--quiet", action="store_true", help="no progress on standard error")


def run(options: argparse.Namespace) -> int:
    """Analyze; returns the exit code. Raises a MienDeskError where nothing can be done or written."""
    from edge.analyze.run import Options, analyze  # what the other commands need not load

    stop = _stop_on_signals()
    config = settings.load(options.publish) if options.publish else None
    if config is not None and not config.policy.publish:
        raise SettingsError(
            f"{options.publish}: its policy {config.policy.name} publishes nothing; leave out --publish"
        )
    outcome = analyze(
        Options(
            inputs=tuple(options.inputs),
            out=options.out,
            role=Role(options.role),
            every=options.every,
            model=options.model,
            point=options.point or "",
            images=options.images,
            fps=options.fps,
            workers=options.workers,
            annotated=options.annotated,
            began=options.began,
            settings=config,
            config=str(options.publish or ""),
            quiet=options.quiet,
            voice=options.voice,
        ),
        stop,
    )
    print("\n".join(table(outcome.summary, options.out)))
    if outcome.stopped:
        return 130
    if outcome.error is not None:
        raise outcome.error
    return 0 if all(file.complete for file in outcome.summary.files) else 1


def table(summary: Summary, out: Path) -> Iterator[str]:
    """What is said at the end: a line a recording, one for all, the faults, and where the results lie."""
    width = max(len("in all"), *(min(48, len(file.file)) for file in summary.files))
    yield f"{'':<{width}}  {'length':>8} {'faces':>8} {'read':>6} {'coverage':>9}  most frequent, by faces"
    rows: list[tuple[str, Counted]] = [(file.file, file) for file in summary.files]
    for name, counted in rows if len(rows) == 1 else [*rows, ("in all", summary.all)]:
        yield _row(name if len(name) <= width else "…" + name[1 - width :], counted, width)
    for name, found in (("voice", summary.voice), ("face and voice", summary.both)):
        if found is not None:
            yield _heard_row(name, found, width)
    faults = [file for file in summary.files if file.fault]
    for file in faults:
        yield f"! {file.fault}"
    if faults:
        yield f"{len(faults)} of {len(summary.files)} could not be read, or not whole"
    yield f"results: {', '.join(str(out / name) for name in (REPORT, SUMMARY, READINGS))}"


def _row(name: str, counted: Counted, width: int) -> str:
    read = f"{counted.faces_read / counted.faces:.0%}" if counted.faces else "-"
    top = sorted(counted.by_faces.items(), key=lambda entry: -entry[1])[:TOP]
    shares = ", ".join(f"{expression} {share:.0%}" for expression, share in top if share > 0) or "no face was read"
    return (
        f"{name:<{width}}  {span(counted.seconds):>8} {counted.faces:>8} {read:>6} {counted.coverage:>9.0%}  {shares}"
    )


def _heard_row(name: str, found: Listened, width: int) -> str:
    top = sorted(found.by_seconds.items(), key=lambda entry: -entry[1])[:TOP]
    shares = ", ".join(f"{expression} {share:.0%}" for expression, share in top if share > 0) or "no voice was read"
    return f"{name:<{width}}  {span(found.seconds):>8} {'':>8} {'':>6} {found.coverage:>9.0%}  {shares}, by seconds"


def _stop_on_signals() -> threading.Event:
    """Set by the first Ctrl-C or SIGTERM; the second ends the process at once, and its workers end with it."""
    stop = threading.Event()

    def heard(number: int, frame: object) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, heard)
    return stop


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: not a whole number from 1 on")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 1000:
        raise argparse.ArgumentTypeError(f"{text}: not a number of frames a second from 0.01 to 1000")
    return rate


def _when(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text}: not a time as 2026-11-20T09:00:00+01:00") from None
