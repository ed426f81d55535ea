"""Clips: short runs of one face, labelled, with the time of each frame; from data sets, and made from stills."""
