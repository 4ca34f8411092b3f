"""The section Batch: plan, start, pause, stop and go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_folders import CELLS, write_images
from napari.components import ViewerModel
from open_layers import add_image
from qtpy.QtWidgets import QFileDialog
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.batch import events
from napari_inconsistency_masks.batch.events import BatchEvent
from napari_inconsistency_masks.widgets.batch.state import SOME_FAILED, STOPPED_BY_REQUEST, State
from napari_inconsistency_masks.widgets.sections.batch import BatchSection
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.work.process import CRASHED

NOTE = "images/a.tif: no pixel size."
TOTALS = (
    {
        "class": "alive",
        "images": 2,
        "frames": 5,
        "counted": 9,
        "expected": 10.2,
        "expected_low": 8.1,
        "expected_high": 12.9,
    },
)


class Program:
    """Speaks for the program that plans and does batches."""

    def __init__(self, children: list[FakeChild]) -> None:
        self._children = children

    @property
    def child(self) -> FakeChild:
        """The one that runs now."""
        return next(child for child in reversed(self._children) if child.verb == "batch")

    @property
    def flags(self) -> tuple[str, ...]:
        return self.child.command[4:]

    def tell(self, *told: BatchEvent) -> None:
        for event in told:
            self.child.answered.emit(event.to_json())

    def plan(self, *, done: tuple[str, ...] = (), refusal: str | None = None) -> None:
        """A plan of a file, a movie and a damaged file."""
        look = events.ImageLooked
        self.tell(
            look("a.tif", 1, 3, "YX 32 x 32, uint8", 1, None, (NOTE,)),
            look("movie.tif", 2, 3, "TYX 4 x 32 x 32, uint8, 0.5 µm per pixel", 4, None, ()),
            look("bad.tif", 3, 3, "", 0, "bad.tif: cut short.", ()),
            events.Planned(
                "out",
                3,
                5,
                1,
                done,
                ("notes.txt",),
                2,
                130.0,
                1200.0,
                refusal,
                3,
                ("images/z.tif",),
            ),
        )
        self.child.end(SOME_FAILED)

    def start(self) -> None:
        self.tell(events.BatchStarted("out", 3, 5, 0, 1, 500, "cpu", "float32", 2))

    def finish(self) -> None:
        self.tell(
            events.ImageStarted("a.tif", 1),
            events.TileDone("a.tif", 100),
            events.FrameDone("a.tif", "", {"alive": 1}, 0, 0.1),
            events.ImageDone("a.tif", 1, 1.0),
            events.ImageStarted("movie.tif", 4),
            events.ImageDone("movie.tif", 4, 1.0),
            events.ImageFailed("bad.tif", "bad.tif: cut short."),
            events.Summarizing(),
            events.BatchFinished("out", 2, 1, 3.0, TOTALS),
        )
        self.child.end(SOME_FAILED)


@pytest.fixture
def program(children: list[FakeChild]) -> Program:
    return Program(children)


@pytest.fixture
def section(program: Program, session: Session, viewer: ViewerModel, qtbot: Any) -> BatchSection:
    made = BatchSection(viewer)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ensemble.json").write_text('{"networks": ["a.safetensors"]}')
    return tmp_path / "run"


@pytest.fixture
def ready(
    section: BatchSection, images: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> BatchSection:
    """A section in which a folder and networks are chosen."""
    press_folder(section, "folder", images, monkeypatch)
    press_folder(section, "other", run, monkeypatch)
    return section


def press_folder(section: BatchSection, name: str, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    getattr(section.page.form, name).click()


def states(section: BatchSection) -> list[str]:
    section.page._show_progress()  # instead of waiting for its time
    return [row[1].text for row in section.page.table.rows]


# --- what is chosen -------------------------------------------------------------------------------


def test_without_images_or_networks_it_says_what_is_missing(
    section: BatchSection, session: Session, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section.page.main.click()
    assert session.status.sentence.startswith("Choose images")
    press_folder(section, "folder", images, monkeypatch)
    section.page.main.click()
    assert session.status.sentence.startswith("There are no networks in use")


def test_the_networks_in_use_are_taken_unless_others_are_chosen(
    section: BatchSection, session: Session, images: Path, run: Path, children: list[FakeChild],
    program: Program, monkeypatch: pytest.MonkeyPatch, qtbot: Any,
) -> None:  # fmt: skip
    form = section.page.form
    press_folder(section, "folder", images, monkeypatch)
    assert form.networks.text() == "none in use yet"
    Networks(children, qtbot, CELLS).load(session, str(run))
    assert form.networks.text() == "2 of run, in use"
    section.page.main.click()
    assert program.flags[0] == str(run)
    other = run.with_name("other")
    run.rename(other)
    press_folder(section, "other", other, monkeypatch)
    assert session.batch.state is State.EMPTY  # the plan was with other networks
    assert form.networks.text() == "those of other"
    form.used.click()
    assert form.networks.text() == "2 of run, in use"


def test_a_folder_without_networks_is_refused(
    ready: BatchSection, session: Session, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_folder(ready, "other", images, monkeypatch)
    assert "no trained networks here" in session.status.sentence
    assert ready.page.form.networks.text() == "those of run"


def test_open_layers_are_taken_by_their_files(
    section: BatchSection, session: Session, viewer: ViewerModel, images: Path
) -> None:
    section.page.form.layers.click()
    assert "No image is open" in section.page.form.problem.text()
    viewer.open(str(images / "image_0.tif"), plugin="napari")
    add_image(viewer, name="made")
    section.page.form.layers.click()
    assert session.batch.choice.paths == (images / "image_0.tif",)
    assert section.page.form.chosen.text() == "File image_0.tif"
    assert "Not on disk: 'made'" in section.page.form.problem.text()


def test_several_files_and_a_folder_for_the_results_are_chosen(
    ready: BatchSection, images: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = ready.page.form
    names = [str(images / "image_0.tif"), str(images / "image_1.tif")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
    form.files.click()
    assert form.chosen.text() == "2 files, the first is image_0.tif"
    assert form.results.text() == str(images / "images-results")
    press_folder(ready, "out", images.parent / "mine", monkeypatch)
    ready.page.main.click()
    assert list(program.flags[1:3]) == names
    assert program.flags[3:5] == ("--out", str(images.parent / "mine"))


def test_every_control_reaches_the_command(ready: BatchSection, program: Program) -> None:
    form = ready.page.form
    form.recursive.click()
    form.glob.setText("*_ch1.tif")
    form.glob.editingFinished.emit()
    form.writes["votes"].click()
    form.writes["report"].click()
    options = form.options
    options.axes.setText("tcyx")
    options.axes.editingFinished.emit()
    options.channels.setText("1, 0")
    options.channels.editingFinished.emit()
    options.first.setValue(2)
    options.last.setValue(9)
    options.format.setCurrentIndex(1)
    options.format.activated.emit(1)
    options.compression.activated.emit(3)
    assert form.more.line.text().endswith("More options (changed)")
    ready.page.main.click()
    wanted = (
        "--glob *_ch1.tif --axes TCYX --channel 1 --channel 0 --frames=2:10 "
        "--write=masks,labels,mask,votes,rois,geojson,cells --format ome --compression none "
        "--dry-run --json --end-with-input"
    )
    assert program.flags[4:] == tuple(wanted.split())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("axes", "TQYX", "only the letters"), ("channels", "red", "give numbers")],
)
def test_what_cannot_be_meant_is_told_and_not_planned(
    name: str, text: str, said: str, ready: BatchSection, session: Session
) -> None:
    line = getattr(ready.page.form.options, name)
    line.setText(text)
    line.editingFinished.emit()
    assert said in ready.page.form.problem.text()
    ready.page.main.click()
    assert session.batch.state is State.EMPTY
    line.setText("")
    line.editingFinished.emit()
    assert not ready.page.form.problem.text()


def test_frames_that_the_controls_cannot_show_stay(ready: BatchSection, session: Session) -> None:
    from dataclasses import replace

    options = replace(session.batch.choice.options, frames=(None, -1))
    session.batch.choose(replace(session.batch.choice, options=options))
    ready.page.form.writes["votes"].click()
    assert session.batch.choice.options.frames == (None, -1)
    ready.page.form.options.last.setValue(3)
    assert session.batch.choice.options.frames == (None, 4)


def test_a_second_view_shows_the_same_choice(
    ready: BatchSection, viewer: ViewerModel, qtbot: Any
) -> None:
    other = BatchSection(viewer)
    qtbot.addWidget(other)
    assert other.page.form.chosen.text() == "Folder images"
    other.page.form.writes["masks"].click()
    assert not ready.page.form.writes["masks"].isChecked()


# --- the plan -------------------------------------------------------------------------------------


def test_a_plan_is_a_table_with_a_sum(ready: BatchSection, program: Program) -> None:
    page = ready.page
    page.main.click()
    assert program.flags[-3:] == ("--dry-run", "--json", "--end-with-input")
    assert page.main.text() == "Cancel"
    assert page.words.text() == "Loading the networks …"
    program.plan(done=("a.tif",))
    assert page.main.text() == "Start"
    assert page.summary.text() == (
        "2 files with 5 frames: about 2 min and 1.2 GB of disk. 1 of them is done already. "
        "1 cannot be read; the table says why. 1 other file is left aside. "
        "3 folders inside were not looked into: tick Subfolders. "
        "1 file of an earlier batch will be removed, as images/z.tif. "
        "Note: a.tif: no pixel size."
    )
    assert [[cell.text for cell in row] for row in page.table.rows] == [
        ["a.tif", "done before", "1", "note: no pixel size. YX 32 x 32"],
        ["movie.tif", "to do", "4", "TYX 4 x 32 x 32"],
        ["bad.tif", "left out", "", "cut short."],
    ]
    tips = [row[3].tip for row in page.table.rows]
    assert tips[0] == f"YX 32 x 32, uint8\n{NOTE}"
    assert page.table.rows[0][1].tip == NOTE
    assert tips[1] == "TYX 4 x 32 x 32, uint8, 0.5 µm per pixel"
    assert page.table.rows[2][1].tip == "bad.tif: cut short."
    assert page.table.isVisibleTo(ready)


def test_notes_that_few_files_have_are_told_first_and_stay_in_the_table(
    ready: BatchSection, program: Program
) -> None:
    page, lacking = ready.page, "3 of its 12 chunks are not there, and are read as 0."
    page.main.click()
    unsized = [f"{number}.tif" for number in range(40)]
    notes = {name: (f"in/{name}: no pixel size.",) for name in unsized}
    notes["day 1/a.zarr"] = ("day 1/a.zarr: no pixel size.", f"day 1/a.zarr: {lacking}")
    notes |= {name: (f"in/{name}: {name} is odd.",) for name in ("x.tif", "y.tif", "z: z.tif")}
    for number, (name, said) in enumerate(notes.items(), 1):
        program.tell(events.ImageLooked(name, number, 44, "YX 3 x 3, uint8", 1, None, said))
    program.tell(events.Planned("out", 44, 44, 0, (), (), 2, 130.0, 1200.0, None, 0, ()))
    program.child.end(0)
    assert page.summary.text().partition(" of disk. ")[2] == (
        f"Note: day 1/a.zarr: {lacking} Note: x.tif: x.tif is odd. Note: y.tif: y.tif is odd. "
        "The table has 2 more notes."
    )
    row = page.table.rows[40]
    assert row[3].text == f"note: no pixel size. {lacking} YX 3 x 3"
    page.main.click()
    program.tell(
        events.BatchStarted("out", 44, 44, 0, 1, 500, "cpu", "float32", 2),
        events.ImageStarted("day 1/a.zarr", 1),
        events.ImageDone("day 1/a.zarr", 1, 1.0),
    )
    assert states(ready)[40] == "done"
    assert page.table.rows[40][1].tip.endswith(lacking)
    assert "chunks are not there" in page.table.rows[40][3].text
    assert page.summary.text().endswith("The table has 2 more notes.")


def test_a_plan_tells_how_far_it_is(
    ready: BatchSection, session: Session, program: Program
) -> None:
    ready.page.main.click()
    program.tell(events.ImageLooked("a.tif", 1, 2000, "YX 3 x 3, uint8", 1, None, ()))
    assert session.status.activity is not None
    assert session.status.activity.words == "Planning the batch: read 1 of 2,000 files"
    ready.page._show_progress()
    assert ready.page.words.text() == "Reading file 1 of 2,000 …"


def test_a_plan_is_given_up(ready: BatchSection, session: Session, program: Program) -> None:
    ready.page.main.click()
    child = program.child
    ready.page.main.click()
    assert not child.running
    assert session.batch.state is State.EMPTY
    assert session.status.activity is None


def test_another_choice_makes_the_plan_void(ready: BatchSection, program: Program) -> None:
    ready.page.main.click()
    program.plan()
    ready.page.form.writes["votes"].click()
    assert ready.page.main.text() == "Show plan"
    assert not ready.page.table.isVisibleTo(ready)


def test_a_plan_that_is_refused_says_why(ready: BatchSection, program: Program) -> None:
    ready.page.main.click()
    program.child.said.emit("napari-im: /x: no images here; give TIFF, PNG or Zarr images.")
    program.child.end(2)
    assert ready.page.problem.text().endswith("no images here; give TIFF, PNG or Zarr images.")
    assert ready.page.main.text() == "Show plan"
    assert not ready.page.table.isVisibleTo(ready), "there is nothing to list"
    ready.page.main.click()
    program.child.said.emit(
        "napari-im: /x: no images here; 3 folders inside were not looked into: add --recursive."
    )
    program.child.end(2)
    assert ready.page.problem.text().endswith("not looked into: tick Subfolders.")


def test_results_that_are_there_are_replaced_only_if_that_is_ticked(
    ready: BatchSection, session: Session, program: Program, children: list[FakeChild]
) -> None:
    page = ready.page
    page.main.click()
    refusal = "out/counts.csv would be overwritten; choose another folder, or add --overwrite."
    program.plan(refusal=refusal)
    assert "choose another folder, or tick Replace." in page.problem.text()
    assert not page.main.isEnabled()
    assert "would be overwritten" in page.main.toolTip()
    page.main.click()
    assert len([child for child in children if child.verb == "batch"]) == 1
    page.replace.click()
    assert page.main.isEnabled()
    replaced: list[Path] = []
    session.batch.replacing.connect(replaced.append)
    page.main.click()
    assert "--overwrite" in program.flags
    assert session.batch.request is not None
    assert replaced == [session.batch.request.folder]
    assert "--overwrite" in session.status.command
    program.start()
    page.main.click()
    program.child.end(STOPPED_BY_REQUEST)
    page.main.click()
    assert "--overwrite" in program.flags  # else it would be refused to go on
    program.child.end(CRASHED)
    page.again.click()
    page.main.click()
    program.plan()
    page.main.click()
    assert "--overwrite" not in program.flags  # it was allowed once


# --- the batch ------------------------------------------------------------------------------------


def test_a_batch_that_has_not_begun_yet_counts_no_files(
    ready: BatchSection, program: Program
) -> None:
    ready.page.main.click()
    program.plan()
    ready.page.main.click()
    assert ready.summary == "starting"
    program.start()
    assert ready.summary.startswith("0 of 3 files")


@pytest.fixture
def started(ready: BatchSection, program: Program) -> BatchSection:
    ready.page.main.click()
    program.plan()
    ready.page.main.click()
    program.start()
    return ready


def test_a_batch_shows_how_far_it_and_each_file_is(
    started: BatchSection, session: Session, program: Program, images: Path, run: Path
) -> None:
    page = started.page
    assert program.flags[-2:] == ("--json", "--end-with-input")
    assert session.status.command == (
        f"napari-im batch {run} {images} --out {images.parent / 'images-results'} --recursive"
    )
    assert states(started) == ["to do", "to do", "left out"]
    program.tell(events.ImageStarted("a.tif", 1))
    assert states(started) == ["working", "to do", "left out"]
    program.tell(
        events.TileDone("a.tif", 100),
        events.ImageDone("a.tif", 1, 1.0),
        events.ImageStarted("movie.tif", 4),
        events.FrameDone("movie.tif", "t=0", {}, 0, 0.0),
        events.FrameDone("movie.tif", "t=1", {}, 0, 0.0),
    )
    assert states(started) == ["done", "2 of 4", "left out"]
    assert page.bar.value() == 200
    assert page.words.text() == "1 of 3 files, movie.tif, 2 of 4 frames"
    program.tell(events.ImageFailed("movie.tif", "movie.tif: changed."))
    assert states(started) == ["done", "failed", "left out"]
    assert page.table.rows[1][3].text == "changed."
    assert not page.form.isVisibleTo(started)


def test_what_a_batch_had_to_say_is_there_at_its_end(
    started: BatchSection, program: Program
) -> None:
    program.tell(events.Warned("cells.csv was not removed."))
    program.finish()
    assert started.page.words.text().endswith("(expected 10, 8 to 13). cells.csv was not removed.")


def test_a_finished_batch_offers_its_results(started: BatchSection, program: Program) -> None:
    page = started.page
    program.finish()
    assert states(started) == ["done", "done", "failed"]
    assert page.words.text() == (
        "Finished: 2 files done, 1 failed; the table says why. "
        "Counted in all 5 frames together: 9 alive (expected 10, 8 to 13)."
    )
    assert page.open.isVisibleTo(started)
    assert not page.main.isVisibleTo(started)
    page.again.click()
    assert page.form.isVisibleTo(started)
    assert page.main.text() == "Show plan"


def test_a_batch_pauses_and_goes_on(started: BatchSection, program: Program) -> None:
    page = started.page
    page.pause.click()
    assert program.child.requests == [{"do": "pause"}]
    assert page.pause.text() == "Pause"  # until the program says so
    program.tell(events.Paused())
    assert page.pause.text() == "Resume"
    assert "Paused: nothing is computed" in page.words.text()
    page.pause.click()
    program.tell(events.Resumed())
    assert program.child.requests == [{"do": "pause"}, {"do": "resume"}]
    assert page.pause.text() == "Pause"


def test_a_batch_is_stopped_and_gone_on_with(
    started: BatchSection, session: Session, program: Program
) -> None:
    page, first = started.page, program.child
    program.tell(events.ImageDone("a.tif", 1, 1.0), events.ImageStarted("movie.tif", 4))
    page.main.click()
    assert not first.input_open
    assert (page.main.text(), page.main.isEnabled()) == ("Stopping…", False)
    first.end(STOPPED_BY_REQUEST)
    assert states(started) == ["done", "to do", "left out"]
    assert page.main.text() == "Go on"
    page.main.click()
    assert program.child is not first
    assert program.flags == first.command[4:]
    program.start()
    program.tell(events.ImageDone("a.tif", 1, 1.0, reused=True))
    assert states(started) == ["done before", "to do", "left out"]
    program.finish()
    assert session.batch.state is State.FINISHED


def test_a_batch_that_dies_is_told_with_its_last_words_and_goes_on(
    started: BatchSection, session: Session, program: Program
) -> None:
    program.child.said.emit("torch.OutOfMemoryError: no memory left")
    program.child.end(1)
    assert "torch.OutOfMemoryError: no memory left" in started.page.problem.text()
    assert "What is done is kept" in started.page.problem.text()
    started.page.main.click()
    assert session.batch.state is State.RUNNING
    assert not started.page.problem.text()


def test_a_batch_that_is_refused_at_its_start_is_started_again(
    ready: BatchSection, session: Session, program: Program
) -> None:
    """Nothing is done yet that could be gone on with; its plan holds."""
    page = ready.page
    page.main.click()
    program.plan()
    page.main.click()
    program.child.said.emit("napari-im: tcp://host:8786: no scheduler answers.")
    program.child.end(2)
    assert "tcp://host:8786: no scheduler answers." in page.problem.text()
    assert (page.main.text(), page.again.isHidden(), page.form.isHidden()) == ("Start", True, False)
    page.main.click()
    assert session.batch.state is State.RUNNING
    assert "--dry-run" not in program.flags
    program.child.end(CRASHED)
    assert "What is done is kept" not in page.problem.text()
    assert page.main.text() == "Start"
    page.main.click()
    program.start()
    program.child.end(CRASHED)
    assert "What is done is kept" in page.problem.text()
    assert (page.main.text(), page.again.isHidden(), page.form.isHidden()) == (
        "Go on",
        False,
        True,
    )


def test_a_batch_that_is_killed_is_told(started: BatchSection, program: Program) -> None:
    program.child.end(CRASHED)
    assert "crashed or was ended by something else" in started.page.problem.text()


def test_a_full_disk_is_told_as_it_is_said(started: BatchSection, program: Program) -> None:
    program.child.said.emit("napari-im: out/a.tif: no space left on this disk.")
    program.child.end(2)
    assert "no space left on this disk" in started.page.problem.text()


def test_thousands_of_events_do_not_hold_up_the_window(
    ready: BatchSection, program: Program
) -> None:
    """A plan of 5,000 files is taken line by line, and a row costs the same however many."""
    import time

    ready.page.main.click()
    looked = [
        events.ImageLooked(f"{n:05d}.tif", n + 1, 5000, "YX 32 x 32, uint8", 1, None, ()).to_json()
        for n in range(5000)
    ]
    for values in looked:
        program.child.answered.emit(values)
    program.tell(events.Planned("out", 5000, 5000, 0, (), (), 2, 1.0, 1.0, None))
    program.child.end(0)
    ready.page.main.click()
    program.start()
    took = []
    for number in range(20):
        began = time.perf_counter()
        program.tell(events.ImageDone(f"{number:05d}.tif", 1, 1.0))
        ready.page._show_progress()
        took.append(time.perf_counter() - began)
    assert np.median(took) < 0.05
    assert states(ready)[19:21] == ["done", "to do"]


def test_the_window_closes_while_a_batch_runs(
    started: BatchSection, session: Session, program: Program
) -> None:
    child = program.child
    session._guard.close()
    assert not child.input_open
