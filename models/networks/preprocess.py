"""What stands between grey bytes and the network: its side, its crop and its normalisation, as the card states them."""

import torch
from torch import Tensor

FACE_SIDE = 48
INPUT_SIDE = 40
# 128 is the grey outside the picture, so that padding is exactly 0 to the network.
MEAN = 128.0
SCALE = 1 / 64


def normalise(faces: Tensor) -> Tensor:
    """Grey bytes (..., H, W) to float32, (value - MEAN) * SCALE."""
    return (faces.to(torch.float32) - MEAN) * SCALE


def centre_crop(faces: Tensor, side: int = INPUT_SIDE) -> Tensor:
    """The middle (..., side, side) of (..., H, W)."""
    top, left = (faces.shape[-2] - side) // 2, (faces.shape[-1] - side) // 2
    return faces[..., top : top + side, left : left + side]
