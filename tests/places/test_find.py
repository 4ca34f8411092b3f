from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import CELLS, FISH, NUCLEI, SIZE, draw_body, draw_cell, nothing
from scipy import ndimage

from napari_inconsistency_masks.boxes import padded
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.places import Place, find_places
from napari_inconsistency_masks.places.find import LARGEST
from napari_inconsistency_masks.places.outcomes import differences
from napari_inconsistency_masks.task import LabelScheme


def found(members: Any, scheme: LabelScheme = CELLS, **options: Any) -> list[Place]:
    return find_places(np.asarray(members, np.uint8), scheme, image="a", frame=3, **options)


# --- which regions are places ---


def test_members_that_agree_have_no_places() -> None:
    members = nothing(3)
    for member in members:
        draw_cell(member, 40, 40)
    assert found(members) == []
    assert found(nothing()) == []


def test_a_cell_that_one_member_sees_is_a_place() -> None:
    members = nothing()
    draw_cell(members[0], 40, 60, state=1)
    (place,) = found(members)
    assert (place.image, place.frame) == ("a", 3)
    assert place.box == (31, 51, 50, 70)
    assert place.center == (40, 60)
    assert place.area == 19 * 19
    assert place.classes == ("dead", "position")
    assert place.effect == 1
    assert place.outcomes == ((0, 1, 0), (0, 0, 0))
    assert place.disagreement == 1
    assert place.score > 1
    assert place.appearance == ()


def test_thin_rims_around_cells_that_all_see_are_no_places() -> None:
    members = nothing()
    for row, column in ((30, 30), (30, 90), (90, 60)):
        draw_cell(members[0], row, column, radius=9)
        draw_cell(members[1], row, column, radius=11)
    assert found(members) == []


def test_a_thin_difference_is_a_place_if_it_changes_a_count() -> None:
    members = nothing()
    draw_cell(members[0], 60, 60)
    draw_cell(members[1], 60, 60)
    members[:, 2] = 0
    members[:, 2, 58:63, 54:60] = members[:, 2, 58:63, 61:67] = 1  # two markers
    members[0, 2, 59:62, 60] = 1  # joined by three pixels
    (place,) = found(members)
    assert place.effect == 1
    assert place.classes == ("position",)
    assert place.area < 10


def test_a_cell_that_one_member_sees_ranks_above_a_thick_rim() -> None:
    members = nothing()
    draw_cell(members[0], 30, 30, radius=9)
    draw_cell(members[1], 30, 30, radius=15)
    draw_cell(members[1], 90, 90, radius=5)
    cell, rim = found(members)
    assert (cell.effect, rim.effect) == (1, 0)
    assert cell.box == (85, 85, 96, 96)
    assert rim.area > cell.area
    assert rim.outcomes == ((1, 0, 0), (1, 0, 0))
    assert rim.score < 1 < cell.score


def test_marker_and_rim_of_one_cell_are_one_place_and_two_cells_are_two() -> None:
    members = nothing()
    draw_body(members[0, 0], 40, 40, 9)
    draw_body(members[1, 0], 40, 40, 13)  # a rim of four pixels
    members[0, 2, 37:44, 37:44] = 1  # and a marker, five pixels away from it
    (place,) = found(members)
    assert place.classes == ("alive", "position")
    assert place.box == (27, 27, 54, 54)
    draw_cell(members[0], 40, 90)
    assert len(found(members)) == 2


def test_places_are_listed_from_high_to_low_score() -> None:
    members = nothing()
    draw_cell(members[0], 30, 30)
    draw_body(members[1, 0], 90, 30, 12)
    draw_cell(members[0], 90, 90, radius=12)
    scores = [place.score for place in found(members)]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_what_is_too_large_to_correct_in_one_go_is_several_places() -> None:
    members = nothing(2, NUCLEI, size=400)
    members[0, 0, 100:300, 20:380] = 1
    places = found(members, NUCLEI)
    assert sum(place.area for place in places) == 200 * 360
    for place in places:
        top, left, bottom, right = place.box
        assert max(bottom - top, right - left) <= LARGEST * 8  # the radius without neighbors
        assert place.effect == 1


def test_a_chain_of_cells_that_differ_is_cut_between_cells() -> None:
    members = nothing(2, size=220)
    columns = range(20, 200, 20)
    for column in columns:
        draw_cell(members[0], 60, column, marker=3)
    places = found(members)
    assert 1 < len(places) < len(columns)
    assert sum(place.effect for place in places) == len(columns)
    for place in places:
        assert place.box[3] - place.box[1] <= LARGEST * 5  # a quarter of their distance


# --- what comes first ---


