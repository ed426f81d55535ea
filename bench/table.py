"""The table that `python -m bench` prints: a row a figure, what it is beside, what changed since the last commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.benches import Bench
from bench.budgets import BUDGETS, Budget
from bench.figures import Change, Figure, Judged, Measured, change

HEADS: Final = ("bench", "figure", "value", "beside it", "times", "must", "reach", "since the last commit")
_RIGHT: Final = (2, 4)  # columns of numbers
_SAME_MACHINE: Final = ("processor", "cores")


@dataclass(frozen=True)
class Row:
    """A row of the table; `missed` where it is not as good as it must be, `worse` where it got worse than before."""

    cells: tuple[str, ...]
    missed: bool = False
    worse: bool = False


def rows(bench: Bench, result: dict[str, Any], before: dict[str, Any] | None) -> list[Row]:
    """The rows of a result, beside the result `before` where there is one of the same size, GPU and mark."""
    if before is not None and any(before.get(key) != result.get(key) for key in ("size", "gpu", "mark")):
        before = None
    found = [_row(bench, figure, result, before) for figure in bench.figures if figure.name not in result["absent"]]
    found += _absent(bench, result["absent"])
    if result.get("mark"):
        found = [row_of_mark(bench, result["mark"]), *found]
    return found + [row for budget in BUDGETS if (row := _rate_of(budget, bench, result)) is not None]


def row_of_absent(bench: Bench, why: str) -> Row:
    """The row of a bench that could not run here."""
    return Row((bench.name, "not measured", "", why, "", "", "", ""))


def row_of_mark(bench: Bench, mark: str) -> Row:
    """The row that says of all that follow what they are not."""
    return Row((bench.name, mark.partition(":")[0], "", mark, "", "", "", ""))


def _absent(bench: Bench, absent: dict[str, str]) -> list[Row]:
    """A row for each reason, with the first figure that it holds for and how many more: the results file has all."""
    names: dict[str, list[str]] = {}
    for name, why in absent.items():
        names.setdefault(why, []).append(name)
    return [
        Row((bench.name, f"{first}{f' and {len(more)} more' if more else ''}", "", why, "", "", "", ""))
        for why, (first, *more) in names.items()
    ]


def _row(bench: Bench, figure: Figure, result: dict[str, Any], before: dict[str, Any] | None) -> Row:
    now = measured(result, figure.name)
    assert now is not None, f"{bench.name}: {figure.name} is neither measured nor absent"
    judged, times = figure.judged_of(now), figure.times(now)
    said, worse = _since(figure, judged, result, before)
    word = result.get("mark", "").partition(":")[0]
    beside = f"{_number(now.beside)} {figure.beside}" if now.beside is not None else ""
    cells = (
        bench.name,
        f"{word}: {figure.name}" if word else figure.name,
        f"{_number(now.value)} {figure.unit}",
        beside,
        "" if times is None else f"{times:.2f}",
        _limit(figure, judged, figure.must),
        _limit(figure, judged, figure.reach),
        said,
    )
    missed = figure.must is not None and judged is not None and not figure.meets(judged, figure.must)
    return Row(cells, missed, worse)


def _rate_of(budget: Budget, bench: Bench, result: dict[str, Any]) -> Row | None:
    """The row of a budget's rate, under the bench that measures it."""
    if budget.rate is None or budget.rate.bench != bench.name:
        return None
    now = measured(result, budget.rate.figure)
    if now is None:
        return None
    enough = now.value >= budget.rate.least
    limit = f">={_number(budget.rate.least)} {'yes' if enough else 'NO'}"
    name = f"budget of {budget.process}: {budget.rate.unit}"
    return Row((bench.name, name, f"{_number(now.value)} /s", "", "", limit, "", ""), missed=not enough)


def measured(result: dict[str, Any], name: str) -> Measured | None:
    """A figure of a result as it was measured; None where it was not."""
    told = result["figures"].get(name)
    if told is None or told["value"] is None:
        return None
    return Measured(told["value"], told.get("beside"), told.get("times"))


def _since(
    figure: Figure, now: float | None, result: dict[str, Any], before: dict[str, Any] | None
) -> tuple[str, bool]:
    earlier = measured(before, figure.name) if before else None
    then = figure.judged_of(earlier) if earlier else None
    if now is None:
        return "", False
    same = before is not None and all(before["machine"].get(k) == result["machine"].get(k) for k in _SAME_MACHINE)
    found = change(figure, now, then, same_machine=same)
    if then is None or found in (Change.SAME, Change.NEW, Change.ELSEWHERE):
        return found.value, False
    part = f"{100 * (now - then) / then:+.0f} %" if then else f"from {_number(then)}"
    return f"{found.value} {part}", found is Change.WORSE


def _limit(figure: Figure, judged: float | None, limit: float | None) -> str:
    if limit is None or judged is None:
        return ""
    sign = ">=" if figure.rises else "<="
    unit = "x" if figure.judged is Judged.TIMES else ""
    return f"{sign}{_number(limit)}{unit} {'yes' if figure.meets(judged, limit) else 'NO'}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def text(found: Sequence[Row]) -> str:
    """The whole table in columns; the name of a bench stands in its first row alone."""
    lines = [HEADS, *(row.cells for row in found)]
    widths = [max(len(line[i]) for line in lines) if i != 3 else 0 for i in range(len(HEADS))]
    widths[3] = max((len(row.cells[3]) for row in found if row.cells[2]), default=0)  # a reason may run on
    shown, last = [], ""
    for i, line in enumerate(lines):
        cells = [line[0] if line[0] != last or i < 2 else "", *line[1:]]
        padded = (c.rjust(widths[k]) if k in _RIGHT else c.ljust(widths[k]) for k, c in enumerate(cells))
        shown.append("  ".join(padded).rstrip())
        last = line[0]
    return "\n".join(shown)


def changed_versions(result: dict[str, Any], before: dict[str, Any] | None) -> list[str]:
    """What was of another version when the last committed result was measured."""
    old = (before or {}).get("versions", {})
    return [
        f"{name} {old[name]} to {new}" for name, new in result["versions"].items() if name in old and old[name] != new
    ]
