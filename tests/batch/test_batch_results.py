"""What a batch writes is what the networks say, for the command, the window and Python alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from batch_toys import batch_of, counts, do, toy_frames, write_images
from skimage.io import imread

from napari_inconsistency_masks.batch import Plan
from napari_inconsistency_masks.batch.columns import count_columns
from napari_inconsistency_masks.batch.layout import DONE, image_files
from napari_inconsistency_masks.batch.summary import write_tables
from napari_inconsistency_masks.files.images import read_image
from napari_inconsistency_masks.files.tables import read_csv, write_csv
from napari_inconsistency_masks.inconsistency import (
    count_cells,
    disagreement,
    find_consensus,
    measure_areas,
)
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import QUICK

MOVIE = "images/movie"


@pytest.fixture
def out(plan: Plan, ensemble: TrainedEnsemble) -> Path:
    do(plan, ensemble)
    return Path(plan.folder)


def test_counts_are_those_of_each_frame_alone(out: Path, ensemble: TrainedEnsemble) -> None:
    rows = counts(out)
    assert [row["frame"] for row in rows] == [""] * 5 + ["t=0", "t=1", "t=2", "t=3"]
    frames = [*toy_frames(5, 10), *toy_frames(4, 50)]
    for row, frame in zip(rows, frames, strict=True):
        consensus = find_consensus(predict(ensemble, frame))
        found = count_cells(consensus)
        for name in ("bright", "dark"):
            assert int(row[name]) == found[name]
            assert (int(row[f"{name}_low"]), int(row[f"{name}_high"])) == (
                found.low[name],
                found.high[name],
            )
        assert int(row["unclear"]) == found.unclear
        assert int(row["inconsistent_px"]) == consensus.inconsistency.sum()
        assert row["status"] == "done"
    assert [row["time_s"] for row in rows[5:]] == ["0.0", "30.0", "60.0", "90.0"]
    assert rows[0]["time_s"] == rows[0]["inconsistent_um2"] == ""  # missing is missing, never 0
    assert float(rows[5]["inconsistent_um2"]) == int(rows[5]["inconsistent_px"]) * 0.25


def test_areas_are_those_of_each_frame_alone(out: Path, ensemble: TrainedEnsemble) -> None:
    rows = counts(out)
    frames = [*toy_frames(5, 10), *toy_frames(4, 50)]
    for row, frame in zip(rows, frames, strict=True):
        areas = measure_areas(find_consensus(predict(ensemble, frame)))
        assert list(areas) == ["bright", "dark"]
        for name in areas:
            low, high = areas.span(name)
            found = [float(row[f"{name}_area{end}"]) for end in ("", "_low", "_high")]
            assert found == pytest.approx([areas[name], low, high], abs=1e-6)
    assert rows[0]["bright_area_um2"] == ""
    pixels = float(rows[5]["bright_area"]) * 32 * 32
    assert float(rows[5]["bright_area_um2"]) == pytest.approx(pixels * 0.25, abs=1e-3)
    assert pixels > 0


def test_areas_of_cells_are_those_of_the_label_image(out: Path) -> None:
    cells = [cell for cell in read_csv(out / "cells.csv") if cell["image"] == "movie.tif"]
    labels = tifffile.imread(out / f"{MOVIE}_labels.tif")
    for cell in cells:
        pixels = np.count_nonzero(labels[int(cell["t"])] == int(cell["cell"]))
        assert int(cell["area_px"]) == pixels > 0
        assert float(cell["area_um2"]) == pixels * 0.25


def test_areas_of_cells_need_no_label_image(
    out: Path, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(batch_of([images], tmp_path / "o", model, ensemble, write=("cells",)), ensemble)
    assert read_csv(tmp_path / "o" / "cells.csv") == read_csv(out / "cells.csv")


def test_a_class_may_be_called_like_a_column() -> None:
    names = ("t", "status", "t_low", "t cells", "alive", "alive_area")
    columns = count_columns(LabelScheme(Task.MULTICLASS, names))
    assert len(set(columns)) == len(columns)
    assert {"t cells", "status cells", "alive", "alive_area cells_high"} <= set(columns)


def test_results_of_an_earlier_version_are_joined_with_new_ones(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    do(plan, ensemble)
    table = image_files(plan.images[0], plan)["counts"]
    ((row,), columns) = read_csv(table), count_columns(plan.model.scheme)
    write_csv(table, [row], [name for name in columns if "_area" not in name])
    write_tables(plan, {image.stem: DONE for image in plan.images})
    first, second, *_ = counts(Path(plan.folder))
    assert (first["bright"], first["bright_area"]) == (row["bright"], "")
    assert float(second["bright_area"]) >= 0


@pytest.mark.parametrize("form", ["imagej", "ome"])
def test_stacks_have_pixels_axes_and_calibration(
    form: str, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    write = ("masks", "labels", "mask", "votes")
    plan = batch_of([images], tmp_path / "o", model, ensemble, format=form, write=write)
    do(plan, ensemble)
    end = ".tif" if form == "imagej" else ".ome.tif"
    masks = read_image(tmp_path / "o" / f"{MOVIE}_masks{end}")
    assert (masks.axes, masks.shape, masks.dtype) == ("TCYX", (4, 3, 32, 32), np.uint8)
    others = {
        kind: read_image(tmp_path / "o" / f"{MOVIE}_{kind}{end}")
        for kind in ("labels", "inconsistency", "votes")
    }
    assert others["labels"].dtype == np.uint16
    for image in (masks, *others.values()):
        assert image.pixel_size == pytest.approx((0.5, 0.5))
        assert (image.unit, image.frame_interval) == ("µm", 30.0)
    for index, frame in enumerate(toy_frames(4, 50)):
        consensus = find_consensus(predict(ensemble, frame))
        np.testing.assert_array_equal(masks.array[index], consensus.best_guess * np.uint8(255))
        np.testing.assert_array_equal(
            others["inconsistency"].array[index], consensus.inconsistency * np.uint8(255)
        )
        np.testing.assert_array_equal(others["votes"].array[index], disagreement(consensus))
    path = tmp_path / "o" / f"{MOVIE}_masks{end}"
    np.testing.assert_array_equal(tifffile.imread(path), masks.array)
    seen = imread(path)  # three channels are taken for red, green, blue, and moved to the end
    np.testing.assert_array_equal(np.moveaxis(seen, -1, 1), masks.array)


def test_channels_are_named_as_the_classes(out: Path) -> None:
    with tifffile.TiffFile(out / f"{MOVIE}_masks.tif") as tiff:
        assert tiff.imagej_metadata["Labels"][:3] == ["bright", "dark", "position"]


def test_every_cell_has_a_row_a_roi_and_a_label(out: Path) -> None:
    cells = read_csv(out / "cells.csv")
    totals = [sum(int(row[name]) for name in ("bright", "dark", "unclear")) for row in counts(out)]
    assert len(cells) == sum(totals) > 0
    movie = [cell for cell in cells if cell["image"] == "movie.tif"]
    rois = roifile.roiread(out / f"{MOVIE}_rois.zip") if len(movie) > 1 else []
    assert len(rois) == len(movie)
    labels = tifffile.imread(out / f"{MOVIE}_labels.tif")
    for cell, roi in zip(movie, rois, strict=True):
        row, column = float(cell["y_px"]), float(cell["x_px"])
        assert roi.roitype == roifile.ROI_TYPE.POINT
        assert roi.t_position == int(cell["t"]) + 1  # ImageJ counts from 1
        np.testing.assert_allclose(roi.coordinates()[0], [column, row], atol=0.01)
        assert float(cell["y_um"]) == pytest.approx(row * 0.5, abs=0.01)
        nearby = labels[int(cell["t"])][max(0, round(row) - 1) : round(row) + 2]
        assert int(cell["cell"]) in nearby
        assert 0 <= float(cell["agreement"]) <= 1


def test_the_sidecar_says_what_made_the_results(out: Path, plan: Plan) -> None:
    sidecar = json.loads((out / "batch.json").read_text())
    assert sidecar["model"]["sha256"] == plan.model.sha256
    assert sidecar["seed"] == QUICK.seed
    assert sidecar["settings"]["format"] == "imagej"
    assert sidecar["versions"]["torch"]


def test_only_what_is_wanted_is_written(
    model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(batch_of([images], tmp_path / "o", model, ensemble, write=()), ensemble)
    names = {path.name for path in (tmp_path / "o").iterdir()}
    assert names == {
        "counts.csv",
        "totals.csv",
        "batch.json",
        "journal.jsonl",
        "batch.lock",
        "tables",
    }


def test_a_long_stack_is_done_in_parts_and_joined(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_images(tmp_path / "in", single=0)
    do(batch_of([folder], tmp_path / "whole", model, ensemble, write=WRITTEN), ensemble)
    monkeypatch.setattr("napari_inconsistency_masks.batch.plan.UNIT_PIXELS", 3 * 32 * 32)
    parted = batch_of([folder], tmp_path / "parts", model, ensemble, write=WRITTEN)
    events = do(parted, ensemble)
    assert sum(type(event).__name__ == "FrameDone" for event in events) == 4
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for path in [*whole.glob("images/*"), *whole.glob("tables/*"), *whole.glob("c*.csv")]:
        assert (parts / path.relative_to(whole)).read_bytes() == path.read_bytes(), path.name
    assert not (parts / "parts").exists()


WRITTEN = ("masks", "labels", "mask", "votes", "rois", "geojson", "cells")
