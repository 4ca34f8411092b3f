"""Counts of frames: predicted, drawn and typed, and how far they are apart."""
