"""A fake of NVIDIA's cuda-bindings; see `fake_cuda`."""

import fake_cuda

if not fake_cuda.SETTINGS.bindings:
    raise ModuleNotFoundError("No module named 'cuda.bindings'")
