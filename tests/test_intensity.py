from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.intensity import Intensity

RAMP = np.arange(0, 1000, dtype=np.uint16).reshape(1, 20, 50)


def reference(array: np.ndarray, low: float = 1.0, high: float = 99.8) -> np.ndarray:
    """The slow and obvious way, for finite images that are not constant."""
    black, white = np.percentile(array.astype(float), [low, high])
    return np.round(np.clip((array.astype(float) - black) / (white - black), 0, 1) * 255)


def test_8_bits_stay_as_they_are() -> None:
    image = np.array([[[3, 7], [7, 250]]], np.uint8)
    scaled = Intensity().apply(image)
    np.testing.assert_array_equal(scaled.image, image)
    assert (scaled.finite, scaled.notes) == (None, ())


def test_other_types_are_scaled_by_their_percentiles() -> None:
    scaled = Intensity().apply(RAMP)
    np.testing.assert_array_equal(scaled.image, reference(RAMP))
    assert scaled.image.dtype == np.uint8
    assert scaled.image.min() == 0
    assert scaled.image.max() == 255


@pytest.mark.parametrize("dtype", [">u2", "<i2", "u4", ">f4", "f8", "f2", "i8"])
def test_type_and_byte_order_make_no_difference(dtype: str) -> None:
    np.testing.assert_array_equal(
        Intensity().apply(RAMP.astype(dtype)).image, Intensity().apply(RAMP).image
    )


def test_channels_are_scaled_together() -> None:
    color = np.stack([RAMP[0], RAMP[0] * 2, RAMP[0] // 5])
    np.testing.assert_array_equal(Intensity().apply(color).image, reference(color))


def test_a_dim_channel_beside_a_bright_one_is_told() -> None:
    bright = np.linspace(0, 60_000, 400).reshape(1, 20, 20).astype(np.uint16)
    dim = np.linspace(100, 400, 400).reshape(1, 20, 20).astype(np.uint16)
    (note,) = Intensity().apply(np.concatenate([bright, dim])).notes
    assert note.startswith("channel 1 (counted from 0) keeps less than 16 gray values")
    dark = np.zeros_like(dim)  # nothing is lost of it
    assert Intensity().apply(np.concatenate([bright, dark])).notes == ()
    assert Intensity().apply(np.concatenate([bright, 50 * dim])).notes == ()
    assert Intensity().apply(dim).notes == ()


def test_bool_is_black_and_white() -> None:
    for mode in ("auto", "percentile", "as-is"):
        image = Intensity(mode=mode).apply(np.array([[[False, True]]])).image
        np.testing.assert_array_equal(image, [[[0, 255]]])


def test_percentile_mode_scales_8_bits_as_well() -> None:
    image = np.arange(100, 140, dtype=np.uint8).reshape(1, 5, 8)
    intensity = Intensity(mode="percentile", low=0, high=100)
    np.testing.assert_array_equal(intensity.apply(image).image, reference(image, 0, 100))


def test_as_is() -> None:
    image = np.array([[[0, 255, 7]]], np.int32)
    np.testing.assert_array_equal(Intensity(mode="as-is").apply(image).image, image)
    with pytest.raises(InputError, match="from 0 to 300 cannot be used as they are"):
        Intensity(mode="as-is").apply(np.array([[[0, 300]]], np.uint16))
    with pytest.raises(InputError, match="from -1 to 3"):
        Intensity(mode="as-is").apply(np.array([[[-1.0, 3.0]]]))


@pytest.mark.parametrize("value", [0, 7, -3, 1e300, 65535])
def test_constant_image_is_black_with_a_note(value: float) -> None:
    scaled = Intensity().apply(np.full((1, 3, 4), value))
    assert not scaled.image.any()
    assert scaled.notes == ("all pixels have the same gray value.",)


def test_one_hot_pixel_does_not_make_the_image_constant() -> None:
    image = np.full((1, 50, 50), 100, np.uint16)
    image[0, 3, 3] = 60_000
    scaled = Intensity().apply(image)
    assert scaled.image[0, 3, 3] == 255
    assert np.count_nonzero(scaled.image) == 1


def test_pixels_without_a_value() -> None:
    image = np.stack([RAMP[0], RAMP[0] * 2]).astype(np.float32)
    image[0, 3, 3] = np.nan
    image[1, 4, 4] = np.inf
    image[1, 5, 5] = -np.inf
    scaled = Intensity().apply(image)
    assert scaled.finite is not None
    assert np.argwhere(~scaled.finite).tolist() == [[3, 3], [4, 4], [5, 5]]
    assert scaled.image[0, 3, 3] == scaled.image[1, 4, 4] == scaled.image[1, 5, 5] == 0
    assert scaled.notes == ("3 pixels without a value (NaN or infinite).",)
    finite = np.isfinite(image)
    black, white = np.percentile(image[finite].astype(float), [1.0, 99.8])
    expected = np.round(np.clip((image[finite] - black) / (white - black), 0, 1) * 255)
    np.testing.assert_array_equal(scaled.image[finite], expected)


def test_nothing_but_nan_is_refused() -> None:
    with pytest.raises(InputError, match="no pixel has a value"):
        Intensity().apply(np.full((1, 2, 2), np.nan))


@pytest.mark.parametrize("dtype", [complex, object, "U3", "datetime64[s]"])
def test_what_is_no_gray_value_is_refused(dtype: str) -> None:
    with pytest.raises(InputError, match="are no gray values"):
        Intensity().apply(np.zeros((1, 2, 2), dtype))


@given(
    st.sampled_from(["u1", "i1", ">u2", "i2", "u4", "i8", "u8", "f2", ">f4", "f8", "?"]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6))
    ),
    st.sampled_from(["auto", "percentile"]),
)
def test_any_image_gives_8_bits_or_a_refusal(array: np.ndarray, mode: str) -> None:
    finite = np.isfinite(array.astype(float))
    if not finite.any():
        with pytest.raises(InputError):
            Intensity(mode=mode).apply(array)
        return
    scaled = Intensity(mode=mode).apply(array)
    assert scaled.image.dtype == np.uint8
    assert scaled.image.shape == array.shape
    assert (scaled.finite is None) == bool(finite.all())
    assert not scaled.image[~finite].any()


def test_huge_numbers() -> None:
    ramp = (np.linspace(-1, 1, 256) * 1e308).reshape(1, 16, 16)
    intensity = Intensity(low=0, high=100)
    np.testing.assert_array_equal(intensity.apply(ramp).image.ravel(), np.arange(256))


@given(
    hnp.arrays(np.int16, (1, 5, 6)),
    st.integers(1, 100),
    st.integers(-1000, 1000),
)
def test_gain_and_offset_make_no_difference(image: np.ndarray, gain: int, offset: int) -> None:
    one = Intensity().apply(image).image
    other = Intensity().apply(image.astype(np.int64) * gain + offset).image
    assert np.abs(one.astype(int) - other).max() <= 1  # rounding


def test_json_round_trip_and_limits() -> None:
    intensity = Intensity(mode="percentile", low=0.5, high=99.9)
    assert Intensity.from_json(intensity.to_json()) == intensity
    assert Intensity.from_json({}) == Intensity()
    for wrong in ({"mode": "x"}, {"low": -1.0}, {"high": 101.0}, {"low": 60.0, "high": 50.0}):
        with pytest.raises(InputError):
            Intensity.from_json(wrong)
    with pytest.raises(InputError, match="unknown setting 'hi'"):
        Intensity.from_json({"hi": 1})
