"""What an unforeseen end of `vision` leaves in its log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.store import prepare
from tests.edge import made

LANDMARK = "123.456"
VALUE = "float('123' + '.456')"  # so that no line of the program has it
QUOTED = f"raise ValueError([{VALUE}, 7.0])"
IN_A_THREAD = f"import threading\ndef run():\n    {QUOTED}\none = threading.Thread(target=run)\none.start()\none.join()"
AFTER_ANOTHER = f"try:\n    {QUOTED}\nexcept ValueError as error:\n    raise KeyError({VALUE}) from error"
FAILING_SIGHT = """
from edge import sight
def read(self, image, at_s):
    raise ValueError([float(chr(49) + "23.456"), image[0, 0]])
sight.Sight.read = read
from edge.main import main
raise SystemExit(main(["vision", {config!r}]))
"""


def said(program: Path, text: str) -> str:
    """What a program says as it ends."""
    program.write_text(text)
    done = subprocess.run([sys.executable, str(program)], cwd=Path.cwd(), capture_output=True, text=True, timeout=60)
    return done.stderr


@pytest.mark.parametrize("program", [QUOTED, IN_A_THREAD, AFTER_ANOTHER])
def test_it_says_where_and_quotes_nothing(program: str, tmp_path: Path) -> None:
    begin = f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\n"
    assert LANDMARK in said(tmp_path / "open.py", begin + program)
    closed = said(tmp_path / "closed.py", f"{begin}from edge import crash\ncrash.tell_only_where()\n{program}")
    assert LANDMARK not in closed
    assert "ValueError" in closed
    assert "closed.py" in closed


def test_vision_itself_ends_so(tmp_path: Path) -> None:
    base = made.settings(tmp_path)
    prepare(base.store)
    config = tmp_path / "desk.toml"
    config.write_text(
        f'[box]\nid = "{made.BOX}"\n[store]\npath = "{base.store.path}"\n[camera]\nsource = "synthetic"\n'
    )
    begin = f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\n"
    told = said(tmp_path / "program.py", begin + FAILING_SIGHT.format(config=str(config)))
    assert "ended by a fault of Mien's own" in told
    assert "ValueError" in told
    assert "edge/vision.py" in told
    assert LANDMARK not in told
