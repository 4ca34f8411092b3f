"""Whatever a TIFF file is like, its frames are those of the array that was written to it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_inconsistency_masks.files.images import open_stack

TYPES = ("u1", "i1", "u2", "i2", "u4", "f4", "f8")
FILES = 40


def some_array(rng: np.random.Generator) -> tuple[np.ndarray, str, dict[str, Any]]:
    """An array of gray values, of colors or of colors plane by plane; axes, how to write it."""
    axes = "".join(rng.permutation(list("TZC"))[: rng.integers(4)])
    kind = rng.choice(["YX", "YX", "YXS", "SYX"])
    lengths = dict(zip("TZC", rng.integers(1, 4, 3), strict=True)) | {"S": 3}
    lengths |= dict(zip("YX", rng.integers(2, 40, 2), strict=True))
    axes += str(kind)
    array = rng.integers(0, 100, [int(lengths[axis]) for axis in axes]).astype(rng.choice(TYPES))
    options: dict[str, Any] = {"photometric": "minisblack" if kind == "YX" else "rgb"}
    if kind == "SYX":
        options["planarconfig"] = "separate"
    return array, axes, options


def some_storage(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    """Byte order, compression, and strips or tiles."""
    cut: tuple[dict[str, Any], ...] = ({}, {"tile": (16, 32)}, {"rowsperstrip": 1 + rows // 3})
    return {
        "byteorder": str(rng.choice(["<", ">"])),
        "bigtiff": bool(rng.integers(2)),
        "compression": rng.choice([None, "zlib", "packbits"]),
        **cut[rng.integers(3)],
    }


@pytest.mark.parametrize("ome", [False, True])
def test_frames_are_those_that_were_written(tmp_path: Path, ome: bool) -> None:
    rng = np.random.default_rng(ome)
    for number in range(FILES):
        array, axes, options = some_array(rng)
        options |= some_storage(rng, array.shape[axes.index("Y")])
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, array, ome=ome, metadata={"axes": axes}, **options)
        with open_stack(path) as frames:
            check_frames(frames, array, axes, (axes, options))


def check_frames(frames: Any, array: np.ndarray, axes: str, what: object) -> None:
    """Compare each frame, and some rows of it, with the part of the array at its place."""
    header = frames.header
    assert header.dtype == array.dtype, what
    places = itertools.product(*map(range, header.stack_shape))
    for frame, place in enumerate(places):
        at = dict(zip(header.stack_axes, place, strict=True))
        rest = [axis for axis in axes if axis in header.frame_axes]
        expected = array[tuple(slice(None) if axis in rest else at.get(axis, 0) for axis in axes)]
        expected = expected.transpose([rest.index(axis) for axis in header.frame_axes])
        np.testing.assert_array_equal(frames[frame], expected, err_msg=str(what))
        rows = expected.take([1], axis=header.frame_axes.index("Y"))
        np.testing.assert_array_equal(frames.rows(frame, slice(1, 2)), rows, err_msg=str(what))
    assert len(frames) == np.prod(header.stack_shape), what
    assert array.size == len(frames) * expected.size, what
