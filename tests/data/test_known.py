"""Folders with images that are labeled only in part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from dataset_files import make_folder, noise, save, square
from roi_files import rectangle, write_rois

from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.folders.inspection import inspect_folder
from napari_inconsistency_masks.data.sample import SegmentationData, Source
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff

EVERYWHERE = np.full((20, 30), 255, np.uint8)
NOWHERE = np.zeros((20, 30), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images: b and e labeled in a square, c nowhere, d everywhere, a and f without a mask."""
    make_folder(tmp_path, "abcdef")
    masks = {"b": square(1, 2), "c": NOWHERE, "d": EVERYWHERE, "e": square(3, 3)}
    for name, mask in masks.items():
        save(tmp_path / "known" / f"{name}.png", mask)
    write_lists(tmp_path, val="ef")
    return tmp_path


def write_lists(root: Path, **lists: Sequence[str]) -> None:
    (root / "splits").mkdir(exist_ok=True)
    for name, images in lists.items():
        (root / "splits" / f"{name}.txt").write_text("\n".join(images))


def names(source: Source) -> str:
    return "".join(sample.name for sample in source)


def by_name(data: SegmentationData, group: str, name: str) -> object:
    return next(sample.known for sample in getattr(data, group) if sample.name == name)


def test_an_image_labeled_in_part_is_labeled_and_unlabeled(folder: Path) -> None:
    data = load_folder(folder)
    assert (names(data.labeled), names(data.unlabeled)) == ("abd", "bc")
    np.testing.assert_array_equal(by_name(data, "labeled", "b"), square(1, 2) > 0)
    assert by_name(data, "labeled", "a") is by_name(data, "labeled", "d") is None
    assert all(sample.target is None for sample in data.unlabeled)
    np.testing.assert_array_equal(by_name(data, "unlabeled", "b"), square(1, 2) == 0)
    assert by_name(data, "unlabeled", "c") is None
    assert names(data.hidden) == ""
    assert data.classes == ("cells",)
    assert "Labeled only in part, so the rest counts as unlabeled (b, e)." in data.notes
    assert "Unlabeled, as their masks in known are empty (c)." in data.notes


def test_images_to_validate_with_are_not_trained_on_in_any_part(folder: Path) -> None:
    data = load_folder(folder)
    assert names(data.validation) == "ef"
    assert "e" not in names(data.unlabeled)
    np.testing.assert_array_equal(by_name(data, "validation", "e"), square(3, 3) > 0)


def test_empty_images_are_neither_for_validation_nor_for_test(folder: Path) -> None:
    write_lists(folder, val="ce", test="f")
    save(folder / "known" / "f.png", NOWHERE)
    data = load_folder(folder)
    assert (names(data.validation), names(data.test)) == ("e", "")


def test_labels_that_are_hidden_count_in_the_same_part(folder: Path) -> None:
    data = load_folder(folder, labeled=["a"])
    assert (names(data.labeled), names(data.unlabeled), names(data.hidden)) == ("a", "bcd", "bd")
    np.testing.assert_array_equal(by_name(data, "hidden", "b"), square(1, 2) > 0)
    assert all(sample.known is None for sample in data.unlabeled)


def test_one_image_labeled_in_part_is_enough(tmp_path: Path) -> None:
    make_folder(tmp_path, "a")
    save(tmp_path / "known" / "a.png", square(2, 0))
    data = load_folder(tmp_path)
    assert names(data.labeled) == names(data.unlabeled) == names(data.validation) == "a"


def test_frames_of_a_stack_are_labeled_each_in_its_part(tmp_path: Path) -> None:
    make_folder(tmp_path, "v")
    write_lists(tmp_path, val="v")
    films = {
        "images": noise(1, (3, 20, 30)),
        "cells": np.stack([square(1, frame) for frame in range(3)]),
        "known": np.stack([square(1, 1), NOWHERE, EVERYWHERE]),
    }
    for name, film in films.items():
        (tmp_path / name).mkdir(exist_ok=True)
        write_tiff(tmp_path / name / "film.tif", film, "TYX")
    data = load_folder(tmp_path)
    assert [sample.name for sample in data.labeled] == ["film[t=0]", "film[t=2]"]
    assert [sample.name for sample in data.unlabeled] == ["film[t=0]", "film[t=1]"]
    np.testing.assert_array_equal(data.labeled[0].known, square(1, 1) > 0)
    assert data.labeled[1].known is None
    np.testing.assert_array_equal(data.unlabeled[0].known, square(1, 1) == 0)
    assert data.unlabeled[1].known is None
    write_lists(tmp_path, val=["film"])
    data = load_folder(tmp_path)
    assert [sample.name for sample in data.validation] == ["film[t=0]", "film[t=2]"]
    assert names(data.unlabeled) == ""
    write_tiff(tmp_path / "known" / "film.tif", films["known"][:2], "TYX")
    with pytest.raises(InputError, match=r"known/film\.tif: the mask has 2 frames"):
        load_folder(tmp_path)


