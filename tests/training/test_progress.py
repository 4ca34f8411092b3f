"""Where a run is, and how long it still takes."""

from __future__ import annotations

import pytest

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.training.events import Checking, Labeling, Started, StepEnd
from napari_inconsistency_masks.training.progress import Progress, duration
from toy import QUICK, toy_data

STARTED = Started("im", "cpu", "float32", 2, 1, 4, 4, 6, 3, resumed=False)


def test_the_share_done_never_falls_and_ends_at_one(tmp_path) -> None:
    progress = Progress()
    shares = [
        progress.follow(event).done
        for event in runs.train("im", toy_data(), QUICK, folder=tmp_path / "run")
    ]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1


def test_words_name_generation_epoch_and_image() -> None:
    progress = Progress()
    progress.follow(STARTED)
    assert progress.follow(StepEnd(0, 1, 2, 5, (0.1,))).words == "generation 0 of 1, epoch 2 of 4"
    done = progress.position.done
    checking = progress.follow(Checking(0, 12, 90))
    assert (checking.words, checking.done) == ("generation 0 of 1, checking image 12 of 90", done)
    labeling = progress.follow(Labeling(1, 3, 6, 3, 0.1))
    assert labeling.words == "generation 1 of 1, labeling image 3 of 6"


def test_time_left_is_what_the_speed_so_far_says() -> None:
    now = [0.0]
    progress = Progress(clock=lambda: now[0])
    progress.follow(STARTED)
    lefts = []
    for step in range(1, 21):  # 4 epochs of 5 steps are the first of two generations
        now[0] += 2.0
        epoch, place = divmod(step - 1, 5)
        lefts.append(progress.follow(StepEnd(0, epoch, place + 1, 5, (0.1,))).seconds_left)
    assert lefts[0] is None
    assert lefts[-1] == pytest.approx(20 * 2.0 * 1.1, rel=0.1)


def test_a_resumed_run_is_timed_from_where_it_goes_on() -> None:
    now = [0.0]
    progress = Progress(clock=lambda: now[0])
    progress.follow(STARTED)
    progress.follow(StepEnd(1, 2, 1, 5, (0.1,)))
    now[0] = 10.0
    left = progress.follow(StepEnd(1, 3, 1, 5, (0.1,))).seconds_left
    assert left == pytest.approx(10.0 * 4 / 5)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.6, "60 s"),
        (89, "89 s"),
        (95, "2 min"),
        (3600, "60 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words
