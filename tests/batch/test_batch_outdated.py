"""What a folder says of images that changed, moved, or were done with other settings before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import tifffile
from batch_toys import batch_of, counts, do, results, toy_frames
from filelock import FileLock

from napari_inconsistency_masks.batch import (
    Plan,
    fingerprint,
    read_results,
    run_batch,
    superseded,
)
from napari_inconsistency_masks.batch.events import ImageDone, ImageStarted, TileDone, Warned
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.inference.trained import TrainedEnsemble


def stop_at_first_tile(plan: Plan, ensemble: TrainedEnsemble, **options: bool) -> None:
    events = run_batch(plan, ensemble, **options)
    while not isinstance(next(events), TileDone):
        pass
    events.close()


def anew(events: list[object]) -> list[str]:
    return [e.image for e in events if isinstance(e, ImageDone) and not e.reused]


def test_a_stop_keeps_the_rows_of_images_that_were_done_before(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    tifffile.imwrite(images / "image_000.tif", toy_frames(1, 70)[0])
    stop_at_first_tile(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    statuses = [row["status"] for row in counts(tmp_path / "out")]
    assert statuses == ["not processed yet"] + ["done"] * 8


def test_results_of_other_settings_do_not_pass_for_those_of_a_stopped_batch(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    fewer = batch_of([images], tmp_path / "out", model, ensemble, frames=(0, 2))
    stop_at_first_tile(fewer, ensemble, overwrite=True)
    rows = list(read_results(tmp_path / "out").rows())
    assert [row["status"] for row in rows] == ["not processed yet"] * 6


def test_results_of_other_settings_do_not_pass_for_those_of_a_killed_batch(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    fewer = batch_of([images], tmp_path / "out", model, ensemble, frames=(0, 2))
    events = run_batch(fewer, ensemble, overwrite=True)
    while not isinstance(next(events), ImageStarted):
        pass
    during = [row["status"] for row in counts(tmp_path / "out")]  # a kill would leave this
    events.close()
    assert during == ["not processed yet"] * 6


def test_results_of_a_version_that_read_images_otherwise_do_not_pass_for_those_of_this_one(
    plan: Plan, ensemble: TrainedEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 2, some frames and channels of TIFF files were left out."""
    with monkeypatch.context() as before:
        before.setattr("napari_inconsistency_masks.batch.journal.RESULTS", 1)
        do(plan, ensemble)
    with pytest.raises(InputError, match="of other networks or settings"):
        do(plan, ensemble)
    assert len(anew(do(plan, ensemble, overwrite=True))) == 6


def files_in(out: Path) -> set[str]:
    return {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}


RECORDS = {"counts.csv", "totals.csv", "batch.json", "journal.jsonl", "batch.lock"}
STEMS = [*(f"image_{number:03d}" for number in range(5)), "movie"]


