"""The view that compares runs, on run folders of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QItemSelectionModel, QPointF, Qt
from run_events import epoch_end, line, started, whole_run
from stand_ins import FakeChild

from napari_inconsistency_masks import plans
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.overview import RunState, read_run
from napari_inconsistency_masks.training.results import GenerationRecord
from napari_inconsistency_masks.widgets.pages import chosen_runs
from napari_inconsistency_masks.widgets.runs import listing
from napari_inconsistency_masks.widgets.runs.courses import MEASURES, best_measure, course
from napari_inconsistency_masks.widgets.runs.history import History
from napari_inconsistency_masks.widgets.runs.plot import Curve, RunPlot
from napari_inconsistency_masks.widgets.sections import compare
from napari_inconsistency_masks.widgets.sections.compare import CompareRuns
from napari_inconsistency_masks.widgets.sections.train import TrainSection
from toy import QUICK, toy_data

RECORD = GenerationRecord(0, (0, 1), 4.0, 0.5, 0.2, 0.1, True, margin=0.5, seconds=60.0)


def write_run(folder: Path, *errors: float, events: Any = None, created: str = "") -> Path:
    """A run folder with a generation for each count error."""
    plans.create(folder, "im", toy_data(), QUICK)
    if created:
        values = json.loads((folder / "run.json").read_text())
        write_json(folder / "run.json", {**values, "created": created})
    said = whole_run() if events is None else events
    (folder / "events.jsonl").write_text("".join(json.dumps(line(event)) + "\n" for event in said))
    for number, error in enumerate(errors):
        (folder / f"generation-{number}").mkdir()
        record = replace(RECORD, generation=number, count_error=error)
        write_json(folder / f"generation-{number}" / "generation.json", asdict(record))
    if errors:
        names = [f"generation-{len(errors) - 1}/network-0.safetensors"]
        write_json(folder / "ensemble.json", {"generation": len(errors) - 1, "networks": names})
    return folder


@pytest.fixture
def folder(runs_folder: Path) -> Path:
    """Two runs that are complete, one that was stopped at once, and something else."""
    write_run(runs_folder / "good", 4.0, 2.0, created="2026-01-04")
    write_run(runs_folder / "poor", 9.0, 11.0, created="2026-01-03")
    stopped = [started(), epoch_end(0, 0)]
    write_run(runs_folder / "short", events=stopped, created="2026-01-02")
    (runs_folder / "pictures").mkdir()
    (runs_folder / "drawings").mkdir()
    return runs_folder


@pytest.fixture
def panel(
    folder: Path, children: list[FakeChild], session: Any, viewer: Any, qtbot: Any
) -> Iterator[CompareRuns]:
    made = CompareRuns(viewer)
    qtbot.addWidget(made)
    made.resize(900, 320)
    with qtbot.waitSignal(made.list.changed, check_params_cb=lambda: not made.list.reading):
        made.show()
    qtbot.waitUntil(lambda: not made.list.reading)
    yield made
    made.list.stop()


def column(panel: CompareRuns, name: str) -> list[str]:
    model = panel.table.model()
    number = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    return [model.index(row, number.index(name)).data() for row in range(model.rowCount())]


def select(panel: CompareRuns, *names: str) -> None:
    model, table = panel.table.model(), panel.table
    table.clearSelection()
    for row, name in enumerate(column(panel, "Run")):
        if name.removesuffix(" (in use)") in names:
            how = QItemSelectionModel.SelectionFlag
            table.selectionModel().select(model.index(row, 0), how.Select | how.Rows)


def shows(panel: CompareRuns, name: str) -> bool:
    return getattr(panel.chosen, name).isVisibleTo(panel.chosen)


def test_runs_of_the_folder_for_runs_are_listed_the_newest_first(panel: CompareRuns) -> None:
    assert column(panel, "Run") == ["good", "poor", "short", "pictures"]
    assert column(panel, "State") == ["complete", "complete", "unfinished", "not readable"]
    assert column(panel, "MCCE") == ["2.00 ± 0.50", "11.00 ± 0.50", "", ""]
    assert column(panel, "Time") == ["2 min", "2 min", "", ""]
    assert column(panel, "Generations") == ["1 of 1", "1 of 1", "0 of 1", ""]


def test_they_are_sorted_by_value(panel: CompareRuns) -> None:
    panel.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert column(panel, "Run")[:2] == ["poor", "good"]


def test_test_scores_have_no_column_without_a_finished_comparison(panel: CompareRuns) -> None:
    hidden = [panel.table.isColumnHidden(n) for n in range(11)]
    assert hidden == [False] * 9 + [True] * 2


def test_a_finished_comparison_shows_its_test_scores_and_what_they_are_not_for(
    panel: CompareRuns, tmp_path: Path, qtbot: Any
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    write_json(study / "study.json", {"protocol": "quick"})
    run = write_run(study / "runs" / "im-4-labels-run-1", 4.0, 2.0)
    header = "split,generation,network,result,count_error,mean_iou\n"
    (run / "scores.csv").write_text(header + "test,1,ensemble,true,3.5,0.7\n")
    panel.open_folder(study)
    qtbot.waitUntil(lambda: not panel.list.reading)
    assert column(panel, "MCCE, test") == ["3.50"]
    assert not panel.table.isColumnHidden(9)
    assert "must not be used to choose" in panel.note.text()


def test_curves_of_all_chosen_runs_are_in_one_plot(panel: CompareRuns, qtbot: Any) -> None:
    select(panel, "good", "poor")
    assert panel.chosen.plot.names == ["good", "poor"]
    assert panel.chosen.measure.currentText() == "Count error (MCCE) by generation"
    lines = panel.chosen.plot.getPlotItem().listDataItems()
    assert [list(item.yData) for item in lines] == [[4.0, 2.0], [9.0, 11.0]]
    assert "choose one to use" in panel.chosen.about.text()
    assert not shows(panel, "use_button")


def test_what_is_told_of_a_run_makes_no_window_higher(panel: CompareRuns, qtbot: Any) -> None:
    """A form to fill in, and a plot, are higher than the dock on a small screen."""
    before, chosen = panel.minimumSizeHint().height(), panel.chosen
    select(panel, "good")
    qtbot.waitUntil(chosen.plot.isVisible)
    around = chosen.parentWidget().parentWidget()
    qtbot.waitUntil(lambda: around.verticalScrollBar().maximum() == 0)  # the plot gives way
    chosen.export_button.click()
    qtbot.waitUntil(lambda: around.verticalScrollBar().maximum() > 0)
    assert panel.minimumSizeHint().height() == before
    qtbot.waitUntil(lambda: around.horizontalScrollBar().maximum() == 0)


def test_many_curves_are_drawn_a_few_at_a_time(panel: CompareRuns, qtbot: Any) -> None:
    values = ([0.0, 1.0], [3.0, 2.0])
    curves = [Curve(f"run {number}", number, values) for number in range(11)]
    plot = panel.chosen.plot
    plot.show_curves(MEASURES["mean_iou by generation"], curves)
    assert len(plot.names) < 11
    qtbot.waitUntil(lambda: plot.names == [curve.name for curve in curves])
    pens = {(item.opts["pen"].color().name(), item.opts["pen"].style()) for item in plotted(panel)}
    assert len(pens) == 11


def test_the_legend_is_beside_the_curves_where_there_is_room(
    panel: CompareRuns, qtbot: Any
) -> None:
    panel.resize(1400, 500)
    select(panel, "good", "poor")
    plot = panel.chosen.plot
    box, legend = plot.getPlotItem().getViewBox(), plot.getPlotItem().legend
    last = box.mapFromView(QPointF(1, 3)).x()  # generation 1
    assert last < legend.pos().x()
    axis = plot.getPlotItem().getAxis("bottom")
    marks = [value for _, values in axis.tickValues(*box.viewRange()[0], 500) for value in values]
    assert set(marks) == {0, 1}


def test_the_legend_is_on_top_of_the_curves_where_it_is_as_wide(viewer: Any, qtbot: Any) -> None:
    plot = RunPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 400)
    plot.show()
    curve = Curve("a run with a name as long as this one", 0, ([0.0, 1.0], [2.0, 1.0]))
    plot.show_curves(MEASURES["mean_iou by generation"], [curve])
    box = plot.getPlotItem().getViewBox()
    qtbot.waitUntil(lambda: box.viewRange()[0][1] < 1.2)
    plot.resize(800, 400)
    qtbot.waitUntil(lambda: box.viewRange()[0][1] > 1.5)
    plot.resize(300, 400)
    qtbot.waitUntil(lambda: box.viewRange()[0][1] < 1.2)


def test_a_run_of_one_generation_is_a_line_across_the_others(
    folder: Path, panel: CompareRuns, qtbot: Any
) -> None:
    alone = [replace(started(), generations=0), epoch_end(0, 0)]
    write_run(folder / "labels alone", 3.0, events=alone)
    with qtbot.waitSignal(panel.list.changed, check_params_cb=lambda: not panel.list.reading):
        panel.again.click()
    select(panel, "labels alone")
    panel.chosen._on_measure("count_error by generation")
    assert [list(item.getData()[0]) for item in plotted(panel)] == [[0.0]]
    select(panel, "good", "labels alone", "poor")
    assert panel.chosen.plot.names == ["good", "poor", "labels alone"]
    across = plotted(panel)[-1]
    assert [list(values) for values in across.getData()] == [[0.0, 1.0], [3.0, 3.0]]
    assert across.opts["symbol"] is None
    assert across.opts["pen"].style() == Qt.PenStyle.DashDotLine
    panel.chosen._on_measure("validation_loss by epoch")
    qtbot.waitUntil(lambda: len(plotted(panel)) == 3)
    assert all(item.opts["pen"].style() == Qt.PenStyle.SolidLine for item in plotted(panel))


def test_curves_by_epoch_are_read_when_they_are_wanted(panel: CompareRuns, qtbot: Any) -> None:
    select(panel, "good", "short")
    panel.chosen._on_measure("validation_loss by epoch")
    qtbot.waitUntil(lambda: panel.chosen.plot.names == ["good", "short"])
    lines = panel.chosen.plot.getPlotItem().listDataItems()
    assert list(lines[0].yData) == pytest.approx([2.25, 1.25, 2.75 / 3, 2.25, 1.25, 2.75 / 3], 0.01)
    assert list(lines[1].yData) == pytest.approx([2.25])


def test_curves_that_cannot_be_read_are_told_and_others_are_read_afterwards(
    panel: CompareRuns, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    def fail(_: Any) -> Any:
        yield
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(listing, "read_histories", fail)
        select(panel, "good")
        qtbot.waitUntil(lambda: "cannot be read (MemoryError())" in panel.chosen.hint.text())
    select(panel, "short")
    panel.chosen._on_measure("validation_loss by epoch")
    qtbot.waitUntil(lambda: panel.chosen.plot.names == ["short"])


def test_a_run_keeps_its_color_while_others_come_and_go(panel: CompareRuns) -> None:
    select(panel, "good", "poor")
    colors = {item.name(): item.opts["pen"].color().name() for item in plotted(panel)}
    assert len(set(colors.values())) == 2
    table, model = panel.table, panel.table.model()
    how = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(model.index(0, 0), how.Deselect | how.Rows)
    (left,) = plotted(panel)
    assert (left.name(), left.opts["pen"].color().name()) == ("poor", colors["poor"])


def plotted(panel: CompareRuns) -> Any:
    return panel.chosen.plot.getPlotItem().listDataItems()


def test_a_folder_that_is_no_run_has_words_and_no_buttons(panel: CompareRuns) -> None:
    select(panel, "pictures")
    assert "no run here" in panel.chosen.about.text()
    assert not shows(panel, "use_button")
    assert not shows(panel, "open_button")
    assert panel.chosen.hint.text() == "Nothing to draw of pictures."


def test_runs_that_have_not_begun_take_no_place_in_the_plot(
    panel: CompareRuns, folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_runs, "MOST", 2)
    waiting = [f"waiting-{number}" for number in range(1, 6)]
    for name in waiting:  # newer, so they come first
        write_run(folder / name, events=[], created="2026-01-05")
    panel.list.choose(folder)
    qtbot.waitUntil(lambda: not panel.list.reading)
    select(panel, "good", "poor", *waiting)
    qtbot.waitUntil(lambda: panel.chosen.plot.names == ["good", "poor"])
    said = "Nothing to draw of waiting-1, waiting-2, waiting-3 and 2 more."
    assert panel.chosen.hint.text() == said
    write_run(folder / "third", 3.0, 3.0, created="2026-01-01")
    panel.list.choose(folder)
    qtbot.waitUntil(lambda: not panel.list.reading)
    select(panel, "good", "poor", "third")
    qtbot.waitUntil(lambda: panel.chosen.plot.names == ["good", "poor"])
    assert panel.chosen.hint.text() == "The first 2 of the chosen runs are drawn."


def test_a_run_without_networks_can_be_opened_and_not_used(panel: CompareRuns) -> None:
    select(panel, "short")
    assert "no networks yet" in panel.chosen.about.text()
    assert not shows(panel, "use_button")
    assert shows(panel, "open_button")


def test_the_networks_of_a_run_are_taken_into_use(
    panel: CompareRuns, session: Any, folder: Path, children: list[FakeChild]
) -> None:
    select(panel, "poor")
    panel.chosen.use_button.click()
    assert session.predictor.loading == folder / "poor"
    (request,) = [r for child in children for r in child.requests if r["do"] == "describe"]
    assert request["run"] == str(folder / "poor")


def test_a_double_click_uses_the_networks_too(
    panel: CompareRuns, session: Any, folder: Path
) -> None:
    panel.table.opened.emit(3)
    assert session.predictor.loading is None
    panel.table.opened.emit(0)
    assert session.predictor.loading == folder / "good"


def test_the_run_in_use_says_so(panel: CompareRuns, session: Any, folder: Path) -> None:
    class Model:
        run = folder / "poor"

    session.predictor.model = Model()
    select(panel, "poor")
    panel._fill()
    panel.chosen._offer()
    assert column(panel, "Run")[1] == "poor (in use)"
    assert "Its networks are in use." in panel.chosen.about.text()
    session.predictor.model = None


def test_a_run_is_opened_under_train_unless_one_is_being_trained(
    panel: CompareRuns, session: Any, folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(panel, "short")
    with qtbot.waitSignals([session.wanted, session.trainer.changed]):
        panel.chosen.open_button.click()
    qtbot.waitUntil(lambda: session.trainer.run == folder / "short")
    session.trainer.press(session.next.request)  # goes on
    assert session.trainer.machine.busy
    assert not shows(panel, "open_button")
    assert "A training is running" in panel.chosen.about.text()


def test_networks_of_one_run_can_be_written_for_other_programs(
    panel: CompareRuns, session: Any, folder: Path
) -> None:
    chosen = panel.chosen
    assert not shows(panel, "export_button")
    select(panel, "short")
    assert not shows(panel, "export_button"), "it has no networks yet"
    select(panel, "good")
    assert shows(panel, "export_button")
    chosen.export_button.click()
    assert shows(panel, "export_form")
    assert chosen.export_form.run == folder / "good"
    select(panel, "poor")
    assert not shows(panel, "export_form"), "it is about another run"
    chosen.export_button.click()
    chosen.export_form.choose_example(folder / "cells.tif")
    session.exporting.start(chosen.export_form.request(folder / "cells.zip"))
    assert not shows(panel, "export_form")
    assert not chosen.export_button.isEnabled()
    assert "being written" in chosen.export_button.toolTip()
    session.exporting.stop()
    assert chosen.export_button.isEnabled()


def test_a_new_run_appears_when_it_is_finished(
    panel: CompareRuns, session: Any, folder: Path, qtbot: Any
) -> None:
    write_run(folder / "new", 1.0, created="2026-01-05")
    session.trainer.finished.emit(folder / "new")
    qtbot.waitUntil(lambda: len(panel.list.runs) == 5)
    assert column(panel, "Run")[0] == "new"


def test_what_changed_on_disk_is_read_again(panel: CompareRuns, folder: Path, qtbot: Any) -> None:
    (folder / "good" / "run.json").write_text("{")
    panel.again.click()
    qtbot.waitUntil(lambda: not panel.list.reading)
    assert column(panel, "Run")[-1] in ("good", "pictures")
    assert read_run(folder / "good").state is RunState.UNREADABLE


def test_chosen_runs_stay_chosen_when_others_appear(
    panel: CompareRuns, folder: Path, qtbot: Any
) -> None:
    select(panel, "good", "short")
    write_run(folder / "newest", 1.0, created="2026-02-01")
    panel.again.click()
    qtbot.waitUntil(lambda: "newest" in column(panel, "Run") and not panel.list.reading)
    chosen = [panel.list.runs[number].folder.name for number in panel.table.all_selected]
    assert chosen == ["good", "short"]
    assert [run.folder.name for run in panel.chosen._runs] == ["good", "short"]


def test_it_follows_the_project_until_a_person_chooses_a_folder(
    panel: CompareRuns, session: Any, tmp_path: Path, qtbot: Any
) -> None:
    write_run(tmp_path / "project" / "mine", 3.0)
    session.setup.project_runs = tmp_path / "project"
    session.setup.changed.emit()
    qtbot.waitUntil(lambda: column(panel, "Run") == ["mine"])
    panel.open_folder(tmp_path / "runs")
    session.setup.changed.emit()
    qtbot.waitUntil(lambda: not panel.list.reading)
    assert panel.list.folder == tmp_path / "runs"


def test_a_folder_that_is_gone_is_said_and_one_for_runs_to_come_is_no_problem(
    panel: CompareRuns, session: Any, tmp_path: Path, qtbot: Any
) -> None:
    panel.open_folder(tmp_path / "gone")
    qtbot.waitUntil(lambda: not panel.list.reading)
    assert "no such folder" in panel.problem.text()
    panel._chosen_folder = False
    panel.list.choose(tmp_path / "to come")
    qtbot.waitUntil(lambda: not panel.list.reading)
    assert panel.problem.text() == ""
    assert panel.note.text() == compare.NO_RUNS


def test_the_plot_is_beside_the_table_where_there_is_room(panel: CompareRuns) -> None:
    assert panel._split.orientation() == Qt.Orientation.Horizontal
    panel.resize(430, 800)
    assert panel._split.orientation() == Qt.Orientation.Vertical


def test_train_opens_it_once(
    folder: Path, children: list[FakeChild], session: Any, viewer: Any, qtbot: Any
) -> None:
    section = TrainSection(viewer)
    qtbot.addWidget(section)
    section.compare.click()
    panel = section.comparing.panel
    assert panel is not None
    qtbot.addWidget(panel)
    qtbot.waitUntil(lambda: len(panel.list.runs) == 4)
    section.compare.click()
    assert section.comparing.panel is panel
    panel.close()


def test_train_opens_it_as_a_dock_that_can_be_closed_and_opened_again(
    folder: Path, children: list[FakeChild], window: Any, window_session: Any, qtbot: Any
) -> None:
    section = TrainSection(window)
    window.window.add_dock_widget(section)
    section.compare.click()
    panel = section.comparing.panel
    window.window.remove_dock_widget(panel)
    qtbot.waitUntil(lambda: not panel.list.reading)
    section.comparing.open()
    assert section.comparing.panel is not None


def test_the_most_telling_measure_comes_first(tmp_path: Path) -> None:
    several = read_run(write_run(tmp_path / "a", 3.0, 2.0))
    one = read_run(write_run(tmp_path / "b", 3.0))
    assert best_measure([several, one]).words == "Count error (MCCE) by generation"
    assert best_measure([one]).words == "Count error (MCCE) by epoch"
    without = replace(several, records=tuple(replace(r, count_error=None) for r in several.records))
    assert best_measure([without]).words == "IoU by generation"


def test_courses_are_means_of_the_networks(tmp_path: Path) -> None:
    run, history = read_run(write_run(tmp_path / "a", 3.0, 2.0)), History()
    for event in whole_run():
        history.add(event)
    by = {key: course(run, history, measure) for key, measure in MEASURES.items()}
    assert by["count_error by generation"] == ([0.0, 1.0], [3.0, 2.0])
    assert by["train_loss by epoch"][1][:3] == pytest.approx([1.25, 0.75, 1 / 3 + 0.25])
    assert by["count_error by epoch"][0] == [1, 2, 3, 4, 5, 6]
    assert all(len(x) == len(y) > 0 for x, y in by.values())
    assert course(run, None, MEASURES["train_loss by epoch"]) == ([], [])
