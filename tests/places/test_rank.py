from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import place

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.places import Place, rank
from napari_inconsistency_masks.places.rank import DIVERSE, _features

PLACES = st.lists(
    st.builds(
        place,
        st.floats(0, 4),
        st.sampled_from("abc"),
        st.integers(0, 1),
        st.integers(0, 5).map(lambda n: 20 * n),
        area=st.integers(1, 1000),
        disagreement=st.floats(0, 1),
        classes=st.sampled_from([("alive",), ("dead",), ("alive", "dead")]),
        appearance=st.tuples(st.floats(0, 255), st.floats(0, 60)),
    ),
    max_size=8,
)


def slow_worths(taken: Sequence[Place], left: Sequence[Place], diversity: float) -> list[float]:
    """What each place that is left is worth, by the definition in `rank`."""
    features = _features([*taken, *left])
    worths = []
    for each, own in zip(left, features[len(taken) :], strict=True):
        distances = [((own - other) ** 2).sum() for other in features[: len(taken)]]
        alike = max((np.exp(-distance / 2) for distance in distances), default=0)
        same = sum((other.image, other.frame) == (each.image, each.frame) for other in taken)
        crowded = same / (same + 1)
        worths.append(each.score * (1 - diversity * (alike + crowded) / 2))
    return worths


def test_high_scores_first_without_diversity() -> None:
    places = [place(score, row=n) for n, score in enumerate((0.2, 2.5, 1.1, 0.9))]
    assert [p.score for p in rank(places, diversity=0)] == [2.5, 1.1, 0.9, 0.2]


def test_a_place_that_changes_a_count_is_never_behind_a_rim_of_its_frame() -> None:
    cells = [place(1.5, row=20 * n) for n in range(3)]
    rims = [place(0.7, row=500 + 20 * n, outcomes=((1, 0), (1, 0))) for n in range(3)]
    assert {p.score for p in rank([*rims, *cells], limit=3)} == {1.5}


def test_diversity_spreads_over_images() -> None:
    crowd = [place(1.5, "a", row=20 * n) for n in range(20)]
    others = [place(1.4, name) for name in "bcd"]
    assert [p.image for p in rank([*crowd, *others], limit=4, diversity=0)] == ["a"] * 4
    assert sorted(p.image for p in rank([*crowd, *others], limit=4)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "kind",
    [
        {"classes": ("dead",)},
        {"outcomes": ((3, 0), (2, 0))},
        {"area": 2000},
        {"disagreement": 0.1},
    ],
)
def test_diversity_prefers_another_kind_of_place(kind: Any) -> None:
    alike = [place(1.5, name) for name in "abcdef"]
    other = place(1.3, "g", **kind)
    assert rank([*alike, other], limit=2)[1] == other
    assert other not in rank([*alike, other], limit=2, diversity=0)


def test_places_with_the_same_score_have_an_order_of_their_own() -> None:
    places = [place(1.5, image, frame, row) for image in "ab" for frame in (0, 1) for row in (0, 9)]
    assert rank(places, diversity=0) == places
    assert rank(places[::-1], diversity=0) == places


def test_gray_values_make_places_different() -> None:
    dark = [place(1.5, name, appearance=(40, 5)) for name in "abc"]
    bright = place(1.3, "d", appearance=(200, 5))
    assert rank([*dark, bright], limit=2)[1] == bright


def test_what_was_seen_is_not_offered_again_and_counts_as_taken() -> None:
    places = [place(1.5, "a"), place(1.5, "a", row=40), place(1.4, "b")]
    seen = replace(places[0], box=(0, 0, 20, 20))
    moved = replace(places[0], center=(12.0, 12.0), box=(9, 9, 16, 16))
    ranked = rank([*places, moved], seen=[seen])
    assert ranked == [places[2], places[1]]
    assert rank(places, seen=[replace(seen, frame=1)])[:1] == places[:1]


@settings(deadline=None, max_examples=40)
@given(PLACES, st.floats(0, 1))
def test_each_place_taken_is_worth_most(places: list[Place], diversity: float) -> None:
    ranked = rank(places, diversity=diversity)
    for number in range(len(ranked)):
        worths = slow_worths(ranked[:number], ranked[number:], diversity)
        assert worths[0] >= max(worths) - 1e-6


@settings(deadline=None, max_examples=40)
@given(PLACES, st.randoms())
def test_the_order_does_not_depend_on_the_order_given(places: list[Place], random: Any) -> None:
    shuffled = list(places)
    random.shuffle(shuffled)
    assert rank(shuffled) == rank(places)


@settings(deadline=None, max_examples=40)
@given(PLACES, st.integers(0, 15))
def test_all_places_are_there_once_and_a_limit_only_cuts(places: list[Place], limit: int) -> None:
    everything = rank(places)
    assert sorted(map(repr, everything)) == sorted(map(repr, places))
    assert rank(places, limit) == everything[:limit]


def test_places_behind_the_first_hundreds_follow_by_what_is_left_of_their_score() -> None:
    places = [place(1 + n / 1e4, f"{n}") for n in range(DIVERSE + 50)]
    ranked = rank(places)
    assert len(ranked) == len(places)
    rest = [p.score for p in ranked[DIVERSE:]]
    assert rest == sorted(rest, reverse=True)
    assert rank(places, DIVERSE + 10) == ranked[: DIVERSE + 10]


@pytest.mark.parametrize("options", [{"diversity": 1.1}, {"diversity": -0.1}, {"limit": -1}])
def test_what_is_out_of_its_limits_is_refused(options: Any) -> None:
    with pytest.raises(InputError, match=f"{next(iter(options))} = "):
        rank([], **options)
