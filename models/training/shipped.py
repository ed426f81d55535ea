"""Begins a training with the weights of a file that ships, which holds no batch-norm any more.

An exported file has each batch-norm folded into the convolution before it. To train on, the network needs its
batch-norms back: each is given the mean and deviation of what its convolution answers to real pictures, as its
statistics and, the other way round, as its bias and gain. The network then answers as the file does, and trains as one
with batch-norm.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn

from edge.errors import ModelError
from edge.runtime.backend import unpacked
from models.card import load
from models.errors import CheckpointError
from models.model import CARD
from models.networks.build import NETWORKS, build
from models.networks.graph import WRAPPED
from models.samples import PICTURE_OF_BOX_HEIGHT
from models.training.augment import Field, framed

CALIBRATED_ON = 512  # pictures from which a file gets its batch-norms back

Weights = dict[str, Tensor]
After = Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]
Before = Callable[[nn.Module, tuple[Tensor, ...]], None]


def weights_in(file: Path) -> Weights:
    """The weights of an exported network by the names that its modules have; CheckpointError where none are there."""
    try:
        model = onnx.load_from_string(unpacked(file, file.read_bytes()))
    except FileNotFoundError:
        raise CheckpointError(f"{file}: no such file; name an exported .onnx or the folder of a finished run") from None
    except (DecodeError, ModelError, OSError):
        raise CheckpointError(f"{file}: not a readable ONNX file; export it again") from None
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found: Weights = {}
    for node in model.graph.node:
        # A weight that two modules share, or one that lies in the file as float16 and is computed with in float32.
        if node.op_type in ("Identity", "Cast") and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
        if node.op_type in ("Conv", "Gemm"):
            # Folded weights are numbered, and equal ones shared, so the module is known from the node alone.
            for kind, name in zip(("weight", "bias"), node.input[1:], strict=False):
                found[f"{_module(node.name)}.{kind}"] = torch.from_numpy(values[name].astype(np.float32))
    return found


def network_of(bundle: Path, pictures: Tensor) -> tuple[nn.Module, Field]:
    """A bundle's expression network, which answers as its file does, and what it sees of a 48 px face picture.

    `pictures` (N, 1, 48, 48) are normalised faces like those that it will be asked about, some hundreds.
    CheckpointError where its network is none of those that are trained here.
    """
    card = load(bundle / CARD)
    field = Field(card.input.size, card.input.crop_of_box_height / PICTURE_OF_BOX_HEIGHT)
    weights = weights_in(bundle / card.file)
    shapes = {name: value.shape for name, value in weights.items() if name.endswith(".weight")}
    for name in NETWORKS:
        network = build(name, 0.0, field.side)
        if _shapes(network) == shapes:
            unfold(network, weights, framed(pictures, field))
            return network, field
    raise CheckpointError(f"{bundle}: its network is none that is trained here; name another bundle, or a finished run")


def _shapes(network: nn.Module) -> dict[str, torch.Size]:
    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)}
    return {f"{name}.weight": layer.weight.shape for name, layer in layers.items()}


def _module(of_node: str) -> str:
    """`blocks.0.conv1` of `/network/blocks/blocks.0/conv1/Conv`: a container repeats its name before a number."""
    parts = of_node.removeprefix("/").removeprefix(f"{WRAPPED}/").split("/")[:-1]
    kept = [part for part, after in zip(parts, (*parts, "")[1:], strict=True) if not after.startswith(f"{part}.")]
    return ".".join(kept)


@torch.no_grad()
def unfold(network: nn.Module, weights: Weights, inputs: Tensor) -> int:
    """Gives a network the weights of an exported file, and its batch-norms what was folded.

    Returns how many convolutions fitted.

    Weights fit by name and shape: what a file lacks (a new head, a block more) keeps what it has. `inputs`
    (N, 1, side, side) are network inputs like those that it will be trained on, some hundreds.
    """
    own = network.state_dict()
    fitting = {name: values for name, values in weights.items() if name in own and own[name].shape == values.shape}
    network.load_state_dict(own | fitting)
    biases: dict[int, Tensor] = {}
    hooks, fitted = [], 0
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            fits = f"{name}.weight" in fitting
            fitted += fits
            hooks.append(
                module.register_forward_hook(_remembered(biases, weights.get(f"{name}.bias") if fits else None))
            )
        elif isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_pre_hook(_restored(biases)))
    network.eval()(inputs)
    for hook in hooks:
        hook.remove()
    return fitted


def _remembered(biases: dict[int, Tensor], bias: Tensor | None) -> After:
    """A hook that notes, for the batch-norm that comes next, the bias that an exported convolution had."""

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        biases.clear()
        if bias is not None:
            biases[id(output)] = bias

    return note


def _restored(biases: dict[int, Tensor]) -> Before:
    """A hook that sets a batch-norm by what comes into it, so that input plus bias comes out."""

    def restore(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        bias = biases.get(id(inputs[0]))
        if bias is not None:
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
            norm.bias.copy_(mean + bias)

    return restore
