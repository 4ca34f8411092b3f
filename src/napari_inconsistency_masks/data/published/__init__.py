"""Data sets that others publish, a reader for each."""
