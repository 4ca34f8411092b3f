"""What the program that trains says, and what becomes of it: state, bars, words, curves, notes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels
from run_events import EPOCHS, STEPS, epoch_end, line, started, step, whole_run
from stand_ins import FakeChild

from napari_inconsistency_masks.plans import only_here, read_plan
from napari_inconsistency_masks.training.events import (
    Failed,
    Finished,
    GenerationEnd,
    Labeling,
    Stopped,
    Warned,
)
from napari_inconsistency_masks.widgets.sections.train import TrainSection
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.training import preparation
from napari_inconsistency_masks.widgets.training import trainer as trainer_module
from napari_inconsistency_masks.widgets.training.state import State
from napari_inconsistency_masks.widgets.training.trainer import Trainer
from napari_inconsistency_masks.widgets.work.worker import Worker

pytestmark = pytest.mark.usefixtures("children", "at_once")

CRASHED, STOPPED = -1, 130


@pytest.fixture
def trainer(session: Session, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """A trainer of a person who never double-clicks."""
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(session.trainer.machine, "_clock", lambda: next(clock))
    return session.trainer


@pytest.fixture
def section(trainer: Trainer, viewer: ViewerModel, qtbot: Any) -> TrainSection:
    made = TrainSection(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def stack(viewer: ViewerModel, session: Session, qtbot: Any) -> ViewerModel:
    """A stack of six frames, three of them labeled, that training can start from."""
    add_image(viewer, (6, 40, 48))
    alive = add_labels(viewer, "alive", (6, 40, 48))
    for frame in range(3):
        alive.data[frame, 4 : 14 + frame, 4:14] = 1
    qtbot.waitUntil(lambda: session.layer_data.scan is not None)
    return viewer


@pytest.fixture
def child(
    section: TrainSection,
    stack: ViewerModel,
    trainer: Trainer,
    children: list[FakeChild],
    qtbot: Any,
) -> FakeChild:
    """A training that was started from layers, and the program that trains."""
    section.main.click()
    qtbot.waitUntil(lambda: trainer.child is not None)
    return children[-1]


def say(child: FakeChild, *events: Any) -> None:
    for event in events:
        child.answered.emit(line(event))


# --- starting -------------------------------------------------------------------------------------


def test_start_writes_the_run_folder_and_starts_the_program(
    child: FakeChild, trainer: Trainer, session: Session
) -> None:
    assert trainer.state is State.TRAINING
    assert child.verb == "run"
    assert child.command[4:] == (str(trainer.run), "--json", "--end-with-input")
    assert trainer.run == session.setup.folder / "cells-standard-1"
    assert read_plan(trainer.run) == trainer.plan
    assert session.status.command == f"napari-im run {trainer.run}"


def test_without_data_start_says_what_is_missing(
    section: TrainSection, trainer: Trainer, children: list[FakeChild]
) -> None:
    assert "There is no image" in section.problem.text()
    assert section.main.isEnabled()
    assert "There is no image" in section.main.toolTip()
    section.main.click()
    assert "There is no image" in section.problem.text()
    assert (trainer.state, children) == (State.IDLE, [])


def test_a_sentence_goes_when_its_reason_has_gone(
    section: TrainSection, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    section.main.click()
    assert section.problem.isVisible()
    add_image(viewer, (6, 40, 48))
    add_labels(viewer, "alive", (6, 40, 48)).data[:2, 4:9, 4:9] = 1
    qtbot.waitUntil(lambda: session.next.problem() is None)
    assert not section.problem.isVisible()
    assert section.summary == "ready to start"


def test_everything_labeled_leaves_nothing_for_inconsistency_masks(
    section: TrainSection, stack: ViewerModel, session: Session, qtbot: Any
) -> None:
    labels = stack.layers["alive"]
    labels.data_setitem(np.nonzero(labels.data == 0), 1)
    qtbot.waitUntil(lambda: session.layer_data.unlabeled == 0)
    assert "Everything is labeled" in section.problem.text()
    session.setup.choose_recipe("labeled-aug")
    assert not section.problem.isVisible()


def test_settings_that_are_refused_block_the_start(
    section: TrainSection, stack: ViewerModel, session: Session, children: list[FakeChild]
) -> None:
    from dataclasses import replace

    session.setup.set(lambda config: replace(config, members=2, teachers=3))
    assert "teachers = 3" in section.problem.text()
    section.main.click()
    assert children == []


def test_a_run_of_the_same_name_blocks_the_start(
    section: TrainSection, stack: ViewerModel, session: Session, trainer: Trainer, qtbot: Any
) -> None:
    session.setup.choose_name("mine")
    (session.setup.folder / "mine").mkdir(parents=True)
    section.main.click()
    qtbot.waitUntil(lambda: trainer.state is State.FAILED)
    assert "there is a run of this name" in section.problem.text()
    assert section.main.text() == "Start training"
    assert section.setup.isVisible()  # to choose another name
    session.setup.choose_name("another")
    section.main.click()
    qtbot.waitUntil(lambda: trainer.state is State.TRAINING)


def test_a_double_click_starts_one_run(
    section: TrainSection,
    stack: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    now = [100.0]
    session.trainer.machine._clock = lambda: now[0]
    section.main.click()
    now[0] += 0.1
    section.main.click()
    qtbot.waitUntil(lambda: session.trainer.child is not None)
    assert session.trainer.state is State.TRAINING
    assert len(children) == 1
    assert len(list(session.setup.folder.iterdir())) == 1


def test_stop_while_the_run_folder_is_written_leaves_nothing(
    section: TrainSection,
    stack: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = threading.Event()
    write = preparation.write_snapshot

    def write_and_wait(drawing: Any, folder: Path) -> Iterator[Any]:
        for written in write(drawing, folder):
            yield written
            stopped.wait(10)

    monkeypatch.setattr(preparation, "write_snapshot", write_and_wait)
    section.main.click()
    qtbot.waitUntil(lambda: section.words.text() == "Copying frame 1 of 6 to the run folder")
    section.main.click()
    assert (section.main.text(), section.main.isEnabled()) == ("Stopping…", False)
    stopped.set()
    qtbot.waitUntil(lambda: session.trainer.state is State.IDLE)
    assert not list(session.setup.folder.glob("*"))
    assert section.main.text() == "Start training"
    assert children == []


def test_the_next_run_gets_a_name_that_is_free(
    section: TrainSection, child: FakeChild, trainer: Trainer, session: Session
) -> None:
    say(child, started(), Finished(0, None, 0.5))
    child.end(0)
    section.new.click()
    assert session.setup.name == "cells-standard-2"
    assert section.setup.name.text() == "cells-standard-2"


# --- following ------------------------------------------------------------------------------------


def test_bar_and_words_follow_the_run(section: TrainSection, child: FakeChild) -> None:
    assert section.bar.isVisible()
    assert section.words.text() == "starting the networks"
    say(child, started())
    say(child, step(0, 0, 2))
    assert section.words.text() == "generation 0 of 1, epoch 1 of 3"
    first = section.bar.value()
    assert 0 < first < 1000
    say(child, epoch_end(0, 0))
    assert section.words.text() == "generation 0 of 1, epoch 1 of 3 checked"
    assert section.bar.value() > first
    say(child, GenerationEnd(0, (1, 0), 2.5, 0.5, 0.1, 0.3, True))
    assert section.bar.value() == 500
    say(child, Labeling(1, 2, 4, 2, 0.2))
    assert section.words.text() == "generation 1 of 1, labeling image 2 of 4"


def test_the_bar_never_goes_back_and_ends_full(section: TrainSection, child: FakeChild) -> None:
    values = []
    for event in whole_run():
        say(child, event)
        values.append(section.bar.value())
    assert values == sorted(values)
    assert values[-1] == 1000


def test_the_time_left_is_told_when_it_is_known(
    section: TrainSection, child: FakeChild, trainer: Trainer
) -> None:
    now = [0.0]
    trainer._progress._clock = lambda: now[0]
    say(child, started())
    for number in range(STEPS):
        now[0] += 60.0
        say(child, step(0, 0, number + 1))
    assert section.words.text().startswith("generation 0 of 1, epoch 1 of 3, ")
    assert section.words.text().endswith(" min left")


def test_the_footer_and_the_summary_say_the_same(
    section: TrainSection, child: FakeChild, session: Session
) -> None:
    say(child, started(), step(0, 1, 1))
    assert section.summary == section.words.text()
    assert session.status.activity.words == f"Training: {section.words.text()}"
    assert session.status.activity.share == pytest.approx(section.bar.value() / 1000, abs=1e-3)


def test_curves_show_every_network_and_their_mean(
    section: TrainSection, child: FakeChild, qtbot: Any
) -> None:
    assert not section.curves.isVisible()
    for event in whole_run():
        say(child, event)
    qtbot.waitUntil(lambda: len(lines(section.curves.loss)) == 6)
    assert section.curves.isVisible()
    mean = max(lines(section.curves.loss), key=lambda item: item.opts["pen"].widthF())
    x, y = mean.getData()
    assert x.tolist() == list(range(1, 2 * EPOCHS + 1))
    np.testing.assert_allclose(y, [1.25, 0.75, 1 / 3 + 0.25] * 2)
    assert len(lines(section.curves.count_error)) == 3
    assert len(lines(section.curves.inconsistent)) == 1
    for plot in (section.curves.loss, section.curves.count_error, section.curves.inconsistent):
        assert borders(plot) == [EPOCHS + 0.5]


def lines(plot: Any) -> Any:
    return plot.getPlotItem().listDataItems()


def borders(plot: Any) -> Any:
    items = plot.getPlotItem().items
    return [item.value() for item in items if type(item).__name__ == "InfiniteLine"]


def test_without_positions_there_is_no_plot_of_the_count_error(
    section: TrainSection, child: FakeChild, qtbot: Any
) -> None:
    say(child, started(), epoch_end(0, 0, counts=False))
    qtbot.waitUntil(lambda: section.curves.isVisible())
    assert not section.curves.count_error.isVisible()
    assert section.curves.loss.isVisible()


def test_notes_are_listed_once(section: TrainSection, child: FakeChild, qtbot: Any) -> None:
    say(child, started(), Warned("Class 'dead' is rare."), Warned("Class 'dead' is rare."))
    qtbot.waitUntil(lambda: section.notes.isVisible())
    assert section.notes.text() == "Notes\n•  Class 'dead' is rare."


@pytest.mark.parametrize("loss", [(None, 0.5), (None, None)])
def test_a_lost_network_does_no_harm(
    section: TrainSection, child: FakeChild, trainer: Trainer, loss: Any
) -> None:
    say(child, started(), step(0, 0, 1, loss=loss))
    assert trainer.state is State.TRAINING


@pytest.mark.parametrize(
    "values", [{}, {"event": "Teleported"}, {"event": "StepEnd"}, {"event": None, "loss": 1}]
)
def test_a_line_of_another_version_goes_to_the_log(
    child: FakeChild, trainer: Trainer, session: Session, values: Any
) -> None:
    child.answered.emit(values)
    assert trainer.state is State.TRAINING
    assert "another version" in session.log.lines[-1]


def test_what_the_program_says_goes_to_the_log(child: FakeChild, session: Session) -> None:
    child.said.emit("something about CUDA")
    assert session.log.lines[-1].endswith("something about CUDA")


def test_strokes_after_the_start_are_not_in_the_run(
    section: TrainSection, child: FakeChild, stack: ViewerModel
) -> None:
    assert not section.strokes.isVisible()
    stack.layers["alive"].paint((4, 10, 10), 1)
    assert section.strokes.text() == "What you have drawn since Start is not in this run."
    assert section.strokes.isVisible()
    child.end(STOPPED)
    assert not section.strokes.isVisible()


def test_a_preparation_that_ends_late_says_nothing_of_the_next(
    section: TrainSection,
    stack: ViewerModel,
    trainer: Trainer,
    children: list[FakeChild],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    late: list[Worker] = []

    class Late(Worker):
        """Says only when asked to that it is over."""

        def _tell(self, what: str, value: object) -> None:
            if what == "returned":
                late.append(self)
                self.returned.emit(value)
            else:
                super()._tell(what, value)

    monkeypatch.setattr(trainer_module, "Worker", Late)
    section.main.click()
    qtbot.waitUntil(lambda: bool(children and late))
    say(children[-1], *whole_run())
    children[-1].end(0)
    trainer.put_aside()
    section.main.click()
    late[0].over.emit()
    assert trainer.state is State.PREPARING
    qtbot.waitUntil(lambda: trainer.child is not None and len(late) == 2)
    late[1].over.emit()
    assert trainer.state is State.TRAINING
    assert trainer.run is not None


# --- ending ---------------------------------------------------------------------------------------


def test_a_finished_run_is_used_and_told_once(
    section: TrainSection, child: FakeChild, trainer: Trainer, children: list[FakeChild], qtbot: Any
) -> None:
    finished = []
    trainer.finished.connect(finished.append)
    for event in whole_run():
        say(child, event)
    child.end(0)
    assert trainer.state is State.FINISHED
    assert finished == [trainer.run]
    assert section.words.text().startswith("Training is finished")
    assert not section.main.isVisible()
    assert section.new.isVisible()
    assert not section.bar.isVisible()
    serving = children[-1]
    assert serving.verb == "serve"
    assert serving.requests[0]["run"] == str(trainer.run)


def test_stop_and_resume_use_the_same_folder(
    section: TrainSection, child: FakeChild, trainer: Trainer, children: list[FakeChild]
) -> None:
    say(child, started(), step(0, 0, 1))
    section.main.click()
    assert (section.main.text(), section.main.isEnabled()) == ("Stopping…", False)
    assert not child.input_open
    section.main.click()
    say(child, Stopped())
    child.end(STOPPED)
    assert trainer.state is State.STOPPED
    assert section.words.text().startswith("Stopped.")
    run, plan = trainer.run, trainer.plan
    assert (section.main.text(), section.main.isEnabled()) == ("Resume training", True)
    section.main.click()
    assert trainer.state is State.TRAINING
    assert children[-1] is not child
    assert children[-1].command[4] == str(run)
    assert (trainer.run, trainer.plan) == (run, plan)


def test_curves_go_on_after_a_resume(
    section: TrainSection, child: FakeChild, trainer: Trainer, children: list[FakeChild]
) -> None:
    say(child, started(), epoch_end(0, 0))
    section.main.click()
    child.end(STOPPED)
    section.main.click()
    say(children[-1], started(resumed=True), epoch_end(0, 1))
    assert trainer.history.curve("train_loss")[0] == [1, 2]


def test_the_cancel_of_the_footer_stops_too(
    section: TrainSection, child: FakeChild, trainer: Trainer, session: Session
) -> None:
    assert session.status.activity.cancel_words == "Stop"
    session.status.activity.cancel()
    assert trainer.state is State.STOPPING
    assert not child.input_open


def test_an_error_is_told_in_the_programs_words(
    section: TrainSection, child: FakeChild, trainer: Trainer, session: Session
) -> None:
    say(child, started(), Failed("out of memory"))
    child.said.emit("Traceback ...")
    child.said.emit("napari-im: The GPU has no memory left; choose smaller patches.")
    child.end(1)
    assert trainer.state is State.FAILED
    assert section.problem.text().endswith("The GPU has no memory left; choose smaller patches.")
    assert session.status.sentence == "The GPU has no memory left; choose smaller patches."
    assert section.main.text() == "Resume training"


def test_a_crash_without_a_word_is_told(
    section: TrainSection, child: FakeChild, trainer: Trainer
) -> None:
    child.end(CRASHED)
    assert "crashed" in section.problem.text()
    assert trainer.state is State.FAILED


def test_a_failed_run_can_be_gone_on_with_and_its_error_goes(
    section: TrainSection, child: FakeChild, trainer: Trainer, children: list[FakeChild]
) -> None:
    child.end(CRASHED)
    section.main.click()
    assert trainer.state is State.TRAINING
    assert not section.problem.isVisible()
    assert len(children) == 2


def test_a_section_that_is_opened_later_shows_the_same(
    child: FakeChild, viewer: ViewerModel, section: TrainSection, qtbot: Any
) -> None:
    say(child, started(), Warned("A note."), step(0, 1, 1), epoch_end(0, 0))
    other = TrainSection(viewer)
    qtbot.addWidget(other)
    other.show()
    assert other.words.text() == section.words.text()
    assert other.bar.value() == section.bar.value() > 0
    assert other.notes.text().endswith("A note.")
    assert other.main.text() == "Stop"
    assert lines(other.curves.loss)


def test_a_section_that_is_closed_stops_nothing(
    child: FakeChild, viewer: ViewerModel, trainer: Trainer, qtbot: Any
) -> None:
    other = TrainSection(viewer)
    with qtbot.waitSignal(other.destroyed):
        other.close()
        other.deleteLater()
    say(child, started(), step(0, 0, 1))
    assert trainer.state is State.TRAINING
    assert child.input_open


# --- runs of another day --------------------------------------------------------------------------


def open_again(session: Session, run: Path, qtbot: Any, events: Any) -> None:
    """Write events into a run folder, and open it as after a restart."""
    (run / "events.jsonl").write_text("".join(json.dumps(line(event)) + "\n" for event in events))
    session.trainer.put_aside()
    assert session.trainer.state is State.IDLE
    session.open_run(run)


def test_opening_a_finished_run_uses_its_networks(
    section: TrainSection,
    child: FakeChild,
    trainer: Trainer,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    run = trainer.run
    child.end(STOPPED)
    open_again(session, run, qtbot, whole_run())
    qtbot.waitUntil(lambda: trainer.state is State.FINISHED)
    assert children[-1].requests[0]["run"] == str(run)
    assert section.chosen.text().startswith(f"Run {run.name}: Inconsistency Masks, 3 networks")
    qtbot.waitUntil(lambda: bool(lines(section.curves.loss)))


def test_opening_an_unfinished_run_offers_to_go_on(
    section: TrainSection,
    child: FakeChild,
    trainer: Trainer,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    run = trainer.run
    child.end(STOPPED)
    open_again(session, run, qtbot, [started(), epoch_end(0, 0)])
    qtbot.waitUntil(lambda: trainer.state is State.STOPPED)
    assert section.main.text() == "Resume training"
    assert len(children) == 1
    section.main.click()
    assert children[-1].command[4] == str(run)


def test_a_run_that_another_program_trains_is_not_said_to_be_stopped(
    section: TrainSection,
    child: FakeChild,
    trainer: Trainer,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    run = trainer.run
    child.end(STOPPED)
    with only_here(run):
        open_again(session, run, qtbot, [started(), epoch_end(0, 0)])
        qtbot.waitUntil(lambda: trainer.state is State.STOPPED)
        assert section.words.text().startswith("Another program is training this run just now")
        assert section.summary == "in training elsewhere"
    session.open_run(run)
    qtbot.waitUntil(lambda: section.words.text().startswith("Stopped."))
    with only_here(run):
        session.open_run(run)
        qtbot.waitUntil(lambda: trainer.elsewhere)
    section.main.click()
    assert not trainer.elsewhere
    assert section.summary == "starting the networks"


def test_opening_a_folder_without_a_run_says_so_and_keeps_the_state(
    section: TrainSection, trainer: Trainer, session: Session, tmp_path: Path, qtbot: Any
) -> None:
    with qtbot.waitSignal(trainer.changed):
        session.open_run(tmp_path)
    assert "there is no run in this folder" in section.problem.text()
    assert trainer.state is State.IDLE


def test_of_two_runs_that_are_opened_the_last_one_counts(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    folders = [tmp_path / "slow", tmp_path / "fast"]
    ended: list[Path] = []

    def read(folder: Path) -> Any:
        if folder is folders[0]:
            begun.set()
            go_on.wait(30)
        ended.append(folder)
        yield
        return None, trainer_module.History(), False

    monkeypatch.setattr(trainer_module, "read_run", read)
    trainer.open(folders[0])
    begun.wait(30)
    trainer.open(folders[1])
    qtbot.waitUntil(lambda: trainer.run == folders[1])
    go_on.set()
    qtbot.waitUntil(lambda: len(ended) == 2)
    qtbot.wait(50)
    assert trainer.run == folders[1]


def test_a_failed_opening_does_not_lose_the_run_that_was_open(
    section: TrainSection,
    child: FakeChild,
    trainer: Trainer,
    session: Session,
    children: list[FakeChild],
    tmp_path: Path,
    qtbot: Any,
) -> None:
    child.end(STOPPED)
    run = trainer.run
    with qtbot.waitSignal(trainer.changed):
        session.open_run(tmp_path)
    assert "there is no run in this folder" in section.problem.text()
    assert trainer.run == run
    section.main.click()
    assert children[-1].command[4] == str(run)
