"""Masks with a palette of colors, or with transparency: what they show is what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from dataset_files import noise, save, square
from PIL import Image

from napari_inconsistency_masks.data.mask_files import (
    class_channels,
    color_channels,
    id_channels,
)
from napari_inconsistency_masks.data.masks import OBJECTS, read_mask
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import open_stack

WHITE, BLACK, RED, GREEN = [255] * 3, [0] * 3, [255, 0, 0], [0, 128, 0]
INVERTING = [level for value in range(255, -1, -1) for level in [value] * 3]
SPECTRUM = np.roll(np.arange(768), 300).clip(1, 255).tolist()  # as lookup tables, colors throughout
MARKED = square(3, 4) > 0


def with_palette(
    folder: Path, indices: npt.NDArray[Any], palette: Sequence[int], **options: Any
) -> Path:
    picture = Image.fromarray(indices.astype(np.uint8)).convert("P")
    picture.putpalette(palette)
    path = folder / "m.png"
    picture.save(path, **options)
    return path


def read_with(read: Any, path: Path) -> npt.NDArray[Any]:
    with open_stack(path, palette_indices=True) as stack:
        return read(stack[0], stack.header, path)


def mask_of(path: Path) -> tuple[npt.NDArray[np.bool_], str | None]:
    return read_mask(read_with(class_channels, path), path)


@pytest.mark.parametrize(
    ("marked", "rest", "palette"),
    [
        (0, 1, [*WHITE, *BLACK]),  # as Pillow orders two colors
        (1, 0, [*BLACK, *WHITE]),
        (1, 0, [*BLACK, *RED]),
        (0, 1, [*RED, *BLACK]),
        (7, 0, [*BLACK, *[9] * 18, *GREEN]),
        (255, 0, INVERTING),  # as ImageJ writes masks: shown inverted
        (1, 0, INVERTING),
        (255, 0, SPECTRUM),
        (3, 0, SPECTRUM),
        (15, 0, [level for value in range(16) for level in [17 * value] * 3]),
    ],
)
def test_what_a_palette_marks(marked: int, rest: int, palette: list[int], tmp_path: Path) -> None:
    path = with_palette(tmp_path, np.where(MARKED, marked, rest), palette)
    mask, remark = mask_of(path)
    np.testing.assert_array_equal(mask, MARKED)
    assert remark is None


def test_masks_of_one_color(tmp_path: Path) -> None:
    """What is not there cannot be met in the pixels: the palette tells."""
    nothing = np.zeros((20, 30))
    assert mask_of(with_palette(tmp_path, nothing, WHITE))[0].all()
    for palette in (BLACK, [*BLACK, *WHITE], INVERTING):
        assert not mask_of(with_palette(tmp_path, nothing, palette))[0].any()
    assert mask_of(with_palette(tmp_path, nothing + 1, [*BLACK, *RED]))[0].all()


def test_everything_but_black_counts_among_several_colors(tmp_path: Path) -> None:
    indices = np.where(MARKED, 2, 1)
    indices[0] = 0
    mask, remark = mask_of(with_palette(tmp_path, indices, [*RED, *BLACK, *GREEN]))
    expected = MARKED.copy()
    expected[0] = True
    np.testing.assert_array_equal(mask, expected)
    assert remark == OBJECTS


def test_soft_edges_keep_their_gray(tmp_path: Path) -> None:
    soft = square(3, 4)
    soft[2, 4:9], soft[8, 4:9] = 100, 200
    Image.fromarray(soft).quantize(4).save(tmp_path / "m.png")
    np.testing.assert_array_equal(mask_of(tmp_path / "m.png")[0], soft >= 128)


@pytest.mark.parametrize("palette", [[*[200] * 3, *[10] * 3], [*RED, *GREEN]])
def test_a_palette_without_black_is_refused(palette: list[int], tmp_path: Path) -> None:
    path = with_palette(tmp_path, MARKED, palette)
    with pytest.raises(InputError, match=r"m\.png: .* none of them black.*save it as gray"):
        mask_of(path)


def test_ids_are_indices(tmp_path: Path) -> None:
    ids = noise(1) % 3
    path = with_palette(tmp_path, ids, [*GREEN, *BLACK, *RED])
    np.testing.assert_array_equal(read_with(id_channels, path)[0], ids)
    path = with_palette(tmp_path, ids, [level for value in range(3) for level in [value] * 3])
    np.testing.assert_array_equal(read_with(id_channels, path)[0], ids)
    Image.fromarray(np.array([[2, 0, 0], [1, 0, 0]], np.uint8)).quantize(3).save(path)
    with pytest.raises(InputError, match=r"palette indices .* shown as the grays 0, 1, 2; save"):
        read_with(id_channels, path)


def test_colors_are_shown_ones(tmp_path: Path) -> None:
    path = with_palette(tmp_path, MARKED, [*GREEN, *RED])
    colors = read_with(color_channels, path)
    np.testing.assert_array_equal(colors[0], np.where(MARKED, 255, 0))
    np.testing.assert_array_equal(colors[1], np.where(MARKED, 0, 128))


def alpha(color: int | npt.NDArray[Any], opacity: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """An RGBA picture."""
    gray = np.broadcast_to(color, opacity.shape)
    return np.dstack([gray, gray, gray, opacity]).astype(np.uint8)


@pytest.mark.parametrize("read", [class_channels, id_channels, color_channels])
@pytest.mark.parametrize(
    "drawn",
    [
        alpha(255, square(3, 4)),
        alpha(0, square(3, 4)),
        alpha(255, np.zeros((20, 30))),  # an empty one among such masks
        alpha(square(3, 4), 255 - square(3, 4)),
        alpha(255, square(3, 4))[..., 2:],  # gray and alpha
    ],
)
def test_masks_drawn_in_transparency_are_refused(
    read: Any, drawn: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    path = save(tmp_path / "m.png", drawn)
    with pytest.raises(InputError, match=r"m\.png: drawn in its transparency.*save the mask as"):
        read_with(read, path)


@pytest.mark.parametrize("transparent", [0, b"\0\xff"])
def test_so_are_those_of_a_palette(transparent: int | bytes, tmp_path: Path) -> None:
    path = with_palette(tmp_path, MARKED, [*WHITE, *WHITE], transparency=transparent)
    with pytest.raises(InputError, match="drawn in its transparency"):
        mask_of(path)


@pytest.mark.parametrize(
    "opacity", [np.full((20, 30), 255), np.zeros((20, 30)), square(3, 4), noise(1) | 1]
)
def test_transparency_that_says_nothing_else_is_left_out(
    opacity: npt.NDArray[Any], tmp_path: Path
) -> None:
    path = save(tmp_path / "m.png", alpha(square(3, 4), opacity))
    np.testing.assert_array_equal(mask_of(path)[0], MARKED)
    white = save(tmp_path / "w.png", alpha(255, np.full((20, 30), 255)))
    assert mask_of(white)[0].all()
