"""Unlabeled images of a step."""

from __future__ import annotations

import numpy as np
import torch

from napari_inconsistency_masks.data.batches.batches import WithUnlabeled
from napari_inconsistency_masks.data.batches.loader import Loader, Part
from napari_inconsistency_masks.data.batches.photometric import Jitter
from napari_inconsistency_masks.data.batches.views import UnlabeledImages, Views
from napari_inconsistency_masks.data.sample import Sample


def plain(count: int, size: tuple[int, int] = (16, 16)) -> list[Sample]:
    """Images of one gray value each, which tells them apart; no labels."""
    return [Sample(str(n), np.full((1, *size), n + 1, np.uint8)) for n in range(count)]


def make(samples: list[Sample], views: Views | None = None, **changes) -> UnlabeledImages:  # type: ignore[no-untyped-def]
    settings = {"count": 4, "shape": (16, 16), "seed": 3, **changes}
    return UnlabeledImages(samples, views or Views(), **settings)


def test_shapes() -> None:
    batch = make(plain(5), Views(2, Jitter())).batch([0, 2], 0)
    assert batch.weak.shape == (2, 4, 1, 16, 16)
    assert [view.shape for view in batch.strong] == [batch.weak.shape] * 2
    assert batch.valid.shape == (2, 4, 1, 16, 16)
    assert len(batch.rngs) == 2


def test_every_image_is_seen_once_before_any_is_seen_again() -> None:
    images = make(plain(6), count=4)
    seen = [int(v) for step in range(3) for v in images.batch([1], step).weak[0, :, 0, 0, 0]]
    assert sorted(seen[:6]) == sorted(seen[6:]) == [1, 2, 3, 4, 5, 6]
    assert seen[:6] != seen[6:]


def test_a_batch_depends_on_seed_generation_member_and_step_alone() -> None:
    rng = np.random.default_rng(0)
    samples = [Sample(str(n), rng.integers(0, 255, (1, 40, 30), np.uint8)) for n in range(9)]

    def batch(member: int, step: int, **changes: int):  # type: ignore[no-untyped-def]
        return make(samples, Views(2, Jitter()), **changes).batch([member], step)

    first = batch(1, 2)
    together = make(samples, Views(2, Jitter())).batch([0, 1], 2)
    assert torch.equal(first.weak[0], together.weak[1])
    assert torch.equal(first.strong[1][0], together.strong[1][1])
    drawn = first.rngs[0].random()
    assert drawn == together.rngs[1].random()
    others = [batch(0, 2), batch(1, 3), batch(1, 2, seed=4), batch(1, 2, generation=1)]
    for other in others:
        assert not torch.equal(first.weak, other.weak)
        assert drawn != other.rngs[0].random()


def test_strong_views_differ_from_each_other_and_stay_in_place() -> None:
    image = np.full((1, 16, 16), 60, np.uint8)
    image[0, :5, :3] = 200
    batch = make([Sample("s", image)], Views(2, Jitter()), count=16).batch([0], 0)
    one, other = batch.strong
    assert not torch.equal(one, other)
    for u in range(16):
        bright = batch.weak[0, u] == 200
        for view in (one[0, u], other[0, u]):
            assert view[bright].mean() > view[~bright].mean()


def test_images_are_flipped_and_turned() -> None:
    image = np.zeros((1, 16, 16), np.uint8)
    image[0, :4, :2] = 9
    moved = make([Sample("s", image)], count=32).batch([0], 0).weak[0, :, 0]
    assert len({tuple(each.flatten().tolist()) for each in moved}) == 8
    upright = make([Sample("s", image)], count=32, free_rotation=False).batch([0], 0).weak[0, :, 0]
    assert len({tuple(each.flatten().tolist()) for each in upright}) == 2


def test_what_is_mirrored_beyond_a_small_image_is_not_valid() -> None:
    batch = make(plain(3, (10, 16))).batch([0], 0)
    assert batch.valid.sum() == 4 * 160
    assert make(plain(3)).batch([0], 0).valid.all()


def test_targets_of_unlabeled_images_are_never_looked_at() -> None:
    samples = [Sample(s.name, s.image, target=np.ones((1, 16, 16), np.uint8)) for s in plain(4)]
    with_targets, without = (make(each).batch([0], 0) for each in (samples, plain(4)))
    assert torch.equal(with_targets.weak, without.weak)
    assert torch.equal(with_targets.valid, without.valid)


def test_what_is_labeled_in_an_unlabeled_image_is_not_valid() -> None:
    rest = np.random.default_rng(0).random((16, 16)) > 0.3
    image = np.where(rest, 200, 40).astype(np.uint8)[None]
    batch = make([Sample("partly labeled", image, known=rest)]).batch([0], 0)
    assert torch.equal(batch.valid, batch.weak == 200)


def test_batches_have_both_kinds_of_images_and_a_pass_is_over_the_longer_list() -> None:
    labeled = [Sample("l", s.image, np.ones((1, 16, 16), np.uint8)) for s in plain(3)]
    both = WithUnlabeled(Loader([Part(labeled)], batch=2), make(plain(7), Views(1, Jitter())))
    batch = both.batch([0, 1], 0)
    assert batch.image.shape == (2, 2, 1, 16, 16)
    assert batch.unlabeled is not None
    assert batch.unlabeled.weak.shape == (2, 4, 1, 16, 16)
    assert len(both) == 7
    assert len(WithUnlabeled(Loader([Part(labeled)], batch=2), make(plain(1)))) == 3
    assert both.pixels == (2 + 2 * 4) * 256
