"""Tiles of a frame, read whole or by rows, give the parted objects of the whole image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_inconsistency_masks.batch.frame import FrameAnalysis
from napari_inconsistency_masks.batch.reading import Frame
from napari_inconsistency_masks.batch.tiles import Seen
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.inconsistency import (
    Prediction,
    count_cells,
    find_consensus,
    measure_areas,
)
from napari_inconsistency_masks.task import LabelScheme, Task

HEIGHT, WIDTH, SIDE = 150, 100, 64
RULE = CountRule(smallest_objects=(4,), waists=(0.5,))
NUCLEI = LabelScheme(Task.BINARY, ("nucleus",), rule=RULE)


@pytest.fixture
def logits() -> torch.Tensor:
    """Of two networks that see blobs, many of which touch ``(2, 1, Y, X)``."""
    noise = np.random.default_rng(7).normal(size=(3, HEIGHT, WIDTH))
    common, *own = ndimage.gaussian_filter(noise, (0, 3, 3))
    both = [12 * (common + 0.3 * other) for other in own]
    return torch.from_numpy(np.stack(both)[:, None].astype(np.float32))


def tiles(logits: torch.Tensor) -> Iterator[Seen]:
    for top in range(0, HEIGHT, SIDE):
        for left in range(0, WIDTH, SIDE):
            rows = slice(top, min(top + SIDE, HEIGHT))
            columns = slice(left, min(left + SIDE, WIDTH))
            yield Seen(rows, columns, logits[..., rows, columns], None)


@pytest.mark.parametrize("large", [False, True])
def test_it_is_that_of_the_whole_image(
    logits: torch.Tensor, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.batch.frame.PIECE", 24)
    pixels = None if large else (np.zeros((1, HEIGHT, WIDTH), np.uint8), None)
    frame = Frame(0, (HEIGHT, WIDTH), (), cast("Any", None), cast("Any", None), pixels)
    analysis = FrameAnalysis(frame, NUCLEI, frozenset({"labels", "masks", "cells"}), "deflate")
    for seen in tiles(logits):
        analysis.add(seen)
    found = analysis.result()

    whole = find_consensus(Prediction(NUCLEI.probability(logits).numpy(), NUCLEI))
    cells = find_cells(whole.best_guess, NUCLEI)
    as_one = find_cells(NUCLEI.harden(NUCLEI.probability(logits).numpy().mean(axis=0)), NUCLEI)
    assert len(cells) > len(as_one)
    assert found.counts == count_cells(whole)
    np.testing.assert_allclose(
        sorted(map(tuple, found.found.cells.centers)), sorted(map(tuple, cells.centers))
    )
    assert found.areas == measure_areas(whole)
    assert found.inconsistent == whole.inconsistency.sum()
    if not large:
        assert found.labels is not None
        assert found.labels.max() == len(cells)
        assert (found.labels[whole.best_guess[0]] > 0).mean() > 0.9  # but for what is too small
        assert not found.labels[~whole.best_guess[0]].any()
