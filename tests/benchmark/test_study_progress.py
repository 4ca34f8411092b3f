"""Where a comparison is: shares, and the time that is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from napari_inconsistency_masks.benchmark import (
    Aside,
    Trial,
    TrialEnded,
    TrialStarted,
    TrialStep,
)
from napari_inconsistency_masks.benchmark.progress import StudyProgress
from napari_inconsistency_masks.cli import benchmark_console, console
from napari_inconsistency_masks.training.events import Event, Started, StepEnd
from study_toys import make, write_data

ALONE, MASKS = Trial("labeled", 4, 1), Trial("im", 4, 1)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def step(trial: Trial, event: Event) -> TrialStep:
    return TrialStep(trial, event.to_json())


def started(generations: int) -> Started:
    return Started("im", "cpu", "float32", 2, generations, 1, 4, 6, 2, resumed=False)


def learned(generation: int, share: float) -> StepEnd:
    return StepEnd(generation, 0, round(100 * share), 100, (0.5, 0.5))


def test_the_time_left_is_that_of_as_many_generations(clock: Clock) -> None:
    progress = StudyProgress({ALONE: 1, MASKS: 3}, 4, clock)
    assert progress.position.share == pytest.approx(4 / 6)
    progress.follow(TrialStarted(ALONE, 4, 6))
    progress.follow(step(ALONE, started(0)))
    progress.follow(step(ALONE, learned(0, 0.01)))
    clock.now = 5.0
    assert progress.follow(step(ALONE, learned(0, 0.05))).seconds_left is None  # too early
    clock.now = 100.0
    place = progress.follow(TrialEnded(ALONE, 5, 6))
    assert (place.done, place.total, dict(place.running)) == (5, 6, {})
    assert place.seconds_left == pytest.approx(300, rel=0.15)  # three more like this one


def test_trainings_side_by_side_take_half_as_long(clock: Clock) -> None:
    progress = StudyProgress({ALONE: 1, MASKS: 1}, 0, clock)
    for trial in (ALONE, MASKS):
        progress.follow(TrialStarted(trial, 0, 2))
        progress.follow(step(trial, started(0)))
        progress.follow(step(trial, learned(0, 0.0)))
    clock.now = 50.0
    for trial in (ALONE, MASKS):
        place = progress.follow(step(trial, learned(0, 0.5)))
    assert place.share == pytest.approx(0.5, abs=0.06)
    assert place.seconds_left == pytest.approx(50, rel=0.15)
    assert place.running[MASKS].words == "epoch 1 of 1"


def test_a_generation_that_was_there_before_took_no_time(clock: Clock) -> None:
    progress = StudyProgress({MASKS: 3}, 0, clock)
    progress.follow(TrialStarted(MASKS, 0, 1))
    progress.follow(step(MASKS, started(2)))
    progress.follow(step(MASKS, learned(1, 0.0)))  # the first comes from another trial
    clock.now = 100.0
    place = progress.follow(step(MASKS, learned(2, 0.0)))
    assert place.seconds_left == pytest.approx(90, rel=0.1)  # a tenth is labeling


def test_a_trial_that_fails_at_once_does_not_make_the_others_look_fast(clock: Clock) -> None:
    progress = StudyProgress({MASKS: 3, ALONE: 1}, 0, clock)
    progress.follow(TrialStarted(MASKS, 0, 2))
    progress.follow(step(MASKS, started(2)))
    progress.follow(TrialEnded(MASKS, 1, 2, "Code 1: no memory"))
    progress.follow(TrialStarted(ALONE, 1, 2))
    progress.follow(step(ALONE, started(0)))
    progress.follow(step(ALONE, learned(0, 0.0)))
    clock.now = 50.0
    place = progress.follow(step(ALONE, learned(0, 0.5)))
    assert place.seconds_left == pytest.approx(50, rel=0.15)


def test_what_is_aside_changes_nothing(clock: Clock) -> None:
    progress = StudyProgress({ALONE: 1}, 0, clock)
    before = progress.position
    assert progress.follow(Aside("Worker 1 ended.")) == before


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal whose contents are recorded."""
    terminal = Console(force_terminal=True, record=True, width=120, highlight=False)
    for module in (console, benchmark_console):
        monkeypatch.setattr(module, "err", terminal)
    return terminal


def test_a_person_sees_bars_and_a_line_for_each_trial(
    shown: Console, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", runs=1)
    assert [study.generations(trial) for trial in study.missing] == [1, 2]
    frames: list[list[tuple[str, float]]] = []

    def events() -> Iterator[Any]:
        for number, trial in enumerate(study.trials):
            yield TrialStarted(trial, number, 2)
            yield step(trial, started(number))
            yield step(trial, learned(0, 0.5))
            yield TrialEnded(trial, number + 1, 2, "Code 1: [b]broken[/b]" if number else "")

    show = benchmark_console._Bars.show

    def spy(self: Any, place: Any) -> None:
        show(self, place)
        frames.append([(task.description, task.completed) for task in self._progress.tasks])

    monkeypatch.setattr(benchmark_console._Bars, "show", spy)
    assert benchmark_console.show_study(study, events()) == 1
    assert frames[0] == [("comparison", 0.0)]
    assert [name for name, _ in frames[3]] == ["comparison", "labeled-4-labels-run-1"]
    assert frames[3][1][1] == pytest.approx(0.55)
    assert frames[-1] == [("comparison", 1.0)]
    text = shown.export_text()
    assert "labeled-4-labels-run-1: training (0 of 2 done)" in text
    assert "labeled-4-labels-run-1: scored (1 of 2 done)" in text
    assert "im-4-labels-run-1: failed: Code 1: [b]broken[/b] (2 of 2 done)" in text
