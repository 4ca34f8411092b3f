from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from run_events import EPOCHS, epoch_end, started, step, whole_run

from napari_inconsistency_masks.training.events import Labeling, Stopped, Warned
from napari_inconsistency_masks.widgets.runs.history import History, known_points, means


def history_of(events: Any) -> Any:
    history = History()
    for event in events:
        history.add(event)
    return history


def test_a_curve_has_a_value_per_epoch_and_network() -> None:
    history = history_of([epoch_end(0, 0), epoch_end(0, 1)])
    positions, networks = history.curve("train_loss")
    assert positions == [1, 2]
    assert networks == [[1.0, 0.5], [1.5, 1.0]]


def test_a_curve_of_one_number_for_all_networks() -> None:
    history = history_of([epoch_end(0, 0), epoch_end(0, 1)])
    assert history.curve("inconsistent") == ([1, 2], [[0.1, 0.1]])


def test_generations_follow_one_another() -> None:
    history = history_of(whole_run())
    assert history.curve("train_loss")[0] == [1, 2, 3, 4, 5, 6]
    assert history.borders() == [EPOCHS + 0.5]
    assert list(history.generations) == [0, 1]


def test_one_generation_has_no_borders() -> None:
    assert history_of([epoch_end(0, 0)]).borders() == []
    assert History().borders() == []


def test_a_generation_that_has_just_begun_is_set_apart() -> None:
    assert history_of([epoch_end(0, 2), epoch_end(1, 0)]).borders() == [EPOCHS + 0.5]


def test_an_epoch_that_was_repeated_after_a_crash_counts_once() -> None:
    history = history_of([epoch_end(0, 0), epoch_end(0, 1), epoch_end(0, 1, first=8.0)])
    assert history.curve("train_loss") == ([1, 2], [[1.0, 4.0], [1.5, 4.5]])


def test_epochs_are_in_order_however_they_came() -> None:
    history = history_of([epoch_end(1, 0), epoch_end(0, 1), epoch_end(0, 0)])
    assert history.curve("train_loss")[0] == [1, 2, 4]


def test_without_positions_there_is_no_curve_of_counts() -> None:
    history = history_of([epoch_end(0, 0, counts=False)])
    assert history.curve("count_error") == ([], [])


def test_what_is_not_known_of_a_lost_network_leaves_a_gap() -> None:
    lost = replace(epoch_end(0, 1), train_loss=(0.5, None))
    gone = replace(epoch_end(0, 2), train_loss=(None, None))
    positions, networks = history_of([epoch_end(0, 0), lost, gone]).curve("train_loss")
    assert positions == [1, 2, 3]
    assert networks[1] == pytest.approx([1.5, math.nan, math.nan], nan_ok=True)
    assert means(networks) == pytest.approx([1.25, 0.5, math.nan], nan_ok=True)
    assert known_points(positions, means(networks)) == ([1, 2], [1.25, 0.5])
    assert known_points(positions, networks[1]) == ([1], [1.5])


def test_notes_are_kept_once_and_in_order() -> None:
    history = history_of([Warned("first"), Warned("second"), Warned("first")])
    assert history.notes == ["first", "second"]


def test_the_last_beginning_counts() -> None:
    history = history_of([started(), started(resumed=True)])
    assert history.started == started(resumed=True)


@pytest.mark.parametrize("event", [step(0, 0, 1), step(0, 0, 1, loss=(None, 0.5)), Stopped()])
def test_other_events_change_nothing(event: Any) -> None:
    before = history_of([epoch_end(0, 0)])
    after = replace(before)
    after.add(event)
    assert after == before


def test_how_far_labeling_is() -> None:
    labeling = Labeling(1, 2, 4, 1, 0.2)
    assert history_of([labeling]).labeling == labeling