def test_wrong_cells_are_weighed_against_the_cells_to_look_at() -> None:
    members = nothing()
    draw_cell(members[0], 30, 30)
    for member in members:
        draw_cell(member, 90, 60)
        draw_cell(member, 90, 98)
    draw_cell(members[0], 90, 79)
    alone, crowded = found(members)
    assert (alone.effect, crowded.effect) == (1, 1)
    assert alone.center == (30, 30)
    assert crowded.outcomes == ((3, 0, 0), (2, 0, 0))
    assert crowded.score == pytest.approx(alone.score / 3, abs=0.1)


def test_a_tie_scores_higher_than_one_outlier() -> None:
    members = nothing(4)
    for member in members[:2]:
        draw_cell(member, 30, 30)
    draw_cell(members[3], 90, 90)
    tie, outlier = found(members)
    assert (tie.effect, outlier.effect) == (1, 1)
    assert tie.center == (30, 30)
    assert tie.score - outlier.score == pytest.approx(1 / 6, abs=0.05)  # 4 and 3 of 6 pairs


def test_where_nobody_sees_a_cell_more_may_be_wrong_than_around_a_cell_that_all_see() -> None:
    members = nothing()
    for member in members:
        draw_cell(member, 30, 30)
    draw_body(members[1, 0], 30, 30, 12)
    draw_body(members[1, 0], 90, 90, 7)
    nobody, rim = found(members)
    assert nobody.effect == rim.effect == 0
    assert nobody.center == (90, 90)
    assert nobody.area < rim.area


# --- how many cells differ ---


def test_the_same_cell_in_another_state_is_one_cell_that_differs() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40, state=0)
    draw_cell(members[1], 40, 40, state=1)
    (place,) = found(members)
    assert place.effect == 1
    assert place.outcomes == ((1, 0, 0), (0, 1, 0))
    assert place.classes == ("alive", "dead")


def test_a_cell_without_state_counts_as_one_in_no_clear_state() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40)
    members[1] = members[0]
    members[1, 0] = 0
    (place,) = found(members)
    assert place.outcomes == ((1, 0, 0), (0, 0, 1))
    assert place.effect == 1


def test_a_cell_that_is_one_pixel_off_is_no_place() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40)
    draw_cell(members[1], 41, 41)
    assert found(members) == []


def test_a_marker_that_is_a_little_off_is_no_difference() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40)
    draw_cell(members[1], 42, 43)
    assert all(place.effect == 0 for place in found(members))
    assert found(members)


def test_a_neighbor_that_all_see_adds_to_no_effect() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40)
    for member in members:
        draw_cell(member, 40, 60)
    (place,) = found(members)
    assert place.effect == 1


def test_cells_far_from_a_place_are_not_counted() -> None:
    members = nothing()
    draw_cell(members[0], 40, 40)
    for member in members:
        draw_cell(member, 40, 100)
    (place,) = found(members)
    assert place.outcomes == ((1, 0, 0), (0, 0, 0))


def test_scheme_of_positions_alone() -> None:
    spots = LabelScheme(CELLS.task, ("position",), "position")
    members = nothing()[:, 2:]
    members[1, 0, 20:28, 20:28] = 1
    (place,) = found(members, spots)
    assert place.outcomes == ((0,), (1,))
    assert place.effect == 1


@settings(deadline=None)
@given(st.data())
def test_differences_between_each_two_members(data: Any) -> None:
    members = data.draw(st.integers(2, 5))
    counts = data.draw(
        st.lists(
            st.lists(st.integers(0, 4), min_size=3, max_size=3),
            min_size=members,
            max_size=members,
        )
    )
    found = differences(np.array([counts]))[0]
    for a, b in product(range(members), repeat=2):
        more = sum(max(0, x - y) for x, y in zip(counts[a], counts[b], strict=True))
        fewer = sum(max(0, y - x) for x, y in zip(counts[a], counts[b], strict=True))
        assert found[a, b] == max(more, fewer)


# --- objects without positions ---


def test_an_object_split_by_one_pixel_is_a_place() -> None:
    members = nothing(2, NUCLEI)
    members[:, 0, 20:40, 20:60] = 1
    members[1, 0, 20:40, 40] = 0
    (place,) = found(members, NUCLEI)
    assert place.box == (20, 40, 40, 41)
    assert place.outcomes == ((1,), (2,))
    assert place.effect == 1


def test_a_rim_of_an_object_is_none_and_a_missing_object_is_one() -> None:
    members = nothing(2, NUCLEI)
    draw_body(members[0, 0], 30, 30, 8)
    draw_body(members[1, 0], 30, 30, 10)
    draw_body(members[1, 0], 90, 90, 6)
    (place,) = found(members, NUCLEI)
    assert place.outcomes == ((0,), (1,))
    assert place.box == (84, 84, 97, 97)


