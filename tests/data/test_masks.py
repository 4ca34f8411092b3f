from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_inconsistency_masks.data.masks import (
    GRAY,
    OBJECTS,
    PROBABILITIES,
    ClassIds,
    apart,
    count_pieces,
    read_mask,
)
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.task import MOST_CLASSES, LabelScheme, Task

PNG = Path("cells/a.png")
JPEG = Path("cells/a.jpg")
DISC = np.hypot(*np.mgrid[-15:15, -15:15]) < 10


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *[
            (dtype, value)
            for dtype in ("u1", "u2", ">u2", "i4", "f4", "f8")
            for value in (1, 7, 255)
        ],
        ("u2", 65_535),
        ("i8", 2**40),
    ],
)
def test_two_values_are_background_and_foreground(dtype: str, value: int) -> None:
    mask, remark = read_mask((DISC * np.array(value, dtype))[None], PNG)
    np.testing.assert_array_equal(mask, DISC)
    assert remark is None


def test_bool_empty_and_full() -> None:
    for plain in (DISC, np.zeros_like(DISC), np.ones_like(DISC)):
        for array in (plain, plain.astype(np.uint8)):
            mask, remark = read_mask(array[None], PNG)
            np.testing.assert_array_equal(mask, plain)
            assert remark is None


def test_smooth_edges_count_from_half_of_white() -> None:
    smooth = ndimage.gaussian_filter(DISC * 255.0, 2).round().astype(np.uint8)
    smooth[15, 15] = 255
    mask, remark = read_mask(smooth[None], PNG)
    np.testing.assert_array_equal(mask, smooth >= 128)
    assert remark == GRAY
    deep = smooth.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_mask(deep[None], PNG)[0], smooth >= 128)


def test_jpeg_noise_does_not_count() -> None:
    noisy = np.where(DISC, 250, 3).astype(np.uint8)
    mask, remark = read_mask(noisy[None], JPEG)
    np.testing.assert_array_equal(mask, DISC)
    assert remark == GRAY
    faint = np.where(DISC, 12, 3).astype(np.uint8)
    assert not read_mask(faint[None], JPEG)[0].any()
    with pytest.raises(InputError, match=r"cells/a\.jpg: a dark JPEG"):
        read_mask(np.where(DISC, 90, 3).astype(np.uint8)[None], JPEG)


@pytest.mark.parametrize("count", [2, 40, 254, 255, 400])
def test_numbers_of_objects_all_count(count: int) -> None:
    objects = np.zeros((50, 90), np.uint16)
    for number in range(count):
        objects[2 * (number // 40) : 2 * (number // 40) + 1, 2 * (number % 40)] = number + 1
    mask, remark = read_mask(objects[None], PNG)
    np.testing.assert_array_equal(mask, objects > 0)
    assert remark == OBJECTS


@pytest.mark.parametrize("top", [254, 255, 256, 65_535])
def test_high_numbers_of_objects_are_no_gray_values(top: int) -> None:
    objects = np.zeros((60, 60), np.uint16)
    for place, number in enumerate((3, 40, 90, 200, top - 1, top)):
        objects[4 + 9 * place : 13 + 9 * place, 10:20] = number
    mask, remark = read_mask(objects[None], PNG)
    assert remark == OBJECTS
    assert ndimage.label(mask)[1] == 6


def test_steps_of_gray_around_white_are_no_objects() -> None:
    soft = np.zeros((60, 60), np.uint8)
    for edge, value in enumerate((60, 128, 200, 255)):
        soft[10 + edge : 40 - edge, 10 + edge : 40 - edge] = value
    soft[50:53, 50:53] = 255
    mask, remark = read_mask(soft[None], PNG)
    np.testing.assert_array_equal(mask, soft >= 128)
    assert remark == GRAY


def test_gray_as_color() -> None:
    gray = DISC.astype(np.uint8) * np.uint8(255)
    np.testing.assert_array_equal(read_mask(np.stack([gray] * 3), PNG)[0], DISC)
    with pytest.raises(InputError, match=r"cells/a\.png: a colored mask"):
        read_mask(np.stack([gray, gray, gray * 0]), PNG)


def test_probabilities() -> None:
    mask, remark = read_mask(np.array([[[0.0, 0.3, 0.5, 1.0]]]), PNG)
    np.testing.assert_array_equal(mask, [[False, False, True, True]])
    assert remark == PROBABILITIES


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, -1], "negative values"),
        ([0.0, np.nan], "NaN"),
        ([0.0, np.inf], "NaN or infinite"),
        ([0.5, 3.0], "fractions up to 3"),
    ],
)
def test_refusals(values: list[float], said: str) -> None:
    with pytest.raises(InputError, match=f"a.png: .*{said}"):
        read_mask(np.array([[values]]), PNG)


