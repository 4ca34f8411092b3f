"""The curves of several runs in one plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QResizeEvent

from ..parts.theme import mixed, theme_color
from .courses import Course, Measure
from .curve import EpochAxis

COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#999999")
"""Told apart by people who see colors differently, too (Okabe and Ito)."""

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
LEVEL = Qt.PenStyle.DashDotLine
MOST = len(COLORS) * len(DASHES)
"""Runs that can be told apart."""

LEGEND = (-8, 8)
"""Pixels from the right and the upper side."""

VEIL = "a0"
"""Opacity behind the legend: its names stay readable on top of curves."""

BESIDE = 0.55
"""Up to this share of the width the legend has room of its own, to the right of the curves."""

MARGIN = 0.04
"""Of the width, on both sides of the curves."""

MARGINS = 1, 7, 1, 1
"""Pixels around the plot: the number at the upper end of the axis is half above it."""

AT_ONCE = 4
"""Curves that are drawn before the window does something else: each takes milliseconds."""


class UpToLast(EpochAxis):
    """Marks nothing to the right of the curves, where the legend may be.

    Attributes
    ----------
    last
        The highest value that is marked.
    """

    last = math.inf

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[float]]]:
        """Where marks are, by their distance; called by pyqtgraph."""
        marks = super().tickValues(least, most, size)
        return [(step, [value for value in values if value <= self.last]) for step, values in marks]


@dataclass(frozen=True)
class Curve:
    """A run in the plot.

    Attributes
    ----------
    name
        In the legend.
    number
        Among the colors.
    course
        Its values.
    level
        Whether its only value is its last: it is drawn across the courses of the others, like
        networks of labels alone in the figures of the paper.
    """

    name: str
    number: int
    course: Course
    level: bool = False


class RunPlot(pg.PlotWidget):
    """A line for each run, with a legend."""

    def __init__(self) -> None:
        super().__init__(axisItems={"bottom": UpToLast("bottom")})
        self.setObjectName("runs_plot")
        self.setAccessibleName("Curves of the chosen runs")
        self.setMinimumHeight(150)
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.getPlotItem().layout.setContentsMargins(*MARGINS)
        self._legend = self.getPlotItem().addLegend(offset=LEGEND)
        self._measure: Measure | None = None
        self._span = 0.0, 0.0
        self._waiting: list[Curve] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._draw_some)
        self._restyle()

    def show_curves(self, measure: Measure, curves: Sequence[Curve]) -> None:
        """Draw other curves; those without values are left out."""
        self._measure = measure
        drawn = [curve for curve in curves if curve.course[0]]
        self._waiting = sorted(drawn, key=lambda curve: curve.level)
        ends = [position for curve in drawn for position in curve.course[0]] or [0.0]
        self._span = min(ends), max(ends)
        self.getPlotItem().clear()
        self.getPlotItem().getViewBox().setLimits(yMin=0)
        self._restyle()
        self._draw_some()

    def _draw_some(self) -> None:
        plot = self.getPlotItem()
        for curve in self._waiting[:AT_ONCE]:
            self._draw_one(curve)
        del self._waiting[:AT_ONCE]
        plot.enableAutoRange()
        if self._waiting:
            self._soon.start()
        else:
            self._leave_room()

    def _draw_one(self, curve: Curve) -> None:
        positions, values = curve.course
        color = COLORS[curve.number % len(COLORS)]
        style = DASHES[curve.number // len(COLORS) % len(DASHES)]
        level = curve.level and self._span[0] < self._span[1]
        if level:
            positions, values, style = list(self._span), values * 2, LEVEL
        few = len(positions) == 1 or (self._measure is not None and self._measure.by_generation)
        look = {"symbolSize": 7, "symbolBrush": color, "symbolPen": None}
        self.getPlotItem().plot(
            positions,
            values,
            pen=pg.mkPen(color, width=2, style=style),
            name=curve.name,
            symbol="o" if few and not level else None,
            **look,
        )

    def _leave_room(self) -> None:
        """Make room for the legend beside the curves, where it does not take most of the width."""
        box = self.getPlotItem().getViewBox()
        bounds = box.childrenBounds()[0]
        axis = self.getPlotItem().getAxis("bottom")
        taken = self._legend.boundingRect().width() + 2 * abs(LEGEND[0])
        share = taken / max(box.width(), 1.0)
        if bounds is None or not self._legend.items or share > BESIDE:
            axis.last = math.inf
            box.enableAutoRange(box.XAxis)
            return
        low, high = bounds
        axis.last = high
        span = (high - low) or 1.0
        side = MARGIN * span
        width = (span + 2 * side) / (1 - share)
        box.setXRange(low - side, low - side + width, padding=0)

    @property
    def names(self) -> list[str]:
        """What the legend says."""
        return [label.text for _, label in self._legend.items]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Follow the width; called by Qt, and once by pyqtgraph before there is a plot."""
        super().resizeEvent(event)
        if event is not None and hasattr(self, "_legend"):
            self._leave_room()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        text = theme_color("text")
        self.setBackground(theme_color("foreground"))
        plot, measure = self.getPlotItem(), self._measure
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(mixed("text", "background", 0.5))
            axis.setTextPen(text)
        if measure is not None:
            plot.setLabel("bottom", measure.axis.capitalize(), color=text)
        plot.getAxis("left").setWidth(44)
        plot.getAxis("bottom").setHeight(38)
        self._legend.setLabelTextColor(text)
        self._legend.setBrush(theme_color("foreground") + VEIL)
