"""Batches that a thread prepares one step ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from napari_inconsistency_masks.config import AugmentConfig
from napari_inconsistency_masks.data.batches.ahead import Ahead, made_ahead
from napari_inconsistency_masks.data.batches.batches import WithUnlabeled
from napari_inconsistency_masks.data.batches.loader import Batch, Loader, Part
from napari_inconsistency_masks.data.batches.photometric import Jitter
from napari_inconsistency_masks.data.batches.views import UnlabeledImages, Views
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError

RNG = np.random.default_rng(0)
STRONG = AugmentConfig(contrast=0.3, brightness=20, blur=2, noise=9)


def samples(count: int, known: float = 1.0) -> list[Sample]:
    images = RNG.integers(0, 255, (count, 1, 40, 30), np.uint8)
    masks = RNG.random((count, 40, 30)) < known
    return [
        Sample(f"{n}", image, image % 2, mask)
        for n, (image, mask) in enumerate(zip(images, masks, strict=True))
    ]


class Watched:
    """Samples that note by which thread they are read; from ``damaged`` on they cannot be."""

    def __init__(self, count: int) -> None:
        self._samples, self._reading = samples(count), threading.Lock()
        self.damaged = False
        self.reads = 0
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int, /) -> Sample:
        if not self._reading.acquire(blocking=False):
            raise AssertionError("two threads read at the same time")
        try:
            if self.damaged:
                raise InputError("this image is damaged")
            self.reads += 1
            self.threads.add(threading.get_ident())
            return self._samples[index]
        finally:
            self._reading.release()

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

    def wait_for(self, reads: int) -> None:
        end = time.monotonic() + 30
        while self.reads < reads and time.monotonic() < end:
            time.sleep(0.001)
        assert self.reads >= reads


def same(one: Batch, other: Batch) -> bool:
    pairs = [(one.image, other.image), (one.target, other.target)]
    if one.known is not None and other.known is not None:
        pairs.append((one.known, other.known))
    if one.unlabeled is not None and other.unlabeled is not None:
        mine, theirs = one.unlabeled, other.unlabeled
        pairs += [(mine.weak, theirs.weak), (mine.valid, theirs.valid)]
        pairs += zip(mine.strong, theirs.strong, strict=True)
        drawn = [[rng.random() for rng in unlabeled.rngs] for unlabeled in (mine, theirs)]
        if drawn[0] != drawn[1]:
            return False
    there = [(each.known is None, each.unlabeled is None) for each in (one, other)]
    return there[0] == there[1] and all(torch.equal(*pair) for pair in pairs)


def test_batches_are_those_that_are_made_at_once() -> None:
    """Also when members are lost, or learn alone as the memory is not enough for all."""
    parts = [Part(samples(3), STRONG), Part(samples(4, known=0.5), share=0.5)]
    unlabeled = UnlabeledImages(samples(5), Views(2, Jitter()), 3, (16, 16))
    asked = [((0, 1, 2), step) for step in range(4)]
    asked += [((0, 2), step) for step in range(4, 7)]
    asked += [((member,), step) for step in range(7, 11) for member in (0, 2)]
    for batches in (
        Loader(parts, batch=4, seed=7, reblank=True),
        WithUnlabeled(Loader(parts, batch=4, seed=7), unlabeled),
    ):
        with Ahead(batches, 11) as ahead:
            assert (len(ahead), ahead.pixels) == (len(batches), batches.pixels)
            for members, step in asked:
                assert same(ahead.batch(members, step), batches.batch(members, step))


def test_the_next_step_is_read_while_this_one_is_computed() -> None:
    watched = Watched(9)
    loader = Loader([Part(watched)], batch=4)
    watched.reads = 0
    with Ahead(loader, 3) as ahead:
        for step in range(3):
            ahead.batch([0], step)
            watched.wait_for(4 * min(step + 2, 3))
    assert watched.reads == 12  # nothing of the step after the last


def test_one_thread_reads_all_images_and_none_is_read_afterwards() -> None:
    watched = Watched(9)
    loader = Loader([Part(watched)], batch=4)
    watched.reads = 0
    watched.threads.clear()
    with Ahead(loader, 100) as ahead:
        for step in range(10):
            for member in range(3):
                ahead.batch([member], step)
    read = watched.reads
    assert len(watched.threads) == 1
    assert threading.get_ident() not in watched.threads
    assert 10 * 3 * 4 <= read <= 11 * 3 * 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]
    assert watched.reads == read


def test_a_damaged_image_is_told_where_it_is_learned_from() -> None:
    watched = Watched(9)
    loader = Loader([Part(watched)], batch=4)
    watched.reads = 0
    with Ahead(loader, 9) as ahead:
        ahead.batch([0], 0)
        watched.wait_for(2 * 4)
        watched.damaged = True
        ahead.batch([0], 1)
        with pytest.raises(InputError, match="this image is damaged"):
            ahead.batch([0], 2)


def test_an_error_in_a_step_ends_the_thread() -> None:
    def learn() -> None:
        with Ahead(Loader([Part(samples(3))], batch=4), 9) as ahead:
            ahead.batch([0], 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        learn()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_a_cpu_prepares_nothing_ahead() -> None:
    loader = Loader([Part(samples(3))], batch=4)
    with made_ahead(loader, torch.device("cpu"), 9) as batches:
        assert batches is loader
    with made_ahead(loader, torch.device("cuda"), 9) as batches:
        assert isinstance(batches, Ahead)
