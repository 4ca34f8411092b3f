"""Runs that end in the middle of something: killed, stopped while labeling, or not saved."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from test_runs import networks, same

from napari_inconsistency_masks import plans, runs
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files import temporary
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference import predict
from napari_inconsistency_masks.inference.listing import network_files
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.training import checks, log, records, results, saving, setup
from napari_inconsistency_masks.training.events import (
    Checking,
    EpochEnd,
    Finished,
    GenerationEnd,
    Labeling,
    StepEnd,
    Warned,
)
from toy import QUICK, toy_data

CONFIG = replace(QUICK, follow_collapsed=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    list(runs.train("im", toy_data(), CONFIG, folder=folder))
    return folder


def test_what_cannot_be_saved_at_a_stop_is_no_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise WriteError("state.safetensors: not written, the disk is full")

    monkeypatch.setattr(records.Records, "save_state", full)
    events = runs.train("im", toy_data(), CONFIG, folder=tmp_path / "run")
    assert any(isinstance(event, StepEnd) for event in events)
    with pytest.raises(WriteError, match="the disk is full"):
        events.close()  # type: ignore[attr-defined]
    last = read_json_lines(tmp_path / "run" / "events.jsonl")[-1]
    assert last["event"] == "Failed"
    assert "disk is full" in last["message"]


@pytest.mark.parametrize("kind", ["EpochEnd", "GenerationEnd"])
@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("door", ["append_line", "write_csv"])
def test_a_kill_loses_no_row_of_the_tables(
    kind: str, place: int, door: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on disk just before something is recorded is what a kill leaves there."""
    folder = tmp_path / "run"
    left: list[Path] = []
    append = log.append_line
    write: Callable[..., Any] = log.write_csv

    def copy() -> None:
        left.append(shutil.copytree(folder, tmp_path / f"killed-{len(left)}"))

    def append_line(path: Path, values: dict[str, Any]) -> None:
        if values["event"] == kind and door == "append_line":
            copy()
        append(path, values)

    def write_csv(path: Path, *table: Any) -> None:
        named = {"EpochEnd": "metrics.csv", "GenerationEnd": "generations.csv"}[kind]
        if path.name == named and door == "write_csv":
            copy()
        write(path, *table)

    monkeypatch.setattr(log, "append_line", append_line)
    monkeypatch.setattr(log, "write_csv", write_csv)
    list(runs.train("im", toy_data(), CONFIG, folder=folder))
    monkeypatch.undo()
    killed = left[place]
    *_, last = runs.resume(killed, toy_data())
    assert isinstance(last, Finished)
    for name in ("metrics.csv", "generations.csv"):
        rows, expected = read_csv(killed / name), read_csv(whole / name)
        for row in (*rows, *expected):
            del row["seconds"]
            row.pop("peak_memory", None)
        assert rows == expected
    assert same(networks(killed), networks(whole))


