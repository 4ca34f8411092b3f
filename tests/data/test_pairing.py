from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from dataset_files import make_folder, noise, save, square
from PIL import Image

from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.folders.layout import Layout
from napari_inconsistency_masks.data.folders.pairing import common_channels, pair_files
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import LabelScheme, Task


def layout(root: Path, *folders: str) -> Layout:
    for folder in folders:
        (root / folder).mkdir(exist_ok=True)
    task = Task.MULTILABEL if len(folders) > 1 else Task.BINARY
    return Layout(root, "images", folders, LabelScheme(task, folders))


def test_pairs_by_name_whatever_the_extension(tmp_path: Path) -> None:
    save(tmp_path / "images" / "a.jpg", noise(1))
    save(tmp_path / "cells" / "a.bmp", square(1, 1))
    save(tmp_path / "images" / "b.png", noise(2))
    pairs, notes = pair_files(layout(tmp_path, "cells"))
    assert list(pairs) == ["a", "b"]
    assert [path.name for path in pairs["a"].masks] == ["a.bmp"]
    assert pairs["b"].masks == ()
    assert notes == []


def test_strays_are_named_and_change_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc")
    before, _ = pair_files(layout(tmp_path, "cells"))
    for folder in ("images", "cells"):
        for name in ("Thumbs.db", ".DS_Store", "._a.png"):
            (tmp_path / folder / name).write_bytes(b"x")
    save(tmp_path / "cells" / "z.png", square(1, 1))
    after, notes = pair_files(layout(tmp_path, "cells"))
    assert after == before
    assert any("Thumbs.db" in note for note in notes)
    assert "cells: 1 masks without an image (z.png)." in notes


def test_missing_mask_of_one_class(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc", ("alive", "dead"))
    (tmp_path / "dead" / "b.png").unlink()
    with pytest.raises(InputError, match=r"images/b\.png: has a mask in alive, and none in dead"):
        pair_files(layout(tmp_path, "alive", "dead"))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((20, 29), r"the mask has 20 x 29 and its image b\.png 20 x 30 \(rows x columns\)\."),
        ((30, 20), r"30 x 20 .* looks transposed"),
        ((10, 15), "10 x 15"),
    ],
)
def test_mask_of_another_shape(tmp_path: Path, shape: tuple[int, int], said: str) -> None:
    make_folder(tmp_path, "abc")
    save(tmp_path / "cells" / "b.png", square(1, 1, shape))
    with pytest.raises(InputError, match=r"cells/b\.png: .*" + said):
        pair_files(layout(tmp_path, "cells"))


def test_a_square_mask_with_too_few_frames_does_not_look_transposed(tmp_path: Path) -> None:
    make_folder(tmp_path, "a")
    write_tiff(tmp_path / "images" / "film.tif", noise(1, (5, 20, 20)), "TYX")
    write_tiff(tmp_path / "cells" / "film.tif", noise(1, (4, 20, 20)), "TYX")
    with pytest.raises(InputError, match=r"film\.tif 5 frames of 20 x 20 \(rows x columns\)\.$"):
        pair_files(layout(tmp_path, "cells"))


def test_stack_needs_a_stack_of_masks(tmp_path: Path) -> None:
    make_folder(tmp_path, "a")
    write_tiff(tmp_path / "images" / "film.tif", noise(1, (5, 20, 30)), "TYX")
    write_tiff(tmp_path / "cells" / "film.tif", noise(1, (4, 20, 30)), "ZYX")
    with pytest.raises(InputError, match=r"4 frames of 20 x 30 and its image film\.tif 5 frames"):
        pair_files(layout(tmp_path, "cells"))
    write_tiff(tmp_path / "cells" / "film.tif", noise(1, (20, 30)), "YX")
    with pytest.raises(InputError, match=r"mask per frame, or its channels as such \(axis C"):
        pair_files(layout(tmp_path, "cells"))
    write_tiff(tmp_path / "cells" / "film.tif", noise(1, (5, 20, 30)), "ZYX")
    pairs, notes = pair_files(layout(tmp_path, "cells"))
    assert [item.name for item in pairs["film"].items][:2] == ["film[t=0]", "film[t=1]"]
    assert [item.name for item in pairs["a"].items] == ["a"]
    assert "Every frame of a stack is an image of its own: film.tif." in notes


