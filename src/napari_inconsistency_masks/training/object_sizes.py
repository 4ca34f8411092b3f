"""How large the objects of each class are in labels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np

from ..cells import find_cells
from ..data.sample import Source
from ..task import LabelScheme

MOST_SAMPLES = 64
"""Of each source; more would only take time."""


def typical_sizes(sources: Iterable[Source], scheme: LabelScheme) -> dict[str, float]:
    """Median pixels of the objects of each class that has any, in labeled samples.

    Empty if the scheme has a position class, whose marks are counted instead.
    """
    if scheme.position is not None:
        return {}
    sizes: dict[str, list[int]] = {name: [] for name in scheme.classes}
    for source in sources:
        for sample in islice(source, MOST_SAMPLES):
            channels = scheme.to_channels(sample.labeled)
            known = True if sample.known is None else sample.known
            objects = find_cells(channels & known, scheme)
            assert objects.pixels is not None
            for state, pixels in zip(objects.states, objects.pixels, strict=True):
                sizes[scheme.classes[state]].append(int(pixels))
    return {name: float(np.median(every)) for name, every in sizes.items() if every}
