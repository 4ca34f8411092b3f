"""Random weights that depend on a key alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(key: Sequence[int]) -> Iterator[None]:
    """Let torch draw from ``key`` alone; its global generator is not used."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence((*key, 7)).generate_state(1)[0]))
        yield
