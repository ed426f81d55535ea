"""One bench in a process of its own, so that it shares no memory, page or thread with the others.

`python -m bench.one NAME --rounds N --count N --folder DIR` prints one line of JSON: the result, or why there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.benches import bench
from bench.errors import BenchError, CannotMeasure
from bench.figures import Found, Given
from bench.results import result_of


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 where that could be done, 3 where this machine lacks something, else 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder for what the bench writes")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--warm", action="store_true")
    options = vars(parser.parse_args(argv))
    chosen, given = bench(options.pop("name")), Given(**options)
    load, begun = round(os.getloadavg()[0], 1), time.monotonic()
    try:
        found: Found = getattr(import_module(f"bench.{chosen.module}"), chosen.entry)(given)
    except CannotMeasure as error:
        print(json.dumps({"why": str(error)}))
        return 3
    except (BenchError, subprocess.SubprocessError) as error:
        print(json.dumps({"why": str(error)}))
        return 1
    print(json.dumps(result_of(chosen, found, given, seconds=time.monotonic() - begun, load=load)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
