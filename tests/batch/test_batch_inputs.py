"""Whatever axes, types and formats images come in, their frames are read as themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from batch_toys import batch_of, counts, do, toy_frames
from PIL import Image as Picture

from napari_inconsistency_masks.batch import list_images
from napari_inconsistency_masks.batch.images import unfit_channels
from napari_inconsistency_masks.batch.names import unique_stems
from napari_inconsistency_masks.batch.plan import Plan
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.images import open_stack, read_image
from napari_inconsistency_masks.inconsistency import find_consensus
from napari_inconsistency_masks.inference.image import predict
from napari_inconsistency_masks.inference.trained import TrainedEnsemble

FRAMES = toy_frames(6, 30).reshape(3, 2, 32, 32)  # T, Z
CHANNELS = np.stack([FRAMES, 255 - FRAMES], axis=2)  # T, Z, C


def write_hyperstack(path: Path) -> None:
    tifffile.imwrite(path, CHANNELS, imagej=True, metadata={"axes": "TZCYX"})


def write_ome(path: Path) -> None:
    stack = np.moveaxis(CHANNELS, 2, 0)
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": "CTZYX"}, compression="zstd")


def write_tiled(path: Path) -> None:
    stack = CHANNELS.swapaxes(0, 1).astype(np.uint8)
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": "ZTCYX"}, tile=(16, 16), bigtiff=True)


def write_zarr(path: Path) -> None:
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    array = group.create_array("0", shape=CHANNELS.shape, chunks=(1, 1, 1, 16, 16), dtype="u1")
    array[:] = CHANNELS
    names = [{"name": name, "unit": "micrometer"} for name in "zcyx"]
    scale = [60.0, 2.0, 1.0, 0.5, 0.25]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    axes = [{"name": "t", "unit": "second"}, *names]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]


WRITERS = {
    "a.tif": write_hyperstack,
    "b.ome.tif": write_ome,
    "c.tif": write_tiled,
    "d.zarr": write_zarr,
}


@pytest.mark.parametrize("name", WRITERS)
def test_time_depth_and_channels_in_any_order(
    name: str, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    WRITERS[name](tmp_path / name)
    plan = batch_of(
        [tmp_path / name], tmp_path / "o", model, ensemble, channels=[0], write=["masks"]
    )
    do(plan, ensemble)
    (path,) = (tmp_path / "o" / "images").iterdir()
    masks = read_image(path)
    assert (masks.axes, masks.shape) == ("TZCYX", (3, 2, 3, 32, 32))
    for t in range(3):
        for z in range(2):
            expected = find_consensus(predict(ensemble, FRAMES[t, z])).best_guess
            np.testing.assert_array_equal(masks.array[t, z] > 0, expected)
    rows = counts(tmp_path / "o")
    assert [(row["t"], row["z"]) for row in rows] == [(t, z) for t in "012" for z in "01"]
    assert {row["status"] for row in rows} == {"done"}
    if name == "d.zarr":
        assert masks.pixel_size == pytest.approx((0.5, 0.25))
        assert (masks.frame_interval, masks.slice_spacing) == (60.0, 2.0)


def test_a_chosen_channel_is_what_the_networks_see(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    write_hyperstack(tmp_path / "a.tif")
    do(batch_of([tmp_path / "a.tif"], tmp_path / "o", model, ensemble, channels=[1]), ensemble)
    masks = read_image(tmp_path / "o" / "images" / "a_masks.tif").array
    expected = find_consensus(predict(ensemble, 255 - FRAMES[1, 1])).best_guess
    np.testing.assert_array_equal(masks[1, 1] > 0, expected)


def test_axes_are_corrected(model: Path, ensemble: TrainedEnsemble, tmp_path: Path) -> None:
    movie = toy_frames(3, 40)
    tifffile.imwrite(tmp_path / "z.tif", movie, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "last.tif", np.moveaxis(movie, 0, 2), photometric="minisblack")
    results = {}
    for name, axes in (("z", "TYX"), ("last", "YXT")):
        out = tmp_path / name
        do(batch_of([tmp_path / f"{name}.tif"], out, model, ensemble, axes=axes), ensemble)
        results[name] = read_image(out / "images" / f"{name}_masks.tif")
        assert [row["t"] for row in counts(out)] == ["0", "1", "2"]
        assert results[name].axes == "TCYX"
    np.testing.assert_array_equal(results["z"].array, results["last"].array)


@pytest.mark.parametrize(
    ("given", "have", "wanted", "advice"),
    [(3, 3, 1, "choose one of them"), (1, 3, 2, "choose 2 of 3"), (1, 1, 2, "give images like")],
)
def test_channels_are_only_to_be_chosen_where_there_are_enough(
    given: int, have: int, wanted: int, advice: str
) -> None:
    said = unfit_channels(given, have, wanted)
    assert said.startswith("1 channel does not fit" if given == 1 else "3 channels do not fit")
    assert f"for {wanted}; {advice}" in said


def problem(plan: Plan) -> str:
    (image,) = plan.images
    return str(image.problem)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "2 channels do not fit networks for 1; choose one"),
        ({"channels": [2]}, "there is no channel 2"),
        ({"channels": [0, 1]}, "2 channels do not fit networks for 1; choose one of them."),
        ({"axes": "TYX"}, "axes TYX do not fit 3 x 2 x 2 x 32 x 32"),
        ({"channels": [0], "frames": [7, 9]}, "none of its 6 frames"),
    ],
)
def test_what_cannot_be_read_is_said_before_the_start(
    options: dict[str, Any], said: str, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    write_hyperstack(tmp_path / "a.tif")
    plan = batch_of([tmp_path / "a.tif"], tmp_path / "o", model, ensemble, **options)
    assert said in problem(plan)
    assert not (tmp_path / "o").exists()


def test_some_frames_keep_their_numbers(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    write_hyperstack(tmp_path / "a.tif")
    options = {"channels": [0], "frames": [1, None]}
    do(batch_of([tmp_path / "a.tif"], tmp_path / "o", model, ensemble, **options), ensemble)
    assert [row["frame"] for row in counts(tmp_path / "o")] == [
        f"t={t},z={z}" for t in (1, 2) for z in (0, 1)
    ]
    masks = read_image(tmp_path / "o" / "images" / "a_masks.tif")
    assert masks.shape == (2, 2, 3, 32, 32)


def test_gray_saved_as_color_12_bit_and_float(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    frame = toy_frames(1, 60)[0]
    Picture.fromarray(np.dstack([frame] * 3)).save(tmp_path / "gray.png")
    Picture.fromarray(np.dstack([frame, frame, 255 - frame])).save(tmp_path / "color.png")
    grays = {"twelve.tif": frame.astype(np.uint16) * 16, "float.tif": frame.astype("f4") / 255}
    for name, gray in grays.items():
        tifffile.imwrite(tmp_path / name, gray)
    do(batch_of([tmp_path], tmp_path / "o", model, ensemble), ensemble)
    rows = {row["image"]: row for row in counts(tmp_path / "o")}
    assert "3 channels do not fit" in rows["color.png"]["status"]
    for name, gray in grays.items():
        expected = find_consensus(predict(ensemble, gray)).inconsistency.sum()
        assert int(rows[name]["inconsistent_px"]) == expected
    assert rows["gray.png"]["status"] == "done"


def test_transparency_that_is_left_out_is_noted(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    frame = toy_frames(1, 60)[0]
    Picture.fromarray(np.dstack([frame, 255 - frame])).save(tmp_path / "a.png")
    (image,) = batch_of([tmp_path / "a.png"], tmp_path / "o", model, ensemble).images
    assert "a.png: its transparency is left out" in image.known.notes[0]


def test_a_plan_is_json_and_comes_back(
    model: Path, ensemble: TrainedEnsemble, images: Path
) -> None:
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    plan = batch_of([images], images / "out", model, ensemble, channels=[0], frames=[0, 2])
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_zarr_array_that_would_run_code_is_refused(tmp_path: Path) -> None:
    array = {
        "zarr_format": 2, "shape": [4, 4], "chunks": [4, 4], "dtype": "|O", "order": "C",
        "fill_value": 0, "compressor": None, "filters": [{"id": "pickle", "protocol": 5}],
    }  # fmt: skip
    (tmp_path / ".zarray").write_text(json.dumps(array))
    with pytest.raises(InputError, match="'pickle' is not supported"):
        open_stack(tmp_path)


def test_chunks_that_are_not_there_are_noted(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    write_zarr(tmp_path / "in" / "a.zarr")
    paths, options = [tmp_path / "in"], {"channels": [0]}
    plan = batch_of(paths, tmp_path / "out", model, ensemble, **options)
    assert plan.images[0].known.notes == ()
    (tmp_path / "in" / "a.zarr" / "0" / "1.0.0.1.1").unlink()
    plan = batch_of(paths, tmp_path / "out", model, ensemble, **options)
    (note,) = plan.images[0].known.notes
    assert "1 of its 48 chunks are not there, and are read as 0" in note


def test_folders_patterns_and_zarr_are_listed_once(tmp_path: Path) -> None:
    for name in ("a/x_ch1.tif", "a/x_ch2.tif", "b/c/y_ch1.tif", "b/.z_ch1.tif", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    write_zarr(tmp_path / "b" / "w.zarr")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x_masks.tif").write_bytes(b"")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)

    def names(*paths: Path, **options: Any) -> list[str]:
        found = list_images(paths, out=tmp_path / "out", **options).images
        return [image.name for image in found]

    everything = names(tmp_path, recursive=True)
    assert everything == ["a/x_ch1.tif", "a/x_ch2.tif", "b/w.zarr", "b/c/y_ch1.tif"]
    assert names(tmp_path, recursive=True, glob="*_ch1.tif") == ["a/x_ch1.tif", "b/c/y_ch1.tif"]
    assert names(tmp_path / "a", tmp_path / "a" / "x_ch1.tif") == ["x_ch1.tif", "x_ch2.tif"]
    with pytest.raises(InputError, match="no images"):
        names(tmp_path)


def test_no_two_images_share_a_name() -> None:
    names = ["a.tif", "a.tiff", "A.png", "b/a.tif", "e\u0301.tif", "\u00e9.tif", "a_tiff.tif"]
    names += [f"{'n' * 300}{end}.tif" for end in "xy"]
    stems = unique_stems(names)
    assert len({stem.casefold() for stem in stems}) == len(names)
    assert stems[0] == "a"
    assert stems[3] == "b/a"
    assert all(len(stem.encode()) < 220 for stem in stems)
