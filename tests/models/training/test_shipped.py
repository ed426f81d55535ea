"""A training may begin with the weights of an exported file, whose batch-norms were folded away."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from convert import half
from models.data import Faces
from models.errors import CheckpointError
from models.networks.build import build
from models.networks.graph import INPUT, to_onnx
from models.networks.preprocess import normalise
from models.networks.se_resnet import SEResNet, SEResNetShape
from models.registry import DEFAULT
from models.training.checkpoint import load
from models.training.loop import train
from models.training.recipe import Recipe
from models.training.shipped import unfold, weights_in
from models.training.targets import training_set
from tests.models.conftest import as_prepared

SIDE = 16


@pytest.fixture
def inputs(faces: Faces) -> Tensor:
    return normalise(torch.from_numpy(faces.images[:64, ::3, ::3].copy())[:, None])


@pytest.fixture
def exported(tmp_path: Path, inputs: Tensor) -> Path:
    """A student whose batch-norms have seen pictures, as a file."""
    torch.manual_seed(3)
    network = build("student", 0.0, SIDE)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    for _ in range(5):
        network.train()(inputs)
    onnx.save(to_onnx(network, SIDE), str(tmp_path / "expression.onnx"))
    return tmp_path / "expression.onnx"


def answers(file: Path, inputs: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return np.concatenate(session.run(None, {INPUT: inputs.numpy()}), axis=1)


def test_a_network_given_an_exported_file_answers_as_the_file_does(exported: Path, inputs: Tensor) -> None:
    network = build("student", 0.0, SIDE)
    wanted = answers(exported, inputs)
    assert not np.allclose(network.eval()(inputs).detach(), wanted, atol=0.1)
    unfold(network, weights_in(exported), inputs)
    assert np.allclose(network.eval()(inputs).detach(), wanted, atol=1e-4)


def test_a_file_in_half_precision_gives_the_same_weights_but_for_their_rounding(exported: Path) -> None:
    whole = weights_in(exported)
    onnx.save(half.half(half.read(exported)), str(exported))
    rounded = weights_in(exported)
    assert rounded.keys() == whole.keys()
    for name, values in whole.items():
        assert torch.equal(rounded[name], values.half().float())


def test_a_training_can_begin_with_the_file_that_ships() -> None:
    network = build("student", 0.0, SIDE)
    shape = {name: tuple(values.shape) for name, values in weights_in(DEFAULT / "expression.onnx").items()}
    own = {name: tuple(values.shape) for name, values in network.state_dict().items()}
    assert {name: own.get(name) for name in shape if name.endswith("weight")} == {
        name: there for name, there in shape.items() if name.endswith("weight")
    }
    assert len(shape) > 50


def test_its_batch_norms_answer_the_same_by_the_statistics_of_a_batch(exported: Path, inputs: Tensor) -> None:
    network = build("student", 0.0, SIDE)
    unfold(network, weights_in(exported), inputs)
    assert np.allclose(network.train()(inputs).detach(), answers(exported, inputs), atol=1e-3)


def test_a_block_that_the_file_lacks_first_hands_on_what_it_gets(tmp_path: Path, inputs: Tensor) -> None:
    shallow, deep = (
        SEResNet(SEResNetShape(classes=15, blocks=blocks, dropout=0.0)) for blocks in ((2, 2, 2), (2, 2, 3))
    )
    onnx.save(to_onnx(shallow, SIDE), str(tmp_path / "shallow.onnx"))
    unfold(deep, weights_in(tmp_path / "shallow.onnx"), inputs)
    assert np.allclose(deep.eval()(inputs).detach(), answers(tmp_path / "shallow.onnx", inputs), atol=1e-3)


def test_a_training_begins_with_an_exported_file_and_says_so_in_its_recipe(
    tmp_path: Path, exported: Path, faces: Faces, others: Faces
) -> None:
    recipe = Recipe(epochs=1, batch=64, learning_rate=1e-9, sides=((1.0, SIDE),))
    pictures = training_set(as_prepared(faces), smoothing=0.1)
    state = load(train(pictures, others, tmp_path / "run", recipe, start=[exported]))
    assert torch.allclose(state["network"]["head.weight"], weights_in(exported)["head.weight"], atol=1e-4)
    plain = load(train(pictures, others, tmp_path / "plain", recipe))
    assert not torch.allclose(plain["network"]["head.weight"], weights_in(exported)["head.weight"], atol=1e-2)
    assert '"start": ""' in plain["recipe"]
    assert '"start": ""' not in state["recipe"]


def test_a_file_of_another_network_is_refused(tmp_path: Path, exported: Path, faces: Faces, others: Faces) -> None:
    recipe = replace(Recipe(epochs=1, batch=64), network="vgg16", sides=((1.0, 32),))
    with pytest.raises(CheckpointError, match=r"no convolution of it fits a vgg16"):
        train(training_set(as_prepared(faces), smoothing=0.1), others, tmp_path / "run", recipe, start=[exported])


def test_a_file_that_is_missing_or_broken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no such file; name an exported \.onnx"):
        weights_in(tmp_path / "none.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(CheckpointError, match="not a readable ONNX file"):
        weights_in(broken)