def test_objects_that_are_not_counted_make_no_place() -> None:
    members = nothing(2, NUCLEI)
    draw_body(members[1, 0], 90, 90, 6)
    size = int(members[1].sum())
    for least, places in ((size, 1), (size + 1, 0)):
        counting = NUCLEI.counting_by(CountRule(smallest_objects=(least,)))
        here = [place for place in found(members, counting) if place.effect]
        assert len(here) == places


def test_multiclass_regions_have_the_classes_that_differ_but_not_blanked() -> None:
    ids = np.ones((2, SIZE, SIZE), np.uint8)
    ids[1, 30:50, 30:50] = 2
    (place,) = found(FISH.to_channels(ids), FISH)
    assert place.classes == ("water", "fish")
    assert place.area == 400
    assert place.outcomes == ((1, 0), (1, 1))
    assert place.disagreement == 1


def objects_touching(votes: Any, mask: Any) -> int:
    """Slow and obvious: objects with a pixel in or beside a mask."""
    labels, number = ndimage.label(votes, np.ones((3, 3)))
    beside = ndimage.binary_dilation(mask, np.ones((3, 3)))
    return sum(bool((beside & (labels == n)).any()) for n in range(1, number + 1))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_places_of_random_pictures_against_a_slow_reference(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(members, 48, 48)), (0, 2, 2))
    hard = smooth > 0.08
    for place in found(hard[:, None], NUCLEI):
        top, left, bottom, right = place.box
        differs = hard.any(0) & ~hard.all(0)
        assert 0 < place.area <= differs[top:bottom, left:right].sum()
        assert top <= place.center[0] < bottom
        assert left <= place.center[1] < right
        assert 0 < place.disagreement <= 1
        if place.area == differs[top:bottom, left:right].sum():  # no other place in the box
            mask = np.zeros((48, 48), dtype=bool)
            mask[top:bottom, left:right] = differs[top:bottom, left:right]
            counts = [objects_touching(votes, mask) for votes in hard]
            assert [count for (count,) in place.outcomes] == counts
            assert place.effect == max(counts) - min(counts)


# --- disagreement ---


def test_disagreement_is_the_share_of_outvoted_members() -> None:
    members = nothing(5, NUCLEI)
    draw_body(members[0, 0], 30, 30, 6)
    assert found(members, NUCLEI)[0].disagreement == pytest.approx(1 / 2)
    draw_body(members[1, 0], 30, 30, 6)
    assert found(members, NUCLEI)[0].disagreement == 1


def test_disagreement_of_probabilities_is_their_variance() -> None:
    members = nothing(2, NUCLEI)
    draw_body(members[0, 0], 30, 30, 6)
    sure = found(members, NUCLEI, probabilities=members.astype(np.float32))[0]
    assert sure.disagreement == pytest.approx(1)
    unsure = np.where(members == 1, 0.6, 0.4).astype(np.float32)
    place = found(members, NUCLEI, probabilities=unsure)[0]
    assert place.disagreement == pytest.approx(4 * 0.1**2)
    assert place.score < sure.score


def test_gray_values_at_and_around_a_place() -> None:
    members = nothing(2, NUCLEI)
    draw_body(members[0, 0], 30, 30, 6)
    pixels = np.full((2, SIZE, SIZE), 50, np.uint8)
    pixels[1] = 70
    assert found(members, NUCLEI, pixels=pixels)[0].appearance == (60, 0)
    pixels[:, 30] = 0
    mean, spread = found(members, NUCLEI, pixels=pixels)[0].appearance
    assert 50 < mean < 60
    assert spread > 0


# --- what is refused ---


@pytest.mark.parametrize(
    ("members", "options", "words"),
    [
        (nothing(1), {}, "at least two networks"),
        (nothing()[0], {}, "at least two networks"),
        (nothing() * 255, {}, "none of probabilities"),
        (nothing()[:, :2], {}, "3 outputs"),
        (nothing(), {"probabilities": np.zeros((2, 3, 5, 5))}, "probabilities"),
        (nothing(), {"pixels": np.zeros((1, 5, 5), np.uint8)}, "gray values"),
    ],
)
def test_what_does_not_fit_is_refused(members: Any, options: Any, words: str) -> None:
    members = members.copy()
    if "none of" in words:
        members[0, 0, 3, 3] = 255
    with pytest.raises(InputError, match=words):
        found(members, **options)


def test_a_box_grows_as_far_as_the_image_goes() -> None:
    assert padded((3, 20, 30, 40), 5, (32, 42)) == (0, 15, 32, 42)
