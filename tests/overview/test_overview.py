"""What run folders say: complete, stopped, failed, collapsed, broken, foreign."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks import overview, plans, runs
from napari_inconsistency_masks.benchmark import scoring
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import append_line, write_json
from napari_inconsistency_masks.files.json_files import read_json, read_json_lines
from napari_inconsistency_masks.files.tables import write_csv
from napari_inconsistency_masks.overview import (
    Overview,
    RunState,
    measures,
    read_overview,
    read_run,
)
from napari_inconsistency_masks.overview.folder import different_images
from napari_inconsistency_masks.overview.table import COLUMNS, TEST_COLUMNS, row_of, tip
from napari_inconsistency_masks.training.events import Failed, Finished
from toy import QUICK, toy_data


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a complete run, one without unlabeled images, and one that was stopped."""
    folder = tmp_path_factory.mktemp("runs")
    data = toy_data()
    list(runs.train("im", data, replace(QUICK, follow_collapsed=True), folder=folder / "whole"))
    list(runs.train("full", data, QUICK, folder=folder / "labels"))
    list(islice(runs.train("im", data, QUICK, folder=folder / "stopped"), 4))
    return folder


def overview_of(folder: Path, *ignore: str) -> Overview:
    """What `read_overview` returns."""
    reading = read_overview(folder, ignore)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def cells(run: overview.RunSummary) -> dict[str, str]:
    names = (*COLUMNS, *TEST_COLUMNS)
    return {name: text for name, (text, _) in zip(names, row_of(run), strict=True)}


def copy(run: Path, to: Path) -> Path:
    for path in run.rglob("*.json*"):
        target = to / path.relative_to(run)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return to


def test_a_complete_run(trained: Path) -> None:
    run = read_run(trained / "whole")
    record = read_json(trained / "whole" / "generation-1" / "generation.json")
    assert run.state in (RunState.COMPLETE, RunState.COLLAPSED)
    assert (run.result, run.usable) == (1, True)
    assert run.count_error.value == record["count_error"]
    assert run.count_error.margin == record["margin"]
    assert run.mean_iou.value == record["mean_iou"]
    both = [
        read_json(path) for path in sorted((trained / "whole").glob("generation-*/generation.json"))
    ]
    assert run.seconds == pytest.approx(sum(each["seconds"] for each in both))
    assert run.peak_memory == max(each["peak_memory"] for each in both)
    shown = cells(run)
    assert shown["Run"] == "whole"
    assert shown["Recipe"] == "Inconsistency Masks"
    assert shown["Labels"] == "4"
    assert shown["Generations"] == "1 of 1"
    words = f"{record['count_error']:.2f} ± {record['margin']:.2f}"
    assert shown["MCCE"] == words.removesuffix(" ± 0.00")
    assert shown["MCCE, test"] == ""
    assert "Sure in the unlabeled images of bright" in tip(run)


def test_a_run_that_learns_from_all_labels(trained: Path) -> None:
    shown = cells(read_run(trained / "labels"))
    assert shown["Labels"] == "all"
    assert shown["Generations"] == "0"


def test_a_run_that_was_stopped_has_no_scores_yet(trained: Path) -> None:
    run = read_run(trained / "stopped")
    assert run.state is RunState.STOPPED
    assert "go on" in run.reason
    assert not run.usable
    shown = cells(run)
    assert [shown[name] for name in ("MCCE", "IoU", "Time", "Memory")] == [""] * 4


def test_a_run_that_failed_says_why(trained: Path, tmp_path: Path) -> None:
    run = copy(trained / "whole", tmp_path / "run")
    append_line(run / "events.jsonl", Failed("The disk is full.").to_json())
    found = read_run(run)
    assert (found.state, found.reason) == (RunState.FAILED, "The disk is full.")
    assert found.usable


def test_a_run_that_was_killed_is_unfinished(trained: Path, tmp_path: Path) -> None:
    run = copy(trained / "whole", tmp_path / "run")
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join(lines[:2]) + lines[2][:9])
    assert read_run(run).state is RunState.UNFINISHED


