"""`python -m bench`: runs the benches of the table, prints one table, and keeps the results in bench/results."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench import results, table
from bench.benches import BENCHES, Bench, Size
from bench.table import Row

EXAMPLES: Final = """examples:
  python -m bench --peer-python fer/bin/python     all but the longest, with the `fer` package as the desk's peer
  python -m bench --list                           what there is, how long, beside what
  python -m bench --only desk,start                these alone
  python -m bench --small                          whether each works, in about three minutes; keeps no results
  python -m bench --only memory --count 50000      another size; keeps no results
  python -m bench --full                           with the million frames, which take most of an hour

The last column compares with the results of the last commit: only what exceeds the noise of its kind is called better
or WORSE. MIEN_DATA=DIR adds clips of people. Ends with 1 where a figure is not as good as it must be."""
LONGEST_S: Final = 4 * 3600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen benches; 0 where all that could be measured is as good as it must be."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.list:
        print(_listed())
        return 0
    chosen = _chosen(parser, options.only, full=options.full)
    found: list[Row] = []
    failed = False
    for bench in chosen:
        size = _size(bench, options)
        print(f"{bench.name}: {size.rounds} x {size.count} {bench.counted}", file=sys.stderr, flush=True)
        result, code = _run(bench, size, options)
        if "why" in result:
            failed |= code != 3
            found.append(table.row_of_absent(bench, result["why"]))
            continue
        before = results.committed(bench.name)
        found += table.rows(bench, result, before)
        for line in table.changed_versions(result, before):
            print(f"{bench.name}: since the last commit, {line}", file=sys.stderr)
        if options.out is not None or size == bench.usual:
            results.write(result, options.out or results.RESULTS)
    print(table.text(found))
    return 1 if failed or any(row.missed for row in found) else 0


def _run(bench: Bench, size: Size, options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """The result of a bench in its own process, and that process's exit code."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        command = [sys.executable, "-m", "bench.one", bench.name, "--folder", folder]
        command += ["--rounds", str(size.rounds), "--count", str(size.count), "--peer-python", options.peer_python]
        command += ["--warm"] if options.warm else []
        done = subprocess.run(
            command, cwd=results.ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=LONGEST_S
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return {"why": f"ended with {done.returncode}; see above"}, done.returncode or 1
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer, done.returncode


def _chosen(parser: argparse.ArgumentParser, only: str | None, *, full: bool) -> list[Bench]:
    if only is None:
        return [bench for bench in BENCHES if bench.by_default or full]
    names = only.split(",")
    unknown = [name for name in names if name not in {bench.name for bench in BENCHES}]
    if unknown:
        parser.error(f"--only {','.join(unknown)}: no such bench; there are {', '.join(b.name for b in BENCHES)}")
    return [bench for bench in BENCHES if bench.name in names]


def _size(bench: Bench, options: argparse.Namespace) -> Size:
    size = bench.small if options.small else bench.usual
    return Size(rounds=options.rounds or size.rounds, count=options.count or size.count)


def _listed() -> str:
    lines = []
    for bench in BENCHES:
        size = f"{bench.usual.rounds} x {bench.usual.count:,} {bench.counted}"
        lines.append(f"{bench.name:13} {bench.measures}\n{'':13} {size}{'' if bench.by_default else '; with --full'}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Mien, each figure beside its peer or its limit in the same run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    peer = os.environ.get("MIEN_PEER_PYTHON") or sys.executable
    parser.add_argument("--only", metavar="NAMES", help="these benches, with commas between")
    parser.add_argument("--list", action="store_true", help="list the benches and end")
    parser.add_argument("--full", action="store_true", help="the longest ones too")
    parser.add_argument("--small", action="store_true", help="just enough to see that each works; keeps no results")
    parser.add_argument("--rounds", type=int, help="how often, instead of what --list says")
    parser.add_argument("--count", type=int, help="how much, instead of what --list says")
    parser.add_argument("--peer-python", default=peer, metavar="PYTHON",
                        help="an interpreter that has fer (default: MIEN_PEER_PYTHON, else this one)")  # fmt: skip
    parser.add_argument("--warm", action="store_true", help="leave the page cache alone where `start` would empty it")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results go (default: bench/results)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
