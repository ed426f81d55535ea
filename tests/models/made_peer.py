"""A made peer of a comparison: a script that knows three expressions and tells them by brightness.

With --mute it ends at the first question for shares; with --wide it gives a column too many.
"""

import json
import sys

import numpy as np


def main() -> None:
    print("a line of a library's own")
    about = {"version": "9", "runtime": "none", "file": "made", "sha256": "0" * 64, "bytes": 1000, "parameters": 10}
    print(json.dumps({**about, "key": "made"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"wall_s": 0.2, "cpu_s": 0.1, "resident": 50.0, "peak": 60.0}
        if request["ask"] == "shares":
            if "--mute" in sys.argv:
                sys.exit("the network is gone")
            crops = np.load(request["crops"])
            bright = crops.mean(axis=(1, 2)) / 255
            rest = (1 - bright) / (2 if "--wide" not in sys.argv else 3)
            np.save(request["shares"], np.stack([bright, *[rest] * (2 if "--wide" not in sys.argv else 3)], axis=1))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
