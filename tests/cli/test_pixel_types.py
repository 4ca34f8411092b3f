"""The same pictures in 8 and in 16 bits look different to networks: that is said, not hidden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_inconsistency_masks import load, predict
from napari_inconsistency_masks.cli import app
from napari_inconsistency_masks.data.stretching import BOTH, stretched
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.inference.trained import NOW_AS_THEY_ARE, NOW_STRETCHED
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.task import Task
from toy import toy_data, toy_sample

TINY = "--members 2 --generations 0 --width 0.25 --epochs 1 --steps 2 --batch 4 --recipe labeled"


def write_images(root: Path, types: list[str]) -> Path:
    for number, dtype in enumerate(types):
        sample = toy_sample(Task.BINARY, number)
        for name, pixels in (("images", sample.image[0]), ("cell", sample.labeled[0] * 255)):
            (root / name).mkdir(parents=True, exist_ok=True)
            pixels = pixels.astype(dtype if name == "images" else "uint8")
            write_tiff(root / name / f"{number}.tif", pixels, "YX")
    return root


def train(data: Path, out: Path) -> list[str]:
    """Train on a folder; the warnings that were given."""
    words = f"train {data} --out {out} --classes cell {TINY}".split()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    events = read_json_lines(out / "events.jsonl")
    return [event["message"] for event in events if event["event"] == "Warned"]


def batch_notes(run: Path, images: Path, out: Path) -> list[str]:
    result = CliRunner().invoke(app, ["batch", str(run), str(images), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return [row["notes"] for row in read_csv(out / "counts.csv")]


@pytest.mark.parametrize(
    ("learned", "others", "said"),
    [("uint8", "uint16", NOW_STRETCHED), ("uint16", "uint8", NOW_AS_THEY_ARE)],
)
def test_images_of_another_type_than_those_learned_from_get_a_note(
    learned: str, others: str, said: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    warned = train(write_images(tmp_path / "data", [learned] * 6), run)
    assert BOTH not in warned
    alike = batch_notes(run, tmp_path / "data" / "images", tmp_path / "same")
    assert alike == [""] * len(alike)
    other = write_images(tmp_path / "other", [others] * 2)
    notes = batch_notes(run, other / "images", tmp_path / "out")
    assert notes
    assert all(said in note for note in notes)
    with pytest.warns(UserWarning, match=said[:30]):
        predict(load(run), toy_sample(Task.BINARY, 0).image[0].astype(others))


def test_images_of_both_types_get_a_note_when_training_begins(tmp_path: Path) -> None:
    data = write_images(tmp_path / "data", ["uint8", "uint16"] * 4)
    assert BOTH in train(data, tmp_path / "run")
    notes = batch_notes(tmp_path / "run", data / "images", tmp_path / "out")
    assert notes == [""] * len(notes), "both were learned from"


def test_nothing_is_said_of_images_that_nobody_has_a_file_of() -> None:
    assert stretched(toy_data(Task.BINARY).labeled, Intensity()) == frozenset()


@pytest.mark.parametrize("dtype", ["bool", "u1", ">u2", "i4", "f4"])
@pytest.mark.parametrize("mode", ["auto", "percentile", "as-is"])
def test_which_types_are_stretched(dtype: str, mode: str) -> None:
    image = np.array([[[0, 1], [1, 0]]]).astype(dtype)
    changed = Intensity(mode).apply(image).image.max() == 255
    expected = mode == "percentile" or (mode == "auto" and dtype not in ("bool", "u1"))
    assert Intensity(mode).stretches(np.dtype(dtype)) == expected
    if dtype != "bool":
        assert changed == expected
