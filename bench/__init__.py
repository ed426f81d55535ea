"""Measurements, each with its peer or its limit in the same run."""
