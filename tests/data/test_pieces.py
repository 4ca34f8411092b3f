"""Pieces of one size out of images of any size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_inconsistency_masks.data.batches.pieces import cut, piece_shape
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError

RNG = np.random.default_rng(0)


def sample(height: int, width: int, **fields: object) -> Sample:
    """An image whose gray values name the pixel, with the same values as label."""
    gray = (np.arange(height * width).reshape(1, height, width) % 251).astype(np.uint8)
    return Sample("s", gray, **{"target": gray % 2, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sizes", "largest", "square", "expected"),
    [
        ([(256, 256)], 256, True, (256, 256)),
        ([(219, 225), (220, 220), (200, 200)], 256, True, (208, 208)),
        ([(1024, 2048)], 256, True, (256, 256)),
        ([(208, 416)], 416, False, (208, 416)),
        ([(208, 416)], 416, True, (208, 208)),
        ([(5, 300)], 256, False, (16, 256)),
    ],
)
def test_the_largest_multiple_of_16_that_fits(sizes, largest, square, expected) -> None:
    samples = [sample(*size) for size in sizes]
    assert piece_shape(samples, largest, square=square) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([16, 32, 48]), st.integers(0, 99))
def test_image_label_and_known_stay_together(height: int, width: int, side: int, seed: int) -> None:
    piece = cut(sample(height, width), (side, side), np.random.default_rng(seed))
    assert piece.image.shape == piece.target.shape == piece.known.shape == (1, side, side)
    np.testing.assert_array_equal(piece.image % 2, piece.target)
    inside = min(height, side) * min(width, side)
    assert piece.known.sum() == inside


def test_an_image_of_the_same_size_is_not_changed() -> None:
    whole = sample(32, 48)
    piece = cut(whole, (32, 48), RNG)
    np.testing.assert_array_equal(piece.image, whole.image)
    assert piece.known.all()


def test_small_images_are_mirrored_and_the_mirror_is_not_known() -> None:
    small = Sample("s", np.array([[[1, 2]]], np.uint8), np.array([[[1, 0]]], np.uint8))
    piece = cut(small, (16, 16), RNG)
    assert set(np.unique(piece.image)) == {1, 2}
    assert piece.known.sum() == 2
    np.testing.assert_array_equal(piece.image[piece.known], [1, 2])


def test_every_place_of_a_large_image_is_cut() -> None:
    place = np.indices((40, 64), dtype=np.uint8)  # row and column of each pixel as its two channels
    whole = Sample("s", place, np.zeros((1, 40, 64), np.uint8))
    rng = np.random.default_rng(1)
    corners = {tuple(cut(whole, (16, 16), rng).image[:, 0, 0].tolist()) for _ in range(20_000)}
    assert corners == {(y, x) for y in range(25) for x in range(49)}


def test_rare_labels_in_large_images_are_seen_in_half_of_the_pieces() -> None:
    target = np.zeros((1, 512, 512), np.uint8)
    target[0, 300, 40] = 1
    large = sample(512, 512, target=target)
    rng = np.random.default_rng(2)
    hits = sum(bool(cut(large, (32, 32), rng).target.any()) for _ in range(400))
    assert 160 < hits < 250


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from([16, 32, 48]),
    st.integers(0, 99),
    st.booleans(),
)
def test_a_piece_has_known_pixels_if_there_are_any(
    height: int, width: int, side: int, seed: int, per_output: bool
) -> None:
    rng = np.random.default_rng(seed)
    known = np.zeros((height, width), bool)
    row, column = rng.integers(height), rng.integers(width)
    known[row : row + 2, column : column + 2] = True
    masks = np.stack([np.zeros_like(known), known]) if per_output else known
    piece = cut(sample(height, width, known=masks), (side, side), rng)
    assert piece.known.any()
    nothing = cut(sample(height, width, known=known & False), (side, side), rng)
    assert not nothing.known.any()


def test_pieces_without_labels_see_all_of_a_box() -> None:
    known = np.zeros((200, 200), bool)
    known[50:90, 120:160] = True
    place = np.indices((200, 200), dtype=np.uint8)
    whole = Sample("s", place, np.zeros((1, 200, 200), np.uint8), known)
    rng = np.random.default_rng(4)
    pieces = [cut(whole, (16, 16), rng) for _ in range(300)]
    seen = {tuple(pixel) for piece in pieces for pixel in piece.image[:, piece.known[0]].T}
    assert seen == {(y, x) for y in range(50, 90) for x in range(120, 160)}


def test_what_is_known_draws_no_further_random_numbers() -> None:
    """A run that goes on must get the batches it would have got."""
    far, near = np.zeros((64, 64), bool), np.ones((64, 64), bool)
    far[60:, 60:] = True
    near[::2] = False
    empty = np.zeros((1, 64, 64), np.uint8)
    for seed in range(20):
        pieces, after = [], []
        for known in (None, far, near):
            rng = np.random.default_rng(seed)
            pieces.append(cut(sample(64, 64, target=empty, known=known), (16, 16), rng))
            after.append(rng.random())
        assert len(set(after)) == 1
        np.testing.assert_array_equal(pieces[0].image, pieces[2].image)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_every_labeled_pixel_is_as_likely_a_center(share: float) -> None:
    """Counted row by row, as runs that go on expect it."""
    place = np.indices((60, 80), dtype=np.uint8)
    target = (np.random.default_rng(5).random((1, 60, 80)) < share).astype(np.uint8)
    labeled = np.argwhere(target[0])
    for seed in range(60):
        piece = cut(Sample("s", place, target), (16, 16), np.random.default_rng(seed))
        rng = np.random.default_rng(seed)
        rng.integers([45, 65])
        wants_label, pick = rng.random() < 0.5, rng.random()
        if wants_label:
            expected = np.clip(labeled[int(pick * len(labeled))] - 8, 0, (44, 64))
            np.testing.assert_array_equal(piece.image[:, 0, 0], expected)


def test_pixels_of_large_images_are_not_listed() -> None:
    image = np.zeros((1, 1024, 1024), np.uint8)
    whole = Sample("s", image, np.ones((1024, 1024), np.uint8))
    rng = np.random.default_rng(6)
    tracemalloc.start()
    for _ in range(4):
        cut(whole, (64, 64), rng)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 * image.nbytes


def test_large_images_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where labels are is needed for every piece."""
    looked_at: list[slice] = []
    for name in ("is_known", "is_labeled"):
        look = getattr(Sample, name)

        def noted(self: Sample, rows: slice = slice(None), look=look) -> object:  # type: ignore[no-untyped-def]
            looked_at.append(rows)
            return look(self, rows)

        monkeypatch.setattr(Sample, name, noted)
    known = np.zeros((512, 512), bool)
    known[100:120, 100:120] = True
    for whole in (sample(512, 512), sample(512, 512, known=known)):
        looked_at.clear()
        rng = np.random.default_rng(8)
        for _ in range(40):
            cut(whole, (32, 32), rng)
        assert len(looked_at) > 10
        rows = [len(range(*rows.indices(512))) for rows in looked_at]
        assert rows.count(512) <= 4  # known and labeled pixels, and the known ones of the labeled
        assert set(rows) == {1, 512}


