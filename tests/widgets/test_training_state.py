from __future__ import annotations

from typing import Any

import pytest

from napari_inconsistency_masks.widgets.training.state import (
    DOUBLE_CLICK,
    STOPPED_BY_REQUEST,
    Order,
    State,
    TrainingState,
)

CRASHED = -1


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> Any:
        return self.now


class Person:
    """Presses the button, a second apart unless in a hurry."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.training = TrainingState(self.clock)

    def press(self) -> Any:
        self.clock.now += 1.0
        return self.training.press()

    def press_at_once(self) -> Any:
        self.clock.now += DOUBLE_CLICK / 2
        return self.training.press()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def training(person: Person) -> TrainingState:
    return person.training


def bring_to(person: Person, state: State) -> None:
    """Take a new state machine to a state, the way a person would."""
    training = person.training
    if state is State.IDLE:
        return
    person.press()
    if state is State.PREPARING:
        return
    training.prepared()
    if state is State.STOPPING:
        person.press()
    elif state is State.STOPPED:
        person.press()
        training.ended(STOPPED_BY_REQUEST)
    elif state is State.FINISHED:
        training.completed()
        training.ended(0)
    elif state is State.FAILED:
        training.ended(1)
    assert training.state is state


def test_a_run_from_start_to_finish(person: Person, training: TrainingState) -> None:
    assert (training.state, training.button) == (State.IDLE, "Start training")
    assert person.press() is Order.PREPARE
    assert (training.state, training.button) == (State.PREPARING, "Stop")
    assert training.prepared() is Order.LAUNCH
    assert (training.state, training.button) == (State.TRAINING, "Stop")
    training.completed()
    assert training.state is State.TRAINING  # until the program has ended, too
    training.ended(0)
    assert training.state is State.FINISHED


def test_stop_and_resume(person: Person, training: TrainingState) -> None:
    bring_to(person, State.TRAINING)
    assert person.press() is Order.STOP
    assert (training.state, training.button) == (State.STOPPING, "Stopping…")
    training.ended(STOPPED_BY_REQUEST)
    assert (training.state, training.button) == (State.STOPPED, "Resume training")
    assert person.press() is Order.LAUNCH
    assert training.state is State.TRAINING


@pytest.mark.parametrize(
    ("state", "order", "after"),
    [
        (State.IDLE, Order.PREPARE, State.PREPARING),
        (State.PREPARING, Order.CANCEL, State.STOPPING),
        (State.TRAINING, Order.STOP, State.STOPPING),
        (State.STOPPING, None, State.STOPPING),
        (State.STOPPED, Order.LAUNCH, State.TRAINING),
        (State.FINISHED, Order.PREPARE, State.PREPARING),
        (State.FAILED, Order.LAUNCH, State.TRAINING),
    ],
)
def test_what_a_press_does_in_every_state(
    person: Person, training: TrainingState, state: State, order: Any, after: Any
) -> None:
    bring_to(person, state)
    assert person.press() is order
    assert training.state is after


@pytest.mark.parametrize("state", [State.IDLE, State.TRAINING, State.STOPPED, State.FAILED])
def test_the_second_press_of_a_double_click_does_nothing(
    person: Person, training: TrainingState, state: State
) -> None:
    bring_to(person, state)
    assert person.press() is not None
    after = training.state
    assert person.press_at_once() is None
    assert training.state is after


def test_a_slow_second_press_counts(person: Person, training: TrainingState) -> None:
    person.press()
    person.clock.now += DOUBLE_CLICK
    assert training.press() is Order.CANCEL


def test_stopping_twice_asks_once(person: Person, training: TrainingState) -> None:
    bring_to(person, State.TRAINING)
    assert person.press() is Order.STOP
    assert person.press() is None
    assert person.press() is None
    training.ended(STOPPED_BY_REQUEST)
    assert training.state is State.STOPPED


def test_stop_while_the_run_folder_is_written(person: Person, training: TrainingState) -> None:
    bring_to(person, State.PREPARING)
    assert person.press() is Order.CANCEL
    training.not_prepared()
    assert (training.state, training.button) == (State.IDLE, "Start training")


def test_stop_that_comes_too_late_to_give_up_writing(
    person: Person, training: TrainingState
) -> None:
    """The folder is complete all the same: nothing is launched, and the run can be gone on with."""
    bring_to(person, State.PREPARING)
    person.press()
    assert training.prepared() is None
    assert (training.state, training.button) == (State.STOPPED, "Resume training")


def test_stop_while_the_networks_start_up(person: Person, training: TrainingState) -> None:
    """The program may be killed before it can say that it was stopped by request."""
    bring_to(person, State.STOPPING)
    training.ended(CRASHED)
    assert training.state is State.STOPPED


def test_stop_that_comes_too_late_because_the_run_was_complete(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.TRAINING)
    training.completed()
    assert person.press() is Order.STOP
    training.ended(0)
    assert training.state is State.FINISHED


def test_a_folder_that_cannot_be_written_leaves_nothing_to_resume(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.PREPARING)
    training.not_prepared()
    assert (training.state, training.button) == (State.FAILED, "Start training")
    assert person.press() is Order.PREPARE


@pytest.mark.parametrize("code", [0, 1, CRASHED])
def test_a_program_that_ends_without_being_complete_has_failed(
    person: Person, training: TrainingState, code: int
) -> None:
    bring_to(person, State.TRAINING)
    training.ended(code)
    assert (training.state, training.button) == (State.FAILED, "Resume training")


def test_a_program_that_crashes_after_it_was_complete_has_failed(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.TRAINING)
    training.completed()
    training.ended(CRASHED)
    assert training.state is State.FAILED


def test_completion_is_forgotten_when_the_run_goes_on(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.TRAINING)
    training.completed()
    training.ended(1)
    person.press()
    training.ended(0)
    assert training.state is State.FAILED


def test_somebody_else_stops_the_program(person: Person, training: TrainingState) -> None:
    """Such as Ctrl+C in a terminal."""
    bring_to(person, State.TRAINING)
    training.ended(STOPPED_BY_REQUEST)
    assert training.state is State.STOPPED


@pytest.mark.parametrize(
    ("complete", "state", "button"),
    [(True, State.FINISHED, "Start training"), (False, State.STOPPED, "Resume training")],
)
def test_opening_a_run_of_another_day(
    training: TrainingState, complete: Any, state: State, button: Any
) -> None:
    training.opened(complete=complete)
    assert (training.state, training.button) == (state, button)


def test_putting_a_run_aside_makes_the_next_start_a_new_run(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.STOPPED)
    training.reset()
    assert (training.state, training.button) == (State.IDLE, "Start training")
    assert person.press() is Order.PREPARE


def test_a_new_run_that_cannot_be_written_does_not_resume_the_old_one(
    person: Person, training: TrainingState
) -> None:
    bring_to(person, State.FINISHED)
    person.press()
    training.not_prepared()
    assert not training.resumable


@pytest.mark.parametrize("state", State)
def test_busy_is_what_can_be_stopped_or_is_being_stopped(
    person: Person, training: TrainingState, state: State
) -> None:
    bring_to(person, state)
    assert training.busy == (state in {State.PREPARING, State.TRAINING, State.STOPPING})


def test_closing_the_window_stops_however_short_ago_the_button_was_pressed(
    person: Person, training: TrainingState
) -> None:
    person.press()
    training.prepared()
    assert training.stop() is Order.STOP
    assert training.stop() is None


@pytest.mark.parametrize("state", [State.IDLE, State.STOPPED, State.FINISHED, State.FAILED])
def test_what_does_not_run_cannot_be_stopped(
    person: Person, training: TrainingState, state: State
) -> None:
    bring_to(person, state)
    assert training.stop() is None
    assert training.state is state


def test_an_error_while_it_stops_is_a_failure(person: Person, training: TrainingState) -> None:
    bring_to(person, State.STOPPING)
    training.ended(1)
    assert training.state is State.FAILED