def test_a_mask_of_another_shape_is_refused(folder: Path) -> None:
    save(folder / "known" / "b.png", square(1, 1, (30, 20)))
    with pytest.raises(InputError, match=r"known/b\.png: .* 30 x 20 .* transposed"):
        load_folder(folder)


def test_masks_that_are_not_used_are_named(folder: Path) -> None:
    save(folder / "known" / "z.png", square(1, 1))
    (folder / "cells" / "b.png").unlink()
    data = load_folder(folder)
    assert "known: 1 masks without an image (z.png)." in data.notes
    assert "known: 1 masks of images that have no labels (b.png)." in data.notes
    assert (names(data.labeled), names(data.unlabeled)) == ("ad", "bc")


def test_what_is_drawn_where_labels_do_not_count_is_not_drawn(tmp_path: Path) -> None:
    make_folder(tmp_path, "ab", ("alive", "dead"))
    write_lists(tmp_path, val="b")
    save(tmp_path / "known" / "a.png", square(2, 0)[::-1])
    with pytest.raises(InputError, match="masks of all labeled images are empty"):
        load_folder(tmp_path)
    save(tmp_path / "dead" / "a.png", square(2, 0)[::-1])
    notes = load_folder(tmp_path).notes
    (note,) = (note for note in notes if "never drawn" in note)
    assert note.startswith("The class 'alive' is never drawn for training (only in validation")


@pytest.mark.parametrize("name", ["known", "Known"])
def test_the_folder_is_never_a_class(tmp_path: Path, name: str) -> None:
    make_folder(tmp_path, "abc", ("cells", name))
    found = inspect_folder(tmp_path)
    assert [item.name for item in found.classes] == ["cells"]
    assert (found.known, found.known_count) == ((name,), 3)
    assert load_folder(tmp_path).classes == ("cells",)
    for options in ({"classes": ("cells", "known")}, {"masks": "known"}):
        with pytest.raises(InputError, match=f"the folder {name} says where labels count"):
            load_folder(tmp_path, **options)  # type: ignore[arg-type]


def test_two_such_folders_are_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc", ("cells", "Known"))
    if (tmp_path / "known").exists():
        pytest.skip("names of folders do not differ by case here")
    save(tmp_path / "known" / "a.png", EVERYWHERE)
    with pytest.raises(InputError, match="Known, known all say where labels count; keep one"):
        load_folder(tmp_path)


def test_without_such_masks_nothing_is_limited(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc")
    (tmp_path / "known").mkdir()
    found = inspect_folder(tmp_path)
    assert (found.known, found.known_count) == (("known",), 0)
    data = load_folder(tmp_path)
    assert (len(data.labeled), len(data.unlabeled)) == (2, 0)
    assert data.notes == ("Classes are the folders cells.",)


def test_areas_that_touch_lose_no_pixel(tmp_path: Path) -> None:
    """Two boxes drawn side by side, as numbers or as ROIs: there are no objects to be counted."""
    make_folder(tmp_path, "abcd")
    write_lists(tmp_path, val="d")
    boxes = np.zeros((20, 30), np.uint8)
    boxes[2:10, 3:9], boxes[2:10, 9:20] = 1, 2
    save(tmp_path / "known" / "a.png", boxes)
    sides = [rectangle(3, 2, 6, 8), rectangle(9, 2, 11, 8)]
    write_rois(tmp_path / "known" / "b.zip", sides)
    data = load_folder(tmp_path)
    for name in "ab":
        np.testing.assert_array_equal(by_name(data, "labeled", name), boxes > 0)
        np.testing.assert_array_equal(by_name(data, "unlabeled", name), boxes == 0)


def test_frames_of_a_stack_that_nobody_labeled_are_not_taken_for_empty_in_silence(
    tmp_path: Path,
) -> None:
    """The mask of a stack has all of its frames, whichever are labeled."""
    masks = np.zeros((6, 20, 30), np.uint8)
    masks[:2, 4:9, 4:9] = 255
    (tmp_path / "images").mkdir()
    (tmp_path / "cells").mkdir()
    write_tiff(tmp_path / "images" / "film.tif", noise(1, (6, 20, 30)), "TYX")
    write_tiff(tmp_path / "cells" / "film.tif", masks, "TYX")
    said = "film.tif: on 4 frames nothing is drawn, which teaches that nothing is there"
    assert sum(said in note for note in load_folder(tmp_path).notes) == 1
    known = np.zeros_like(masks)
    known[:2] = 255
    (tmp_path / "known").mkdir()
    write_tiff(tmp_path / "known" / "film.tif", known, "TYX")
    data = load_folder(tmp_path)
    assert not any("nothing is drawn" in note for note in data.notes)
    assert (len(data.labeled), len(data.unlabeled)) == (2, 4)


def test_single_images_without_anything_are_as_they_were_labeled(folder: Path) -> None:
    save(folder / "cells" / "a.png", NOWHERE)
    assert not any("nothing is drawn" in note for note in load_folder(folder).notes)
