"""The curves of several runs in one plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt

from ._curve import EpochAxis
from ._run_courses import Course, Measure
from ._theme import mixed, theme_color

COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#999999")
"""Told apart by people who see colors differently, too (Okabe and Ito)."""

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
MOST = len(COLORS) * len(DASHES)
"""Runs that can be told apart."""


@dataclass(frozen=True)
class Curve:
    """A run in the plot: its name, its number among the colors, and its values."""

    name: str
    number: int
    course: Course


class RunPlot(pg.PlotWidget):
    """A line for each run, with a legend."""

    def __init__(self) -> None:
        super().__init__(axisItems={"bottom": EpochAxis("bottom")})
        self.setObjectName("runs_plot")
        self.setAccessibleName("Curves of the chosen runs")
        self.setMinimumHeight(150)
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self._legend = self.getPlotItem().addLegend(offset=(-8, 8))
        self._shown: tuple[Measure | None, Sequence[Curve]] = (None, ())
        self._restyle()

    def show_curves(self, measure: Measure, curves: Sequence[Curve]) -> None:
        """Draw other curves; those without values are left out."""
        self._shown = (measure, curves)
        plot = self.getPlotItem()
        plot.clear()
        for curve in curves:
            positions, values = curve.course
            if not positions:
                continue
            color = COLORS[curve.number % len(COLORS)]
            style = DASHES[curve.number // len(COLORS) % len(DASHES)]
            few = measure.by_generation or len(positions) == 1
            look = {"symbolSize": 7, "symbolBrush": color, "symbolPen": None}
            pen = pg.mkPen(color, width=2, style=style)
            symbol = "o" if few else None
            plot.plot(positions, values, pen=pen, name=curve.name, symbol=symbol, **look)
        plot.getViewBox().setLimits(yMin=0)
        plot.enableAutoRange()
        self._restyle()

    @property
    def names(self) -> list[str]:
        """What the legend says."""
        return [label.text for _, label in self._legend.items]

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        text = theme_color("text")
        self.setBackground(theme_color("foreground"))
        plot, measure = self.getPlotItem(), self._shown[0]
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(mixed("text", "background", 0.5))
            axis.setTextPen(text)
        if measure is not None:
            plot.setLabel("bottom", measure.axis.capitalize(), color=text)
        plot.getAxis("left").setWidth(44)
        plot.getAxis("bottom").setHeight(38)
        self._legend.setLabelTextColor(text)
