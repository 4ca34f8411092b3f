"""Batches: composition, augmentation, and that nothing depends on what was drawn before."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from napari_inconsistency_masks.config import AugmentConfig
from napari_inconsistency_masks.data.batches.loader import Batch, Loader, Part
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError

FLAT = AugmentConfig(contrast=0, brightness=0, blur=0, noise=0)
STRONG = AugmentConfig(contrast=0.5, brightness=40, blur=3, noise=20)


def samples(count: int, first: int = 0, size: int = 16) -> list[Sample]:
    """Images of one gray value each, ``first``, ``first + 1`` ..., half of them labeled."""
    target = np.zeros((2, size, size), np.uint8)
    target[0, : size // 2] = 1
    return [
        Sample(f"s{first + i}", np.full((1, size, size), first + i, np.uint8), target)
        for i in range(count)
    ]


def grays(batch: Batch) -> list[int]:
    """The gray value of each image of the first member."""
    return batch.image[0, :, 0, 0, 0].int().tolist()


def test_shapes_and_types() -> None:
    batch = Loader([Part(samples(5))], batch=4, seed=1).batch([0, 2, 5], step=0)
    assert batch.image.shape == (3, 4, 1, 16, 16)
    assert batch.image.dtype == torch.float32
    assert batch.target.shape == (3, 4, 2, 16, 16)
    assert batch.target.dtype == torch.uint8
    assert batch.known is None


def test_each_pass_sees_every_image_once_in_a_new_order() -> None:
    loader = Loader([Part(samples(6))], batch=4, seed=1)
    seen = [gray for step in range(6) for gray in grays(loader.batch([0], step))]
    passes = [seen[i : i + 6] for i in range(0, 24, 6)]
    assert all(sorted(order) == list(range(6)) for order in passes)
    assert len({tuple(order) for order in passes}) > 1


def test_a_batch_depends_on_seed_generation_member_and_step_alone() -> None:
    def make(seed: int = 1, generation: int = 0) -> Loader:
        return Loader([Part(samples(9), STRONG)], batch=4, seed=seed, generation=generation)

    expected = make().batch([3], 7)
    used = make()
    for step in (2, 0, 7, 5):
        used.batch([0, 1], step)
    for again in (make().batch([3], 7), used.batch([3], 7)):
        assert torch.equal(again.image, expected.image)
        assert torch.equal(again.target, expected.target)
    together = make().batch([1, 3], 7)
    assert torch.equal(together.image[1], expected.image[0])
    for other in (
        make(seed=2).batch([3], 7),
        make(generation=1).batch([3], 7),
        make().batch([3], 8),
    ):
        assert not torch.equal(other.image, expected.image)


def test_shares_hold_in_every_batch() -> None:
    loader = Loader([Part(samples(3), share=0.5), Part(samples(100, first=50))], batch=8, seed=0)
    for step in range(20):
        real = [gray for gray in grays(loader.batch([0], step)) if gray < 50]
        assert len(real) == 4
    assert len(loader) == 103


def test_without_shares_images_come_as_often_as_there_are() -> None:
    loader = Loader([Part(samples(2)), Part(samples(6, first=50))], batch=4, seed=0)
    seen = Counter(gray < 50 for step in range(20) for gray in grays(loader.batch([0], step)))
    assert seen == {True: 20, False: 60}


@pytest.mark.parametrize("share", [0.01, 1.0])
def test_no_part_is_left_out_whatever_its_share(share: float) -> None:
    loader = Loader([Part(samples(2), share=share), Part(samples(2, first=50))], batch=4)
    batch = grays(loader.batch([0], 0))
    assert len(batch) == 4
    assert {gray < 50 for gray in batch} == {True, False}


@pytest.mark.parametrize("batch", [1, 2])
def test_small_batches_have_the_shares_over_many_steps(batch: int) -> None:
    def make() -> Loader:
        parts = [
            Part(samples(3), share=0.2),
            Part(samples(4, first=20), share=0.3),
            Part(samples(5, first=50)),
        ]
        return Loader(parts, batch=batch, seed=3)

    loader = make()
    steps = [grays(loader.batch([0], step)) for step in range(200 // batch)]
    assert {len(step) for step in steps} == {batch}
    assert loader.pixels == batch * 16 * 16
    seen = [gray for step in steps for gray in step]
    kinds = [[g for g in seen if low <= g < high] for low, high in ((0, 20), (20, 50), (50, 99))]
    assert [len(kind) for kind in kinds] == [40, 60, 100]
    for kind, size in zip(kinds, (3, 4, 5), strict=True):  # each pass has every image once
        passes = [kind[i : i + size] for i in range(0, len(kind) - size + 1, size)]
        assert all(len(set(images)) == size for images in passes)
    for step in (7, 60, 3):  # whatever was drawn before
        assert grays(make().batch([0], step)) == steps[step]


def test_real_labels_are_seen_with_one_image_per_step() -> None:
    loader = Loader([Part(samples(3), share=0.5), Part(samples(9, first=50))], batch=1)
    real = [grays(loader.batch([0], step))[0] < 50 for step in range(20)]
    assert sum(real) == 10
    assert all(a != b for a, b in pairwise(real))


def test_no_batch_has_more_images_than_asked() -> None:
    parts = [Part(samples(3), share=0.5), Part(samples(3, 9), share=0.5), Part(samples(3, 50))]
    for batch in range(1, 9):
        loader = Loader(parts, batch=batch)
        assert {len(grays(loader.batch([0], step))) for step in range(4)} == {batch}


def test_fixed_copies_are_the_same_for_all_members_and_passes() -> None:
    loader = Loader([Part(samples(2, first=100), STRONG, copies=3)], batch=8, seed=4)
    assert len(loader) == 8
    passes = [
        {image.numpy().tobytes() for image in loader.batch([member], step).image[0]}
        for member in (0, 1)
        for step in (0, 1)
    ]
    assert all(len(images) == 8 for images in passes)
    assert passes[0] == passes[1] == passes[2] == passes[3]
    originals = [s.image.astype(np.float32).tobytes() for s in samples(2, first=100)]
    assert all(original in passes[0] for original in originals)


def test_fixed_copies_without_their_originals() -> None:
    loader = Loader([Part(samples(1, first=100), STRONG, copies=2, originals=False)], batch=2)
    images = loader.batch([0], 0).image[0]
    assert len(loader) == 2
    assert not any(bool((image == 100).all()) for image in images)


def test_changing_anew_never_repeats() -> None:
    loader = Loader([Part(samples(1, first=100), STRONG)], batch=8)
    images = {im.numpy().tobytes() for step in range(4) for im in loader.batch([0], step).image[0]}
    assert len(images) == 32


def test_labels_move_with_their_image() -> None:
    gradient = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    tilted = Sample("s", gradient, np.concatenate([gradient > 99, gradient > 200]).astype(np.uint8))
    batch = Loader([Part([tilted], FLAT)], batch=16).batch([0], 0)
    assert torch.equal(batch.target[0, :, 0], (batch.image[0, :, 0] > 99).to(torch.uint8))
    assert torch.equal(batch.target[0, :, 1], (batch.image[0, :, 0] > 200).to(torch.uint8))
    assert len({image.numpy().tobytes() for image in batch.image[0]}) > 4


def test_upright_images_are_not_turned() -> None:
    gradient = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    upright = Sample("s", gradient, np.zeros((1, 16, 16), np.uint8))
    batch = Loader([Part([upright], FLAT)], batch=32, free_rotation=False).batch([0], 0)
    seen = {image.numpy().tobytes() for image in batch.image[0]}
    expected = {a.astype(np.float32).tobytes() for a in (gradient, gradient[:, :, ::-1].copy())}
    assert seen == expected


def test_what_is_known_per_output_goes_with_what_is_known_per_pixel() -> None:
    known = np.ones((2, 16, 16), bool)
    known[1, 0, 0] = False
    real = Sample("real", np.zeros((1, 16, 16), np.uint8), np.zeros((2, 16, 16), np.uint8))
    pseudo = Sample("pseudo", real.image, real.target, known)
    batch = Loader([Part([real], share=0.5), Part([pseudo])], batch=4).batch([0], 0)
    assert batch.known is not None
    assert batch.known.shape == (1, 4, 2, 16, 16)
    assert (~batch.known).sum((0, 3, 4)).tolist() == [[0, 0], [0, 0], [0, 1], [0, 1]]


def test_known_is_kept_only_if_something_is_unknown() -> None:
    known = np.ones((16, 16), bool)
    known[0, 0] = False
    part = Part(
        [Sample("s", np.zeros((1, 16, 16), np.uint8), np.zeros((2, 16, 16), np.uint8), known)]
    )
    batch = Loader([part], batch=2).batch([0], 0)
    assert batch.known is not None
    assert batch.known.shape == (1, 2, 1, 16, 16)
    assert int((~batch.known).sum()) == 2


@pytest.mark.parametrize("reblank", [False, True])
def test_blanked_pixels_after_augmentation(reblank: bool) -> None:
    blank = np.zeros((16, 16), bool)
    blank[:4] = True
    part = Part(
        [
            Sample(
                "s",
                np.full((1, 16, 16), 200, np.uint8),
                np.zeros((1, 16, 16), np.uint8),
                blank=blank,
            )
        ],
        AugmentConfig(contrast=0, brightness=0, blur=0, noise=20),
    )
    images = Loader([part], batch=8, reblank=reblank).batch([0], 0).image
    dark = images[images < 100]
    assert len(dark) == 8 * 64
    assert bool((dark == 0).all()) is reblank


def test_samples_of_class_ids() -> None:
    ids = (np.arange(256).reshape(16, 16) % 3).astype(np.uint8)
    batch = Loader([Part([Sample("s", ids[None], ids)], FLAT)], batch=3).batch([0, 1], 0)
    assert batch.target.shape == (2, 3, 16, 16)
    assert torch.equal(batch.target, batch.image[:, :, 0].to(torch.uint8))


def test_images_of_different_size_share_a_batch() -> None:
    mixed = [*samples(2, size=40), *samples(2, first=2, size=35), *samples(1, first=4, size=10)]
    batch = Loader([Part(mixed)], batch=5).batch([0], 0)
    assert batch.image.shape[-2:] == (32, 32)
    assert batch.known is not None


def test_no_sample_is_refused() -> None:
    with pytest.raises(InputError, match="no labeled image"):
        Loader([Part([])], batch=4)
