"""The curves of a run, drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from run_events import epoch_end

from napari_inconsistency_masks.widgets.runs.curve import RunCurves
from napari_inconsistency_masks.widgets.runs.history import History


def test_the_curve_of_a_lost_network_ends_and_the_mean_is_of_the_others(qtbot: Any) -> None:
    curves, history = RunCurves(), History()
    qtbot.addWidget(curves)
    history.add(epoch_end(0, 0))
    history.add(replace(epoch_end(0, 1), train_loss=(0.5, None), validation_loss=(1.0, None)))
    curves.show_history(history)
    drawn = [line.getData() for line in curves.loss._lines[:3]]  # two networks, their mean
    found = [np.transpose(points).tolist() for points in drawn]
    assert found == [[[1, 1], [2, 0.5]], [[1, 1.5]], [[1, 1.25], [2, 0.5]]]


def test_a_network_that_was_lost_at_once_has_no_curve(qtbot: Any) -> None:
    curves, history = RunCurves(), History()
    qtbot.addWidget(curves)
    history.add(replace(epoch_end(0, 0), train_loss=(None, None)))
    curves.show_history(history)
    for line in curves.loss._lines[:3]:
        x, _ = line.getData()
        assert x is None or not len(x)
