"""Results found again by their folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from batch_toys import do

from napari_inconsistency_masks.batch import Plan, read_results, run_batch
from napari_inconsistency_masks.batch.events import ImageDone
from napari_inconsistency_masks.batch.layout import image_files
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tables import write_csv
from napari_inconsistency_masks.inference.trained import TrainedEnsemble


def test_results_are_found_again_where_they_are_now(
    plan: Plan, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    do(plan, ensemble)
    shutil.move(plan.folder, tmp_path / "moved")
    found = read_results(tmp_path / "moved")
    assert found.plan.options == plan.options
    assert found.plan.model == plan.model
    assert found.plan.inputs == plan.inputs
    assert found.plan.inputs.paths == (str(images),)
    assert [(image.name, image.stem) for image in found.plan.images] == [
        (image.name, image.stem) for image in plan.images
    ]
    movie = found.image("movie.tif")
    assert {path.name for path in found.files(movie).values()} == {
        path.name for path in image_files(plan.images[-1], plan).values()
    }
    assert [row["frame"] for row in found.rows()][-4:] == ["t=0", "t=1", "t=2", "t=3"]
    with pytest.raises(InputError, match=r"other\.tif is none of the images"):
        found.image("other.tif")


def test_after_a_crash_the_rows_are_those_of_the_results(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    events = run_batch(plan, ensemble)
    while not isinstance(next(events), ImageDone):
        pass
    found = read_results(Path(plan.folder))
    before = list(found.rows())  # no table of all images yet
    assert [row["status"] for row in before] == ["done"] + ["not processed yet"] * 5
    assert before[0]["image"] == "image_000.tif"
    assert before[0]["bright"].isdecimal()
    assert before[1]["bright"] == ""
    next(events)
    while not isinstance(next(events), ImageDone):
        pass
    events.close()  # writes it
    stopped = list(found.rows())
    list(run_batch(plan, ensemble))
    whole = list(found.rows())
    assert stopped[:2] == whole[:2]
    write_csv(Path(plan.folder, "counts.csv"), stopped, list(stopped[0]))
    assert list(found.rows()) == whole


def test_what_is_no_folder_of_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results of a batch here"):
        read_results(tmp_path)
    (tmp_path / "batch.json").write_text(json.dumps({"images": []}))
    with pytest.raises(InputError, match="not what a batch writes"):
        read_results(tmp_path)


def test_a_batch_that_did_not_say_what_was_asked_for_can_be_read(
    plan: Plan, ensemble: TrainedEnsemble
) -> None:
    do(plan, ensemble)
    sidecar = Path(plan.folder, "batch.json")
    values = json.loads(sidecar.read_text())
    del values["inputs"]
    sidecar.write_text(json.dumps(values))
    assert read_results(Path(plan.folder)).plan.inputs.paths == ()


def test_reading_plans_and_results_needs_no_torch() -> None:
    code = (
        "import sys; from napari_inconsistency_masks.batch import Plan, read_results, BatchOptions;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