@given(hnp.arrays(st.sampled_from(["u1", "u2", "i2", "i4", "f4"]), (1, 3, 4)))
def test_any_array_gives_a_mask_or_a_refusal(array: np.ndarray) -> None:
    try:
        mask, _ = read_mask(array, PNG)
    except InputError:
        return
    assert mask.shape == (3, 4)
    assert mask.dtype == np.bool_
    assert not mask[array[0] == 0].any()


IDS = np.array([[[0, 1], [2, 2]]], np.uint8)


def test_ids_start_at_one() -> None:
    target, known = ClassIds(3).read(IDS, PNG)
    np.testing.assert_array_equal(target, [[1, 2], [3, 3]])
    assert target.dtype == np.uint8
    assert known is None


def test_zero_is_unlabeled() -> None:
    target, known = ClassIds(2, zero_is_unlabeled=True).read(IDS, PNG)
    np.testing.assert_array_equal(target, [[0, 1], [2, 2]])
    np.testing.assert_array_equal(known, [[False, True], [True, True]])


def test_ignored_value() -> None:
    ids = np.array([[[0, 1], [255, 65_535]]], np.uint16)
    target, known = ClassIds(2, ignore_value=65_535).read(ids[:, :1], PNG)
    assert known is None
    target, known = ClassIds(2, ignore_value=255).read(ids[:, :, :1], PNG)
    np.testing.assert_array_equal(target, [[1], [0]])
    np.testing.assert_array_equal(known, [[True], [False]])
    both = ClassIds(2, zero_is_unlabeled=True, ignore_value=255)
    np.testing.assert_array_equal(both.read(ids[:, :, :1], PNG)[1], [[False], [False]])


def test_as_many_ids_can_be_read_as_a_scheme_may_have_classes() -> None:
    scheme = LabelScheme(Task.MULTICLASS, tuple(map(str, range(MOST_CLASSES))))
    ids = np.arange(MOST_CLASSES, dtype=np.uint8)[None, None]
    target, known = ClassIds(len(scheme.classes)).read(ids, PNG)
    assert known is None
    channels = scheme.to_channels(target)
    np.testing.assert_array_equal(channels[1:, 0], np.eye(MOST_CLASSES, dtype=bool))


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "i8", "f4"])
def test_type_makes_no_difference(dtype: str) -> None:
    np.testing.assert_array_equal(ClassIds(3).read(IDS.astype(dtype), PNG)[0], IDS[0] + 1)


@pytest.mark.parametrize("wrong", [3, 255, -1, 0.5, 2**31, np.nan])
def test_unnamed_ids_are_named(wrong: float) -> None:
    values = IDS.astype(float)
    values[0, 0, 0] = wrong
    with pytest.raises(InputError, match=r"cells/a\.png: holds class id .* ids 0 to 2"):
        ClassIds(3).read(values, PNG)


