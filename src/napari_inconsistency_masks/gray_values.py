"""Percentiles of images that are read part by part, without sorting or keeping them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Parts = Callable[[], Iterable[npt.NDArray[Any]]]
"""Gives the parts of an image, each time from the beginning; all are of one real type."""

_DIGIT, _VALUES = 16, 1 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True)
class GrayValues:
    """What is known of the gray values of an image.

    Attributes
    ----------
    finite, missing
        Number of pixels with a value, and of those that are NaN or infinite.
    least, most
        The extremes of the finite ones; 0 if there is none.
    percentiles
        Those asked for, interpolated as `numpy.percentile` does.
    """

    finite: int
    missing: int
    least: float
    most: float
    percentiles: tuple[float, ...]


def survey(parts: Parts, percentiles: Sequence[float]) -> GrayValues:
    """Find exact percentiles; the parts are read once per 16 bits of their type.

    Values are found by their rank, 16 bits at a time, in numbers that sort as the values do.
    """
    counts = np.zeros(_VALUES, np.int64)
    missing, kind = 0, np.dtype(np.uint16)
    for part in parts():
        keys, bad = _to_keys(part)
        missing, kind = missing + bad, _plain(part.dtype)
        top = _bits(kind) - _DIGIT
        for chunk in _chunks(keys):
            counts += np.bincount((chunk >> top).astype(np.uint16), minlength=_VALUES)
    finite = int(counts.sum())
    if not finite:
        return GrayValues(0, missing, 0.0, 0.0, tuple(0.0 for _ in percentiles))
    places = [share / 100 * (finite - 1) for share in percentiles]
    ranks = sorted({0, finite - 1, *(rank for place in places for rank in _around(place, finite))})
    values = dict(zip(ranks, _select(parts, ranks, counts, kind), strict=True))
    return GrayValues(
        finite,
        missing,
        least=values[0],
        most=values[finite - 1],
        percentiles=tuple(_between(values, place, finite) for place in places),
    )


def _select(
    parts: Parts, ranks: Sequence[int], counts: npt.NDArray[np.int64], kind: np.dtype[Any]
) -> list[float]:
    """The values at some ranks, given how often each highest digit occurs."""
    found = [_digit(counts, 0, rank) for rank in ranks]  # leading digits, rank among their like
    for shift in range(_bits(kind) - 2 * _DIGIT, -1, -_DIGIT):
        below = {prefix: np.zeros(_VALUES, np.int64) for prefix, _ in found}
        for part in parts():
            for chunk in _chunks(_to_keys(part)[0]):
                head = chunk >> (shift + _DIGIT)
                for prefix, count in below.items():
                    digits = chunk[head == prefix] >> shift & (_VALUES - 1)
                    count += np.bincount(digits.astype(np.uint16), minlength=_VALUES)
        found = [_digit(below[prefix], prefix, rank) for prefix, rank in found]
    return [_to_value(key, kind) for key, _ in found]


def _digit(counts: npt.NDArray[np.int64], prefix: int, rank: int) -> tuple[int, int]:
    """Append the digit in which a rank falls; also returns the rank among those that share it."""
    upto = np.cumsum(counts)
    digit = int(np.searchsorted(upto, rank, side="right"))
    return prefix << _DIGIT | digit, rank - (int(upto[digit - 1]) if digit else 0)


def _around(place: float, count: int) -> tuple[int, int]:
    below = min(int(place), count - 1)
    return below, min(below + 1, count - 1)


def _between(values: dict[int, float], place: float, count: int) -> float:
    """Interpolate between ranks, in shares of the largest value: huge numbers would overflow."""
    scale = max(abs(value) for value in values.values()) or 1.0
    low, high = (values[rank] / scale for rank in _around(place, count))
    share, step = place - int(place), high - low
    return (high - step * (1 - share) if share >= 0.5 else low + step * share) * scale


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that pixels are compared in: 16 to 64 bits, native byte order."""
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if dtype.itemsize == 1:
        return np.dtype(np.int16 if dtype.kind == "i" else np.uint16)
    return dtype.newbyteorder("=")


def _bits(kind: np.dtype[Any]) -> int:
    return 8 * kind.itemsize


def _to_keys(part: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    """Unsigned numbers ``(N,)`` that sort as the finite values do, and how many are not."""
    kind = _plain(part.dtype)
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(part, kind).reshape(-1)
    missing = 0
    if kind.kind == "f":
        finite = np.isfinite(values)
        missing = values.size - int(np.count_nonzero(finite))
        values = values[finite] if missing else values
    unsigned = np.dtype(f"u{kind.itemsize}")
    keys, sign = values.view(unsigned), unsigned.type(1 << (_bits(kind) - 1))
    if kind.kind == "i":
        keys = keys ^ sign
    elif kind.kind == "f":
        keys = np.where(keys & sign, ~keys, keys | sign)
    return keys, missing


def _to_value(key: int, kind: np.dtype[Any]) -> float:
    """Inverse of `_to_keys` for one number."""
    sign, mask = 1 << (_bits(kind) - 1), (1 << _bits(kind)) - 1
    if kind.kind == "i":
        key ^= sign
    elif kind.kind == "f":
        key = key ^ sign if key & sign else ~key & mask
    return float(np.array([key], f"u{kind.itemsize}").view(kind)[0])


def _chunks(keys: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
