"""The adapters of CUDA: over fakes, and what can be seen of the real bindings without a GPU."""