def test_a_collapse_is_a_state_with_its_reason(trained: Path, tmp_path: Path) -> None:
    run = copy(trained / "whole", tmp_path / "run")
    for path, signs in ((0, []), (1, ["they find nothing", "they say the same"])):
        record = run / f"generation-{path}" / "generation.json"
        write_json(record, {**read_json(record), "collapse": signs})
    found = read_run(run)
    assert found.state is RunState.COLLAPSED
    assert found.reason == "Generation 1: they find nothing and they say the same."
    assert found.reason in tip(found)


def test_a_run_that_was_only_made(tmp_path: Path) -> None:
    plans.create(tmp_path / "run", "im", toy_data(), QUICK)
    assert read_run(tmp_path / "run").state is RunState.NOT_BEGUN


def test_networks_without_a_run_can_be_used(tmp_path: Path) -> None:
    write_json(tmp_path / "ensemble.json", {"generation": 0, "networks": ["a.safetensors"]})
    found = read_run(tmp_path)
    assert (found.state, found.usable) == (RunState.NETWORKS, True)
    assert cells(found)["Run"] == tmp_path.name


def damage_plan(run: Path) -> None:
    (run / "run.json").write_text("{")


def damage_events(run: Path) -> None:
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text(lines[0] + "[]\n" + lines[1])


def leave_one_line(run: Path) -> None:
    (run / "events.jsonl").write_bytes(b'\0\0\0"event": "Started"')
    (run / "metrics.csv").touch()  # epochs were recorded


def damage_record(run: Path) -> None:
    (run / "generation-1" / "generation.json").write_text('{"generation": 1}')


def damage_result(run: Path) -> None:
    (run / "ensemble.json").write_text('{"networks": []}')


def damage_images(run: Path) -> None:
    (run / "images.json").write_text("[1]")


def newer(run: Path) -> None:
    write_json(run / "run.json", {**read_json(run / "run.json"), "format": 99})


def unknown_event(run: Path) -> None:
    append_line(run / "events.jsonl", {"event": "Exploded"})


def odd_event(run: Path) -> None:
    append_line(run / "events.jsonl", {"event": ["Finished"], "generation": {}})


def odd_plan(run: Path) -> None:
    (run / "run.json").write_text("[]")


def odd_record(run: Path) -> None:
    (run / "generation-0" / "generation.json").write_text("[]")


def odd_number(run: Path) -> None:
    record = run / "generation-1" / "generation.json"
    write_json(record, {**read_json(record), "mean_iou": "much"})


