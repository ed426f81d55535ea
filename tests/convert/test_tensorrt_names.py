"""Every name of TensorRT that is used is in each release that a box may have, from 10.3 to 11.4.

The real bindings are imported in a process of their own, over libraries without content: that takes no GPU.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.convert.tensorrt_wheels import WHEELS, folder

pytestmark = pytest.mark.system

SOURCE: Final = Path(__file__).parents[2] / "edge" / "runtime" / "tensorrt.py"
"""The one module that names TensorRT; its constant `API` has the attributes that it uses, by class."""

LIBRARIES: Final = ("nvinfer", "nvonnxparser", "nvinfer_plugin")
ORDINARY: Final = frozenset(
    {
        *("append", "clear", "count", "extend", "get", "index", "insert", "items", "itemsize", "keys", "pop", "remove"),
        *("dtype", "name", "nbytes", "shape", "size", "start", "update", "value", "values", "version"),
    }
)
"""Attributes of Python's own objects, numpy's and ours that a class of TensorRT has too."""

PROBE: Final = """
import json, tensorrt_bindings as trt
classes = {name: dir(one) for name, one in vars(trt).items() if isinstance(one, type)}
print(json.dumps({"version": trt.__version__, "names": dir(trt), "classes": classes}))
"""


def imported(release: str, at: Path) -> dict[str, Any]:
    """What the bindings of a release have: `version`, `names` and the attributes of its `classes`."""
    bindings = folder(release) / "tensorrt_bindings" / "tensorrt.so"
    if not bindings.exists():
        pytest.skip(
            f"no bindings of TensorRT {release} for this Python: make test-system gets them where there are any"
        )
    if shutil.which("cc") is None or shutil.which("nm") is None:
        pytest.skip("no C compiler: apt install gcc")
    symbols = subprocess.run(["nm", "-D", "--undefined-only", bindings], capture_output=True, text=True, check=True)
    functions = re.findall(r" U (\w*(?:Infer|NvOnnx|PluginRegistry)\w*)$", symbols.stdout, re.MULTILINE)
    source = at / "stub.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in functions), encoding="utf-8")
    for library in LIBRARIES:
        file = f"lib{library}.so.{release.partition('.')[0]}"
        given = [source] if library == "nvinfer" else ["-x", "c", "/dev/null"]
        subprocess.run(["cc", "-shared", "-fPIC", f"-Wl,-soname,{file}", "-o", at / file, *given], check=True)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(at), "PYTHONPATH": str(folder(release))}
    probe = [sys.executable, "-c", PROBE]
    ended = subprocess.run(probe, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr
    return {**json.loads(ended.stdout), "wheel": WHEELS[release]}


@pytest.fixture(scope="module", params=WHEELS)
def bindings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return imported(request.param, tmp_path_factory.mktemp("tensorrt"))


@pytest.fixture(scope="module")
def tree() -> ast.Module:
    return ast.parse(SOURCE.read_text(encoding="utf-8"))


def declared(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The constant `API` of the source."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.AnnAssign) and isinstance(target, ast.Name) and target.id == "API" and node.value:
            found: dict[str, tuple[str, ...]] = ast.literal_eval(node.value)
            return found
    raise AssertionError(f"{SOURCE} has no constant API")


def chain(node: ast.expr) -> list[str]:
    """The names of `a.b.c`, beginning with "" where it begins with something else: `a().b`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "", *names]


def of_module(node: ast.expr) -> list[str]:
    """What is read of TensorRT itself: ["Logger", "ERROR"] of `trt.Logger.ERROR` or `self._trt.Logger.ERROR`."""
    names = chain(node)
    heads = [place for place, name in enumerate(names) if name in ("trt", "_trt")]
    return names[heads[0] + 1 :] if heads else []


def roots(tree: ast.Module) -> set[str]:
    """The names that are read of TensorRT itself."""
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {names[0] for names in map(of_module, attributes) if names}


def members(tree: ast.Module) -> Iterator[str]:
    """The attributes that are read of anything else, and what a class of ours overrides of one of TensorRT's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and len(of_module(node)) != 1:
            yield node.attr
        elif isinstance(node, ast.ClassDef) and any(of_module(base) for base in node.bases):
            yield from (one.name for one in node.body if isinstance(one, ast.FunctionDef))


def missing(api: dict[str, tuple[str, ...]], bindings: dict[str, Any]) -> list[str]:
    """What of `API` the bindings do not have."""
    classes = bindings["classes"]
    gone = [name for name in api if name not in bindings["names"]]
    return gone + [f"{name}.{one}" for name in api for one in api[name] if one not in classes.get(name, ())]


def undeclared(tree: ast.Module, bindings: dict[str, Any]) -> set[str]:
    """What the source reads that a class of TensorRT has and `API` does not name."""
    api = declared(tree)
    known = {one for attributes in api.values() for one in attributes} | ORDINARY
    theirs = {one for attributes in bindings["classes"].values() for one in attributes if not one.startswith("__")}
    return (roots(tree) - set(api)) | {one for one in members(tree) if one in theirs - known}


def test_the_bindings_are_those_of_the_release(bindings: dict[str, Any]) -> None:
    assert bindings["wheel"].endswith(f"=={bindings['version']}")
    assert {"create_network", "build_serialized_network"} <= set(bindings["classes"]["Builder"])


def test_a_name_that_a_release_does_not_have_is_found(bindings: dict[str, Any]) -> None:
    api = {"Builder": ("create_network", "create_nonsense"), "Nonsense": ("get",)}
    assert missing(api, bindings) == ["Nonsense", "Builder.create_nonsense", "Nonsense.get"]


def test_a_name_that_went_with_release_11_is_missing_there_alone(bindings: dict[str, Any]) -> None:
    gone = missing({"BuilderFlag": ("FP16",), "Builder": ("platform_has_fast_fp16",)}, bindings)
    assert gone == (["BuilderFlag.FP16", "Builder.platform_has_fast_fp16"] if bindings["version"][:2] == "11" else [])


def test_a_name_that_is_used_and_not_declared_is_found(bindings: dict[str, Any]) -> None:
    source = """
API: Final = {"Builder": ("create_network",), "ILogger": ()}
def made(trt):
    class Log(trt.ILogger):
        def log(self, severity, text): ...
    builder = trt.Builder(Log())
    return builder.create_network(0), builder.create_builder_config().flags, trt.OnnxParser.parse, items.append(1)
"""
    found = undeclared(ast.parse(source), bindings)
    assert found == {"OnnxParser", "create_builder_config", "flags", "log", "parse"}


def test_every_name_that_is_used_is_in_the_release(tree: ast.Module, bindings: dict[str, Any]) -> None:
    assert missing(declared(tree), bindings) == []


def test_every_name_that_is_used_is_declared(tree: ast.Module, bindings: dict[str, Any]) -> None:
    assert undeclared(tree, bindings) == set()
