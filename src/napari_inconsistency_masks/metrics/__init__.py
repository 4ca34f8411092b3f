"""How good predictions are: overlap, counts, and the figures of the reference implementation."""
