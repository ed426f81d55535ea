"""Faults without mercy on the real parts, and the count of what is left: `python -m tests.torture`, `make torture`.

After each scenario made = stored + named, none twice and none changed, by hashes that were taken at both ends.
"""