def film(path: Path, axes: str, values: np.ndarray) -> None:
    """Frames ``(T, Z)`` of one value each, in a file with other axes."""
    frames = np.broadcast_to(values[..., None, None], (*values.shape, 20, 30)).copy()
    frames[..., :5, :5] = 0
    if axes == "QYX":
        tifffile.imwrite(path, frames.reshape(-1, 20, 30), metadata=None)
    elif axes in ("TZYX", "ZYX"):
        stack = frames if axes == "TZYX" else frames.reshape(-1, 20, 30)
        tifffile.imwrite(path, stack, imagej=True, metadata={"axes": axes})
    else:
        tifffile.imwrite(path, frames.swapaxes(0, 1), ome=True, metadata={"axes": axes})


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A film of 5 x 3 frames, T and Z, whose file counts Z first; no masks yet."""
    for folder in ("images", "alive", "dead", "known"):
        (tmp_path / folder).mkdir()
    film(tmp_path / "images" / "a.tif", "ZTYX", 10 + np.arange(15, dtype=np.uint8).reshape(5, 3))
    return tmp_path


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_frames_of_masks_are_found_by_their_axes(films: Path, axes: str) -> None:
    drawn = np.zeros((5, 3), np.uint8)
    drawn[3, 1] = drawn[4, 0] = 255
    film(films / "alive" / "a.tif", axes, drawn)
    labels_count = np.full((5, 3), 255, np.uint8)
    labels_count[0] = 0
    film(films / "known" / "a.tif", axes, labels_count)
    data = load_folder(films, ("alive",), validation=0.0)
    found = {sample.name: sample for sample in data.labeled}
    assert len(found) == 12
    assert {name for name, sample in found.items() if sample.target.any()} == {
        "a[z=1,t=3]",
        "a[z=0,t=4]",
    }
    film(films / "images" / "a.tif", "TZYX", np.arange(10, 25, dtype=np.uint8).reshape(5, 3))
    data = load_folder(films, ("alive",), validation=0.0)
    assert {sample.name for sample in data.labeled if sample.target.any()} == {
        "a[t=3,z=1]",
        "a[t=4,z=0]",
    }


@pytest.mark.parametrize(
    ("axes", "shape", "said"),
    [
        ("TZYX", (3, 5), r"the mask are 3 T x 5 Z and those of its image a\.tif 3 Z x 5 T"),
        ("ZYX", (5, 3), r"the mask are 15 Z and those of its image a\.tif 3 Z x 5 T"),
    ],
)
def test_frames_of_masks_that_cannot_be_told_are_refused(
    films: Path, axes: str, shape: tuple[int, int], said: str
) -> None:
    film(films / "alive" / "a.tif", axes, np.full(shape, 255, np.uint8))
    with pytest.raises(InputError, match=r"alive/a\.tif: .*" + said):
        pair_files(layout(films, "alive"))


def test_masks_without_axes_lie_in_the_order_of_their_image(films: Path) -> None:
    film(films / "alive" / "a.tif", "QYX", np.full((5, 3), 255, np.uint8))
    pairs, _ = pair_files(layout(films, "alive"))
    assert [item.label_frame for item in pairs["a"].items] == list(range(15))


def test_masks_of_one_image_in_two_orders_are_refused(films: Path) -> None:
    film(films / "alive" / "a.tif", "TZYX", np.full((5, 3), 255, np.uint8))
    film(films / "dead" / "a.tif", "ZTYX", np.full((5, 3), 255, np.uint8))
    with pytest.raises(InputError, match=r"dead/a\.tif: .* another order than those of the other"):
        pair_files(layout(films, "alive", "dead"))


def test_broken_file_is_named_before_anything_starts(tmp_path: Path) -> None:
    make_folder(tmp_path, "abc")
    (tmp_path / "images" / "b.png").write_bytes(b"broken")
    with pytest.raises(InputError, match=r"images/b\.png: no PNG"):
        pair_files(layout(tmp_path, "cells"))


def color(seed: int) -> np.ndarray:
    return noise(seed, (20, 30, 3))


def gray_as_color(seed: int) -> np.ndarray:
    return np.dstack([noise(seed)] * 3)


@pytest.mark.parametrize(
    ("kinds", "channels"),
    [
        ("gg", 1),
        ("cc", 3),
        ("gc", 1),  # refused when the colored one is read
        ("rr", 1),
        ("gr", 1),
        ("rc", 3),
        ("aa", 3),
        ("ac", 3),
    ],
)
def test_channels(tmp_path: Path, kinds: str, channels: int) -> None:
    made = {
        "g": noise,
        "c": color,
        "r": gray_as_color,
        "a": lambda seed: np.dstack([color(seed), noise(seed)]),
    }
    for number, kind in enumerate(kinds):
        save(tmp_path / "images" / f"{number}.png", made[kind](number))
    pairs, notes = pair_files(layout(tmp_path, "cells"))
    assert common_channels(pairs.values()) == channels
    assert any("Transparency" in note for note in notes) == ("a" in kinds)


def test_numbers_of_channels_that_do_not_fit(tmp_path: Path) -> None:
    save(tmp_path / "images" / "a.png", noise(1))
    write_tiff(tmp_path / "images" / "b.tif", noise(1, (2, 20, 30)), "CYX")
    pairs, _ = pair_files(layout(tmp_path, "cells"))
    with pytest.raises(InputError, match=r"a\.png has 1 and b\.tif 2 channels; .* take one kind"):
        common_channels(pairs.values())
    (tmp_path / "images" / "a.png").unlink()
    pairs, _ = pair_files(layout(tmp_path, "cells"))
    assert common_channels(pairs.values()) == 2


def test_notes_of_many_files_stay_few(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    (tmp_path / "images").mkdir()
    for number in range(9):
        Image.fromarray(noise(number)).save(tmp_path / "images" / f"{number}.jpg", exif=exif)
    _, notes = pair_files(layout(tmp_path, "cells"))
    assert len(notes) == 3
    assert notes[-1] == "7 more notes like these."
