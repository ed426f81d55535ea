"""The few figures in README: written between two marks from results files, and by nothing else."""

from pathlib import Path
from typing import Any

import msgspec

from models.compare.results import BEST_CROP, CARD_CROP, Results
from models.errors import CompareError
from models.registry import ROOT

README = ROOT / "README.md"
DESK = ROOT / "bench" / "results" / "desk.json"
BEGIN = "<!-- figures: written by `mien-models compare --pages-only` from results files; edit nothing here -->"
END = "<!-- end of figures -->"


def block(results: Results, desk: dict[str, Any] | None = None) -> str:
    """The table that README shows: the default model beside the first peer, and the desk beside it where known."""
    peer = next((model for model in results.models if model.is_peer), None)
    ours = results.models[0]
    heads = ["", ours.id, *([f"`{peer.id}` {peer.version}"] if peer else [])]
    whole_desk = _desk_rows(desk or {}, peer is not None)
    rows = [*_accuracies(results), *_costs(results), *whole_desk]
    sources = ["models/results/compare.json", *(["bench/results/desk.json"] if whole_desk else [])]
    text = [
        f"| {' | '.join(heads)} |",
        f"|{' --- |' * len(heads)}",
        *(f"| {' | '.join(row[: len(heads)])} |" for row in rows),
        "",
        f"From {' and '.join(f'[{name}]({name})' for name in sources)}, which say on what machine. "
        "[docs/models.md](docs/models.md) has every model, data set and class.",
    ]
    return "\n".join(text)


def _accuracies(results: Results) -> list[list[str]]:
    """A row a data set: the default model, and the peer at its best crop."""
    rows = []
    for data in results.data:
        found = results.of(data.name)
        ours = next(row for row in found if row.role == CARD_CROP)
        peer = [row for row in found if row.role == BEST_CROP][:1]
        cells = [f"{100 * row.accuracy:.1f} %" for row in (ours, *peer)]
        rows.append([f"accuracy, {data.name}", *cells])
    return rows


def _costs(results: Results) -> list[list[str]]:
    ours = results.models[0].id
    peers = [model.id for model in results.models if model.is_peer][:1]
    speeds = {speed.model: speed for speed in results.speed}
    shown = [speeds[name] for name in (ours, *peers) if name in speeds]
    return [
        ["processor time, one face from its crop", *(f"{speed.cpu_ms:.2f} ms" for speed in shown)],
        ["memory for that", *(f"{speed.resident_mb:.0f} MB" for speed in shown)],
    ]


def _desk_rows(desk: dict[str, Any], with_peer: bool) -> list[list[str]]:
    """The whole desk on the last clip that its results hold for all sides; nothing where they hold none."""
    kinds = (("frames_per_second", "{:.0f} frames/s"), ("peak_mb", "{:.0f} MB"))
    for name, clip in reversed(desk.get("clips", {}).items()):
        sides = [clip.get(side, {}) for side in ("ours", *(["peer"] if with_peer else []))]
        if all(key in side for key, _ in kinds for side in sides):
            labels = (f"whole path from 640x480 frames ({name} clip), one thread", "memory for that, at most")
            return [
                [label, *(form.format(side[key]) for side in sides)]
                for label, (key, form) in zip(labels, kinds, strict=True)
            ]
    return []


def desk_results(path: Path = DESK) -> dict[str, Any] | None:
    """What the desk's measurement left, or None where there is none. Raises CompareError where it is broken."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise CompareError(f"{path}: not readable: {error}; measure again with `make bench`") from None


def with_figures(text: str, figures: str) -> str:
    """A page with the text between its two marks replaced. Raises CompareError where it lacks the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CompareError(f"README.md: lacks the marks `{BEGIN}` and `{END}`; put them where the figures belong")
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"


def without_figures(text: str) -> str:
    """What is left of a page without what lies between its two marks."""
    before, _, rest = text.partition(BEGIN)
    return before + rest.partition(END)[2]
