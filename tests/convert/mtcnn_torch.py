"""MTCNN written a second time, in PyTorch, from the same weights: what the ONNX graphs are held to.

It keeps the published form (RGB, (x - 127.5) / 128, softmax of two), of which the graphs share nothing.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Weights = list[NDArray[np.float32]]


def _conv(x: torch.Tensor, w: Weights, first: int) -> torch.Tensor:
    kernel, bias, slope = (torch.from_numpy(a) for a in w[first : first + 3])
    return F.prelu(F.conv2d(x, kernel.permute(3, 2, 0, 1), bias), slope.reshape(-1))


def _same_pool(x: torch.Tensor, size: int) -> torch.Tensor:
    height, width = x.shape[-2:]
    below, right = (max((-(-side // 2) - 1) * 2 + size - side, 0) for side in (height, width))
    return F.max_pool2d(F.pad(x, (0, right, 0, below), value=-torch.inf), size, 2)


def _dense(x: torch.Tensor, w: Weights, first: int) -> torch.Tensor:
    return x @ torch.from_numpy(w[first]) + torch.from_numpy(w[first + 1])


def _input(bgr: NDArray[np.uint8]) -> torch.Tensor:
    rgb = torch.from_numpy(np.ascontiguousarray(bgr[..., ::-1])).double().permute(0, 3, 1, 2)
    return ((rgb - 127.5) / 128.0).float()


def _wide_flatten(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 3, 2, 1).flatten(1)  # width, height, channel


def pnet(bgr: NDArray[np.uint8], w: Weights) -> list[torch.Tensor]:
    x = _conv(_conv(_same_pool(_conv(_input(bgr), w, 0), 2), w, 3), w, 6)
    rows = x.permute(0, 2, 3, 1)
    offset = _dense(rows, [w[9][0, 0], w[10]], 0).permute(0, 3, 1, 2)
    score = _dense(rows, [w[11][0, 0], w[12]], 0).softmax(-1)[..., 1]
    return [score[:, None], offset]


def rnet(bgr: NDArray[np.uint8], w: Weights) -> list[torch.Tensor]:
    x = _conv(F.max_pool2d(_conv(_same_pool(_conv(_input(bgr), w, 0), 3), w, 3), 3, 2), w, 6)
    x = F.prelu(_dense(_wide_flatten(x), w, 9), torch.from_numpy(w[11]))
    return [_dense(x, w, 14).softmax(-1)[:, 1:], _dense(x, w, 12)]


def onet(bgr: NDArray[np.uint8], w: Weights) -> list[torch.Tensor]:
    x = _conv(F.max_pool2d(_conv(_same_pool(_conv(_input(bgr), w, 0), 3), w, 3), 3, 2), w, 6)
    x = _conv(_same_pool(x, 2), w, 9)
    x = F.prelu(_dense(_wide_flatten(x), w, 12), torch.from_numpy(w[14]))
    return [_dense(x, w, 19).softmax(-1)[:, 1:], _dense(x, w, 15), _dense(x, w, 17)]
