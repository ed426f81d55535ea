"""Charts by what is really drawn: the pixels of the screen, held against the table beside the chart.

A blank chart passes every other check, so these look at a picture of the element as the browser composed it: a chart
that is not drawn, is drawn under something, or is drawn of other figures than its table's is told line by line.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

STACK: Final = ("happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger")
SHARE_TOLERANCE: Final = 0.06  # a row weighs columns by what was seen of them, and a pixel of each area parts it
SLACK: Final = 0.1  # the column in progress counts by what is over of it
MOSTLY: Final = 0.5  # seen for less of a row, its line may be a few lone dots, of which no pixel has the full colour
ENOUGH: Final = 0.25  # the part of a column that must have been seen for a figure
VALENCE_TOLERANCE: Final = 0.08  # the line is the mean of three columns

_TOLD: Final = """names => {
  const [comp, vale] = Mien.plots.map(plot => plot.plot()), s = Mien.series.main;
  const at = i => s.start + i * s.step, n = s.n, day = s.step >= 3600000;
  const columns = label => {
    const [a, b] = label.split("–"), named = i => day ? Mien.day(at(i)) : Mien.clock(at(i));
    const all = [...Array(n).keys()], from = all.find(i => named(i) === a);
    if (!day && b === undefined) return [from, n];          // the minute in progress
    if (day) return [from, all.filter(i => named(i) === label).pop() + 1];
    return [from ?? 0, all.find(i => i > (from ?? -1) && named(i) === b) ?? n];
  };
  const rows = [...document.querySelectorAll("#rows tbody tr")].map(tr => {
    const cells = [...tr.cells].map(cell => cell.textContent.trim()), [from, to] = columns(cells[0]);
    const end = Math.min(to, s.now + 1);
    const across = plot => [from, end].map(i => plot.valToPos(i, "x", true));
    return { cells, comp: across(comp), vale: across(vale) };
  });
  const scale = [vale.posToVal(vale.bbox.top, "y", true), vale.posToVal(vale.bbox.top + vale.bbox.height, "y", true)];
  const colours = Object.fromEntries(names.map(name => [name, Mien.token(name).match(/[0-9.]+/g).map(Number)]));
  const [top, floor] = [1, 0].map(share => comp.valToPos(share, "y", true));
  return { rows, colours, top, floor, vale: [vale.bbox.top, vale.bbox.height], scale };
}"""
_STRIPS: Final = """() => [...document.querySelectorAll("svg.strip")].filter(e => e.checkVisibility()).map(svg => {
  const series = Mien.series[svg.dataset.series], bins = series ? series.bins : [];
  const { x, y, width, height } = svg.getBoundingClientRect();
  const box = [x + scrollX, y + scrollY, width, height].map(Math.round);
  return { id: svg.id, box, seen: bins.filter(bin => bin.shares).length / (series ? series.n : 1) };
})"""


@dataclass(frozen=True)
class Row:
    """A row of the table: its shares and valence (None where it has none), and its columns on both plots in pixels."""

    label: str
    shares: tuple[float, ...] | None
    valence: float | None
    seen: float
    comp: tuple[int, int]
    vale: tuple[int, int]


def picture(page: Any, selector: str) -> Pixels:
    """An element as it is on the screen: (height, width, 3), 8 bits; a black pixel where it is not to be seen."""
    if not page.locator(selector).is_visible():
        return np.zeros((1, 1, 3), dtype=np.uint8)
    return _pixels(page.locator(selector).screenshot(animations="disabled"))


def _pixels(png: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def count(pixels: Pixels, colour: list[float]) -> int:
    """How many pixels have exactly this colour."""
    return int((pixels == np.asarray(colour[:3], dtype=np.uint8)).all(axis=2).sum())


def faults(page: Any) -> list[str]:
    """Where the charts of a page and their table do not agree, a line each. The page has a chart, and no patterns."""
    names = ["text", *(f"x-{name}{wash}" for name in STACK for wash in ("", "-wash"))]
    told = page.evaluate(
        _TOLD, [name for name in names if "wash" not in name or name[2:-5] in ("happiness", "neutral")]
    )
    rows = [_row(row) for row in told["rows"]]
    if not any(row.shares for row in rows):
        return ["the table beside the chart has no figure"]
    comp, vale = picture(page, "#comp"), picture(page, "#vale")
    top, floor = round(told["top"]), round(told["floor"])
    found = []
    for row in rows:
        if row.label.count("–") == 0 and ":" in row.label:
            continue  # the minute in progress: a column or two, as narrow as their blended edges, and more each second
        found += _composition(row, comp[top:floor, slice(*row.comp)], told["colours"])
        found += _valence(row, vale[:, slice(*row.vale)], told)
    return found


def blank_strips(page: Any) -> list[str]:
    """Day strips of desks that were seen in over a tenth of their columns, and that show no neutral face or smile."""
    colours = page.evaluate("names => names.map(name => Mien.token(name).match(/[0-9.]+/g).map(Number))", _FREQUENT)
    whole = _pixels(page.screenshot(full_page=True, animations="disabled"))
    found = []
    for strip in page.evaluate(_STRIPS):
        x, y, width, height = strip["box"]
        drawn = sum(count(whole[y : y + height, x : x + width], colour) for colour in colours)
        if strip["seen"] > 0.1 and drawn < 0.02 * width * height:
            found.append(f"{strip['id']}: seen in {strip['seen']:.0%} of its columns, and blank")
    return found


def report_faults(page: Any) -> list[str]:
    """Where the composition over all recordings of a report, or a bar, is not what its table of seconds says."""
    told = page.evaluate(_REPORTED, STACK)
    if not any(told["shares"]):
        return ["nothing was read, and a chart is drawn"] if page.locator(".plot.comp").count() else []
    pixels = picture(page, ".plot.comp >> nth=0")
    drawn = [count(pixels, one) + (count(pixels, wash) if wash else 0) for one, wash in told["colours"]]
    found = [] if sum(drawn) else ["nothing is drawn, and the table has figures"]
    for name, part, got, bar in zip(STACK, told["shares"], drawn, told["bars"], strict=True):
        if sum(drawn) and abs(part - got / sum(drawn)) > SHARE_TOLERANCE:
            found.append(f"{name} is {part:.0%} in the table and {got / sum(drawn):.0%} of what is drawn")
        if abs(part / max(told["shares"]) - bar / max(*told["bars"], 1)) > SHARE_TOLERANCE:
            found.append(f"{name} is {part:.0%} in the table, and its bar {bar} px of {max(told['bars'])}")
    return found


_REPORTED: Final = """names => {
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = name => {
    probe.style.color = "var(--x-" + name + ")";
    return getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
  };
  const rows = names.map(name => document.querySelector(`.dist.two tr[data-x="${name}"]`)).filter(row => row);
  const colours = names.map(n => [colour(n), ["happiness", "neutral"].includes(n) ? colour(n + "-wash") : null]);
  probe.remove();
  const last = (row, selector) => [...row.querySelectorAll(selector)].pop();
  return {
    colours, shares: rows.map(row => parseInt(last(row, "td.n").textContent.replace("<1", "0")) / 100 || 0),
    bars: rows.map(row => last(row, ".distbar rect:not(.over)")?.getBoundingClientRect().width ?? 0),
  };
}"""
_FREQUENT: Final = ["x-happiness-wash", "x-neutral-wash"]


def _row(told: dict[str, Any]) -> Row:
    label, *shares, valence, seen, _note = told["cells"]
    numbers = [re.sub(r"[<%\s]", "", text) for text in shares]
    known = None if "–" in numbers else tuple(int(text) / 100 for text in numbers)
    value = None if valence == "–" else float(re.sub("[±+]", "", valence).replace("−", "-").replace(",", "."))
    part = 0.0 if seen == "–" else int(re.sub(r"[<%\s]", "", seen)) / 100
    comp, vale = (tuple(round(x) for x in told[plot]) for plot in ("comp", "vale"))
    return Row(label, known, value, part, (comp[0] + 1, comp[1] - 1), (vale[0] + 1, vale[1] - 1))


def _composition(row: Row, pixels: Pixels, colours: dict[str, list[float]]) -> list[str]:
    drawn = [count(pixels, colours[f"x-{name}"]) for name in STACK]
    for wide in ("happiness", "neutral"):
        drawn[STACK.index(wide)] += count(pixels, colours[f"x-{wide}-wash"])
    total = sum(drawn)
    if row.shares is None:  # of the whole row too little was seen; of a column in it there may have been enough
        most = (row.seen / ENOUGH + SLACK) * pixels.shape[0] * pixels.shape[1]
        return [f"{row.label}: {total} pixels of expressions, and none in the table"] if total > most else []
    if not total:
        return [f"{row.label}: nothing is drawn, and the table has figures"]
    return [
        f"{row.label}: {name} is {part:.0%} in the table and {got / total:.0%} of what is drawn"
        for name, part, got in zip(STACK, row.shares, drawn, strict=True)
        if abs(part - got / total) > SHARE_TOLERANCE
    ]


def _valence(row: Row, pixels: Pixels, told: dict[str, Any]) -> list[str]:
    top, height = told["vale"]
    high, low = told["scale"]
    line = (pixels == np.asarray(told["colours"]["text"][:3], dtype=np.uint8)).all(axis=2)
    ys = np.nonzero(line[round(top) : round(top + height)])[0]
    if row.valence is None:
        return [f"{row.label}: a line of valence is drawn, and none in the table"] if len(ys) and not row.seen else []
    if not len(ys) and row.seen < MOSTLY:
        return []
    if not len(ys):
        return [f"{row.label}: no line of valence is drawn, and it is {row.valence:+.2f} in the table"]
    drawn = high + (low - high) * float(ys.mean()) / height
    if abs(drawn - row.valence) <= VALENCE_TOLERANCE:
        return []
    return [f"{row.label}: valence is {row.valence:+.2f} in the table and drawn at {drawn:+.2f}"]
