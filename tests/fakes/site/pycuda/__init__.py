"""A fake of pycuda; see `fake_cuda`."""
