from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from napari_inconsistency_masks.data.synthetic import (
    SyntheticImage,
    load_synthetic,
    make_image,
    write_synthetic,
)
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.task import Task


def test_splits_are_disjoint_and_named() -> None:
    data = load_synthetic(images=9, labeled=2, validation=3, test=4, size=(64, 64))
    assert data.task is Task.MULTILABEL
    assert data.classes == ("alive", "dead", "position")
    assert data.scheme.position == "position"
    assert data.channels == 1
    parts = (data.labeled, data.unlabeled, data.validation, data.test)
    names = [[sample.name for sample in part] for part in parts]
    assert [len(part) for part in names] == [2, 7, 3, 4]
    assert len({name for part in names for name in part}) == 16
    assert names[0] == ["synthetic_0000", "synthetic_0001"]


def test_unlabeled_images_come_without_target_and_hidden_ones_with() -> None:
    data = load_synthetic(images=4, labeled=1, validation=1, test=1, size=(64, 80))
    for bare, known in zip(data.unlabeled, data.hidden, strict=True):
        assert bare.target is None
        assert bare.name == known.name
        np.testing.assert_array_equal(bare.image, known.image)
        assert known.labeled.shape == (3, 64, 80)
    for sample in (*data.labeled, *data.validation, *data.test):
        assert sample.image.shape == (1, 64, 80)
        assert sample.image.dtype == np.uint8
        assert set(np.unique(sample.labeled)) <= {0, 1}


def test_images_are_drawn_when_asked_for_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def spy(seed: tuple[int, int], *args: object, **options: object) -> SyntheticImage:
        drawn.append(seed)
        return make_image(seed, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("napari_inconsistency_masks.data.synthetic.dataset.make_image", spy)
    data = load_synthetic(images=1000, labeled=2, size=(48, 48), seed=6)
    assert drawn == []
    first = data.labeled[1]
    assert data.labeled[1] is first
    assert drawn == [(6, 1)]
    assert data.hidden[-1].name == data.unlabeled[997].name == "synthetic_0999"
    assert drawn == [(6, 1), (6, 999)]


def test_the_origin_makes_the_same_set_again() -> None:
    data = load_synthetic(
        images=3, labeled=2, validation=1, test=0, size=(50, 60), seed=3, difficulty=0.8
    )
    options = json.loads(json.dumps(data.origin))
    assert options.pop("kind") == "synthetic"
    again = load_synthetic(**options)
    assert again.origin == data.origin
    np.testing.assert_array_equal(again.labeled[1].image, data.labeled[1].image)
    np.testing.assert_array_equal(again.labeled[1].labeled, data.labeled[1].labeled)


def test_the_number_of_labels_does_not_change_the_images() -> None:
    few = load_synthetic(images=4, labeled=1, size=(48, 48))
    more = load_synthetic(images=4, labeled=3, size=(48, 48))
    np.testing.assert_array_equal(few.hidden[1].image, more.labeled[2].image)
    np.testing.assert_array_equal(few.test[0].image, more.test[0].image)


@pytest.mark.parametrize(
    "options",
    [{"labeled": 0}, {"labeled": 61}, {"test": -1}, {"seed": -2}, {"size": (16, 16)}],
)
def test_refuses_impossible_sets(options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        load_synthetic(**options)  # type: ignore[arg-type]


def test_the_folder_holds_images_masks_and_splits(tmp_path) -> None:
    options = {"images": 3, "labeled": 1, "validation": 1, "test": 2, "size": (60, 70)}
    folder = write_synthetic(tmp_path / "new" / "example", **options)
    data = load_synthetic(**options)  # type: ignore[arg-type]
    assert sorted(p.name for p in folder.iterdir()) == [
        "alive",
        "dead",
        "images",
        "position",
        "splits",
    ]
    lists = {p.stem: p.read_text(encoding="utf-8").split() for p in (folder / "splits").iterdir()}
    assert lists == {
        "train": ["synthetic_0000", "synthetic_0001", "synthetic_0002"],
        "labeled": ["synthetic_0000"],
        "unlabeled": ["synthetic_0001", "synthetic_0002"],
        "val": ["synthetic_0003"],
        "test": ["synthetic_0004", "synthetic_0005"],
    }
    for sample in (*data.labeled, *data.hidden, *data.validation, *data.test):
        with Image.open(folder / "images" / f"{sample.name}.png") as file:
            assert file.mode == "L"
            np.testing.assert_array_equal(np.asarray(file), sample.image[0])
        for name, mask in zip(data.classes, sample.labeled, strict=True):
            with Image.open(folder / name / f"{sample.name}.png") as file:
                np.testing.assert_array_equal(np.asarray(file), mask * 255)
    assert len(list((folder / "alive").iterdir())) == 6


def test_writes_into_an_empty_folder_only(tmp_path) -> None:
    small = {"images": 1, "labeled": 1, "validation": 0, "test": 0, "size": (48, 48)}
    write_synthetic(tmp_path, **small)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="not an empty folder"):
        write_synthetic(tmp_path, **small)
    assert sorted(tmp_path.rglob("*")) == before
    file = tmp_path / "splits" / "train.txt"
    with pytest.raises(InputError, match=r"train\.txt"):
        write_synthetic(file, **small)
