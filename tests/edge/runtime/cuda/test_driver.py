"""Graphs through a real C library in the driver's place: handles go in and out whole, and errors by their words."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.runtime.cuda.driver import Graphs
from tests.edge.runtime.cuda.conftest import said

STREAM, GRAPH, EXECUTABLE = 0x7F00DEADBEE0, 0x7F11DEADBEE0, 0x7F22DEADBEE0
SOURCE = f"""
typedef unsigned long long handle;
int cuStreamBeginCapture_v2(handle stream, int mode) {{ return stream == {STREAM} && mode == 1 ? 0 : 1; }}
int cuStreamEndCapture(handle stream, handle *graph) {{ *graph = {GRAPH}; return stream == {STREAM} ? 0 : 901; }}
int cuGraphInstantiateWithFlags(handle *made, handle graph, unsigned long long flags) {{
    *made = {EXECUTABLE}; return graph == {GRAPH} && flags == 0 ? 0 : 2; }}
int cuGraphLaunch(handle made, handle stream) {{ return made == {EXECUTABLE} && stream == {STREAM} ? 0 : 1; }}
int cuGraphDestroy(handle graph) {{ return graph == {GRAPH} ? 0 : 1; }}
int cuGraphExecDestroy(handle made) {{ return made == {EXECUTABLE} ? 0 : 1; }}
int cuGetErrorString(int code, const char **text) {{
    *text = code == 2 ? "out of memory" : 0; return code == 901 ? 1 : 0; }}
int cuGetErrorName(int code, const char **text) {{ *text = "CUDA_ERROR_" ; return code == 901 ? 1 : 0; }}
"""


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Graphs:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt install gcc")
    folder: Path = tmp_path_factory.mktemp("driver")
    source, library = folder / "driver.c", folder / "libcuda.so.1"
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return Graphs(ctypes.CDLL(str(library)))


def test_handles_go_in_and_out_whole(graphs: Graphs) -> None:
    graphs.begin(STREAM)
    graph = graphs.end(STREAM)
    executable = graphs.instantiate(graph)
    graphs.launch(executable, STREAM)
    graphs.drop_graph(graph)
    graphs.drop_executable(executable)
    assert (graph, executable) == (GRAPH, EXECUTABLE)


def test_an_error_is_said_as_far_as_the_driver_has_words_for_it(graphs: Graphs) -> None:
    assert said(lambda: graphs.begin(0)).startswith("cuStreamBeginCapture_v2 failed: CUDA_ERROR_; ")
    assert said(lambda: graphs.end(0)).startswith("cuStreamEndCapture failed: error 901; ")
    text = said(lambda: graphs.instantiate(0))
    assert text.startswith("cuGraphInstantiateWithFlags failed: out of memory (CUDA_ERROR_), the GPU has none left; ")
