"""Fakes of what runs only on a GPU. Put `SITE` on PYTHONPATH of a process, or `installed()` around a test."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

SITE: Final = Path(__file__).parent / "site"
"""Where `fake_cuda`, `pycuda`, `cuda.bindings` and `tensorrt` are."""

_NAMES: Final = ("fake_cuda", "pycuda", "cuda")
_kept: dict[str, ModuleType] = {}  # the same modules in every test: what was made of one stays good in the next


def _ours(name: str) -> bool:
    return name.partition(".")[0] in _NAMES


@contextlib.contextmanager
def installed(faults: dict[str, int] | None = None, **settings: Any) -> Iterator[Any]:
    """`fake_cuda` with a new GPU, and the fakes of both bindings in place of the real ones.

    `settings` are fields of `fake_cuda.Settings`; a binding that is set False cannot be imported.
    """
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if _ours(name)}
    sys.modules.update(_kept)
    sys.path.insert(0, str(SITE))
    try:
        fake = importlib.import_module("fake_cuda")
        fake.reset()
        importlib.import_module("pycuda.driver")
        importlib.import_module("cuda.bindings.runtime")
        fake.reset(faults, **settings)
        _kept.update({name: module for name, module in sys.modules.items() if _ours(name)})
        there = {"pycuda.driver": fake.SETTINGS.pycuda and fake.SETTINGS.driver}
        there["cuda.bindings.runtime"] = fake.SETTINGS.bindings
        for name, found in there.items():
            if not found:
                sys.modules[name] = None  # type: ignore[assignment]  # so that to import it is an ImportError
        yield fake
    finally:
        sys.path.remove(str(SITE))
        for name in [name for name in sys.modules if _ours(name)]:
            del sys.modules[name]
        sys.modules.update(real)


@contextlib.contextmanager
def with_tensorrt() -> Iterator[Any]:
    """The fake TensorRT on what is `installed()`, nothing wrong in it and nothing called yet."""
    real = sys.modules.pop("tensorrt", None)
    try:
        yield importlib.import_module("tensorrt")
    finally:
        sys.modules.pop("tensorrt", None)
        if real is not None:
            sys.modules["tensorrt"] = real