def test_jpeg_and_color_hold_no_ids() -> None:
    with pytest.raises(InputError, match="JPEG changes class ids"):
        ClassIds(3).read(IDS, JPEG)
    with pytest.raises(InputError, match="colored mask"):
        ClassIds(3).read(np.concatenate([IDS, IDS + 1]), PNG)
    with pytest.raises(InputError, match="at most 255"):
        ClassIds(256)


def naive_apart(numbers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Pixel by pixel: gone where the number of a neighbor belongs to a smaller object."""
    sizes = {int(n): int((numbers == n).sum()) for n in np.unique(numbers)}
    order = sorted(sizes, key=lambda n: (sizes[n], n))
    found = numbers > 0
    for (y, x), own in np.ndenumerate(numbers):
        near = numbers[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        smaller = order[: order.index(own)]
        if own and np.isin(near[near > 0], smaller).any():
            found[y, x] = False
    return found


@given(hnp.arrays(np.uint16, (9, 11), elements=st.sampled_from([0, 0, 1, 2, 7, 40_000])))
def test_numbered_objects_that_touch_are_set_apart(numbers: npt.NDArray[np.uint16]) -> None:
    expected = naive_apart(numbers)
    if ndimage.label(expected, np.ones((3, 3)))[1] > 2 * len(set(np.unique(numbers)) - {0}):
        expected = numbers > 0
    np.testing.assert_array_equal(apart(numbers), expected)


def test_objects_that_fill_the_image_are_set_apart() -> None:
    numbers = np.full((30, 40), 2, np.uint16)
    numbers[:, 12:22] = 1  # object 2 is two pieces, left and right of it
    found = apart(numbers)
    np.testing.assert_array_equal(found, naive_apart(numbers))
    assert ndimage.label(found, np.ones((3, 3)))[1] == 3


def test_classes_in_many_pieces_are_no_objects() -> None:
    numbers = np.zeros((40, 60), np.uint8)
    numbers[::4], numbers[1::4] = 1, 2
    np.testing.assert_array_equal(read_mask(numbers[None], PNG)[0], numbers > 0)


def test_touching_nuclei_are_counted_one_by_one() -> None:
    numbers = np.zeros((40, 60), np.uint16)
    for number, (top, left, side) in enumerate(
        [(5, 5, 12), (5, 17, 10), (17, 6, 9), (25, 40, 6), (31, 46, 5)], start=1
    ):
        numbers[top : top + side, left : left + side] = number
    assert ndimage.label(numbers, np.ones((3, 3)))[1] == 2
    mask, remark = read_mask(numbers[None], PNG)
    assert ndimage.label(mask, np.ones((3, 3)))[1] == 5
    assert remark == OBJECTS
    assert not mask[numbers == 0].any()
    assert mask.sum() > 0.8 * (numbers > 0).sum()


@given(hnp.arrays(np.uint16, (9, 11), elements=st.sampled_from([0, 1, 2, 3, 60_000])))
def test_pieces_of_each_number_are_those_in_the_whole_image(numbers: npt.NDArray[Any]) -> None:
    expected = [
        ndimage.label(numbers == value, np.ones((3, 3)))[1] for value in np.unique(numbers) if value
    ]
    assert count_pieces(numbers) == expected


@pytest.mark.parametrize("values", [[[-1.0, 0.0], [2.0, -1.0]], [[False, True], [True, True]]])
def test_pieces_of_numbers_of_any_type(values: list[list[float]]) -> None:
    assert count_pieces(np.array(values)) == [1]


def test_pieces_of_many_objects_are_looked_for_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = np.kron(np.arange(400).reshape(20, 20), np.ones((10, 10))).astype(np.int32)
    looked_at: list[int] = []
    label = ndimage.label

    def counting(mask: npt.NDArray[Any], *how: Any) -> Any:
        looked_at.append(mask.size)
        return label(mask, *how)

    monkeypatch.setattr(ndimage, "label", counting)
    assert count_pieces(numbers) == [1] * 399
    assert sum(looked_at) <= numbers.size
