"""Counts of images that were set aside: written by training, read where cells are counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inconsistency import count_cells, find_consensus
from napari_inconsistency_masks.inference.checked_counts import (
    CHECKED_COUNTS,
    read_count_ratios,
    write_checked_counts,
)
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.metrics.scores import CountRow
from napari_inconsistency_masks.task import Task
from toy import QUICK, SCHEMES, toy_data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checked") / "run"
    how = replace(QUICK, follow_collapsed=True, refuse_worse=False)
    list(runs.train("im", toy_data(validation=12), how, folder=folder))
    return folder


def test_they_are_what_the_program_shows_of_these_images(run: Path) -> None:
    """Not what the paper's metric counts, which draws markers anew and counts holes."""
    ensemble = load(run, precision="float32")
    scheme = SCHEMES[Task.MULTILABEL]
    expected = []
    for sample in toy_data(validation=12).validation:
        counts = count_cells(find_consensus(predict(ensemble, sample.image[0])))
        true = find_cells(sample.labeled != 0, scheme).counts
        expected += [
            [sample.name, sample.name, state, str(counts[state]), str(true[state])]
            for state in scheme.states
        ]
    for generation in (0, 1):
        rows = read_csv(run / f"generation-{generation}" / CHECKED_COUNTS)
        assert [[row["image"], row["class"], row["true"]] for row in rows] == [
            [image, state, true] for image, _, state, _, true in expected
        ]
    assert [
        list(row.values()) for row in read_csv(run / "generation-1" / CHECKED_COUNTS)
    ] == expected


def test_the_ratio_is_that_of_the_generation_that_is_the_result(run: Path) -> None:
    rows = read_csv(run / "generation-1" / CHECKED_COUNTS)
    for state, ratio in read_count_ratios(run).items():
        of_state = [row for row in rows if row["class"] == state]
        assert ratio.counted == sum(int(row["counted"]) for row in of_state)
        assert ratio.true == sum(int(row["true"]) for row in of_state) == 12
    assert read_count_ratios(run / "generation-1") == {}  # all networks, and not the best


def test_only_what_is_known_is_compared(run: Path) -> None:
    ensemble, scheme = load(run), SCHEMES[Task.MULTILABEL]
    (sample,) = toy_data(validation=1).validation
    cells = find_cells(sample.labeled != 0, scheme)
    row, column = cells.centers[cells.states == 1][0].astype(int)  # the dark square
    known = np.ones((32, 32), bool)
    known[row - 5 : row + 5, column - 5 : column + 5] = False
    scores = evaluate(ensemble, [replace(sample, known=known)])
    assert [(row.state, row.true) for row in scores.complete_rows] == [("bright", 1), ("dark", 0)]
    assert [(row.name, row.state) for row in scores.complete_rows] == [
        (sample.name, state) for state in scheme.states
    ]


def test_label_boxes_say_nothing_of_whole_images(run: Path) -> None:
    """They are drawn where networks differ, and so are more often wrong than elsewhere."""
    known = np.zeros((32, 32), bool)
    known[:16] = True
    boxed = [replace(each, known=known) for each in toy_data(validation=6).validation]
    scores = evaluate(load(run), boxed)
    assert scores.images == 6
    assert len(scores.rows) == 12
    assert scores.complete_rows == ()


def test_images_that_were_learned_from_say_nothing(tmp_path: Path) -> None:
    data = toy_data()
    alike = replace(data, validation=data.labeled, validation_is_training=True)
    list(runs.train("labeled", alike, QUICK, folder=tmp_path / "run"))
    assert not (tmp_path / "run" / "generation-0" / CHECKED_COUNTS).exists()
    assert read_count_ratios(tmp_path / "run") == {}


def test_networks_that_learned_from_these_images_before_say_nothing(tmp_path: Path) -> None:
    data = toy_data(validation=4)
    list(runs.train("labeled", data, QUICK, folder=tmp_path / "old"))
    fresh = [*toy_data(labeled=9).labeled][5:]
    for name, validation, there in (("new", data.labeled[:2], False), ("other", fresh, True)):
        now = replace(data, validation=validation, labeled=data.labeled[2:])
        named = frozenset(sample.name for sample in (*validation, *now.labeled))
        folder = tmp_path / name
        list(runs.retrain(tmp_path / "old", replace(now, named=named), QUICK, folder=folder))
        for generation in (0, 1):
            assert (folder / f"generation-{generation}" / CHECKED_COUNTS).exists() == there


def test_a_damaged_table_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "generation-2"
    folder.mkdir()
    (tmp_path / "ensemble.json").write_text('{"generation": 2, "networks": ["a.safetensors"]}')
    assert read_count_ratios(tmp_path) == {}
    rows = [CountRow(f"image {n}", "alive", 3, 4) for n in range(6)]
    write_checked_counts(folder, rows, {row.name: row.name for row in rows})
    assert read_count_ratios(tmp_path)["alive"].ratio == 4 / 3
    path = folder / CHECKED_COUNTS
    text = path.read_text()
    for damaged in (text.replace(",4\n", ",\n", 1), text.replace("3", "-3"), "image\na\n"):
        path.write_text(damaged)
        with pytest.raises(
            InputError, match=f"{CHECKED_COUNTS}: this table is damaged .* remove it"
        ):
            read_count_ratios(tmp_path)
