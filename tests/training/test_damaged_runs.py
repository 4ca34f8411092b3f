"""Run folders in which something is damaged or missing: a sentence, or it goes on all the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from test_runs import networks, same

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.data.synthetic import write_synthetic
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.training.events import EpochEnd, Event, Finished, Labeling
from toy import QUICK, toy_data


def stopped(folder: Path, at: Callable[[Event], bool]) -> Path:
    """A run that was stopped at an event."""
    events = runs.train("im", toy_data(), QUICK, folder=folder)
    assert any(map(at, events))
    events.close()  # type: ignore[attr-defined]
    return folder


def test_a_damaged_state_can_be_removed_and_says_so(tmp_path: Path) -> None:
    folder = stopped(tmp_path / "run", lambda e: isinstance(e, EpochEnd))
    state = folder / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"state\.safetensors: .* If this file is removed"):
        list(runs.resume(folder, toy_data()))
    state.unlink()
    list(runs.resume(folder, toy_data()))
    list(runs.train("im", toy_data(), QUICK, folder=tmp_path / "whole"))
    assert same(networks(folder), networks(tmp_path / "whole"))


@pytest.mark.parametrize("line", ['{"name": "a"}', '{"index": 1, "name": "a", "color": "red"}'])
def test_a_damaged_list_of_pseudo_labels_can_be_removed_and_says_so(
    line: str, tmp_path: Path
) -> None:
    folder = stopped(tmp_path / "run", lambda e: isinstance(e, Labeling) and e.done == 2)
    path = folder / "generation-1" / "pseudo-labels.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=r"pseudo-labels\.jsonl: a line is damaged"):
        list(runs.resume(folder, toy_data()))
    path.unlink()
    *_, last = runs.resume(folder, toy_data())
    assert isinstance(last, Finished)


def test_sessions_that_somebody_removed_are_begun_anew(tmp_path: Path) -> None:
    folder = stopped(tmp_path / "run", lambda e: isinstance(e, EpochEnd))
    values = read_json(folder / "run.json")
    del values["sessions"]
    (folder / "run.json").write_text(json.dumps(values))
    list(runs.resume(folder, toy_data()))
    assert len(read_json(folder / "run.json")["sessions"]) == 1


def test_images_that_are_gone_are_asked_for_by_their_place(tmp_path: Path) -> None:
    from napari_inconsistency_masks.data.folders.folder import load_folder

    place = write_synthetic(tmp_path / "data", images=4, labeled=2, validation=1, test=0)
    data = load_folder(place, ("alive", "dead", "position"), position="position")
    runs.create(tmp_path / "run", "labeled", data, QUICK)
    shutil.move(place, tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"this run were in .*data, and there is nothing"):
        list(runs.resume(tmp_path / "run"))


def test_who_leaves_at_the_end_has_a_finished_run(tmp_path: Path) -> None:
    folder = stopped(tmp_path / "run", lambda e: isinstance(e, Finished))
    assert read_json_lines(folder / "events.jsonl")[-1]["event"] == "Finished"
