"""Resuming, damaged and changing images, and never overwriting unasked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tifffile
from batch_toys import batch_of, counts, do, results, toy_frames

from napari_inconsistency_masks.batch import Plan, run_batch
from napari_inconsistency_masks.batch.events import FrameDone, ImageDone, ImageFailed, TileDone
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.trained import TrainedEnsemble


def reused(events: list[object]) -> list[str]:
    return [e.image for e in events if isinstance(e, ImageDone) and e.reused]


def test_what_is_done_is_not_done_again(plan: Plan, ensemble: TrainedEnsemble) -> None:
    do(plan, ensemble)
    before = results(Path(plan.folder))
    events = do(plan, ensemble)
    assert len(reused(events)) == 6
    assert not any(isinstance(event, FrameDone) for event in events)
    assert results(Path(plan.folder)) == before


@pytest.mark.parametrize("after", range(1, 10))
def test_left_at_any_tile_it_goes_on_to_the_same_results(
    after: int, plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    out = Path(plan.folder)
    events, tiles = run_batch(plan, ensemble), 0
    for event in events:
        tiles += isinstance(event, TileDone)
        if tiles == after:
            break
    events.close()
    assert not list(out.rglob(".part-*"))
    statuses = [row["status"] for row in counts(out)]
    assert statuses.count("done") < 9
    assert set(statuses) <= {"done", "not processed yet"}
    do(plan, ensemble)
    stopped = results(out)
    shutil.rmtree(out)
    do(plan, ensemble)
    assert stopped == results(out)


def test_bad_images_are_rows_and_change_no_other(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    clean = {name: data for name, data in results(Path(plan.folder)).items() if "/" in name}
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    for name in ("vanishing.tif", "changing.tif"):
        tifffile.imwrite(images / name, toy_frames(1, 90)[0])
    bad = batch_of([images], tmp_path / "bad", model, ensemble)
    (images / "vanishing.tif").unlink()
    tifffile.imwrite(images / "changing.tif", toy_frames(2, 91))
    events = do(bad, ensemble)
    failed = {event.image: event.reason for event in events if isinstance(event, ImageFailed)}
    assert set(failed) == {"damaged.tif", "vanishing.tif", "changing.tif"}
    assert failed["vanishing.tif"].startswith("this file does not exist")
    assert failed["changing.tif"].startswith("changed since")
    assert failed["damaged.tif"].startswith("cut short")
    mixed = results(tmp_path / "bad")
    assert {name: mixed[name] for name in clean} == clean
    rows = {row["image"]: row for row in counts(tmp_path / "bad")}
    for name, reason in failed.items():
        assert rows[name]["status"] == f"failed: {reason}"
        assert rows[name]["bright"] == rows[name]["inconsistent"] == ""


def test_only_an_image_that_changed_is_done_again(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    tifffile.imwrite(images / "image_001.tif", toy_frames(1, 70)[0])
    tifffile.imwrite(images / "new.tif", toy_frames(1, 71)[0])
    (images / "image_002.tif").touch()  # the same bytes at another time
    again = batch_of([images], tmp_path / "out", model, ensemble)
    events = do(again, ensemble)
    done = [e.image for e in events if isinstance(e, ImageDone) and not e.reused]
    assert done == ["image_001.tif", "new.tif"]
    assert len(counts(tmp_path / "out")) == 10


def test_a_lost_result_is_made_again_and_a_changed_one_is_not_overwritten(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    do(plan, ensemble)
    masks = Path(plan.folder) / "images" / "image_000_masks.tif"
    whole = masks.read_bytes()
    masks.unlink()
    assert len(reused(do(plan, ensemble))) == 5
    assert masks.read_bytes() == whole
    masks.write_bytes(b"drawn by hand")
    with pytest.raises(InputError, match="would be overwritten"):
        do(plan, ensemble)
    assert masks.read_bytes() == b"drawn by hand"
    do(plan, ensemble, overwrite=True)
    assert masks.read_bytes() == whole


def test_a_table_that_somebody_edited_is_not_overwritten(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    do(plan, ensemble)
    (Path(plan.folder) / "counts.csv").write_text("my own numbers")
    with pytest.raises(InputError, match=r"counts\.csv would be overwritten"):
        do(plan, ensemble)


def test_other_settings_need_another_folder_or_leave(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    other = batch_of([images], tmp_path / "out", model, ensemble, format="ome")
    with pytest.raises(InputError, match="other networks or settings"):
        do(other, ensemble)
    assert not reused(do(other, ensemble, overwrite=True))


def test_results_of_other_images_are_kept(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    fewer = batch_of([images / "image_000.tif"], tmp_path / "out", model, ensemble)
    with pytest.raises(InputError, match="not among these images"):
        do(fewer, ensemble)


def test_files_that_were_there_before_are_not_overwritten(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    old = Path(plan.folder) / "images" / "image_003_masks.tif"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"image_003_masks\.tif would be overwritten"):
        do(plan, ensemble)
    assert old.read_bytes() == b"mine"


def test_inputs_are_never_modified(plan: Plan, ensemble: TrainedEnsemble, images: Path) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in images.iterdir()}
    do(plan, ensemble)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in images.iterdir()} == before


def test_two_batches_do_not_write_to_one_folder(plan: Plan, ensemble: TrainedEnsemble) -> None:
    first = run_batch(plan, ensemble)
    next(first)
    with pytest.raises(InputError, match="another batch"):
        next(run_batch(plan, ensemble))
    first.close()


def test_a_full_disk_stops_the_batch_and_fails_no_image(
    plan: Plan, ensemble: TrainedEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    replace, calls = os.replace, iter(range(100))

    def full(source: str, target: str) -> None:
        if next(calls) == 12:
            raise OSError(errno.ENOSPC, "no space")
        replace(source, target)

    monkeypatch.setattr("napari_inconsistency_masks.files.atomic.os.replace", full)
    with pytest.raises(InputError, match="the disk is full"):
        do(plan, ensemble)
    monkeypatch.undo()
    assert not any(isinstance(event, ImageFailed) for event in do(plan, ensemble))
