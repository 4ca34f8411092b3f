"""What goes to the program that predicts, and what comes back."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes
from napari_inconsistency_masks.widgets.predicting.prediction import (
    CHUNK_BYTES,
    MOST_PER_CHUNK,
    FrameCounts,
    Model,
    chunks,
    label_planes,
    mask_names,
    mask_plane,
    read_frames,
    write_chunk,
)

CELLS = LabelScheme(Task.MULTILABEL, ("position", "alive", "dead"), "position")
EXCLUSIVE = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
ONLY_POSITIONS = LabelScheme(Task.MULTILABEL, ("position",), "position")
MANY = LabelScheme(Task.MULTILABEL, tuple(f"class {number}" for number in range(17)))

AXES = FrameAxes("TYX", (5, 4, 6))


def masks(*rows: Any) -> Any:
    """Masks of one row each, such as ``"x.x"``."""
    return np.array([[[character == "x" for character in row]] for row in rows], np.uint8)


def finish(generator: Any) -> Any:
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def test_a_plane_per_state_with_its_number() -> None:
    planes = label_planes(masks("x..", "xx.", ".xx"), CELLS)
    assert {name: plane.tolist() for name, plane in planes.items()} == {
        "alive": [[2, 2, 0]], "dead": [[0, 3, 3]]
    }  # fmt: skip


def test_positions_alone_are_a_plane() -> None:
    assert label_planes(masks("x.x"), ONLY_POSITIONS)["position"].tolist() == [[1, 0, 1]]


def test_exclusive_classes_share_a_plane() -> None:
    planes = label_planes(masks("x...", ".x..", "..x."), EXCLUSIVE)
    assert {name: plane.tolist() for name, plane in planes.items()} == {"classes": [[0, 1, 2, 0]]}


def test_the_mask_has_a_bit_per_class() -> None:
    assert mask_names(CELLS) == CELLS.classes
    assert mask_plane(masks("x.x", "xx.", "..."), CELLS).tolist() == [[3, 2, 1]]


def test_the_mask_of_exclusive_classes_has_no_bit_for_what_is_blanked() -> None:
    assert mask_plane(masks("xxx", "x..", ".x."), EXCLUSIVE).tolist() == [[1, 2, 0]]


def test_the_mask_of_very_many_classes_says_only_where() -> None:
    assert mask_names(MANY) == ()
    disagreed = np.zeros((17, 1, 3), np.uint8)
    disagreed[16, 0, 1] = 1
    assert mask_plane(disagreed, MANY).tolist() == [[0, 1, 0]]


def test_frames_go_in_groups_that_fit_in_memory() -> None:
    small = FrameAxes("TYX", (40, 10, 10))
    assert [len(group) for group in chunks(range(40), small, 1)] == [MOST_PER_CHUNK] * 2 + [8]
    large = FrameAxes("TYX", (5, 4096, 4096))
    assert [len(group) for group in chunks(range(5), large, 2)] == [2, 2, 1]
    huge = FrameAxes("YX", (CHUNK_BYTES, 2))
    assert list(chunks([0], huge, 8)) == [(0,)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool])
def test_frames_are_written_in_their_order(tmp_path: Path, dtype: Any) -> None:
    image = (np.arange(5 * 4 * 6).reshape(5, 4, 6) % 3).astype(dtype)
    path = finish(write_chunk(image, AXES, (3, 0, 4), tmp_path / "1"))
    written = np.load(path)
    assert written.dtype == dtype
    np.testing.assert_array_equal(written, image[[3, 0, 4]][:, None])


def test_frames_are_read_as_long_as_some_wait(tmp_path: Path) -> None:
    classes = np.zeros((2, 3, 30, 40), np.uint8)
    classes[1, 0, 10:15, 10:15] = 1
    classes[1, 1, 6:20, 6:20] = 1
    np.save(tmp_path / "classes.npy", classes)
    np.save(tmp_path / "inconsistency.npy", classes)
    np.save(tmp_path / "votes.npy", 2 * classes.max(axis=1))
    np.save(tmp_path / "members.npy", np.stack([classes, classes], axis=1))
    waiting = deque([(7, 1, tmp_path)])
    frames = read_frames(waiting, CELLS)
    first = next(frames)
    assert first.frame == 7
    assert first.mask_values == {2, 3}
    assert first.most_votes == 2
    assert first.cells.centers.tolist() == [[12, 12]]
    assert first.cells.counts == {"alive": 1, "dead": 0}
    assert first.areas.estimate == {"alive": 14 * 14, "dead": 0}
    assert first.areas.pixels == 30 * 40
    waiting.append((8, 0, tmp_path))
    assert next(frames).mask_values == set()
    with pytest.raises(StopIteration):
        next(frames)


def test_without_positions_there_are_no_cells_to_show(tmp_path: Path) -> None:
    for name in ("classes", "inconsistency"):
        np.save(tmp_path / f"{name}.npy", np.ones((1, 3, 4, 6), np.uint8))
    np.save(tmp_path / "votes.npy", np.zeros((1, 4, 6), np.uint8))
    np.save(tmp_path / "members.npy", np.ones((1, 2, 3, 4, 6), np.uint8))
    frame = next(read_frames(deque([(0, 0, tmp_path)]), EXCLUSIVE))
    assert frame.cells is None
    assert frame.most_votes == 0


def test_answers_are_read(tmp_path: Path) -> None:
    scheme = {
        "task": "multilabel",
        "classes": ["position", "alive", "dead"],
        "position": "position",
    }
    about = {"scheme": scheme, "channels": 1, "members": 2, "device": "cpu"}
    model = Model.from_answer(tmp_path, "auto", about)
    assert model == Model(tmp_path, CELLS, 1, 2, "auto", "cpu")
    counts = {
        "counts": {"states": {"alive": [3, 2, 4]}, "unclear": 1},
        "inconsistent": 0.5,
        "notes": ["a"],
    }
    assert FrameCounts.from_answer(4, counts) == FrameCounts(
        4, {"alive": (3, 2, 4)}, 1, 0.5, ("a",)
    )
