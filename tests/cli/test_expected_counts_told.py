"""How many cells to expect: said by ``batch``, ``evaluate`` and the program behind the window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.batch.totals import Totals, in_words
from napari_inconsistency_masks.cli import app
from napari_inconsistency_masks.cli.serve import serve_stream
from napari_inconsistency_masks.data.sample import Source
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.inference import checked_counts
from napari_inconsistency_masks.inference.checked_counts import (
    CHECKED_COUNTS,
    read_count_ratios,
    write_checked_counts,
)
from napari_inconsistency_masks.metrics.expected_counts import CountRatio
from napari_inconsistency_masks.metrics.scores import CountRow
from napari_inconsistency_masks.task import Task
from toy import QUICK, toy_data, toy_sample

FILES = {f"image {n}": f"image {n}" for n in range(8)}
ROWS = [
    CountRow(name, state, 3, true)
    for name in FILES
    for state, true in (("bright", 4), ("dark", 0))  # too few dark ones to say anything
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    list(runs.train("labeled", toy_data(), QUICK, folder=folder))
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """Networks that missed a quarter of the bright squares in eight images set aside."""
    copy = shutil.copytree(trained, tmp_path / "run")
    generation = read_json(copy / "ensemble.json")["generation"]
    write_checked_counts(copy / f"generation-{generation}", ROWS, FILES)
    return copy


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        image = toy_sample(Task.MULTILABEL, number).image[0]
        write_tiff(tmp_path / "in" / f"{number}.tif", image, "YX")
    return tmp_path / "in"


def call(*words: object) -> str:
    result = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)
    assert result.exit_code == 0
    return " ".join(result.output.split())


def test_a_batch_says_what_it_counted_and_what_to_expect(
    run: Path, images: Path, tmp_path: Path
) -> None:
    said = call("batch", run, images, "--out", tmp_path / "out")
    totals = Totals(("bright", "dark"), read_count_ratios(run))
    for row in read_csv(tmp_path / "out" / "counts.csv"):
        totals.add(row)
    bright, dark = totals.all()
    assert bright.ratio is not None
    assert bright.ratio.ratio == 4 / 3
    assert dark.ratio is None
    assert f"Counted: {in_words([bright.to_record(), dark.to_record()])}." in said
    assert "in 8 labeled images that they did not learn from; it holds for" in said


def test_a_batch_with_damaged_counts_says_which_table_to_remove(
    run: Path, images: Path, tmp_path: Path
) -> None:
    (path,) = run.rglob(CHECKED_COUNTS)
    path.write_text("image,file\r\na,b\r\n")
    with pytest.raises(Exception, match="this table is damaged"):
        call("batch", run, images, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    path.unlink()
    assert "expected" not in call("batch", run, images, "--out", tmp_path / "out")


@pytest.mark.parametrize("first", [20, 0], ids=["new images", "images learned from"])
def test_evaluation_says_it_of_images_that_were_not_learned_from(
    trained: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: int
) -> None:
    folder = tmp_path / "data"
    for number in range(first, first + 6):
        sample = toy_sample(Task.MULTILABEL, number)
        planes = {"images": sample.image[0]}
        planes |= dict(zip(("bright", "dark", "position"), sample.labeled * 255, strict=True))
        for name, plane in planes.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            write_tiff(folder / name / f"{number:02d}.tif", plane, "YX")

    def ratios_on(rows: Sequence[CountRow], samples: Source) -> dict[str, CountRatio]:
        assert [(row.state, row.true) for row in rows] == [("bright", 1), ("dark", 1)] * 6
        assert len(samples) == 6
        return {"bright": CountRatio(6, 6, counted=40, true=50, spread=0.4)}

    monkeypatch.setattr(checked_counts, "ratios_on", ratios_on)
    said = call("evaluate", trained, "--data", folder)
    sentence = "For 100 bright that are counted there are 125 [102, 154]: 50 for 40 in 6 labeled"
    assert (sentence in said) == (first == 20)


def test_the_window_is_told_and_a_damaged_table_prevents_no_prediction(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (told,) = describe(run)["ratios"].values()
    assert (told["counted"], told["true"]) == (24, 32)
    assert read_count_ratios(run)["bright"].true == told["true"] == 32
    (path,) = run.rglob(CHECKED_COUNTS)
    path.write_text("image,file\r\na,b\r\n")
    assert describe(run)["ratios"] == {}
    assert f"{CHECKED_COUNTS}: this table is damaged" in capsys.readouterr().err


def describe(run: Path) -> dict[str, Any]:
    """What the program behind the window says of a run."""
    said = list[dict[str, Any]]()
    request = json.dumps({"id": 1, "do": "describe", "run": str(run)}).encode()
    serve_stream([request], said.append)
    return said[0]