def test_a_generation_whose_end_was_not_told_is_told_once(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    record = folder / "generation-0" / "generation.json"
    record.write_text(record.read_text().replace('"collapse": []', '"collapse": ["they sleep"]'))
    lines = (folder / "events.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in lines if '"GenerationEnd", "generation": 0' not in line]
    assert len(kept) == len(lines) - 1
    (folder / "events.jsonl").write_text("".join(kept))
    told = list(runs.resume(folder, toy_data()))
    assert [e.generation for e in told if isinstance(e, GenerationEnd)] == [0]
    assert [e for e in told if isinstance(e, Warned) and "they sleep" in e.message]
    again = list(runs.resume(folder, toy_data()))
    assert not [e for e in again if isinstance(e, GenerationEnd)]


def test_going_on_with_what_is_finished_names_no_other_networks_meanwhile(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    written: list[dict[str, Any]] = []
    write = results.write_json

    def remember(path: Path, values: dict[str, Any]) -> None:
        if path.name == "ensemble.json":
            written.append(values)
        write(path, values)

    monkeypatch.setattr(results, "write_json", remember)
    expected = read_json(folder / "ensemble.json")
    list(runs.resume(folder, toy_data()))
    assert written == []
    (folder / "ensemble.json").unlink()  # killed before it was written
    list(runs.resume(folder, toy_data()))
    assert written == [expected]


def test_what_killed_processes_left_is_removed_wherever_it_is(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    (folder / "judge").mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    name = f".part-{temporary.writer().split('-')[0]}-{dead.pid}-0.safetensors"
    places = [".", "generation-0", "generation-1", "generation-1/pseudo-labels", "judge"]
    left = [folder / place / name for place in places]
    for inside in ("members", ".shared-x1/generation-0"):  # of workers, of a comparison
        (folder / inside).mkdir(parents=True)
        left.append(folder / inside / "network-0.safetensors")
    for path in left:
        path.write_bytes(b"half")
    assert len(network_files(folder / "generation-1")) == 2, "half a file is no network"
    list(runs.resume(folder, toy_data()))
    assert [path for path in left if path.exists()] == []
    assert not (folder / "members").exists()
    assert not list(folder.glob(".shared*"))


def test_a_folder_is_held_until_the_end_of_the_block(tmp_path: Path) -> None:
    with plans.only_here(tmp_path) as held:
        assert held is None
        with pytest.raises(InputError, match="another process"), plans.only_here(tmp_path):
            pass
    with plans.only_here(tmp_path):
        pass


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), NotImplementedError("knows no locks")]
)
def test_a_folder_that_cannot_be_held_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    said = r"run\.lock: cannot be written \((Permission denied|knows no locks)\)"
    with pytest.raises(InputError, match=said), plans.only_here(tmp_path):
        pass


@pytest.mark.parametrize("labeled", [1, 2, 4])
def test_images_are_labeled_together_with_the_same_others_after_a_stop(
    labeled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an image is predicted with may change the last digits; here it changes much."""
    predict_logits = predict.predict_logits

    def depends(ensemble: Ensemble, images: np.ndarray) -> torch.Tensor:
        others = torch.from_numpy(images.astype(np.float32)).mean(dim=(0, 1))  # (Y, X)
        return predict_logits(ensemble, images) + (others - 120) / 10

    monkeypatch.setattr(predict, "predict_logits", depends)
    monkeypatch.setattr(predict, "TOGETHER", 3 * 32 * 32)
    list(runs.train("im", toy_data(), CONFIG, folder=tmp_path / "whole"))
    events = runs.train("im", toy_data(), CONFIG, folder=tmp_path / "run")
    assert any(isinstance(e, Labeling) and e.done == labeled for e in events)
    events.close()  # type: ignore[attr-defined]
    list(runs.resume(tmp_path / "run", toy_data()))
    name = "generation-1/pseudo-labels/00005.tif"
    labels = [(tmp_path / run / name).read_bytes() for run in ("run", "whole")]
    assert labels[0] == labels[1]
    assert same(networks(tmp_path / "run"), networks(tmp_path / "whole"))


class Killed(BaseException):
    """What ends a process where nobody can do anything about it."""


@pytest.mark.parametrize("slow", [True, False])
def test_a_kill_in_a_check_that_takes_long_loses_no_step(
    slow: bool, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run's first check nobody knows how long it takes, so before it all is saved as well."""
    monkeypatch.setattr(saving, "QUICK_CHECK", 0.0 if slow else 100.0)
    check, checked = setup.Setup.check, []

    def killed_in_the_second(self: setup.Setup, ensemble: Ensemble, generation: int) -> Any:
        checked.append(ensemble)
        if len(checked) == 2:
            raise Killed
        return check(self, ensemble, generation)

    monkeypatch.setattr(setup.Setup, "check", killed_in_the_second)
    with pytest.raises(Killed):
        list(runs.train("im", toy_data(), CONFIG, folder=tmp_path / "run"))
    monkeypatch.undo()
    events = list(runs.resume(tmp_path / "run", toy_data()))
    again = [e for e in events if isinstance(e, StepEnd) and e.generation == 0]
    assert len(again) == (0 if slow else CONFIG.steps)
    epochs = [(e.generation, e.epoch) for e in events if isinstance(e, EpochEnd)]
    assert epochs == [(0, 1), (1, 0), (1, 1)]
    assert same(networks(tmp_path / "run"), networks(whole))


@pytest.mark.parametrize("number", range(4))
def test_a_stop_in_a_check_that_takes_long_loses_no_step(
    number: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In those of two epochs, of all networks when they are ranked, and of the best of them."""
    monkeypatch.setattr(checks, "TOLD_EVERY", -1.0)
    monkeypatch.setattr(saving, "QUICK_CHECK", 100.0)
    events = runs.train("im", toy_data(), CONFIG, folder=tmp_path / "run")
    begun = (e for e in events if isinstance(e, Checking) and e.done == 1)
    assert next(islice(begun, number, None)).generation == 0
    events.close()  # type: ignore[attr-defined]
    monkeypatch.undo()
    assert not [e for e in log.read_events(tmp_path / "run") if isinstance(e, Checking)]
    events = list(runs.resume(tmp_path / "run", toy_data()))
    again = [e for e in events if isinstance(e, StepEnd) and e.generation == 0]
    assert len(again) == (CONFIG.steps if number == 0 else 0)
    assert same(networks(tmp_path / "run"), networks(whole))


def test_a_first_check_is_saved_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(setup.Setup, "check", killed)
    with pytest.raises(Killed):
        list(runs.train("im", toy_data(), CONFIG, folder=tmp_path / "run"))
    monkeypatch.undo()
    events = runs.resume(tmp_path / "run", toy_data())
    assert isinstance(next(e for e in events if isinstance(e, StepEnd | EpochEnd)), EpochEnd)
    events.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("recipe", "kind", "told"),
    [
        ("im", "Labeling", lambda e: e["done"] == e["total"]),
        ("im", "Warned", lambda e: "of generation 1" in e["message"]),
        ("im++", "Judging", lambda e: e["error"] is not None),
        ("im++", "Warned", lambda e: "score pseudo-labels" in e["message"]),
    ],
)
def test_nothing_that_was_to_be_told_is_lost(
    recipe: str,
    kind: str,
    told: Callable[[dict[str, Any]], bool],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed just before it is written down, a run says it when it goes on."""
    folder, killed = tmp_path / "run", tmp_path / "killed"
    append = log.append_line

    def append_line(path: Path, values: dict[str, Any]) -> None:
        if values["event"] == kind and told(values) and not killed.exists():
            shutil.copytree(folder, killed)
        append(path, values)

    monkeypatch.setattr(log, "append_line", append_line)
    list(runs.train(recipe, toy_data(), CONFIG, folder=folder))
    monkeypatch.undo()

    def said(run: Path) -> list[dict[str, Any]]:
        events = read_json_lines(run / "events.jsonl")
        return [event for event in events if event["event"] == kind and told(event)]

    list(runs.resume(killed, toy_data()))
    assert said(killed) == said(folder) != []
    list(runs.resume(killed, toy_data()))
    assert said(killed) == said(folder), "but only once"


def test_a_kill_at_the_end_of_a_generation_leaves_nothing_behind(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: records.Records) -> None:
        raise Killed

    monkeypatch.setattr(records.Records, "drop_state", killed)
    folder = plans.create(tmp_path / "run", "im", toy_data(), CONFIG)
    for _ in range(2):  # at the end of each generation
        with pytest.raises(Killed):
            list(runs.resume(folder, toy_data()))
    monkeypatch.undo()
    assert (folder / "state.safetensors").exists()
    list(runs.resume(folder, toy_data()))
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()}
