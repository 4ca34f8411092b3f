"""Predictions by image: their layers, their counts, and which of them is looked at."""
