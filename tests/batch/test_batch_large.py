"""Frames that are never whole in memory give the results of the whole frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from batch_toys import batch_of, counts, do, toy_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_inconsistency_masks.batch import Plan
from napari_inconsistency_masks.batch.finding import Finder, FoundCells
from napari_inconsistency_masks.batch.images import Image
from napari_inconsistency_masks.batch.layout import part_files, remove_parts
from napari_inconsistency_masks.batch.plan import units_of
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.gray_values import survey
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import SCHEMES

WITH_MARKS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
WITH_SIZES = LabelScheme(
    Task.MULTILABEL, ("alive", "dead"), rule=CountRule(smallest_objects=(12, 5))
)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_results_do_not_depend_on_how_a_frame_is_read(
    dtype: str,
    model: Path,
    ensemble: TrainedEnsemble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    smooth = ndimage.gaussian_filter(rng.normal(0, 400, (333, 210)), 2)
    image = (128 + smooth).clip(0, 255).astype(dtype)
    nothing = np.zeros(image.shape, bool)
    if dtype == "float32":
        nothing[250:270, 30:90] = True
        image[nothing] = np.nan
    tifffile.imwrite(tmp_path / "large.tif", image, compression="zlib", rowsperstrip=37)
    write = ("masks", "mask", "votes", "cells")
    for name in ("whole", "rows"):
        if name == "rows":
            for module in ("images", "reading"):
                monkeypatch.setattr(f"napari_inconsistency_masks.batch.{module}.LARGE", 1000)
            monkeypatch.setattr("napari_inconsistency_masks.batch.tiles.SIDE", 176)
            monkeypatch.setattr("napari_inconsistency_masks.batch.frame.PIECE", 20)
        do(
            batch_of([tmp_path / "large.tif"], tmp_path / name, model, ensemble, write=write),
            ensemble,
        )
    (masks,) = (tmp_path / "whole" / "images").glob("*masks*.tif")
    assert tifffile.imread(masks).any()
    assert not tifffile.imread(masks)[..., nothing].any()
    pairs = [
        (path, tmp_path / "rows" / "images" / path.name)
        for path in (tmp_path / "whole" / "images").iterdir()
    ]
    different = [np.count_nonzero(tifffile.imread(a) != tifffile.imread(b)) for a, b in pairs]
    if any(different):  # a pixel so close to 0.5 that rounding decides, which the size changes
        assert max(different) == 1
        return
    assert all(a.read_bytes() == b.read_bytes() for a, b in pairs)
    assert counts(tmp_path / "whole") == counts(tmp_path / "rows")
    cells = [
        sorted((c["state"], c["y_px"], c["x_px"], c["agreement"]) for c in read_csv(folder))
        for folder in (tmp_path / "whole" / "cells.csv", tmp_path / "rows" / "cells.csv")
    ]
    assert cells[0] == cells[1]
    assert {cell["area_px"] for cell in read_csv(tmp_path / "rows" / "cells.csv")} == {""}


def spots(rng: np.random.Generator, planes: int, sigma: float) -> np.ndarray:
    noise = rng.normal(size=(planes, 120, 60))
    return ndimage.gaussian_filter(noise, (0, sigma, sigma)) > 0.16 / sigma


def as_set(found: FoundCells) -> list[tuple[float, ...]]:
    cells = found.cells
    pixels = np.zeros(len(cells)) if cells.pixels is None else cells.pixels
    table = np.column_stack([cells.centers, cells.states, found.agreement, pixels])
    return sorted(map(tuple, table.round(6).tolist()))


@pytest.mark.parametrize("scheme", [*SCHEMES.values(), WITH_MARKS, WITH_SIZES], ids=str)
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    sigma=st.sampled_from([1.0, 1.5, 2.5]),
    heights=st.lists(st.integers(1, 60), min_size=1, max_size=12),
)
def test_cells_found_row_by_row(
    scheme: LabelScheme, seed: int, sigma: float, heights: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    channels = spots(rng, scheme.outputs, sigma)
    votes = np.stack([spots(rng, scheme.outputs, sigma) for _ in range(3)])
    whole, parts = Finder(scheme), Finder(scheme)
    whole.feed(channels, votes, last=True)
    expected = find_cells(channels, scheme)
    np.testing.assert_array_equal(whole.result().cells.centers, expected.centers)
    np.testing.assert_array_equal(whole.result().cells.states, expected.states)
    first = 0
    for height in [*heights, 120]:
        stop = min(first + height, 120)
        if stop > first:
            piece = slice(first, stop)
            parts.feed(channels[:, piece], votes[:, :, piece], last=stop == 120)
        first = stop
    assert as_set(parts.result()) == as_set(whole.result())


@pytest.mark.parametrize("dtype", ["u1", "i1", ">u2", "i2", "u4", "f2", ">f4", "f8", "i8"])
def test_percentiles_of_parts_are_numpys(dtype: str) -> None:
    rng = np.random.default_rng(0)
    values = (
        rng.normal(0, 30, (3, 50, 70))
        if np.dtype(dtype).kind in "if"
        else rng.uniform(0, 200, (3, 50, 70))
    )
    image = values.astype(dtype)
    asked = (0.0, 1.0, 50.0, 99.8, 100.0)
    found = survey(lambda: [image[:, :11], image[:, 11:]], asked)
    np.testing.assert_allclose(
        found.percentiles, np.percentile(image.astype(float), asked), rtol=1e-12
    )
    assert (found.least, found.most) == (image.min(), image.max())
    assert (found.finite, found.missing) == (image.size, 0)


def test_pixels_without_a_value_do_not_count() -> None:
    image = np.array([[1, np.nan, 3, np.inf, -np.inf, 2]], np.float32)
    found = survey(lambda: [image], (50,))
    assert (found.finite, found.missing, found.percentiles) == (3, 3, (2.0,))
    assert survey(lambda: [image[:, 1:2]], (50,)).finite == 0


def test_parts_of_an_image_in_a_folder_named_like_another_image_stay(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.batch.plan.UNIT_PIXELS", 32**2)
    (tmp_path / "in" / "A").mkdir(parents=True)
    for name in ("A.tif", "A/movie.tif"):
        tifffile.imwrite(
            tmp_path / "in" / name, toy_frames(2), imagej=True, metadata={"axes": "TYX"}
        )
    plan = batch_of([tmp_path / "in"], tmp_path / "out", model, ensemble)
    one, other = plan.images
    files = [file for image in (one, other) for file in _parts(image, plan)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    remove_parts(one, plan)
    assert [file for file in files if file.exists()] == _parts(other, plan)
    remove_parts(other, plan)
    assert not (tmp_path / "out" / "parts").exists()


def _parts(image: Image, plan: Plan) -> list[Path]:
    return [file for unit in units_of(image) for file in part_files(unit, plan).values()]