DAMAGES = (
    odd_number, leave_one_line,
    damage_plan, damage_events, damage_record, damage_result, damage_images, newer, unknown_event,
    odd_event, odd_plan, odd_record,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_broken_is_a_row_with_the_reason(
    damage: Any, trained: Path, tmp_path: Path
) -> None:
    damage(copy(trained / "whole", tmp_path / "broken"))
    copy(trained / "labels", tmp_path / "fine")
    found = overview_of(tmp_path)
    assert [run.folder.name for run in found.runs] == ["fine", "broken"]
    assert found.runs[1].state is RunState.UNREADABLE
    assert found.runs[1].reason
    assert not found.runs[1].usable
    assert cells(found.runs[1])["State"] == "not readable"
    assert found.runs[0].state is not RunState.UNREADABLE


def test_nobody_begins_anew_over_damaged_events(trained: Path, tmp_path: Path) -> None:
    run = copy(trained / "whole", tmp_path / "run")
    leave_one_line(run)
    before = (run / "events.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"events\.jsonl: damaged: its first line is no event"):
        list(runs.resume(run, toy_data()))
    assert (run / "events.jsonl").read_bytes() == before


def test_a_run_whose_very_first_line_was_cut_by_a_crash_begins(
    trained: Path, tmp_path: Path
) -> None:
    (run := tmp_path / "run").mkdir()
    shutil.copy(trained / "whole" / "run.json", run)
    (run / "events.jsonl").write_bytes(b'{"event": "Star')
    *_, last = runs.resume(run, toy_data())
    assert isinstance(last, Finished)
    assert read_json_lines(run / "events.jsonl")[-1]["event"] == "Finished"


def test_foreign_folders_are_rows_files_are_not(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "drawings").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("")
    found = overview_of(tmp_path, "drawings")
    assert [run.folder.name for run in found.runs] == ["pictures"]
    assert "no run here" in found.runs[0].reason


def test_a_run_itself_an_empty_folder_and_one_that_is_not_there(
    trained: Path, tmp_path: Path
) -> None:
    assert [run.folder.name for run in overview_of(trained / "whole").runs] == ["whole"]
    assert "no runs" in overview_of(tmp_path).note
    with pytest.raises(InputError, match="no such folder"):
        overview_of(tmp_path / "nothing")


def test_the_newest_come_first(trained: Path, tmp_path: Path) -> None:
    for name, when in (("b", "2026-01-02"), ("a", "2026-01-02"), ("c", "2026-01-03")):
        run = copy(trained / "labels", tmp_path / name)
        write_json(run / "run.json", {**read_json(run / "run.json"), "created": when})
    assert [run.folder.name for run in overview_of(tmp_path).runs] == ["c", "a", "b"]


def write_scores(run: Path, values: dict[str, list[float]]) -> None:
    """Scores as a comparison writes them: of two generations, of which the last is the result."""
    rows, images = [], []
    for split, found in values.items():
        for generation in (0, 1):
            shared = {"split": split, "generation": generation}
            value = float(np.mean(found)) + 10 * (1 - generation)
            for network in ("1", "ensemble"):
                numbers = {"count_error": value if network == "ensemble" else 99, "mean_iou": 0.5}
                rows.append({**shared, "network": network, "result": generation == 1, **numbers})
            images += [
                {**shared, "image": str(n), "count_error": v, "both a": 40 + 10 * n, "union a": 100}
                for n, v in enumerate(found)
            ]
    write_csv(run / measures.SCORES, rows, list(rows[0]))
    write_csv(run / measures.IMAGES, images, list(images[0]))


def test_the_names_are_those_that_a_comparison_writes() -> None:
    assert (measures.SCORES, measures.IMAGES) == (scoring.SCORES, scoring.IMAGES)
    assert measures.ENSEMBLE == scoring.ENSEMBLE


def test_test_scores_are_those_of_a_finished_comparison_only(trained: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    for name in ("a", "b"):
        copy(trained / "whole", study / "runs" / name)
    write_json(study / "study.json", {"protocol": "quick"})
    values = {"validation": [1.0, 2.0], "test": [2.0, 3.0, 7.0]}
    write_scores(study / "runs" / "a", values)
    unfinished = overview_of(study)
    assert not unfinished.tested
    assert "not finished" in unfinished.note
    assert {run.test for run in unfinished.runs} == {None}
    write_scores(study / "runs" / "b", values)
    found = overview_of(study)
    assert found.tested
    assert "must not be used to choose" in found.note
    for run in found.runs:
        assert run.test.count_error.value == pytest.approx(4.0)
        expected = np.std([2.0, 3.0, 7.0], ddof=1) / np.sqrt(3)
        assert run.test.count_error.margin == pytest.approx(expected)
        assert cells(run)["MCCE, test"] == f"4.00 ± {expected:.2f}"
        assert run.mean_iou.margin == pytest.approx(0.05)
    assert {run.test for run in overview_of(study / "runs").runs} == {None}


def test_scores_of_a_comparison_that_are_damaged_are_said(trained: Path, tmp_path: Path) -> None:
    run = copy(trained / "whole", tmp_path / "run")
    (run / measures.SCORES).write_text("split,network\ntest,ensemble\n")
    assert "scores.csv" in read_run(run).reason


def test_scores_on_different_images_are_noticed(trained: Path, tmp_path: Path) -> None:
    whole, labels, stopped = (read_run(trained / n) for n in ("whole", "labels", "stopped"))
    assert different_images([whole, labels, stopped]) is None
    other = replace(labels, checked_on=frozenset({"x"}))
    assert "different validation images" in different_images([whole, other])
    assert different_images([whole, replace(stopped, checked_on=frozenset())]) is None
    assert "not known" in different_images([whole, replace(labels, checked_on=None)])
    assert different_images([replace(labels, checked_on=None)]) is None


def test_reading_imports_no_torch(trained: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from napari_inconsistency_masks import overview; "
        f"print(len(list(overview.read_overview(Path({str(trained)!r}))))); "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == 3
