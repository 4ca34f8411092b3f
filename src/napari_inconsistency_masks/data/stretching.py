"""Which images have their gray values stretched for the networks, known from their headers."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..errors import InputError
from ..files.images import read_header
from ..intensity import Intensity
from .sample import Source
from .sources import file_of

MOST_FILES = 200
"""So many headers are read, evenly spread over all files."""

BOTH = (
    "Some images have 8 bits and are taken as they are, others have more and are stretched: the "
    "same cell looks different to the networks. Better convert all of them to one type."
)


def stretched(samples: Source, intensity: Intensity) -> frozenset[bool]:
    """Whether images are stretched: ``{True}``, ``{False}``, both, or nothing if nobody knows.

    Parameters
    ----------
    samples
        Of which the files are looked at, if they have some.
    intensity
        The rule by which they are scaled.
    """
    files = {file_of(samples, index) for index in _spread(len(samples))}
    found = set()
    for file in files:
        if isinstance(file, Path):
            with suppress(InputError):  # who reads the image says what is wrong
                found.add(intensity.stretches(read_header(file).dtype))
    return frozenset(found)


def _spread(count: int) -> range:
    return range(0, count, max(1, -(-count // MOST_FILES)))
