"""Finding images: names, links, results of other batches, and what cannot be looked at."""

from __future__ import annotations

import ntpath
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tifffile
from batch_toys import batch_of, counts, do, toy_frames

from napari_inconsistency_masks.batch import Plan, list_images, permission, read_results, run_batch
from napari_inconsistency_masks.batch.events import TileDone, Warned
from napari_inconsistency_masks.batch.repeated import repeated, words_about
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inference.trained import TrainedEnsemble


def names(folder: Path, out: Path) -> list[str]:
    return [image.name for image in list_images([folder], recursive=True, out=out).images]


def test_results_are_no_images_whatever_leads_to_them(
    images: Path, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    before = names(images, images / "first")
    do(batch_of([images], images / "first", model, ensemble), ensemble)
    (tmp_path / "link").symlink_to(images / "first")
    assert names(images, tmp_path / "link") == before
    found = list_images([images], recursive=True, out=images / "second")
    assert [image.name for image in found.images] == before
    assert found.others == ("first",)
    assert "image_000_masks.tif" in names(images / "first" / "images", images / "second")


def test_the_folder_of_the_results_is_said_to_be_never_searched(
    images: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(images)
    for given in (images, tmp_path / "link"):
        with pytest.raises(InputError, match=r"images: the folder of the results is never search"):
            list_images([given], out=images)


def test_a_plan_says_that_nothing_can_be_written_where_the_results_would_go(
    model: Path,
    ensemble: TrainedEnsemble,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A drive of a microscope is often for reading only, and results are proposed beside images."""
    (tmp_path / "notes.txt").write_text("mine")
    for out in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "results"):
        with pytest.raises(InputError, match=r"notes\.txt: this is a file and no folder; choose"):
            batch_of([images], out, model, ensemble)
    permitted = os.access

    def access(path: Path, mode: int) -> bool:
        return path != tmp_path and permitted(path, mode)

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(InputError, match="nothing can be written into this folder"):
        batch_of([images], tmp_path / "a" / "results", model, ensemble)
    (tmp_path / "a").mkdir()
    batch_of([images], tmp_path / "a" / "results", model, ensemble)
    assert not (tmp_path / "a" / "results").exists()


def test_saved_labels_and_runs_are_no_images(images: Path, tmp_path: Path) -> None:
    """A project may lie in the folder of its images."""
    before = names(images, tmp_path / "out")
    for folder, signs in (
        ("project/corrections/a/0/v1", ("manifest.json",)),
        ("project/runs/first", ("run.json", "events.jsonl")),
    ):
        (images / folder).mkdir(parents=True)
        tifffile.imwrite(images / folder / "alive.tif", toy_frames(1)[0])
        for name in signs:
            (images / folder / name).touch()
    assert names(images, tmp_path / "out") == before


def test_folders_that_are_not_looked_into_are_counted(
    plan: Plan, images: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    plate = tmp_path / "plate"
    for well in ("A01", "A02", ".hidden"):
        (plate / well).mkdir(parents=True)
        shutil.copy(images / "image_000.tif", plate / well)
    do(replace(plan, folder=str(plate / "first")), ensemble)  # an earlier batch: no well
    out = plate / "second"
    out.mkdir()
    with pytest.raises(
        InputError, match=r"plate: no images here; 2 folders inside were not .*: add --recursive\.$"
    ):
        list_images([plate], out=out)
    shutil.copy(images / "image_000.tif", plate / "top.tif")
    assert list_images([plate, plate], out=out).unsearched == 2
    assert list_images([plate, plate / "A01"], out=out).unsearched == 1
    assert list_images([plate], recursive=True, out=out).unsearched == 0


def test_a_link_that_leads_to_itself_is_a_row_with_its_reason(
    images: Path, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    (images / "loop.tif").symlink_to(images / "loop.tif")
    for overwrite in (False, True):
        events = do(
            batch_of([images], tmp_path / "out", model, ensemble), ensemble, overwrite=overwrite
        )
        assert events[-1].failed == 1
    assert {row["image"]: row["status"] for row in counts(tmp_path / "out")}["loop.tif"] == (
        "failed: this file does not exist (any more)."
    )


def test_no_two_images_have_one_name_in_the_tables(tmp_path: Path) -> None:
    for place in ("r/x", "r/y", "q/x"):
        (tmp_path / place).mkdir(parents=True)
        tifffile.imwrite(tmp_path / place / "a.tif", toy_frames(1)[0])
    folders = [tmp_path / "r/x", tmp_path / "r/y", tmp_path / "q"]
    found = list_images(folders, recursive=True, out=tmp_path / "out").images
    assert [image.name for image in found] == ["r/x/a.tif", "r/y/a.tif", "q/x/a.tif"]


def test_images_of_one_name_on_several_drives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def several(paths: object) -> str:
        raise ValueError("Paths don't have the same drive")  # as on Windows

    for place in "xy":
        (tmp_path / place).mkdir()
        tifffile.imwrite(tmp_path / place / "a.tif", toy_frames(1)[0])
    monkeypatch.setattr(os.path, "commonpath", several)
    found = list_images([tmp_path / "x", tmp_path / "y"], out=tmp_path / "out").images
    ends = ["/x/a.tif", "/y/a.tif"]
    assert [image.name for image in found] == [f"{tmp_path}{end}".lstrip("/") for end in ends]


def test_a_damaged_zarr_image_is_a_row(plan: Plan, images: Path, tmp_path: Path) -> None:
    (images / "bad.zarr").mkdir()
    (images / "bad.zarr" / ".zattrs").write_text("{")
    found = names(images, tmp_path / "out")
    assert found == ["bad.zarr", *(image.name for image in plan.images)]


def test_a_folder_that_cannot_be_searched_is_named(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (images / "closed").mkdir()
    iterdir = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"closed: cannot be looked at \(Permission denied\)"):
        names(images, tmp_path / "out")


def test_a_name_that_is_no_text_is_the_same_in_all_tables(
    images: Path, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    name = os.fsencode(images) + b"/z\xff.tif"
    try:
        os.rename(images / "image_000.tif", name)  # noqa: PTH104  bytes
    except OSError:
        pytest.skip("this file system takes text only")
    plan = batch_of([images], tmp_path / "out", model, ensemble)
    events = run_batch(plan, ensemble)
    while not isinstance(next(events), TileDone):
        pass
    events.close()
    stopped = [row["image"] for row in read_results(tmp_path / "out").rows()]
    assert stopped[-1] == "z\\udcff.tif"
    do(plan, ensemble)
    found = read_results(tmp_path / "out")
    assert [found.image(row["image"]).name for row in counts(tmp_path / "out")][-1] == stopped[-1]


def test_folders_on_a_drive_that_numbers_nothing_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file system may give all of them the number 0."""
    for name in ("a", "b/c"):
        (tmp_path / "plate" / name).mkdir(parents=True)
        (tmp_path / "plate" / name / "1.tif").touch()
    real = Path.stat

    def stat(self: Path, **options: bool) -> os.stat_result:
        facts = real(self, **options)
        return os.stat_result((*facts[:1], 0, *facts[2:]))

    monkeypatch.setattr(Path, "stat", stat)
    plate = tmp_path / "plate"
    assert names(plate, plate / "out") == ["a/1.tif", "b/c/1.tif"]
    assert list_images([plate / "a"], out=plate / "out").unsearched == 0
    with pytest.raises(InputError, match="never searched"):
        list_images([plate / "a"], out=plate / "a")


def test_on_windows_a_path_may_be_typed_in_small_letters(
    images: Path,
    model: Path,
    ensemble: TrainedEnsemble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = batch_of([images], tmp_path / "out", model, ensemble)
    do(plan, ensemble)
    typed = [replace(image, path=image.path.upper()) for image in plan.images]
    again = replace(plan, images=tuple(typed))
    with pytest.raises(InputError, match="not among these images"):
        permission.open_journal(again, overwrite=False)
    monkeypatch.setattr(permission, "normcase", ntpath.normcase)
    assert permission._left_out(again) == []


def test_a_file_that_is_given_twice_by_a_link_is_said_to_count_twice(
    images: Path, model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    plain = batch_of([images], tmp_path / "plain", model, ensemble)
    assert not [event for event in do(plain, ensemble) if isinstance(event, Warned)]
    (images / "best").mkdir()
    (images / "best" / "one.tif").symlink_to(images / "image_001.tif")
    (images / "best" / "bad.tif").symlink_to(images / "none.tif")
    plan = batch_of([images], tmp_path / "out", model, ensemble)
    said = [event.message for event in do(plan, ensemble) if isinstance(event, Warned)]
    (sentence,) = said
    assert sentence == (
        "1 image is the file of another one, by a link: best/one.tif. All sums count these cells "
        "twice; give each file once if they should not."
    )
    notes = {row["image"]: row["notes"] for row in counts(tmp_path / "out")}
    assert notes["best/one.tif"] == (
        "the same file as image_001.tif, by a link: its cells are counted twice."
    )
    assert notes["image_001.tif"] == ""
    (tmp_path / "same").symlink_to(images)
    both = batch_of([images, tmp_path / "same"], tmp_path / "out", model, ensemble)
    assert len(repeated(both.good)) == len(both.good) - len(plain.good)
    assert words_about(repeated(both.good)).startswith("8 images are the files of others, by a")
