"""The course of a run as curves."""

from __future__ import annotations

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..parts.theme import mixed, theme_color
from .history import History, known_points, means

TRAIN_COLOR, VALIDATION_COLOR = "#56B4E9", "#E69F00"
HEIGHT = 118


class EpochAxis(pg.AxisItem):
    """Marks whole epochs only."""

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:
        """Distances of major and minor marks; called by pyqtgraph."""
        spacing = super().tickSpacing(least, most, size)
        return [(step, offset) for step, offset in spacing if step >= 1] or [(1, 0)]


class CurvePlot(pg.PlotWidget):
    """One plot: thin lines per network, a thick one for their mean, generations apart.

    Parameters
    ----------
    name, title
        Object name and what is plotted.
    curves
        Fields of `EpochEnd`, each with its words for the legend and its color.
    """

    def __init__(self, name: str, title: str, curves: list[tuple[str, str, str]]) -> None:
        super().__init__(axisItems={"bottom": EpochAxis("bottom")})
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(f"{title}. Thin lines: single networks; thick line: their mean.")
        self.setFixedHeight(HEIGHT)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self._title, self._curves = title, curves
        self._legend = self.getPlotItem().addLegend(offset=(-4, 2)) if len(curves) > 1 else None
        self._lines: list[pg.PlotDataItem] = []
        self._layout: object = None
        self._restyle()

    def show_history(self, history: History) -> None:
        """Draw a run; lines that are there already get new values, which is quick."""
        found = [history.curve(field) for field, _, _ in self._curves]
        layout = ([len(networks) for _, networks in found], history.borders())
        if layout != self._layout:
            self._layout = layout
            self._make_lines(*layout)
        lines = iter(self._lines)
        for positions, networks in found:
            for values in networks if len(networks) > 1 else []:
                next(lines).setData(*known_points(positions, values))
            if networks:
                places, mean = known_points(positions, means(networks))
                symbol = "o" if len(mean) == 1 else None  # a line of one point is no line
                next(lines).setData(places, mean, symbol=symbol)
        plot = self.getPlotItem()
        plot.getViewBox().setLimits(yMin=0)
        plot.enableAutoRange()

    def _make_lines(self, networks: list[int], borders: list[float]) -> None:
        """Empty lines: per curve one for each network if there are several, and for the mean."""
        plot = self.getPlotItem()
        plot.clear()
        self._lines = []
        for (_, words, color), count in zip(self._curves, networks, strict=True):
            if count > 1:
                thin = _pen(color, 1, 110)
                self._lines += [plot.plot(pen=thin) for _ in range(count)]
            if count:
                thick = _pen(color, 2.5)
                look = {"symbolSize": 5, "symbolBrush": color, "symbolPen": None}
                self._lines.append(plot.plot(pen=thick, name=words, **look))
        for border in borders:
            pen = _pen(mixed("text", "background", 0.4), 1, 255, True)
            plot.addItem(pg.InfiniteLine(border, pen=pen))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        self._layout = None  # lines are made anew, in colors of the theme
        text = theme_color("text")
        self.setBackground(theme_color("foreground"))
        plot = self.getPlotItem()
        plot.setTitle(self._title, color=text, size="9pt")
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(mixed("text", "background", 0.5))
            axis.setTextPen(text)
        plot.getAxis("left").setWidth(38)
        plot.getAxis("bottom").setHeight(20)
        if self._legend is not None:
            self._legend.setLabelTextColor(text)


class RunCurves(QWidget):
    """Loss, count error and inconsistent area of a run over its epochs."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.loss = CurvePlot(
            "curve_loss",
            "Loss",
            [
                ("train_loss", "training", TRAIN_COLOR),
                ("validation_loss", "validation", VALIDATION_COLOR),
            ],
        )
        self.count_error = CurvePlot(
            "curve_count_error",
            "Count error per validation image (MCCE)",
            [("count_error", "count error", VALIDATION_COLOR)],
        )
        self.inconsistent = CurvePlot(
            "curve_inconsistent",
            "Share of the area on which networks disagree",
            [("inconsistent", "inconsistent", "#FF33CC")],
        )
        for plot in (self.loss, self.count_error, self.inconsistent):
            column.addWidget(plot)

    def show_history(self, history: History) -> None:
        """Draw a run; the count error only if there are counts."""
        for plot in (self.loss, self.count_error, self.inconsistent):
            plot.show_history(history)
        self.count_error.setVisible(bool(history.curve("count_error")[0]))


def _pen(color: str, width: float, alpha: int = 255, dashed: bool = False) -> pg.mkPen:
    shade = QColor(color)
    shade.setAlpha(alpha)
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pg.mkPen(shade, width=width, style=style)
