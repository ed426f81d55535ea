"""The engines of this box: TensorRT plans that it built itself, kept in a folder, each beside what it was built for.

key.py        what an engine is for: network, TensorRT, GPU, box
folder.py     the folder of engines: found by key, written whole or not at all
golden.py     an engine beside ONNX Runtime, on inputs that are always the same
build.py      building what a bundle needs and the folder does not have
runtime.py    loading them, as a runtime of the desk
"""