@pytest.mark.parametrize("options", [{"write": ("masks",)}, {"write": ("masks",), "format": "ome"}])
def test_overwriting_leaves_nothing_of_other_settings(
    options: dict[str, object], plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    do(plan, ensemble)
    masks = batch_of([images], tmp_path / "out", model, ensemble, **options)
    assert not warnings(do(masks, ensemble, overwrite=True))
    end = "_masks.ome.tif" if "format" in options else "_masks.tif"
    expected = {f"images/{stem}{end}" for stem in STEMS}
    expected |= {f"tables/{stem}_counts.csv" for stem in STEMS}
    assert files_in(tmp_path / "out") == RECORDS | expected
    assert not anew(do(masks, ensemble))


def warnings(events: list[object]) -> list[str]:
    return [event.message for event in events if isinstance(event, Warned)]


def test_overwriting_leaves_nothing_of_images_that_are_gone(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    shutil.copytree(images, images / "deep")
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    before = files_in(tmp_path / "out")
    shutil.rmtree(images / "deep")
    events = do(plan, ensemble, overwrite=True)
    assert not anew(events)  # the others are as they were
    assert files_in(tmp_path / "out") == {name for name in before if "/deep/" not in name}
    assert not list((tmp_path / "out").glob("*/deep"))


def test_overwriting_keeps_what_somebody_made_or_changed(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    mine = ("cells.csv", "images/image_001_rois.zip", "images/mine.tif", "parts/mine.txt")
    (tmp_path / "out" / "parts").mkdir()
    for name in mine:
        (tmp_path / "out" / name).write_text("mine")
    masks = batch_of([images], tmp_path / "out", model, ensemble, write=("masks",))
    for _ in range(2):  # it is not forgotten
        (said,) = warnings(do(masks, ensemble, overwrite=True))
        assert "not removed: cells.csv, images/image_001_rois.zip; none of this" in said
    assert {(tmp_path / "out" / name).read_text() for name in mine} == {"mine"}
    assert not (tmp_path / "out" / "images" / "image_002_rois.zip").exists()


def test_overwriting_removes_no_image_that_it_is_to_read(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    do(plan, ensemble)
    labels = tmp_path / "out" / "images" / "image_000_labels.tif"
    before = labels.read_bytes()
    do(batch_of([labels], tmp_path / "out", model, ensemble), ensemble, overwrite=True)
    assert labels.read_bytes() == before
    assert not (tmp_path / "out" / "images" / "image_001_labels.tif").exists()


def test_a_journal_that_names_files_elsewhere_removes_none(
    plan: Plan, ensemble: TrainedEnsemble, images: Path
) -> None:
    do(plan, ensemble)
    with (Path(plan.folder) / "journal.jsonl").open("a") as journal:
        journal.write('{"event": "begin", "files": ["../mine.txt"], "settings": "other"}\n')
    (Path(plan.folder).parent / "mine.txt").write_text("mine")
    do(plan, ensemble, overwrite=True)
    assert (Path(plan.folder).parent / "mine.txt").is_file()


@pytest.mark.parametrize("after", [0, 3, 9, 14])
def test_killed_while_it_removes_it_goes_on(
    after: int, plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    do(plan, ensemble)
    before = results(tmp_path / "out")
    masks = batch_of([images], tmp_path / "out", model, ensemble, write=("masks",))
    calls = iter(range(after))

    def killed(file: Path) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        file.unlink()

    with monkeypatch.context() as patch:
        patch.setattr(superseded, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            do(masks, ensemble, overwrite=True)
    do(plan, ensemble)  # what was there before can be had again
    assert results(tmp_path / "out") == before
    do(masks, ensemble, overwrite=True)
    assert {Path(name).name[-10:] for name in results(tmp_path / "out")} == {
        "counts.csv", "totals.csv", "_masks.tif",
    }  # fmt: skip


def test_a_stop_after_overwriting_does_not_forget_what_is_to_be_replaced(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    masks = batch_of([images], tmp_path / "out", model, ensemble, write=("masks",))
    stop_at_first_tile(masks, ensemble, overwrite=True)
    rois = batch_of([images], tmp_path / "out", model, ensemble, write=("rois",))
    do(rois, ensemble, overwrite=True)
    assert not list((tmp_path / "out").rglob("*_masks.tif"))


def test_a_stop_after_overwriting_can_be_gone_on_with(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    masks = batch_of([images], tmp_path / "out", model, ensemble, write=("masks",))
    stop_at_first_tile(masks, ensemble, overwrite=True)
    assert len(anew(do(masks, ensemble))) == 6


def test_an_image_that_was_damaged_since_has_no_results(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    (images / "image_001.tif").write_bytes(b"II*\0 nothing good")
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    found = read_results(tmp_path / "out")
    assert counts(tmp_path / "out")[1]["status"].startswith("failed: ")
    assert not found.files(found.image("image_001.tif"))
    assert len(found.files(found.image("image_002.tif"))) == 7


def test_an_image_out_of_reach_keeps_its_results(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    link = images / "image_001.tif"
    shutil.move(link, tmp_path / "elsewhere.tif")
    link.symlink_to(tmp_path / "elsewhere.tif")
    do(plan := batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    shutil.move(tmp_path / "elsewhere.tif", tmp_path / "unplugged.tif")
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    shutil.move(tmp_path / "unplugged.tif", tmp_path / "elsewhere.tif")
    assert not anew(do(plan, ensemble))


def test_an_image_with_another_extension_has_its_new_name_in_the_tables(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    (images / "image_000.tif").rename(images / "image_000.tiff")
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    assert counts(tmp_path / "out")[0]["image"] == "image_000.tiff"


def test_images_that_changed_places_are_done_again(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    one, two = images / "image_000.tif", images / "image_001.tif"
    for image in (one, two):  # as archives and simple drives round times
        os.utime(image, (1_700_000_000, 1_700_000_000))
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    one.rename(images / "aside")
    two.rename(one)
    (images / "aside").rename(two)
    events = do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    assert anew(events) == ["image_000.tif", "image_001.tif"]


def test_a_change_anywhere_in_a_large_file_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    with path.open("wb") as file:
        file.truncate(256 << 20)
    known = fingerprint.fingerprint(path)
    with path.open("r+b") as file:
        file.seek(5 << 19)  # between the places that the checksum is of
        file.write(b"another cell")
    os.utime(path, ns=(known["changed"] + 1, known["changed"] + 1))
    assert not fingerprint.matches(path, known)


def test_rows_of_images_that_are_gone_are_not_lost_unasked(
    plan: Plan, model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    do(plan, ensemble)
    shutil.move(images, tmp_path / "archive")
    images.mkdir()
    tifffile.imwrite(images / "new.tif", toy_frames(1, 70)[0])
    with pytest.raises(InputError, match="not among these images"):
        do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    assert len(counts(tmp_path / "out")) == 9
    moved = batch_of([tmp_path / "archive"], tmp_path / "out", model, ensemble)
    assert not anew(do(moved, ensemble))  # the same images elsewhere


def test_a_file_that_cannot_be_removed_is_a_sentence(
    plan: Plan, ensemble: TrainedEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "image_003_masks.tif":
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    do(plan, ensemble)
    statuses = [row["status"] for row in counts(Path(plan.folder))]
    assert statuses.count("done") == 8
    assert "cannot be replaced (Permission denied); close what has it open" in statuses[3]


def test_a_folder_that_may_not_be_written_to_is_a_sentence(
    plan: Plan, ensemble: TrainedEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lock: FileLock) -> None:
        raise PermissionError(13, "Permission denied", lock.lock_file)

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with pytest.raises(WriteError, match=r"batch\.lock: cannot be written \(Permission denied"):
        next(run_batch(plan, ensemble))
