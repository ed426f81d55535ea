"""A desk installs `mien[desk]` and nothing of the training or the centre, and runs on that alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_ON_A_DESK = {"torch", "sqlalchemy", "waitress", "onnx", "flask", "alembic", "mtcnn", "scikit-image", "amqtt"}

BLOCKER = """
import importlib.abc, sys
allowed = set({allowed!r}) | set(sys.stdlib_module_names)
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.split(".")[0]
        if top not in allowed and not top.startswith(("_", "__editable__")):
            raise ImportError(f"{{top}} is not installed on a desk")
sys.meta_path.insert(0, Blocker())
import pkgutil, importlib, edge
for module in pkgutil.walk_packages(edge.__path__, "edge."):
    importlib.import_module(module.name)
print("imported", len([m for m in sys.modules if m.split(".")[0] == "edge"]))
"""


def _name(requirement: str) -> str:
    return re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _closure(roots: set[str]) -> set[str]:
    """The distributions that `roots` need, extras left out, as installed here."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # a requirement of another platform or Python
        found.add(name)
        waiting += [_name(line) for line in requires if "extra ==" not in line]
    return found


def _desk_requirements() -> set[str]:
    lines = metadata.requires("mien") or []
    return {_name(line) for line in lines if "extra ==" not in line or "extra == 'desk'" in line.replace('"', "'")}


def test_the_desk_imports_with_its_own_requirements_alone() -> None:
    distributions = _closure(_desk_requirements())
    assert "onnxruntime" in distributions
    modules = {
        module
        for module, owners in metadata.packages_distributions().items()
        if any(owner.lower().replace("_", "-") in distributions for owner in owners)
    }
    modules |= {"edge", "contract", "look"}
    result = subprocess.run(
        [sys.executable, "-c", BLOCKER.format(allowed=sorted(modules))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[1]) > 10


@pytest.mark.timeout(300)
def test_the_desk_resolves_for_python_310_on_aarch64(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)] + [
        "--platform=manylinux2014_aarch64"
    ]
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"),
        *("--only-binary=:all:", "--python-version=3.10", "--implementation=cp", *platforms),
        *("--target", str(tmp_path / "desk"), "--report", str(report), f"{ROOT}[desk]"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if result.returncode != 0 and re.search(
        r"NewConnectionError|Name or service not known|ConnectTimeout", result.stderr
    ):
        pytest.skip("no package index can be reached")
    assert result.returncode == 0, result.stderr
    installed = {item["metadata"]["name"].lower() for item in json.loads(report.read_text())["install"]}
    assert {"mien", "numpy", "onnxruntime", "paho-mqtt"} <= installed
    assert not installed & NOT_ON_A_DESK