def test_unlabeled_pieces_are_cut_wherever_labels_are() -> None:
    whole = sample(64, 64)
    bare = Sample("s", whole.image)
    for seed in range(20):
        one, other = (
            cut(each, (16, 16), np.random.default_rng(seed), unlabeled=True)
            for each in (whole, bare)
        )
        np.testing.assert_array_equal(one.image, other.image)
        assert not one.target.any()
        assert one.target.shape == (1, 16, 16)


def test_a_sample_without_labels_is_refused() -> None:
    with pytest.raises(InputError, match="s: this image has no labels"):
        cut(Sample("s", np.zeros((1, 64, 64), np.uint8)), (16, 16), RNG)


def test_blanked_pixels_are_black() -> None:
    blank = np.zeros((16, 16), bool)
    blank[3, 4] = True
    white = Sample(
        "s", np.full((2, 16, 16), 255, np.uint8), np.ones((1, 16, 16), np.uint8), blank=blank
    )
    piece = cut(white, (16, 16), RNG)
    np.testing.assert_array_equal(piece.image == 0, np.broadcast_to(blank, (2, 16, 16)))
    np.testing.assert_array_equal(piece.blank[0], blank)


def test_known_can_differ_between_outputs() -> None:
    known = RNG.random((3, 16, 16)) > 0.5
    piece = cut(sample(16, 16, known=known), (16, 16), RNG)
    np.testing.assert_array_equal(piece.known, known)


def test_class_ids_are_cut_like_channels() -> None:
    ids = (np.arange(20 * 20).reshape(20, 20) % 5).astype(np.uint8)
    piece = cut(Sample("s", ids[None], ids), (16, 16), RNG)
    assert piece.target.shape == (16, 16)
    np.testing.assert_array_equal(piece.target, piece.image[0])
