"""What the TensorRT backend needs of CUDA: a protocol, and an adapter for each Python binding of it."""
