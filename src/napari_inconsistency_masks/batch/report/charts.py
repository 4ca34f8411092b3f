"""Curves and intervals as SVG, on light or dark paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 30


@dataclass(frozen=True)
class Curve:
    """Values with their range, of one color."""

    name: str
    color: str
    middle: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def curves(places: Sequence[float], drawn: Sequence[Curve], *, x: str, y: str) -> Markup:
    """Curves over time, each with a band for its range."""
    top = max((max(curve.high) for curve in drawn), default=0)
    axes = _Axes(min(places), max(places), top)
    parts = [axes.frame(x, y)]
    for curve in drawn:
        there = [axes.point(p, v) for p, v in zip(places, curve.high, strict=True)]
        back = [axes.point(p, v) for p, v in zip(places, curve.low, strict=True)]
        middle = [axes.point(p, v) for p, v in zip(places, curve.middle, strict=True)]
        area, line = " ".join([*there, *reversed(back)]), " ".join(middle)
        parts.append(f'<polygon points="{area}" fill="{curve.color}" opacity="0.22"/>')
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{curve.color}" stroke-width="1.8"/>'
        )
    return _svg(parts)


def intervals(drawn: Sequence[Curve], *, x: str, y: str) -> Markup:
    """A dot with its range for each image, side by side."""
    top = max((max(curve.high) for curve in drawn), default=0)
    count = max((len(curve.middle) for curve in drawn), default=1)
    axes = _Axes(-0.5, count - 0.5, top)
    parts = [axes.frame(x, y, ticks=False)]
    for number, curve in enumerate(drawn):
        shift = 0.5 * (number + 0.5) / len(drawn) - 0.25
        for place, values in enumerate(zip(curve.middle, curve.low, curve.high, strict=True)):
            (px, middle), (_, low), (_, high) = (axes.at(place + shift, v) for v in values)
            parts.append(
                f'<path d="M{px:.1f} {low:.1f}V{high:.1f}" stroke="{curve.color}" opacity="0.6"/>'
                f'<circle cx="{px:.1f}" cy="{middle:.1f}" r="2.2" fill="{curve.color}"/>'
            )
    return _svg(parts)


class _Axes:
    def __init__(self, left: float, right: float, top: float) -> None:
        self._left, self._width = left, (right - left) or 1.0
        self._left -= 0.5 * (right == left)
        self._step = _nice(max(top, 1e-9) / 4)
        self._top = self._step * max(1, math.ceil(top / self._step - 1e-9))

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - self._left) / self._width * (_WIDTH - _LEFT - _RIGHT)
        return across, _HEIGHT - _BOTTOM - y / self._top * (_HEIGHT - _TOP - _BOTTOM)

    def point(self, x: float, y: float) -> str:
        across, down = self.at(x, y)
        return f"{across:.1f},{down:.1f}"

    def frame(self, x: str, y: str, *, ticks: bool = True) -> str:
        parts = []
        for number in range(round(self._top / self._step) + 1):
            value = number * self._step
            _, down = self.at(self._left, value)
            parts.append(
                f'<path d="M{_LEFT} {down:.1f}H{_WIDTH - _RIGHT}" class="grid"/>'
                f'<text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        if ticks:
            step = max(1.0, _nice(self._width / 6))
            value = math.ceil(self._left / step) * step
            while value <= self._left + self._width:
                across, _ = self.at(value, 0)
                parts.append(
                    f'<text x="{across:.1f}" y="{_HEIGHT - 14}" text-anchor="middle">'
                    f"{value:g}</text>"
                )
                value += step
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{_HEIGHT - 1}" text-anchor="middle">{x}</text>')
        parts.append(
            f'<text transform="translate(11 {_HEIGHT / 2 - 8}) rotate(-90)" '
            f'text-anchor="middle">{y}</text>'
        )
        return "".join(parts)


def _nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= step * (1 - 1e-9))


def _svg(parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704  numbers and fixed words only
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(parts)}</svg>'
    )
