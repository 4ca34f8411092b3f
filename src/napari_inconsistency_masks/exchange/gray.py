"""Which gray values other programs must give to networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checkpoint import STRETCHED as LEARNED_STRETCHED
from ..checkpoint import ModelCard
from ..errors import InputError

AS_IS, STRETCHED = "as-is", "stretched"


def gray_values(card: ModelCard, dtype: np.dtype[Any], asked: str | None = None) -> str:
    """Whether images go in as they are, 0 to 255, or stretched by percentiles first.

    Parameters
    ----------
    card
        Of the networks; says what they learned from, if that is known.
    dtype
        Of the example image, which decides if the networks learned from both, or nobody knows.
    asked
        `AS_IS` or `STRETCHED`, or None to go by the card.

    Raises
    ------
    InputError
        If ``asked`` is something else.
    """
    if asked is not None:
        if asked not in (AS_IS, STRETCHED):
            raise InputError(f"Gray values {asked!r}: choose {AS_IS} or {STRETCHED}.")
        return asked
    learned = card.provenance.get(LEARNED_STRETCHED)
    if learned is None or card.intensity.mode != "auto":
        learned = card.intensity.stretches(dtype)
    return STRETCHED if learned else AS_IS
