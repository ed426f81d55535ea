"""Tests of edge/sound."""
