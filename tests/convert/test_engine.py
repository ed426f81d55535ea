"""`mien-convert engine` over the fakes of TensorRT and CUDA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from convert.main import main
from edge.bundle import DEFAULT
from edge.runtime.engines.folder import Manifest
from tests.convert.bundle.made import expression
from tests.fakes import installed

FIVE = ["expression", "cover", "pnet", "rnet", "onet"]


@pytest.mark.usefixtures("tensorrt")
def test_it_builds_the_engines_of_a_bundle_and_says_what_became_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = tmp_path / "engines"
    assert main(["engine", "--engines", str(engines)]) == 0
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == [*FIVE, str(engines)]
    assert all("built in" in line and "from ONNX Runtime" in line for line in said.out.splitlines()[:5])
    assert [line.split()[4].strip(":") for line in said.err.splitlines()] == FIVE  # no terminal: a line a network
    assert main(["engine", "default", "--engines", str(engines)]) == 0
    assert capsys.readouterr().out.count("was there") == 5


@pytest.mark.usefixtures("tensorrt")
def test_a_manifest_says_what_the_engine_is_for(tmp_path: Path) -> None:
    main(["engine", "--engines", str(tmp_path / "engines")])
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "engines").glob("*.json")]
    card = json.loads((DEFAULT / "expression.json").read_text())
    (ours,) = (one for one in manifests if one["network"] == "expression")
    assert set(ours) == set(Manifest.__struct_fields__)
    assert ours["key"]["network"] == card["sha256"]
    assert ours["key"]["platform"]["tensorrt"] == "10.3.0"
    assert ours["key"]["platform"]["gpu"] == "Fake Orin"


@pytest.mark.usefixtures("tensorrt")
def test_a_bundle_of_an_expression_network_alone_takes_the_other_networks_of_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = expression(tmp_path / "mine")
    assert main(["engine", str(source), "--engines", str(tmp_path / "engines")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6
    assert [line.partition(":")[0] for line in said[1:5]] == FIVE[1:]
    sha256 = json.loads((source / "expression.json").read_text())["sha256"]
    assert list((tmp_path / "engines").glob(f"{sha256[:12]}-*.engine"))


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["engine", *arguments]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("mien-convert: ")
    return said[-1]


def test_without_tensorrt_it_says_what_to_install(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "python3-libnvinfer" in refused(["--engines", str(tmp_path / "engines")], capsys)


@pytest.mark.usefixtures("tensorrt")
def test_without_a_gpu_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with installed(driver=False):
        assert "CUDA cannot be had" in refused(["--engines", str(tmp_path / "engines")], capsys)


def test_what_tensorrt_refuses_is_said_in_its_words(
    tensorrt: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensorrt.FAULTS["build"] = "no kernel for layer 7"
    said = refused(["--engines", str(tmp_path / "engines")], capsys)
    assert said.startswith("mien-convert: expression: TensorRT built no engine: no kernel for layer 7")


@pytest.mark.usefixtures("tensorrt")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "engines").write_text("in the way")
    assert "engines cannot be kept here" in refused(["--engines", str(tmp_path / "engines")], capsys)


def test_a_bundle_that_is_not_there_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there are" in refused(["nobody"], capsys)
