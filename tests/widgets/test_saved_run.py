from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from run_events import EPOCHS, line, started, whole_run

from napari_inconsistency_masks import plans
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.training.events import Finished
from napari_inconsistency_masks.widgets.runs.saved_run import read_run
from toy import QUICK, toy_data


def read(folder: Path) -> Any:
    """What `read_run` returns."""
    generator = read_run(folder)
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder in which nothing has happened yet."""
    return plans.create(tmp_path / "run", "labeled", toy_data(), QUICK)


def write_events(run: Path, events: Any) -> None:
    (run / "events.jsonl").write_text("".join(json.dumps(line(event)) + "\n" for event in events))


def test_a_complete_run(run: Path) -> None:
    write_events(run, whole_run())
    plan, history, complete = read(run)
    assert complete
    assert (plan.recipe.key, plan.config) == ("labeled", QUICK)
    assert len(history.curve("train_loss")[0]) == 2 * EPOCHS


def test_an_unfinished_run(run: Path) -> None:
    write_events(run, [event for event in whole_run() if not isinstance(event, Finished)])
    assert read(run)[2] is False


def test_a_run_that_was_made_and_never_begun(run: Path) -> None:
    plan, history, complete = read(run)
    assert plan is not None
    assert not history.epochs
    assert not complete


def test_networks_without_the_run_they_come_from_are_complete(tmp_path: Path) -> None:
    (tmp_path / "ensemble.json").write_text("{}")
    plan, history, complete = read(tmp_path)
    assert plan is None
    assert not history.epochs
    assert complete


def test_a_folder_without_a_run_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{tmp_path.name}: there is no run in this folder"):
        read(tmp_path)


def test_a_last_line_cut_by_a_crash_is_left_out(run: Path) -> None:
    text = json.dumps(line(started())) + "\n" + json.dumps(line(whole_run()[4]))[:20]
    (run / "events.jsonl").write_text(text)
    _, history, complete = read(run)
    assert history.started == started()
    assert not complete


def test_an_event_of_another_version_is_refused(run: Path) -> None:
    (run / "events.jsonl").write_text('{"event": "Teleported"}\n')
    with pytest.raises(InputError, match="another version"):
        read(run)
