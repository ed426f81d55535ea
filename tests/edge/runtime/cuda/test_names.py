"""NVIDIA's real cuda-bindings: every name that is used exists, and without a driver they say so."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.runtime.cuda import nvidia
from tests.edge.runtime.cuda.conftest import said

DRIVER = Path("/dev/nvidiactl")

installed_by_the_long_tests = pytest.mark.system


@pytest.fixture(scope="module")
def runtime() -> Any:
    if importlib.util.find_spec("cuda") is None or importlib.util.find_spec("cuda.bindings") is None:
        pytest.skip("cuda-bindings is not installed: pip install 'mien[cuda]'")
    return importlib.import_module("cuda.bindings.runtime")


def chain(node: ast.expr) -> list[str]:
    """The names of `a.b.c`, none where it is something else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def used() -> Iterator[list[str]]:
    """What is read of the runtime: ["cudaMemcpyKind", "cudaMemcpyHostToDevice"]."""
    tree = ast.parse(Path(nvidia.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = chain(node) if isinstance(node, ast.Attribute) else []
        if names[:2] == ["self", "_runtime"]:
            yield names[2:]
        elif names[:1] == ["runtime"]:
            yield names[1:]
        elif names[:1] == ["known"]:
            yield ["cudaError_t", *names[1:]]


def test_the_names_that_are_used_are_found_in_the_source() -> None:
    found = [".".join(names) for names in used()]
    assert {"cudaMalloc", "cudaGraphLaunch", "cudaMemcpyKind.cudaMemcpyHostToDevice"} <= set(found)


@installed_by_the_long_tests
def test_every_name_that_is_used_is_in_the_bindings(runtime: Any) -> None:
    missing = []
    for names in used():
        found = runtime
        for name in names:
            found = getattr(found, name, None)
        if found is None:
            missing.append(".".join(names))
    assert missing == []


@installed_by_the_long_tests
def test_the_properties_of_a_device_have_the_fields_that_are_read(runtime: Any) -> None:
    found = runtime.cudaDeviceProp()
    assert isinstance(found.name, (bytes, str))
    assert [int(field) for field in (found.major, found.minor, found.integrated)] == [0, 0, 0]


@installed_by_the_long_tests
def test_a_machine_without_a_driver_says_so(runtime: Any) -> None:
    if DRIVER.exists():
        pytest.skip("there is a driver")
    assert "install NVIDIA's driver, or the bindings for the one that is there" in said(nvidia.open_device)
