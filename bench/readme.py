"""The tables of bench/README.md, written from the tables of benches and budgets: `python -m bench.readme`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from bench.benches import BENCHES, Bench
from bench.budgets import BUDGETS, Budget
from bench.figures import Figure, Judged

README: Final = Path(__file__).with_name("README.md")
BEGIN: Final = "<!-- written by `python -m bench.readme`; edit nothing here -->"
END: Final = "<!-- end -->"


def tables() -> str:
    """Both tables: what there is to measure, and what each process may take."""
    benches = "\n".join(_bench(bench) for bench in BENCHES)
    budgets = "\n".join(_budget(budget) for budget in BUDGETS)
    return f"""\
| bench | measures | beside | must |
| --- | --- | --- | --- |
{benches}

## Budgets

| process | from its command until | start | memory then | rate |
| --- | --- | --- | --- | --- |
{budgets}"""


def _bench(bench: Bench) -> str:
    peers = dict.fromkeys(figure.beside for figure in bench.figures if figure.beside)
    limits = dict.fromkeys(_limit(figure) for figure in bench.figures if figure.must is not None)
    if bench.name == "start":
        limits = {"each its budget, below": None}
    name = f"`{bench.name}`" if bench.by_default else f"`{bench.name}`, by `make bench-full` alone"
    must = "; ".join(limits) or "nothing: changes of 2 % are told"
    return f"| {name} | {bench.measures} | {', '.join(peers) or 'limits'} | {must} |"


def _limit(figure: Figure) -> str:
    """What a figure must be, without the clip, page or process that it is of: those share it."""
    sign = "at least" if figure.rises else "at most"
    what = figure.name.rpartition(": ")[2]
    unit = f" times {figure.beside}" if figure.judged is Judged.TIMES else f" {figure.unit}"
    return f"{what} {sign} {figure.must:.4g}{unit}".rstrip()  # some have no unit


def _budget(budget: Budget) -> str:
    rate = f"{budget.rate.least:,.0f} {budget.rate.unit} a second" if budget.rate else ""
    return f"| `{budget.process}` | {budget.begun} | {budget.start_s:g} s | {budget.memory_mb:g} MB | {rate} |"


def with_tables(text: str) -> str:
    """The page with what lies between its two marks replaced."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Write the page anew."""
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
