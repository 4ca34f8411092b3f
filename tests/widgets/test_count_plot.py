"""The plot of counts over frames."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from counting import COUNTS, predict_all
from napari.components import ViewerModel
from open_layers import add_image
from qtpy.QtCore import QPointF
from stand_ins import FakeChild

from napari_inconsistency_masks.widgets.counting.counts import CountRow
from napari_inconsistency_masks.widgets.counting.plot import CountPlot, pieces_of, with_gaps
from napari_inconsistency_masks.widgets.sections.count import CountSection
from napari_inconsistency_masks.widgets.session.session import Session

COLORS = {"alive": "#00ff00", "dead": "#ff0000"}


def rows(frames: Any) -> Any:
    return [CountRow("a", frame, "alive", 5 + frame, 4, 9 + frame) for frame in frames]


def line(plot: CountPlot, name: str) -> Any:
    """What is drawn for a class: its frames and counts."""
    places, counts = plot._classes[name]._line.getData()
    return [(x, None if math.isnan(y) else y) for x, y in zip(places, counts, strict=True)]


@pytest.fixture
def plot(qtbot: Any) -> CountPlot:
    made = CountPlot()
    qtbot.addWidget(made)
    return made


def test_frames_without_counts_are_gaps() -> None:
    series = [(0, 5, 4, 6), (1, 6, 5, 7), (3, 7, 7, 7)]
    pieces = pieces_of(series)
    assert [[item[0] for item in piece] for piece in pieces] == [[0, 1], [3]]
    places, counts = with_gaps(pieces)
    assert np.isnan(places).tolist() == [False, False, True, False, True]
    assert [count for count in counts if not math.isnan(count)] == [5, 6, 7]
    assert pieces_of([]) == []


def test_the_band_spans_the_range(plot: CountPlot) -> None:
    plot.show_counts(rows([0, 1, 2, 5]), 8, COLORS)
    path = plot._classes["alive"]._band.path()
    assert path.contains(QPointF(1, 9.5))
    assert not path.contains(QPointF(1, 10.5))
    assert not path.contains(QPointF(1, 3.5))
    assert not path.contains(QPointF(3.5, 6))
    assert path.contains(QPointF(5, 6)), "a frame alone has a band too"


def test_corrected_counts_are_plotted_and_true_ones_ringed(plot: CountPlot) -> None:
    plot.show_counts(
        [CountRow("a", 0, "alive", 5, 4, 9), CountRow("a", 1, "alive", 6, 4, 9, 8)], 2, COLORS
    )
    assert line(plot, "alive")[:2] == [(0, 5), (1, 8)]
    assert [point.pos().y() for point in plot._classes["alive"]._rings.points()] == [8]


def test_the_view_shows_all_frames_from_zero_on(plot: CountPlot) -> None:
    plot.show_counts(rows([2, 3]), 10, COLORS)
    (left, right), (low, high) = plot.getPlotItem().getViewBox().viewRange()
    assert (left, right, low) == (-0.5, 9.5, 0)
    assert high >= 12


def test_a_click_means_the_nearest_frame_of_the_stack(plot: CountPlot) -> None:
    plot.show_counts(rows([0]), 4, COLORS)
    assert [plot.frame_at(x) for x in (-3, 0.4, 0.6, 2.9, 77)] == [0, 0, 1, 3, 3]


@pytest.mark.usefixtures("children", "at_once")
def test_the_plot_and_the_slider_go_together(
    session: Session, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> None:
    image = add_image(viewer, (4, 60, 400))
    section = CountSection(viewer)
    qtbot.addWidget(section)
    section.show()
    assert not section.plot.isVisible()
    predict_all(session, children, qtbot, COUNTS)
    assert section.plot.isVisible()
    assert line(section.plot, "dead")[:4] == [(0, 0), (1, 2), (2, 1), (3, 4)]
    viewer.dims.set_current_step(0, 2)
    assert section.plot._here.value() == 2
    section.plot.chosen.emit(3)
    assert session.layers.frame_shown(image, session.looking.axes()) == 3
    session.looking.choose(add_image(viewer, (60, 400), name="one"))
    predict_all(session, children, qtbot, COUNTS)
    assert not section.plot.isVisible(), "one image has no course"
