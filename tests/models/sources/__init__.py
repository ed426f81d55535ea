"""Tests of the adapters from data sets, each on a tiny copy that the test draws itself."""
