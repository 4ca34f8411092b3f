"""Whose turn it is in the places of batches."""

from __future__ import annotations

from itertools import product

import pytest

from napari_inconsistency_masks.data.batches.turns import Turns

SHARES = [
    (*shared, *others)
    for count in range(3)
    for shared in product([0.01, 0.25, 0.5, 0.9, 1.0], repeat=count)
    for others in ((), (None,))
    if shared or others
]


@pytest.mark.parametrize("shares", SHARES)
def test_batches_with_a_place_for_each_stream_are_all_alike(
    shares: tuple[float | None, ...],
) -> None:
    for batch in range(len(shares), 20):
        turns = Turns.of(shares, batch)
        first = [turns.at(0, place)[0] for place in range(turns.places)]
        counts = [first.count(stream) for stream in range(len(shares))]
        assert min(counts) >= 1
        assert sum(counts) <= batch
        assert None not in shares or sum(counts) == batch
        natural = [max(1, round(batch * share)) for share in shares if share is not None]
        if sum(natural) + (None in shares) <= batch:
            assert counts[: len(natural)] == natural
        expected = [(stream, 5 * n + i) for stream, n in enumerate(counts) for i in range(n)]
        assert [turns.at(5, place) for place in range(turns.places)] == expected


@pytest.mark.parametrize("shares", [s for s in SHARES if len(s) > 1])
def test_streams_take_turns_where_a_batch_is_smaller(shares: tuple[float | None, ...]) -> None:
    for batch in range(1, len(shares)):
        turns = Turns.of(shares, batch)
        places = [turns.at(step, place) for step in range(200) for place in range(batch)]
        assert turns.places == batch
        for stream in range(len(shares)):
            positions = [position for which, position in places if which == stream]
            assert positions == list(range(len(positions)))
            assert positions


def test_turns_come_as_evenly_as_they_can() -> None:
    turns = Turns.of([0.25, 0.25, None], 2)
    assert [[turns.at(step, place)[0] for place in range(2)] for step in range(4)] == [
        [2, 0],
        [1, 2],
        [2, 0],
        [1, 2],
    ]
