"""A table that a spreadsheet has open on Windows stops neither a training nor a comparison."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_inconsistency_masks.benchmark import study as study_module
from napari_inconsistency_masks.benchmark.children import Said
from napari_inconsistency_masks.files import patience
from napari_inconsistency_masks.files.atomic import FileHeldError, WriteError
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.training.events import EpochEnd, Finished
from napari_inconsistency_masks.training.log import RunLog


def epoch(number: int) -> EpochEnd:
    return EpochEnd(0, number, 9, (0.5,), (0.5,), (0.5,), None, (0.5,), 0.1, 1.0)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a spreadsheet open a table, and close all others."""
    held, real = SimpleNamespace(name=""), os.replace
    monkeypatch.setattr(patience, "PAUSES", ())

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == held.name:
            error = PermissionError(13, "The process cannot access the file")
            error.winerror = 32  # type: ignore[attr-defined]
            raise error
        real(source, target)

    def open_table(name: str) -> None:
        held.name = name

    monkeypatch.setattr(os, "replace", replace)
    return open_table


def epochs(folder: Path) -> list[str]:
    return [row["epoch"] for row in read_csv(folder / "metrics.csv")]


def test_a_table_that_is_looked_at_is_renewed_later(
    tmp_path: Path, hold: Callable[[str], None]
) -> None:
    log = RunLog(tmp_path)
    log.write(epoch(0))
    hold("metrics.csv")
    log.write(epoch(1))
    assert epochs(tmp_path) == ["0"]
    assert len(read_json_lines(tmp_path / "events.jsonl")) == 2
    hold("")
    log.write(Finished(0, None, 0.5))
    assert epochs(tmp_path) == ["0", "1"]


def test_a_run_is_gone_on_with_while_its_table_is_looked_at(
    tmp_path: Path, hold: Callable[[str], None]
) -> None:
    RunLog(tmp_path).write(epoch(0))
    hold("metrics.csv")
    log = RunLog(tmp_path)
    hold("")
    log.write(epoch(1))
    assert epochs(tmp_path) == ["0", "1"]


def test_what_a_run_cannot_do_without_is_never_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunLog(tmp_path).write(epoch(0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WriteError, match="disk is full"):
        RunLog(tmp_path)


def test_a_comparison_goes_on_and_says_at_its_end_what_it_could_not_write(tmp_path: Path) -> None:
    trials = ["a", "b"]
    written: list[str] = []

    def write_tables() -> None:
        written.append("tables")
        raise FileHeldError("results.csv: not written, another program has it open.")

    def trainings(*_: object) -> Iterator[Said]:
        yield from (Said(trial, code=0) for trial in trials)  # type: ignore[arg-type]

    itself: Any = SimpleNamespace(
        trials=trials,
        missing=trials,
        folder=tmp_path,
        _check_data=lambda: None,
        _agree=lambda: None,
        _make=lambda trial: tmp_path / trial,
        _trainings=trainings,
        _why=lambda trial, code: "",
        _score=lambda trial, device: "",
        write_tables=write_tables,
    )
    itself._follow = partial(study_module.Study._follow, itself)
    told = study_module.Study.run(itself)
    ended = [event.trial for event in (next(told) for _ in range(4)) if hasattr(event, "failed")]
    assert ended == trials
    with pytest.raises(WriteError, match=r"results\.csv"):
        next(told)
    assert len(written) == 3
