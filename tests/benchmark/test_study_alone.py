"""A comparison that is started twice, or again while trainings of a killed one still end."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from napari_inconsistency_masks.benchmark import Aside, TrialEnded, alone
from napari_inconsistency_masks.benchmark.study import LEFT_BEHIND
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.plans import only_here
from study_toys import make, write_data


def test_a_comparison_that_is_started_twice_goes_on_undisturbed(tmp_path: Path) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", "labeled", runs=1)
    events = study.run(threads=1)
    next(events)
    before = (study.folder / "study.json").read_bytes()
    with pytest.raises(InputError, match="another process is working on this comparison"):
        next(study.run(threads=1))
    assert (study.folder / "study.json").read_bytes() == before
    assert [event.failed for event in events if isinstance(event, TrialEnded)] == [""]
    assert list(study.run()) == []


def test_a_stopped_comparison_is_let_go_when_its_trainings_have_ended(tmp_path: Path) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", "labeled", runs=1)
    events = study.run(threads=1)
    next(events)
    events.close()
    with alone.alone(study.folder), only_here(study.trials[0].folder(study.folder)):
        pass


def test_trainings_of_a_killed_comparison_are_waited_for(tmp_path: Path) -> None:
    study = make(write_data(tmp_path / "data"), tmp_path / "study", "labeled", runs=1)
    with ExitStack() as orphan:
        orphan.enter_context(only_here(study._make(study.trials[0])))
        events = study.run(threads=1)
        assert next(events) == Aside(LEFT_BEHIND)
        assert next(events) == Aside()
    assert [event.failed for event in events if isinstance(event, TrialEnded)] == [""]


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "STOP_WITHIN", 0.3)
    with only_here(tmp_path):
        assert 1 <= len(list(alone.until_let_go([tmp_path]))) <= 3
    (tmp_path / "away").mkdir()
    assert list(alone.until_let_go([tmp_path, tmp_path / "away"])) == []
