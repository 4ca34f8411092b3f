from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from dataset_files import make_folder, noise, save, square
from PIL import Image

from closed_folders import close
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.task import LabelScheme, Task


def names(data: SegmentationData) -> dict[str, list[str]]:
    groups = ("labeled", "unlabeled", "hidden", "validation", "test")
    return {group: [sample.name for sample in getattr(data, group)] for group in groups}


def test_one_folder_is_binary(tmp_path: Path) -> None:
    data = load_folder(make_folder(tmp_path))
    assert data.scheme == LabelScheme(Task.BINARY, ("cells",))
    assert (data.name, data.channels, data.free_rotation) == (tmp_path.name, 1, True)
    assert (len(data.labeled), len(data.validation), len(data.test)) == (5, 1, 0)
    for sample in data.labeled:
        number = "abcdef".index(sample.name)
        np.testing.assert_array_equal(sample.image[0], noise(number))
        np.testing.assert_array_equal(sample.labeled[0], square(2, number) // 255)
    assert data.notes == ("Classes are the folders cells.",)


def test_several_folders_are_multilabel(tmp_path: Path) -> None:
    make_folder(tmp_path, folders=("dead", "alive", "position"))
    data = load_folder(tmp_path, ("alive", "dead", "position"), position="position")
    assert data.scheme == LabelScheme(
        Task.MULTILABEL, ("alive", "dead", "position"), position="position"
    )
    sample = data.labeled[0]
    number = "abcdef".index(sample.name)
    np.testing.assert_array_equal(sample.labeled[1], square(2, number) // 255)  # "dead" was first
    assert load_folder(tmp_path).classes == ("alive", "dead", "position")
    assert load_folder(tmp_path, ["Dead"]).classes == ("Dead",)
    alone = load_folder(tmp_path, "position", position="position")
    assert alone.task is Task.MULTILABEL


def test_folders_that_hold_no_plain_masks_are_not_classes(tmp_path: Path) -> None:
    make_folder(tmp_path, "ab", ("cells",))
    for name in "ab":
        numbered = square(1, 1) // 255 + square(10, 10) // 255 * np.uint8(2)
        save(tmp_path / "objects" / f"{name}.png", numbered)
    data = load_folder(tmp_path)
    assert data.classes == ("cells",)
    said = "Not used: objects (numbers of objects); what is to be used is named by --classes."
    assert said in data.notes
    data = load_folder(tmp_path, ("objects",))
    assert data.labeled[0].labeled.sum() == 50
    assert any("numbers of single objects" in note for note in data.notes)


def test_numbers_of_objects_are_classes_where_plain_masks_are_only_positions(
    tmp_path: Path,
) -> None:
    make_folder(tmp_path, "ab", ("position",))
    for folder in ("alive", "dead"):
        for number, name in enumerate("ab"):
            numbered = square(1, number) // 255 + square(10, 10) // 255 * np.uint8(2)
            save(tmp_path / folder / f"{name}.png", numbered)
    assert load_folder(tmp_path, position="position").classes == ("alive", "dead", "position")
    shutil.rmtree(tmp_path / "position")
    assert load_folder(tmp_path).classes == ("alive", "dead")


def make_regions(root: Path) -> Path:
    for number, name in enumerate("abc"):
        save(root / "img" / f"{name}.png", noise(number))
        save(root / "masks" / f"{name}.png", (square(2, number) > 0) * np.uint8(2))
    return root


def test_one_folder_for_several_names_is_multiclass(tmp_path: Path) -> None:
    make_regions(tmp_path)
    for data in (
        load_folder(tmp_path, ("water", "rock", "fish")),
        load_folder(tmp_path, ("water", "rock", "fish"), masks="masks"),
        load_folder(tmp_path, ("water", "rock", "fish"), task="multiclass"),
    ):
        assert data.scheme == LabelScheme(Task.MULTICLASS, ("water", "rock", "fish"))
        assert set(data.labeled[0].labeled.ravel()) == {1, 3}
        assert any("'rock' is never drawn" in note for note in data.notes)
        assert not any("no class" in note for note in data.notes)
    data = load_folder(tmp_path, ("rock", "fish"), masks="masks", zero_is_unlabeled=True)
    share = np.mean([data.labeled[index].labeled == 0 for index in range(len(data.labeled))])
    assert share > 0.2
    (note,) = (note for note in data.notes if "no class" in note)
    assert "if it is background, make that a class, and draw it" in note
    assert set(data.labeled[0].labeled.ravel()) == {0, 2}
    assert data.labeled[0].known is not None
    assert load_folder(tmp_path, masks="masks").task is Task.BINARY


def test_what_lies_outside_of_label_boxes_has_no_class_on_purpose(tmp_path: Path) -> None:
    make_regions(tmp_path)
    for name in "abc":
        known = np.zeros_like(square(2, 0))
        known[:8] = 255
        save(tmp_path / "known" / f"{name}.png", known)
    data = load_folder(tmp_path, ("rock", "fish"), masks="masks", zero_is_unlabeled=True)
    assert not any("no class" in note for note in data.notes)


def test_class_ids_without_a_name(tmp_path: Path) -> None:
    make_regions(tmp_path)
    with pytest.raises(InputError, match="holds class id 2, and the 2 named classes"):
        load_folder(tmp_path, ("water", "rock"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"classes": ("x", "cells")}, "no folder with masks named x; there are cells"),
        ({"masks": "x"}, "no folder 'x' holds masks"),
        ({"task": "multiclass"}, "name all classes"),
        ({"task": "multiclass", "classes": ("cells",)}, "one folder of class ids"),
        ({"task": "many"}, "task='many': give one of binary, multiclass, multilabel"),
        ({"task": "multilabel", "masks": "cells"}, "cannot hold classes that overlap"),
        ({"images": "x"}, "there are no images in x"),
        ({"labeled": "list"}, "has no folder splits"),
        ({"labeled": 50}, "labeled 50: there are"),
        ({"validation": 1.0}, "leave nothing for training"),
        ({"position": "x", "classes": ("cells",)}, "not one of the classes"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: dict[str, object], said: str) -> None:
    make_folder(tmp_path)
    with pytest.raises(InputError, match=said):
        load_folder(tmp_path, **options)  # type: ignore[arg-type]


def test_folders_without_data(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        load_folder(tmp_path / "missing")
    with pytest.raises(InputError, match="there are no images in a folder named images"):
        load_folder(tmp_path)
    (tmp_path / "images" / "A01").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no images in images, and folders in it \(A01\) are not"):
        load_folder(tmp_path)
    (tmp_path / "images" / "plate.czi").write_bytes(b"ZISRAWFILE")
    with pytest.raises(InputError, match=r"read \(there are plate\.czi\); save them as TIFF"):
        load_folder(tmp_path)
    save(tmp_path / "images" / "a.png", noise(1))
    with pytest.raises(InputError, match="no folder holds masks named like the images"):
        load_folder(tmp_path)
    save(tmp_path / "raw" / "a.png", noise(1))
    with pytest.raises(InputError, match="images, raw may all hold the images"):
        load_folder(tmp_path)


def test_labels_without_a_pixel(tmp_path: Path) -> None:
    make_folder(tmp_path, folders=("alive", "dead"))
    for path in (tmp_path / "dead").iterdir():
        save(path, square(1, 1) * np.uint8(0))
    data = load_folder(tmp_path, ("alive", "dead"))
    assert data.notes == ("The class 'dead' is never drawn for training: it is not learned.",)
    held_out = data.validation[0].name
    save(tmp_path / "dead" / f"{held_out}.png", square(1, 1))
    data = load_folder(tmp_path, ("alive", "dead"))
    assert "(only in validation images)" in data.notes[0]
    for path in (tmp_path / "alive").iterdir():
        save(path, square(1, 1) * np.uint8(0))
    with pytest.raises(InputError, match="masks of all labeled images are empty"):
        load_folder(tmp_path, ("alive", "dead"))


def test_labeled_and_hidden(tmp_path: Path) -> None:
    make_folder(tmp_path, "abcdefgh")
    save(tmp_path / "images" / "z.png", noise(99))
    data = load_folder(tmp_path, labeled=2, test=0.2)
    found = names(data)
    assert [len(found[g]) for g in ("labeled", "validation", "test")] == [2, 2, 2]
    assert set(found["unlabeled"]) == {*found["hidden"], "z"}
    assert all(sample.target is None for sample in data.unlabeled)
    assert all(sample.target is not None for sample in data.hidden)
    everywhere = [
        name for group in ("labeled", "unlabeled", "validation", "test") for name in found[group]
    ]
    assert sorted(everywhere) == sorted("abcdefghz")


def test_frames_of_a_file_stay_together(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "cells").mkdir()
    for number, name in enumerate("abcd"):
        film = noise(number, (3, 20, 30)).astype(np.uint16) * 200
        write_tiff(tmp_path / "images" / f"{name}.tif", film, "TYX")
        masks = np.stack([square(frame, number) for frame in range(3)])
        write_tiff(tmp_path / "cells" / f"{name}.tif", masks, "TYX")
    data = load_folder(tmp_path, labeled=1, test=0.25)
    found = names(data)
    assert [len(found[group]) for group in found] == [3, 3, 3, 3, 3]
    for group in found.values():
        assert {name[1:] for name in group} == {"[t=0]", "[t=1]", "[t=2]"}
        assert len({name[0] for name in group}) == 1
    sample = data.labeled[2]
    film = noise("abcd".index(sample.name[0]), (3, 20, 30)).astype(np.uint16) * 200
    np.testing.assert_array_equal(sample.image, Intensity().apply(film[2:]).image)


def test_same_image_in_training_and_validation(tmp_path: Path) -> None:
    make_folder(tmp_path, "abcd")
    for copy in "efgh":
        save(tmp_path / "images" / f"{copy}.png", noise("efgh".index(copy)))
        save(tmp_path / "cells" / f"{copy}.png", square(1, 1))
    with pytest.raises(InputError, match=r"\.png \(\w+\) and .\.png \(\w+\) are the same image"):
        load_folder(tmp_path, validation=0.4)


def test_one_labeled_image(tmp_path: Path) -> None:
    make_folder(tmp_path, "a")
    data = load_folder(tmp_path)
    assert data.validation_is_training
    assert names(data)["labeled"] == names(data)["validation"] == ["a"]
    assert any("scores are too good" in note for note in data.notes)


def test_order_of_files_and_strays_make_no_difference(tmp_path: Path) -> None:
    one = make_folder(tmp_path / "one", "abcdef")
    other = make_folder(tmp_path / "other", "abcdef")
    for name in reversed("abcdef"):
        for folder in ("images", "cells"):
            path = other / folder / f"{name}.png"
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data)
    for folder in ("images", "cells"):
        (other / folder / ".DS_Store").write_bytes(b"x")
        (other / folder / "Thumbs.db").write_bytes(b"x")
    assert names(load_folder(one)) == names(load_folder(other))


def test_images_are_not_changed_and_nothing_is_written(tmp_path: Path) -> None:
    make_folder(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    data = load_folder(tmp_path)
    list(data.labeled)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_origin_makes_the_same_data_again(tmp_path: Path) -> None:
    make_folder(tmp_path, "abcdefgh", ("alive", "dead"))
    data = load_folder(
        tmp_path,
        ("dead", "alive"),
        labeled=3,
        test=0.2,
        seed=7,
        intensity=Intensity(mode="percentile", low=0.5),
        free_rotation=False,
    )
    again = open_data(json.loads(json.dumps(data.origin)))
    assert names(again) == names(data)
    assert (again.scheme, again.intensity) == (data.scheme, data.intensity)
    assert not again.free_rotation
    np.testing.assert_array_equal(again.labeled[0].image, data.labeled[0].image)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (17, 33)])
def test_sizes_that_are_no_multiple_of_anything(tmp_path: Path, size: tuple[int, int]) -> None:
    for number, name in enumerate("ab"):
        save(tmp_path / "images" / f"{name}.png", np.full(size, number, np.uint8))
        save(tmp_path / "cells" / f"{name}.png", np.full(size, 255, np.uint8))
    assert load_folder(tmp_path).labeled[0].labeled.shape == (1, *size)


def test_a_folder_one_level_too_high_is_told_where_the_images_are(tmp_path: Path) -> None:
    make_folder(tmp_path / "mine")
    make_folder(tmp_path / "empty", "")
    with pytest.raises(InputError, match=r"no images in .*, but there are in mine; give that"):
        load_folder(tmp_path)


@pytest.mark.parametrize("renamed", ["{}_mask.png", "{}_cells.png", "Mask of {}.png"])
@pytest.mark.parametrize("classes", [None, ("cells",)])
def test_masks_that_are_called_otherwise_than_their_images(
    tmp_path: Path, classes: tuple[str, ...] | None, renamed: str
) -> None:
    for mask in (make_folder(tmp_path) / "cells").iterdir():
        mask.rename(mask.with_name(renamed.format(mask.stem)))
    said = f"cells/{renamed.format('a')} is not called like a.png: an image and its masks must have"
    with pytest.raises(InputError, match=re.escape(said)):
        load_folder(tmp_path, classes)


def test_masks_whose_names_differ_in_case_are_told(tmp_path: Path) -> None:
    make_folder(tmp_path, "ab", ())
    for name in "AB":
        save(tmp_path / "cells" / f"{name}.png", square(2, 3))
    with pytest.raises(InputError, match=r"cells/A\.png is not called like a\.png"):
        load_folder(tmp_path)


def test_a_damaged_mask_is_refused_and_does_not_take_its_class_out(tmp_path: Path) -> None:
    make_folder(tmp_path, folders=("alive", "dead"))
    (tmp_path / "dead" / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match=r"dead/c\.png: "):
        load_folder(tmp_path)


def test_masks_with_a_palette_are_read_as_shown(tmp_path: Path) -> None:
    make_folder(tmp_path)
    expected = [sample.labeled.copy() for sample in load_folder(tmp_path).labeled]
    for number, name in enumerate("abcdef"):
        Image.fromarray(square(2, number)).quantize(2).save(tmp_path / "cells" / f"{name}.png")
    data = load_folder(tmp_path)
    np.testing.assert_array_equal([sample.labeled for sample in data.labeled], expected)
    white = np.full((20, 30), 255, np.uint8)
    save(tmp_path / "cells" / "a.png", np.dstack([white] * 3 + [square(2, 1)]))
    with pytest.raises(InputError, match=r"cells/a\.png: drawn in its transparency"):
        list(load_folder(tmp_path, ["cells"], validation=0.0).labeled)


def test_of_folders_that_differ_in_case_the_one_that_was_named_counts(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc", ("Alive", "alive", "masks"))
    if len({folder.name for folder in tmp_path.iterdir()}) < 4:
        pytest.skip("a drive where case makes no difference")
    for number, name in enumerate("abc"):
        save(tmp_path / "Alive" / f"{name}.png", square(9, number))
    for name, row in (("Alive", 9), ("alive", 3)):
        for options in ({"classes": (name,)}, {"masks": name}):
            data = load_folder(tmp_path, **options)  # type: ignore[arg-type]
            assert [sample.target.any(-1).argmax() for sample in data.labeled] == [row, row]
    for options in ({"classes": ("ALIVE",)}, {"masks": "ALIVE"}):
        with pytest.raises(InputError, match=r"Alive, alive could all be 'ALIVE'"):
            load_folder(tmp_path, **options)  # type: ignore[arg-type]
    assert load_folder(tmp_path, ("MASKS",)).scheme.classes == ("MASKS",)


@pytest.mark.parametrize(
    ("closed", "options", "said"),
    [
        ("images", {}, "images cannot be opened"),
        ("cells", {}, "cells cannot be opened"),
        ("cells", {"classes": ("cells",)}, "cells cannot be opened"),
        ("cells", {"masks": "Cells"}, "cells cannot be opened"),
        ("known", {}, r"known: cannot be opened \(Permission denied\)"),
        ("splits", {}, r"splits: cannot be opened \(Permission denied\)"),
        (".", {}, r"cannot be opened \(Permission denied\)"),
    ],
)
def test_a_folder_that_cannot_be_opened_is_not_said_to_be_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    closed: str,
    options: dict[str, object],
    said: str,
) -> None:
    make_folder(tmp_path)
    (tmp_path / "known").mkdir()
    (tmp_path / "splits").mkdir()
    close(monkeypatch, tmp_path / closed)
    with pytest.raises(InputError, match=said):
        load_folder(tmp_path, **options)  # type: ignore[arg-type]


def test_a_closed_folder_beside_the_data_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path)
    (tmp_path / "lost").mkdir()
    close(monkeypatch, tmp_path / "lost")
    assert "Left out, as it cannot be opened: lost." in load_folder(tmp_path).notes


COMPOSED, DECOMPOSED = "gr\u00fcn", "gru\u0308n"


@pytest.mark.parametrize("folder", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("given", [COMPOSED, DECOMPOSED, None])
def test_macs_and_others_call_a_class_the_same(
    tmp_path: Path, folder: str, given: str | None
) -> None:
    """macOS lists the letter of one folder as two characters."""
    make_folder(tmp_path, folders=(folder, "position"))
    assert load_folder(tmp_path).classes == (COMPOSED, "position")
    if given is not None:
        data = load_folder(tmp_path, [given], position=given)
        assert data.scheme == LabelScheme(Task.MULTILABEL, (COMPOSED,), position=COMPOSED)
        assert data.labeled[0].labeled.any()
