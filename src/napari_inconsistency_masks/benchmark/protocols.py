"""Settings that all recipes of a comparison share: by how much computing there is."""

from __future__ import annotations

from dataclasses import replace

from ..config import TrainConfig
from ..data.sample import SegmentationData
from ..errors import InputError
from ..recipes import PAPER, PRESETS

PROTOCOLS = {
    "quick": replace(
        PRESETS["standard"],
        members=3,
        generations=2,
        width=0.5,
        epochs=8,
        augment="recipe",
        refuse_worse=False,
    ),
    "standard": replace(
        PRESETS["standard"], members=5, generations=3, augment="recipe", refuse_worse=False
    ),
    PAPER: PRESETS[PAPER],
}
"""Hours on a CPU, hours on a GPU, and the paper's settings.

As in the paper, a recipe augments only if it says so, so recipes differ in what they say and in
nothing else; and no generation is refused, so that the course over the generations is seen, and the
last one is the result."""


def protocol_config(protocol: str, seed: int, data: SegmentationData) -> TrainConfig:
    """The settings of all recipes in a comparison.

    Parameters
    ----------
    protocol
        A key of `PROTOCOLS`.
    seed
        Of the run.
    data
        What is compared on: the protocol ``paper`` has the paper's settings for its own data sets.

    Raises
    ------
    InputError
        For a protocol that does not exist.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"There is no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}.")
    changes = data.paper if protocol == PAPER else {}
    return replace(PROTOCOLS[protocol].changed(changes), seed=seed)
