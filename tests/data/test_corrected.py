"""What is drawn beside a data set is learned from too; of held-out images nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from dataset_files import make_folder, noise, save, square

from napari_inconsistency_masks.cells import draw_discs, position_markers
from napari_inconsistency_masks.data.corrected import load_corrected
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.origin import open_data, relative_origin
from napari_inconsistency_masks.data.sample import SegmentationData, Source
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff

BOX = np.zeros((20, 30), np.uint8)
BOX[5:15, 10:20] = 255


def base(root: Path) -> SegmentationData:
    """Images a to f, of which e is for validation, f for test, and b not labeled."""
    folder = make_folder(root / "base")
    (folder / "cells" / "b.png").unlink()
    for name, of in (("validation", "e"), ("test", "f")):
        (folder / "splits").mkdir(exist_ok=True)
        (folder / "splits" / f"{name}.txt").write_text(f"{of}\n")
    return load_folder(folder, ["cells"])


def draw(root: Path, name: str, seed: int, *, boxed: bool = True) -> Path:
    """Draw a square on the image of a seed, in a box or all over."""
    folder = root / "drawn"
    save(folder / "images" / f"{name}.png", noise(seed))
    save(folder / "cells" / f"{name}.png", square(7, 12))
    if boxed:
        save(folder / "known" / f"{name}.png", BOX)
    return folder


def names(source: Source) -> list[str]:
    return [sample.name for sample in source]


def test_another_image_is_learned_from_too(tmp_path: Path) -> None:
    before = base(tmp_path)
    after = load_corrected(dict(before.origin), draw(tmp_path, "mine", seed=50))
    assert names(after.labeled) == [*names(before.labeled), "mine"]
    sample = after.labeled[len(before.labeled)]
    np.testing.assert_array_equal(sample.known, BOX > 0)
    np.testing.assert_array_equal(sample.target[0], square(7, 12) > 0)
    assert names(after.validation) == names(before.validation) == ["e"]
    assert names(after.unlabeled) == names(before.unlabeled) == ["b"]
    assert after.notes[-1].endswith("drawn on 0 images of the data set and 1 others.")


def test_labels_of_the_same_image_are_corrected_in_the_box_only(tmp_path: Path) -> None:
    before = base(tmp_path)
    after = load_corrected(dict(before.origin), draw(tmp_path, "whatever it is called", seed=2))
    assert names(after.labeled) == names(before.labeled)
    place = names(before.labeled).index("c")
    was, now = before.labeled[place], after.labeled[place]
    assert now.known is None
    np.testing.assert_array_equal(
        now.target[0], np.where(BOX > 0, square(7, 12) > 0, was.target[0])
    )
    assert (now.target != was.target).any()
    others = [index for index in range(len(before.labeled)) if index != place]
    for index in others:
        np.testing.assert_array_equal(after.labeled[index].target, before.labeled[index].target)


def test_what_is_drawn_all_over_takes_the_place_of_the_labels(tmp_path: Path) -> None:
    before = base(tmp_path)
    after = load_corrected(dict(before.origin), draw(tmp_path, "c", seed=2, boxed=False))
    now = after.labeled[names(before.labeled).index("c")]
    np.testing.assert_array_equal(now.target[0], square(7, 12) > 0)


def say_source(folder: Path, file: Path, **frames: int) -> None:
    (folder / "source.json").write_text(json.dumps({"file": str(file), "frames": frames}))


@pytest.mark.parametrize("boxed", [True, False])
def test_of_an_unlabeled_image_of_the_data_set_the_rest_stays_unlabeled(
    tmp_path: Path, boxed: bool
) -> None:
    before = base(tmp_path)
    folder = draw(tmp_path, "frame_0000", seed=1, boxed=boxed)
    say_source(folder, tmp_path / "base" / "images" / ".." / "images" / "b.png", frame_0000=0)
    after = load_corrected(dict(before.origin), folder)
    assert names(after.labeled) == [*names(before.labeled), "frame_0000"]
    assert names(after.unlabeled) == (["b"] if boxed else [])
    if boxed:
        np.testing.assert_array_equal(after.unlabeled[0].known, BOX == 0)
        np.testing.assert_array_equal(after.unlabeled[0].image, before.unlabeled[0].image)


@pytest.mark.parametrize(
    ("file", "frames"),
    [("c.png", {"frame_0000": 0}), ("b.png", {"frame_0000": 1}), ("b.png", {"frame_0001": 0})],
)
def test_other_images_stay_unlabeled(tmp_path: Path, file: str, frames: dict[str, int]) -> None:
    before = base(tmp_path)
    folder = draw(tmp_path, "frame_0000", seed=1, boxed=False)
    say_source(folder, tmp_path / "base" / "images" / file, **frames)
    after = load_corrected(dict(before.origin), folder)
    assert names(after.unlabeled) == ["b"]
    assert after.unlabeled[0].known is None


def test_an_image_that_is_another_by_now_stays_unlabeled(tmp_path: Path) -> None:
    before = base(tmp_path)
    folder = draw(tmp_path, "frame_0000", seed=50, boxed=False)
    say_source(folder, tmp_path / "base" / "images" / "b.png", frame_0000=0)
    assert names(load_corrected(dict(before.origin), folder).unlabeled) == ["b"]


@pytest.mark.parametrize("text", ["{}", "[1]", '{"file": 3, "frames": {}}', '{"file": "a"}'])
def test_a_damaged_source_is_told(tmp_path: Path, text: str) -> None:
    before = base(tmp_path)
    folder = draw(tmp_path, "mine", seed=50)
    (folder / "source.json").write_text(text)
    with pytest.raises(InputError, match=r"source\.json: it does not say which file"):
        load_corrected(dict(before.origin), folder)


@pytest.mark.parametrize("seed", [4, 5])
def test_nothing_is_learned_from_held_out_images(tmp_path: Path, seed: int) -> None:
    before = base(tmp_path)
    after = load_corrected(dict(before.origin), draw(tmp_path, "innocent", seed=seed))
    assert names(after.labeled) == names(before.labeled)
    assert after.notes[-1] == (
        "Not learned from: what is drawn on innocent, which are for validation or test."
    )


def test_it_is_made_again_from_its_description(tmp_path: Path) -> None:
    before = base(tmp_path)
    made = load_corrected(dict(before.origin), draw(tmp_path, "mine", seed=50))
    origin = relative_origin(made.origin, tmp_path, tmp_path)
    assert origin["corrections"] == "drawn"
    again = open_data(json.loads(json.dumps(origin)), relative_to=tmp_path)
    assert names(again.labeled) == names(made.labeled)


def test_images_of_another_kind_are_refused(tmp_path: Path) -> None:
    before = base(tmp_path)
    folder = draw(tmp_path, "mine", seed=50)
    save(folder / "images" / "mine.png", noise(50, (20, 30, 3)))
    with pytest.raises(InputError, match="3 channels, and those of base have 1"):
        load_corrected(dict(before.origin), folder)


def test_class_ids_are_corrected_where_some_are_drawn(tmp_path: Path) -> None:
    folder, drawn = tmp_path / "base", tmp_path / "drawn"
    ids = np.tile(np.repeat([0, 1], 15), (20, 1)).astype(np.uint8)
    for number, name in enumerate("abc"):
        save(folder / "images" / f"{name}.png", noise(number))
        save(folder / "masks" / f"{name}.png", ids)
    before = load_folder(folder, ["cell", "other"], task="multiclass", masks="masks")
    place = names(before.labeled).index("a") if "a" in names(before.labeled) else 0
    seed = "abc".index(names(before.labeled)[place])
    said = np.zeros((20, 30), np.uint8)
    said[3:6, 3:6] = 2  # was cell, and is other
    save(drawn / "images" / "x.png", noise(seed))
    save(drawn / "masks" / "x.png", said)
    now = load_corrected(dict(before.origin), drawn).labeled[place]
    wanted = ids + 1
    wanted[3:6, 3:6] = 2
    np.testing.assert_array_equal(now.target, wanted)


@pytest.mark.parametrize("radius", [3, 5])
def test_drawn_positions_are_marked_like_those_of_the_data_set(tmp_path: Path, radius: int) -> None:
    folder, drawn = tmp_path / "base", tmp_path / "drawn"
    places = np.array([(14, 14), (15, 45), (44, 30)])
    marked = draw_discs(places, np.full(3, radius), (60, 60)) * np.uint8(255)
    by_hand = position_markers(places[:2] + 1, (60, 60)) * np.uint8(255)
    for number, name in enumerate("abc"):
        save(folder / "images" / f"{name}.png", noise(number, (60, 60)))
        save(folder / "alive" / f"{name}.png", marked)
        save(folder / "position" / f"{name}.png", marked)
    save(drawn / "images" / "x.png", noise(50, (60, 60)))
    save(drawn / "alive" / "x.png", by_hand)
    save(drawn / "position" / "x.png", by_hand)
    before = load_folder(folder, ["alive", "position"], task="multilabel", position="position")
    sample = load_corrected(dict(before.origin), drawn).labeled[len(before.labeled)]
    expected = draw_discs(places[:2] + 1, np.full(2, radius), (60, 60))
    np.testing.assert_array_equal(sample.target[1], expected)
    np.testing.assert_array_equal(sample.target[0], by_hand > 0)  # other classes stay as drawn


@pytest.mark.parametrize("split", ["validation", "test"])
def test_nothing_is_learned_from_other_frames_of_held_out_files(tmp_path: Path, split: str) -> None:
    folder = base(tmp_path) and tmp_path / "base"
    film, known = noise(60, (3, 20, 30)), np.zeros((3, 20, 30), np.uint8)
    known[0] = 255  # frame 0 is labeled, the others are not
    for name, pixels in (("images", film), ("cells", known), ("known", known)):
        (folder / name).mkdir(exist_ok=True)
        write_tiff(folder / name / "dish.tif", pixels, "TYX")
    with (folder / "splits" / f"{split}.txt").open("a") as names_of:
        names_of.write("dish\n")
    before = load_folder(folder, ["cells"])
    assert "dish[t=0]" in names(getattr(before, split))
    drawn = draw(tmp_path, "frame_0002", seed=0, boxed=False)
    save(drawn / "images" / "frame_0002.png", film[2])
    say_source(drawn, folder / "images" / "dish.tif", frame_0002=2)
    after = load_corrected(dict(before.origin), drawn)
    assert names(after.labeled) == names(before.labeled)
    assert "frame_0002, which are for validation or test" in after.notes[-1]
