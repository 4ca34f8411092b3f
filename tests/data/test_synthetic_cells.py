from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from synthetic_checks import assert_consistent

from napari_inconsistency_masks.data.synthetic import SyntheticImage, make_stack
from napari_inconsistency_masks.data.synthetic.anatomy import draw
from napari_inconsistency_masks.data.synthetic.cell import Cell, Kind
from napari_inconsistency_masks.data.synthetic.dish import fits
from napari_inconsistency_masks.errors import InputError


def test_a_cell_keeps_its_looks_when_it_moves() -> None:
    cell = Cell(Kind.SPREAD, 100.0, 100.0, 20.0, 1.5, 0.3, seed=4)
    here, there = draw(cell), draw(replace(cell, row=117.0, column=60.0))
    np.testing.assert_allclose(here.delay, there.delay, atol=1e-9)
    np.testing.assert_array_equal(here.inside, there.inside)
    assert (there.row - here.row, there.column - here.column) == (17, -40)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_radius_is_that_of_the_disc_of_the_same_area(kind: Kind) -> None:
    for seed in range(10):
        cell = Cell(kind, 50.5, 40.2, 16.0, 1.4, 1.0, seed)
        assert draw(cell).inside.sum() == pytest.approx(np.pi * 16**2, rel=0.03)


def test_distance_agrees_with_the_mask() -> None:
    cell = Cell(Kind.SPREAD, 40.0, 45.0, 18.0, 1.8, 0.7, seed=9)
    patch = draw(cell)
    rows, columns = np.indices(patch.inside.shape)
    for row, column in zip(rows.ravel()[::37], columns.ravel()[::37], strict=True):
        distance = cell.distance(row + patch.row, column + patch.column)
        assert (distance < 0) == patch.inside[row, column]


def test_fits_keeps_states_unambiguous() -> None:
    alive = Cell(Kind.SPREAD, 60.0, 60.0, 20.0, 1.0, 0.0, seed=1)
    dead = Cell(Kind.SHRUNKEN, 60.0, 60.0 + 28.0, 8.0, 1.0, 0.0, seed=2)
    size = (128, 128)
    assert fits(alive, [], size)
    assert fits(replace(dead, column=110.0), [alive], size)
    assert not fits(replace(dead, column=62.0), [alive], size)
    assert not fits(replace(dead, row=2.0), [], size)
    assert fits(replace(dead, row=-6.0), [], size)


@pytest.fixture(scope="module")
def stack():
    return make_stack(0)


def test_stack_shapes(stack) -> None:
    assert stack.image.dtype == np.uint8
    for array in (stack.image, stack.alive, stack.dead, stack.position):
        assert array.shape == (12, 256, 256)
    assert stack.positions.shape == (len(stack.states), 3)
    assert make_stack(1, 1, (48, 60)).image.shape == (1, 48, 60)


def test_every_frame_has_consistent_labels(stack) -> None:
    states = np.array(stack.states)
    for t in range(12):
        here = stack.positions[:, 0] == t
        assert_consistent(
            SyntheticImage(
                stack.image[t],
                stack.alive[t],
                stack.dead[t],
                stack.position[t],
                stack.positions[here, 1:],
                tuple(states[here]),
            )
        )


def test_cells_persist_move_divide_and_die(stack) -> None:
    states = np.array(stack.states)
    frames = [stack.positions[stack.positions[:, 0] == t, 1:] for t in range(12)]
    total = [len(frame) for frame in frames]
    dead = [int((states[stack.positions[:, 0] == t] == "dead").sum()) for t in range(12)]
    assert total == sorted(total)  # none gets lost
    assert total[-1] > total[0]  # at least one division
    assert dead == sorted(dead)  # the dead stay dead
    assert dead[-1] >= dead[0] + 2
    moved = []
    for before, after in pairwise(frames):
        nearest = np.hypot(*(before[:, None] - after).transpose(2, 0, 1)).min(axis=1)
        assert nearest.max() < 12
        moved += nearest.tolist()
    assert 0.2 < np.median(moved) < 4
    drift = np.hypot(*(frames[0][:, None] - frames[-1]).transpose(2, 0, 1)).min(axis=1)
    assert drift.max() > 4


def test_neighboring_frames_look_alike_but_not_the_same(stack) -> None:
    first, second, last = (stack.image[t].astype(float) for t in (0, 1, 11))
    near = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    far = np.corrcoef(first.ravel(), last.ravel())[0, 1]
    assert far < near < 1


def test_the_stack_is_deterministic(stack) -> None:
    again = make_stack(0)
    np.testing.assert_array_equal(stack.image, again.image)
    np.testing.assert_array_equal(stack.positions, again.positions)


def test_still_life_without_events() -> None:
    quiet = make_stack(4, 5, (128, 128), divisions=0, deaths=0, dead=0.0)
    assert set(quiet.states) == {"alive"}
    assert len({np.sum(quiet.positions[:, 0] == t) for t in range(5)}) == 1


def test_refuses_no_frames() -> None:
    with pytest.raises(InputError, match="frame"):
        make_stack(0, 0)
