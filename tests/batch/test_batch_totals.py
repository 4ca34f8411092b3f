"""Cells in all images together and in each folder, and how many to expect."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tifffile
from batch_toys import batch_of, counts, do, toy_frames

from napari_inconsistency_masks.batch import BatchOptions, Plan, read_results
from napari_inconsistency_masks.batch.events import BatchEvent, BatchFinished
from napari_inconsistency_masks.batch.folders import folders_of
from napari_inconsistency_masks.batch.images import Image
from napari_inconsistency_masks.batch.totals import (
    ALL,
    COLUMNS,
    Totals,
    compared_with,
    counted,
    in_words,
)
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.metrics.expected_counts import CountRatio

RATIO = CountRatio(
    images=33, units=33, counted=200, true=230, spread=0.9, largest=12, typical=8.0, files=33
)


def row(image: str, alive: int | str = "", status: str = "done") -> dict[str, str]:
    return {"image": image, "status": status, "alive": str(alive), "t cells": "1"}


def test_totals_of_all_images_and_of_each_folder() -> None:
    totals = Totals(("alive", "t"), {"alive": RATIO})
    told = [
        row("A/x.tif", 3), row("A/x.tif", 4), row("A/y.tif", 5), row("B/C/z.tif", 7),
        row("B/C/bad.tif", status="failed: cut short"), row("B/C/emptied.tif", ""),
    ]  # fmt: skip
    assert list(totals.adding(told)) == told
    everything, of_t = totals.all()
    assert (everything.folder, everything.name) == (ALL, "alive")
    assert (everything.images, everything.failed, everything.frames) == (3, 2, 4)
    assert (everything.counted, of_t.counted) == (19, 4)
    assert everything.expected == RATIO.expected([7, 5, 7])
    assert of_t.expected is None
    by_folder = [(t.folder, t.name, t.frames, t.failed, t.counted) for t in totals.by_folder()]
    assert by_folder == [
        ("A", "alive", 3, 0, 12), ("A", "t", 3, 0, 3), ("B/C", "alive", 1, 2, 7),
        ("B/C", "t", 1, 2, 1),
    ]  # fmt: skip
    assert in_words(t.to_record() for t in totals.all()) == "19 alive (expected 22, 15 to 33), 4 t"


def test_frames_of_one_movie_are_no_surer_than_a_movie() -> None:
    """What networks miss in a frame they miss in the next one too; it does not even out."""
    movie, images = Totals(("alive",), {"alive": RATIO}), Totals(("alive",), {"alive": RATIO})
    for number in range(60):
        movie.add(row("A/movie.tif", 10))
        images.add(row(f"A/{number}.tif", 10))
    ((of_movie,), (of_images,)) = movie.all(), images.all()
    assert (of_movie.images, of_images.images) == (1, 60)
    assert of_movie.counted == of_images.counted == 600
    assert of_movie.expected == RATIO.expected([600])
    assert of_images.expected == RATIO.expected(600)
    record, other = of_movie.to_record(), of_images.to_record()
    assert record["expected"] == other["expected"]
    assert record["expected_high"] - 690 > 2 * (other["expected_high"] - 690)


def test_of_stacks_it_is_said_that_frames_are_added_up() -> None:
    """The same cell is in many frames of a movie."""
    totals = Totals(("alive",), {})
    totals.add(row("bad.tif", status="failed: cut short"))
    assert counted([t.to_record() for t in totals.all()]) == "Nothing was counted."
    totals.add(row("x.tif", 3))
    assert counted([t.to_record() for t in totals.all()]) == "Counted: 3 alive."
    for _ in range(1200):
        totals.add(row("movie.tif", 2))
    told = [t.to_record() for t in totals.all()]
    assert counted(told) == "Counted in all 1,201 frames together: 2,403 alive."


def test_one_folder_is_not_told_twice() -> None:
    totals = Totals(("alive",), {})
    totals.add(row("x.tif", 3))
    assert totals.by_folder() == []
    assert in_words(t.to_record() for t in totals.all()) == "3 alive"


def test_where_nothing_was_counted_nothing_is_expected() -> None:
    """Not 0, for sure: what networks miss where they see nothing is not known."""
    totals = Totals(("alive",), {"alive": RATIO})
    totals.add(row("x.tif", 0))
    (total,) = totals.all()
    assert total.expected is None
    assert total.to_record()["expected"] is None
    assert total.to_record()["true_per_counted"] == 1.15
    assert in_words([total.to_record()]) == "0 alive"


@pytest.fixture
def plan(model: Path, ensemble: TrainedEnsemble, tmp_path: Path) -> Plan:
    images = tmp_path / "images"
    for number, folder in enumerate(("well A", "well A", "well B")):
        (images / folder).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(images / folder / f"{number}.tif", toy_frames(2, 10 * number))
    made = batch_of([images], tmp_path / "out", model, ensemble)
    return replace(made, model=replace(made.model, ratios={"bright": RATIO}))


def test_a_batch_writes_them_says_them_and_reads_them_back(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    *_, last = do(plan, ensemble)
    rows = counts(tmp_path / "out")
    bright = sum(int(told["bright"]) for told in rows)
    by_image = dict.fromkeys((told["image"] for told in rows), 0)
    for told in rows:
        by_image[told["image"]] += int(told["bright"])
    expected = RATIO.expected(by_image.values())
    table = read_csv(tmp_path / "out" / "totals.csv")
    assert list(table[0]) == list(COLUMNS)
    assert [(told["folder"], told["class"], told["frames"]) for told in table] == [
        (ALL, "bright", "6"), (ALL, "dark", "6"), ("well A", "bright", "4"),
        ("well A", "dark", "4"), ("well B", "bright", "2"), ("well B", "dark", "2"),
    ]  # fmt: skip
    assert int(table[0]["counted"]) == bright > 0
    assert float(table[0]["expected"]) == pytest.approx(expected.expected, abs=0.06)
    assert float(table[0]["expected_high"]) == pytest.approx(expected.high, abs=0.06)
    assert table[0]["true_per_counted"] == "1.15"
    assert (table[0]["compared_images"], table[0]["compared_files"]) == ("33", "33")
    assert {table[1][name] for name in COLUMNS[6:]} == {""}
    assert isinstance(last, BatchFinished)
    assert f"{bright:,} bright (expected {expected.expected:,.0f}, " in in_words(last.totals)
    assert compared_with(last.totals) == (33, 33)
    assert BatchEvent.from_json(json.loads(json.dumps(last.to_json()))) == last
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"<td>{bright}</td><td>{expected}</td><td>115 [" in page
    assert "too few of them, or too unlike, in the images that were compared" in page
    assert "<td>well A</td><td>2</td><td>4</td>" in page
    assert read_results(tmp_path / "out").plan.model.ratios == {"bright": RATIO}
    assert Plan.from_json(plan.to_json()) == plan


def test_folders_that_were_given_are_told_apart_whatever_their_images_are_called(
    model: Path, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    """Only images that share a name have their folder in it; all others were in one total."""
    given = []
    for folder, names in (("control", ("a", "b", "same")), ("treated/day 2", ("c", "same"))):
        given.append(tmp_path / folder)
        given[-1].mkdir(parents=True)
        for number, name in enumerate(names):
            tifffile.imwrite(given[-1] / f"{name}.tif", toy_frames(1, number)[0])
    do(batch_of(given, tmp_path / "out", model, ensemble), ensemble)
    names = [told["image"] for told in counts(tmp_path / "out")]
    assert names == ["a.tif", "b.tif", "control/same.tif", "c.tif", "treated/day 2/same.tif"]
    table = read_csv(tmp_path / "out" / "totals.csv")
    assert [(told["folder"], told["images"]) for told in table[::2]] == [
        (ALL, "5"), ("control", "3"), ("treated/day 2", "2"),
    ]  # fmt: skip


def test_folders_on_several_drives_are_called_by_their_paths(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def on_several_drives(_: object) -> str:
        raise ValueError("paths don't have the same drive")

    images = [Image("/a/x.tif", "x.tif", "x"), Image("/b/y.tif", "y.tif", "y")]
    assert folders_of(images) == {"x.tif": "a", "y.tif": "b"}
    monkeypatch.setattr("os.path.commonpath", on_several_drives)
    assert folders_of(images) == {"x.tif": "/a", "y.tif": "/b"}
    below = [Image("/a/x.tif", "x.tif", "x"), Image("/a/b/y.tif", "b/y.tif", "b/y")]
    assert folders_of(below) == {"x.tif": ".", "b/y.tif": "b"}
    assert folders_of([]) == {}


def test_without_images_set_aside_a_batch_says_what_it_counted_and_no_more(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    plan = replace(plan, model=replace(plan.model, ratios={}), options=BatchOptions())
    *_, last = do(plan, ensemble)
    assert isinstance(last, BatchFinished)
    assert "expected" not in in_words(last.totals)
    assert compared_with(last.totals) is None
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "How many there are" not in page


def test_a_batch_that_stops_leaves_no_totals_of_before(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    from napari_inconsistency_masks.batch import run_batch

    do(plan, ensemble)
    events = run_batch(
        replace(plan, options=BatchOptions(write=("cells",))), ensemble, overwrite=True
    )
    for event in events:
        if type(event).__name__ == "ImageDone":
            break
    events.close()
    frames = [told["frames"] for told in read_csv(tmp_path / "out" / "totals.csv")]
    assert frames[:2] == ["2", "2"]
