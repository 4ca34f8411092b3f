"""Which gray values other programs must give to networks."""

from __future__ import annotations

from ..checkpoint import STRETCHED as LEARNED_STRETCHED
from ..checkpoint import ModelCard
from ..errors import InputError

AS_IS, STRETCHED = "as-is", "stretched"


def gray_values(card: ModelCard, asked: str | None = None) -> str:
    """Whether images go in as they are, 0 to 255, or stretched by percentiles first.

    Parameters
    ----------
    card
        Of the networks; says what they learned from, if that is known.
    asked
        `AS_IS` or `STRETCHED`, or None to go by the card.

    Raises
    ------
    InputError
        If nobody says, or ``asked`` is something else.
    """
    if asked is not None:
        if asked not in (AS_IS, STRETCHED):
            raise InputError(f"Gray values {asked!r}: choose {AS_IS} or {STRETCHED}.")
        return asked
    learned = card.provenance.get(LEARNED_STRETCHED)
    if card.intensity.mode != "auto":
        learned = card.intensity.mode == "percentile"
    if learned is None:
        raise InputError(
            "It is not known whether these networks learned from 8-bit images as they are or from "
            f"stretched ones, or they did from both: choose gray values {AS_IS} for images of 8 "
            f"bits, or {STRETCHED} for all others."
        )
    return STRETCHED if learned else AS_IS
