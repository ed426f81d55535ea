"""Tests of what measures a bundle's network."""
