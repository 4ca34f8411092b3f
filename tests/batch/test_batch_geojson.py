"""Objects for QuPath: valid by the schema, in the right place, turning the right way."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from batch_toys import do

from napari_inconsistency_masks.batch import Plan
from napari_inconsistency_masks.batch.labels import label_image, outlines
from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task

SCHEMA = json.loads((Path(__file__).parent / "qupath.schema.json").read_text())
SCHEME = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


def test_features_fit_the_schema_and_are_the_cells(plan: Plan, ensemble: TrainedEnsemble) -> None:
    do(plan, ensemble)
    out = Path(plan.folder)
    cells = read_csv(out / "cells.csv")
    features = []
    for image in plan.images:
        collection = json.loads((out / "images" / f"{image.stem}.geojson").read_text())
        jsonschema.validate(collection, SCHEMA)
        features += collection["features"]
    assert len({feature["id"] for feature in features}) == len(features) == len(cells) > 0
    for feature, cell in zip(features, cells, strict=True):
        assert feature["properties"]["classification"]["name"] == cell["state"]
        assert feature["geometry"]["plane"]["t"] == int(cell["t"] or 0)
        if feature["geometry"]["type"] == "Polygon":
            (ring,) = feature["geometry"]["coordinates"]
            x, y = np.array(ring).T
            assert ring[0] == ring[-1]
            assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0  # counterclockwise
            assert x.min() - 2 <= float(cell["x_px"]) + 0.5 <= x.max() + 2


@pytest.mark.parametrize("change", ["type", "geometry", "ring"])
def test_the_schema_refuses_what_is_wrong(change: str) -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "detection"},
    }
    good = {"type": "FeatureCollection", "features": [feature]}
    jsonschema.validate(good, SCHEMA)
    if change == "type":
        feature["type"] = "Thing"
    elif change == "geometry":
        feature["geometry"]["type"] = "Blob"
    else:
        ring.pop()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good, SCHEMA)


def test_two_touching_cells_share_their_area_out() -> None:
    channels = np.zeros((3, 20, 40), bool)
    channels[0, 5:15, 5:35] = True  # one area, two cells
    channels[2, 8:12, 8:12] = channels[2, 8:12, 28:32] = True
    cells = find_cells(channels, SCHEME)
    labels = label_image(channels, cells, SCHEME)
    sizes = [int((labels == number).sum()) for number in (0, 1, 2)]
    assert sizes[0] == 500
    assert sizes[1:] == pytest.approx([150, 150], abs=10)  # the middle column may go either way
    assert set(labels[5:15, 5:19].ravel()) == {1}
    assert set(labels[5:15, 21:35].ravel()) == {2}
    around = dict(outlines(labels))
    assert around[1].min(axis=0) == pytest.approx([4.5, 4.5])
    assert around[1].max(axis=0) == pytest.approx([14.5, 19.5], abs=1)


def test_area_without_a_mark_is_no_cell() -> None:
    channels = np.zeros((3, 20, 40), bool)
    channels[0, 5:15, 5:15] = True
    cells = find_cells(channels, SCHEME)
    assert not label_image(channels, cells, SCHEME).any()


def test_objects_that_are_not_counted_are_in_no_label_image() -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("a", "b"), rule=CountRule(smallest_objects=(5, 1)))
    channels = np.zeros((2, 20, 40), bool)
    channels[0, 2:4, 2:4] = channels[0, 10:14, 20:24] = True
    channels[1, 2, 2] = channels[1, 16, 30] = True
    cells = find_cells(channels, scheme)
    labels = label_image(channels, cells, scheme)
    assert cells.pixels is not None
    assert np.bincount(labels.ravel())[1:].tolist() == cells.pixels.tolist() == [16, 1, 1]
    for number, (row, column) in enumerate(cells.centers, start=1):
        assert labels[round(row), round(column)] == number


def test_objects_without_positions_are_their_pixels() -> None:
    scheme = LabelScheme(Task.BINARY, ("nuclei",))
    channels = np.zeros((1, 20, 40), bool)
    channels[0, 2:6, 2:6] = channels[0, 10:14, 20:24] = True
    labels = label_image(channels, find_cells(channels, scheme), scheme)
    assert (labels[2:6, 2:6] == 1).all()
    assert (labels[10:14, 20:24] == 2).all()
    assert np.count_nonzero(labels) == 32
