"""Networks that learn on from corrections: when they can, what is compared, and going back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from run_events import line
from stand_ins import FakeChild, Networks
from tiny import add_stack, setting

from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished
from napari_inconsistency_masks.training.results import (
    GenerationRecord,
    GenerationScores,
    write_result,
)
from napari_inconsistency_masks.widgets.layers.class_rows import POSITION
from napari_inconsistency_masks.widgets.sections.correct import CorrectSection
from napari_inconsistency_masks.widgets.session.retraining import NO_CORRECTION
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.session.sources import FOLDER
from napari_inconsistency_masks.widgets.training.state import State
from toy import QUICK, SCHEMES

pytestmark = pytest.mark.usefixtures("children", "at_once")

STOPPED = 130


@pytest.fixture
def stack(viewer: ViewerModel, session: Session, qtbot: Any) -> list[Any]:
    """Layers of eight frames, of which four are labeled."""
    layers = add_stack(viewer)
    qtbot.waitUntil(lambda: session.next.problem() is None)
    return layers


@pytest.fixture
def seeing(session: Session, children: list[FakeChild], qtbot: Any) -> Networks:
    """Speaks for the program that predicts."""
    clock = iter(range(0, 10_000, 10))  # nobody double-clicks
    session.trainer.machine._clock = lambda: next(clock)
    return Networks(children, qtbot, SCHEMES[Task.MULTILABEL])


@pytest.fixture
def old(stack: list[Any], session: Session, seeing: Networks, networks: dict[Task, Path]) -> Path:
    """The folder of the networks in use."""
    seeing.load(session, str(networks[Task.MULTILABEL]))
    seeing.predict_all(session)
    return networks[Task.MULTILABEL]


@pytest.fixture
def section(viewer: ViewerModel, session: Session, qtbot: Any) -> CorrectSection:
    made = CorrectSection(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


def draw_something(session: Session) -> None:
    """What a stroke tells."""
    session.layer_data.drawn.emit()


def start(section: CorrectSection, session: Session, qtbot: Any) -> FakeChild:
    """Press the button, and wait for the program that trains."""
    draw_something(session)
    section.retraining.main.click()
    qtbot.waitUntil(lambda: session.trainer.child is not None)
    child: Any = session.trainer.child
    return child


def finish(child: FakeChild, run: Path, *, better: bool) -> None:
    """Leave the folder as a training does, and say that it is complete."""
    for generation, error in enumerate((2.0, 1.0 if better else 3.0)):
        folder = run / f"generation-{generation}"
        folder.mkdir(exist_ok=True)
        accepted = better or generation == 0
        record = GenerationRecord(generation, (1, 0), error, 0.5, 0.125, 0.3, accepted, margin=0.25)
        wrong = {"a": int(error), "b": int(error)}
        scores = GenerationScores(2, {"bright": 0.5}, {"bright": 1.0}, {"bright": None}, wrong)
        write_json(folder / "generation.json", asdict(record))
        write_json(folder / "scores.json", asdict(scores))
    write_json(run / "images.json", {"validation_learned_before": 0})
    write_result(run, int(better), (1, 0))
    child.answered.emit(line(Finished(int(better), 1.0, 0.5)))
    child.end(0)


def texts(section: CorrectSection) -> list[list[str]]:
    """The table of the comparison."""
    grid = section.retraining.comparison._grid
    return [
        [grid.itemAtPosition(row, column).widget().text() for column in range(3)]
        for row in range(grid.rowCount())
        if grid.itemAtPosition(row, 0) is not None
    ]


# --- whether it can start -------------------------------------------------------------------------


def test_without_networks_nothing_of_it_is_shown(
    section: CorrectSection, stack: list[Any], session: Session
) -> None:
    assert section.retraining.isHidden()
    assert "no networks yet" in str(session.retraining.problem())


def test_it_says_what_is_missing(
    section: CorrectSection, old: Path, session: Session, viewer: ViewerModel
) -> None:
    box = section.retraining
    assert not box.isHidden()
    assert NO_CORRECTION in box.problem.text()
    assert not box.main.isEnabled()
    draw_something(session)
    assert (box.problem.text(), box.main.isEnabled()) == ("", True)
    session.choose_source(FOLDER)
    assert "No folder is chosen yet" in box.problem.text()


def test_where_nothing_is_labeled_one_correction_is_enough(
    section: CorrectSection, session: Session, old: Path, qtbot: Any
) -> None:
    """Networks of another day: nobody has to draw on a whole frame to let them learn on."""
    for row in session.layer_data.drawn_rows:
        row.layer.data = row.layer.data[:0] if row.kind == POSITION else 0 * row.layer.data
    qtbot.waitUntil(lambda: "Nothing is drawn yet" in str(session.next.problem()))
    assert section.retraining.problem.text().endswith(NO_CORRECTION)


def test_other_classes_are_refused_by_name(
    section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    draw_something(session)
    rows = session.layer_data.rows
    session.layer_data.set_rows([rows[1], rows[0], rows[2]])
    qtbot.waitUntil(lambda: session.next.problem() is None)
    said = section.retraining.problem.text()
    assert "know bright, dark, position" in said
    assert "under 1 Data are dark, bright, position" in said


def test_not_while_another_training_runs(
    section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    draw_something(session)
    session.trainer.press(session.next.request)
    qtbot.waitUntil(lambda: session.trainer.child is not None)
    assert "A training is running" in section.retraining.problem.text()
    assert not section.retraining.main.isEnabled()


# --- starting and stopping ------------------------------------------------------------------------


def test_the_run_goes_on_from_copies_of_the_networks_in_use(
    section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    section.retraining.minutes.setValue(7)
    child = start(section, session, qtbot)
    run = session.trainer.run
    assert run == session.setup.folder / "squares-retrained-1"
    assert child.command[3:] == ("run", str(run), "--json", "--end-with-input")
    assert session.status.command == f"napari-im run {run}"
    plan = read_plan(run)
    assert plan.config.minutes == 7
    assert plan.start is not None
    assert plan.start.run == str(old)
    for number in range(2):
        name = f"network-{number}.safetensors"
        assert (run / "generation-0" / name).read_bytes() == (old / name).read_bytes()
    assert section.retraining.main.text() == "Stop"
    assert section.retraining.words.text().startswith("Learning on")


def test_it_changes_none_of_the_persons_controls(
    section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    setup = session.setup
    setup.choose_recipe("labeled")
    setup.set(setting(QUICK))
    setup.choose_name("mine")
    before = (setup.recipe, setup.preset, setup.config, setup.name, setup.folder)
    layers = [(layer, layer.name) for layer in session.layers.viewer.layers]
    child = start(section, session, qtbot)
    finish(child, session.trainer.run, better=True)
    assert (setup.recipe, setup.preset, setup.config, setup.name, setup.folder) == before
    assert [(layer, layer.name) for layer in session.layers.viewer.layers] == layers


@pytest.mark.parametrize(("code", "state"), [(STOPPED, State.STOPPED), (1, State.FAILED)])
def test_a_stopped_or_failed_one_leaves_the_old_networks_in_use(
    code: int, state: State, section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    model = session.predictor.model
    child = start(section, session, qtbot)
    if code == STOPPED:
        section.retraining.main.click()
        assert not child.input_open
    child.said.emit("napari-im: The disk is full.")
    child.end(code)
    assert session.trainer.state is state
    words = section.retraining.words.text()
    assert "The old networks are still used." in words
    assert ("The disk is full." in words) is (state is State.FAILED)
    assert session.predictor.model is model
    assert session.predictor.loading is None
    assert section.retraining.main.text() == "Retrain with my corrections"
    section.retraining.main.click()
    qtbot.waitUntil(lambda: session.trainer.child is not None)
    assert session.trainer.run == session.setup.folder / "squares-retrained-2"


def test_a_folder_that_cannot_be_written_is_said(
    section: CorrectSection, old: Path, session: Session, qtbot: Any
) -> None:
    session.setup.folder.parent.mkdir(exist_ok=True)
    session.setup.folder.write_text("a file where the runs should be")
    draw_something(session)
    section.retraining.main.click()
    qtbot.waitUntil(lambda: session.trainer.state is State.FAILED)
    assert "The old networks are still used." in section.retraining.words.text()


# --- comparing, and going back --------------------------------------------------------------------


def test_the_better_networks_are_used_and_one_press_goes_back(
    section: CorrectSection, old: Path, session: Session, seeing: Networks, qtbot: Any
) -> None:
    opened: list[str] = []
    session.wanted.connect(opened.append)
    child = start(section, session, qtbot)
    run = session.trainer.run
    finish(child, run, better=True)
    seeing.get_ready()
    seeing.predict_all(session)
    assert session.predictor.model.run == run
    assert opened == ["correct"]
    view = section.retraining.comparison
    assert view.verdict.text() == "The new networks are better: they are used now."
    assert texts(section) == [
        ["", "Old networks", "New networks"],
        ["Count error (MCCE)", "2.00 ± 0.25", "1.00 ± 0.25"],
        ["IoU", "0.50", "0.50"],
        ["Inconsistent area", "12.5%", "12.5%"],
    ]
    assert "Compared on 2 images set aside: the count error changed by -1.00" in view.basis.text()

    for generation, words, button in (
        (0, "better, but the old ones are used, as you chose", "Use the new networks"),
        (1, "The new networks are better: they are used now", "Use the old networks"),
    ):
        view.switch.click()
        assert read_json(run / "ensemble.json")["generation"] == generation
        assert not view.switch.isEnabled(), "the networks are being loaded"
        seeing.get_ready()
        assert seeing.asked()["run"] == str(run), "the shown frame is predicted again"
        seeing.predict_all(session)
        assert words in view.verdict.text()
        assert view.switch.text() == button
    assert opened == ["correct"] * 3


def test_worse_networks_are_not_used(
    section: CorrectSection, old: Path, session: Session, seeing: Networks, qtbot: Any
) -> None:
    child = start(section, session, qtbot)
    finish(child, session.trainer.run, better=False)
    seeing.get_ready()
    view = section.retraining.comparison
    assert view.verdict.text() == ("The new networks are worse: the old ones are still used.")
    assert view.switch.text() == "Use the new networks"


def test_opening_such_a_run_shows_its_comparison_again(
    section: CorrectSection, old: Path, session: Session, seeing: Networks, qtbot: Any
) -> None:
    child = start(section, session, qtbot)
    run = session.trainer.run
    finish(child, run, better=True)
    seeing.get_ready()
    seeing.load(session, str(old))
    assert section.retraining.comparison.isHidden()
    opened: list[str] = []
    session.wanted.connect(opened.append)
    session.looking.use(run)
    seeing.get_ready()
    assert not section.retraining.comparison.isHidden()
    assert "they are used now" in section.retraining.comparison.verdict.text()
