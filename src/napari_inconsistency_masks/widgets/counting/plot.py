"""Counts over the frames of a stack, in step with napari's sliders."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QEvent, QPointF, Signal
from qtpy.QtGui import QColor, QPolygonF
from qtpy.QtWidgets import QGraphicsPathItem

from ..parts.theme import mixed, theme_color
from ..runs.curve import EpochAxis
from .counts import CountRow

HEIGHT = 130
ROOM = 1.1
"""Of the highest count, up to where the plot goes."""

Series = list[tuple[int, int, int, int]]
"""Per frame: the frame, its count, low and high."""


class CountPlot(pg.PlotWidget):
    """A line per class with the range as a band; a dashed line at the frame that is shown.

    `chosen` carries a frame that was clicked on. Frames without counts are gaps.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(axisItems={"bottom": EpochAxis("bottom")})
        self.setObjectName("count_plot")
        self.setAccessibleName("Counts over the frames")
        self.setToolTip(
            "Counts over the frames, as they are after all corrections. Bands: the range that the "
            "networks span. Rings: true counts. Click to go to a frame."
        )
        self.setFixedHeight(HEIGHT)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self._frames = 0
        self._classes: dict[str, _ClassCurve] = {}
        self._here = pg.InfiniteLine(0)
        self.addItem(self._here)
        self._restyle()
        self.scene().sigMouseClicked.connect(self._on_click)

    def show_counts(self, rows: Iterable[CountRow], frames: int, colors: Mapping[str, str]) -> None:
        """Plot the counts of a stack of so many frames."""
        self._frames = frames
        series: dict[str, list[CountRow]] = {}
        for row in rows:
            series.setdefault(row.state, []).append(row)
        wanted = [(name, colors[name]) for name in series]
        if wanted != [(name, curve.color) for name, curve in self._classes.items()]:
            self._make(wanted)
        highest = max((row.corrected[2] for of in series.values() for row in of), default=0)
        for name, of_class in series.items():
            self._classes[name].show(of_class)
        self.getPlotItem().getViewBox().setRange(
            xRange=(-0.5, frames - 0.5), yRange=(0, max(1, highest) * ROOM), padding=0
        )

    def show_frame(self, frame: int) -> None:
        """Mark the frame that is shown."""
        self._here.setValue(frame)

    def frame_at(self, x: float) -> int:
        """The frame nearest to a place in the plot."""
        return min(max(round(x), 0), self._frames - 1)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _make(self, classes: Sequence[tuple[str, str]]) -> None:
        for curve in self._classes.values():
            for item in curve.items:
                self.removeItem(item)
        self._classes = {name: _ClassCurve(color) for name, color in classes}
        for curve in self._classes.values():
            for item in curve.items:
                self.addItem(item)
        self._tell_classes()

    def _on_click(self, event: Any) -> None:
        if self._frames:
            place = self.getPlotItem().getViewBox().mapSceneToView(event.scenePos())
            self.chosen.emit(self.frame_at(place.x()))

    def _restyle(self) -> None:
        text = theme_color("text")
        self.setBackground(theme_color("foreground"))
        self._here.setPen(pg.mkPen(mixed("text", "background", 0.3), width=1, dash=[4, 3]))
        plot = self.getPlotItem()
        self._tell_classes()
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(mixed("text", "background", 0.5))
            axis.setTextPen(text)
        plot.getAxis("left").setWidth(38)
        plot.getAxis("bottom").setHeight(20)

    def _tell_classes(self) -> None:
        """The title is the legend: the names of the classes in their colors."""
        names = [
            f'<span style="color: {curve.color}">{escape(name)}</span>'
            for name, curve in self._classes.items()
        ]
        title = "Cells per frame: " + ", ".join(names)
        self.getPlotItem().setTitle(title, color=theme_color("text"), size="9pt")


class _ClassCurve:
    """The line, the band and the rings of one class."""

    def __init__(self, color: str) -> None:
        self.color = color
        self._band = QGraphicsPathItem()
        shade = QColor(color)
        shade.setAlpha(70)
        self._band.setBrush(shade)
        self._band.setPen(pg.mkPen(None))
        self._line = pg.PlotDataItem(pen=pg.mkPen(color, width=2), connect="finite")
        self._rings = pg.ScatterPlotItem(size=8, pen=pg.mkPen(color, width=2), brush=None)
        self._dots = pg.ScatterPlotItem(size=5, pen=None, brush=color)
        self.items = (self._band, self._line, self._dots, self._rings)

    def show(self, rows: Sequence[CountRow]) -> None:
        pieces = pieces_of([(row.frame, *row.corrected) for row in rows])
        places, counts = with_gaps(pieces)
        self._line.setData(places, counts)
        alone = [piece[0] for piece in pieces if len(piece) == 1]  # a line of one point is no line
        self._dots.setData([item[0] for item in alone], [item[1] for item in alone])
        known = [(row.frame, row.true) for row in rows if row.true is not None]
        self._rings.setData([item[0] for item in known], [item[1] for item in known])
        path = pg.QtGui.QPainterPath()
        for piece in pieces:
            path.addPolygon(_outline(piece))
        self._band.setPath(path)


def pieces_of(series: Series) -> list[Series]:
    """Stretches of frames that follow one another."""
    pieces: list[Series] = []
    for item in series:
        if not pieces or item[0] != pieces[-1][-1][0] + 1:
            pieces.append([])
        pieces[-1].append(item)
    return pieces


def with_gaps(pieces: Sequence[Series]) -> tuple[list[float], list[float]]:
    """Frames and counts, with NaN where frames are missing."""
    places: list[float] = []
    counts: list[float] = []
    for piece in pieces:
        places += [*(float(item[0]) for item in piece), math.nan]
        counts += [*(float(item[1]) for item in piece), math.nan]
    return places, counts


def _outline(piece: Series) -> QPolygonF:
    """Around the ranges of a piece; one frame alone gets some width."""
    if len(piece) == 1:
        frame, _, low, high = piece[0]
        corners = [
            (frame + side, end)
            for end, sides in ((high, (-0.3, 0.3)), (low, (0.3, -0.3)))
            for side in sides
        ]
    else:
        corners = [(item[0], item[3]) for item in piece]
        corners += [(item[0], item[2]) for item in reversed(piece)]
    return QPolygonF([QPointF(x, y) for x, y in [*corners, corners[0]]])
