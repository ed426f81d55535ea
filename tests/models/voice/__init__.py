"""Tests of models/voice."""
