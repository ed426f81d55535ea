"""The Python bindings of TensorRT, one release for each JetPack: `python -m tests.convert.tensorrt_wheels` gets them.

They lie beside each other in the virtual environment, where no import finds them; `test_tensorrt_names` looks there.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

WHEELS: Final = {
    "10.3": "tensorrt-cu12-bindings==10.3.0",
    "10.13": "tensorrt-cu12-bindings==10.13.3.9.post1",
    "10.16": "tensorrt-cu12-bindings==10.16.1.11",
    "11.4": "tensorrt-cu13-bindings==11.4.0.106",
}
"""The releases of JetPack 6.1, 7.0, 7.2 and 7.2.2, and the wheel of each; there is none for every Python."""


def folder(release: str) -> Path:
    """Where the wheel of a release is unpacked."""
    return Path(sys.prefix) / "tensorrt" / release


def get(release: str) -> bool:
    """Unpack the wheel of a release; False where this Python has none, or no package index can be reached."""
    if (folder(release) / "tensorrt_bindings").is_dir():
        return True
    command = [*(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")]
    command += ["--only-binary", ":all:", "--target", str(folder(release)), WHEELS[release]]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Get all; says which there are not, whose tests then skip."""
    missing = [release for release in WHEELS if not get(release)]
    if missing:
        print(f"TensorRT {', '.join(missing)}: no bindings for this Python; tests of them skip", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
