"""What can be done with the runs that are chosen in a table: draw them, use their networks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from qtpy.QtWidgets import QVBoxLayout

from ...files.names import listed
from ...overview import RunSummary
from ..parts.buttons import button
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import row
from ..parts.modifiers import several_key
from ..parts.scrolled import ShrinkingContent
from ..runs.courses import MEASURES, best_measure, course, ends_at_first
from ..runs.listing import RunList
from ..runs.plot import MOST, Curve, RunPlot
from ..session.session import Session
from .export_form import ExportForm
from .section import slot

CHOOSE = (
    f"Choose a run in the table, or several with {several_key()} or Shift, to see their curves."
)

EXPORT = "Write its networks as a file that other programs read."
EXPORTING = "Networks are being written; wait until that is done, or cancel it below."


class ChosenRuns(ShrinkingContent):
    """Buttons, a sentence and one plot for the chosen runs.

    Parameters
    ----------
    session
        In which networks are used and runs go on.
    runs
        Knows what happened in them.
    """

    def __init__(self, session: Session, runs: RunList) -> None:
        super().__init__()
        self.session, self._list = session, runs
        self._runs: Sequence[RunSummary] = ()
        self._begun: Sequence[RunSummary] = ()
        self._numbers: dict[Path, int] = {}
        self._picked: str | None = None
        self.about = Sentence("runs_about")
        self.use_button = button(
            "Use these networks", "runs_use", "Predict with them, as in 3 Look; nothing is lost."
        )
        self.open_button = button(
            "Open under 2 Train", "runs_open", "See its settings and curves there, or go on."
        )
        self.export_button = button("For other programs…", "runs_export", EXPORT)
        self.export_form = ExportForm(session)
        self.export_form.setVisible(False)
        self.export_problem = Sentence("runs_export_problem", "problem")
        self.measure = Chooser("runs_measure", "What is plotted", "What the curves show.")
        self.hint = Sentence("runs_hint", "hint")
        self.plot = RunPlot()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.about)
        column.addLayout(row(self.use_button, self.open_button, self.export_button, 1))
        column.addWidget(self.export_problem)
        column.addWidget(self.export_form)
        column.addWidget(self.measure)
        column.addWidget(self.plot, 1)
        column.addWidget(self.hint)
        column.addStretch(0)
        self.use_button.clicked.connect(self._on_use)
        self.open_button.clicked.connect(self._on_open)
        self.export_button.clicked.connect(self._on_export)
        self.export_form.over.connect(lambda: self.export_form.setVisible(False))
        self.measure.picked.connect(self._on_measure)
        runs.histories_changed.connect(self._draw)
        session.trainer.changed.connect(self._offer)
        session.predictor.changed.connect(self._offer)
        session.exporting.changed.connect(self._offer)
        self.show_runs(())

    def show_runs(self, runs: Sequence[RunSummary]) -> None:
        """Show other runs; one that stays keeps its color."""
        self._runs = runs
        self._begun = [run for run in runs if run.started is not None or run.records]
        drawable = self._begun[:MOST]
        kept = {run.folder: self._numbers.get(run.folder) for run in drawable}
        free = iter(number for number in range(MOST) if number not in kept.values())
        self._numbers = {
            folder: next(free) if number is None else number for folder, number in kept.items()
        }
        self._list.follow([run.folder for run in drawable if run.plan is not None])
        self._offer()
        self._draw()

    @slot
    def use(self, run: RunSummary) -> None:
        """Predict with the networks of a run, if it has some."""
        if run.usable:
            self.session.looking.use(run.folder)

    @slot
    def _on_use(self, _: bool = False) -> None:
        self.use(self._runs[0])

    @slot
    def _on_open(self, _: bool = False) -> None:
        self.session.open_run(self._runs[0].folder)
        self.session.wanted.emit("train")

    @slot
    def _on_export(self, _: bool = False) -> None:
        self.export_form.begin(self._runs[0].folder)
        self.export_form.setVisible(True)

    def _on_measure(self, key: str) -> None:
        self._picked = key
        self._draw()

    def _offer(self) -> None:
        """Buttons for the one run that is chosen; words where there is nothing to press."""
        run = self._runs[0] if len(self._runs) == 1 else None
        busy = self.session.trainer.machine.busy
        self.use_button.setVisible(run is not None and run.usable)
        self.open_button.setVisible(run is not None and run.plan is not None and not busy)
        exporting = self.session.exporting
        self.export_button.setVisible(run is not None and run.usable)
        self.export_button.setEnabled(not exporting.busy)
        self.export_button.setToolTip(EXPORTING if exporting.busy else EXPORT)
        if exporting.busy or run is None or run.folder != self.export_form.run:
            self.export_form.setVisible(False)
        self.export_problem.tell(None if run is None else exporting.message_about(run.folder))
        self.about.tell(self._words(run, busy=busy))

    def _words(self, run: RunSummary | None, *, busy: bool) -> str:
        if run is None:
            count = len(self._runs)
            return f"{count} runs are chosen; choose one to use its networks." if count else ""
        said = [f"{run.folder.name}: {run.state}.", run.reason]
        model = self.session.predictor.model
        if model is not None and model.run == run.folder:
            said.append("Its networks are in use.")
        elif run.plan is not None and not run.usable:
            said.append("It has no networks yet: the first generation is not complete.")
        if busy and run.plan is not None:
            said.append("A training is running, so no other run can be opened.")
        return " ".join(filter(None, said))

    def _draw(self) -> None:
        measure = MEASURES[self._picked] if self._picked else best_measure(self._runs)
        self.measure.offer([(each.words, key) for key, each in MEASURES.items()], measure.key)
        curves = [
            Curve(
                run.folder.name,
                self._numbers[run.folder],
                course(run, self._list.histories.get(run.folder), measure),
                level=measure.by_generation and ends_at_first(run),
            )
            for run in self._begun[:MOST]
        ]
        drawn = [curve for curve in curves if curve.course[0]]
        self.plot.show_curves(measure, drawn)
        self.plot.setVisible(bool(drawn))
        self.measure.setVisible(bool(self._runs))
        self.hint.tell(self._hint(drawn))

    def _hint(self, drawn: Sequence[Curve]) -> str:
        if not self._runs:
            return CHOOSE
        said = [
            why for run in self._runs if (why := self._list.why_no_course(run.folder)) is not None
        ]
        if not said:
            said += self._not_drawn({curve.name for curve in drawn})
        if len(self._begun) > MOST:
            said.append(f"The first {MOST} of the chosen runs are drawn.")
        return " ".join(said)

    def _not_drawn(self, drawn: Collection[str]) -> list[str]:
        """Say which runs have no curve yet, if there are such."""
        late = {run.folder for run in self._begun[MOST:]}
        names = [run.folder.name for run in self._runs if run.folder not in late]
        without = [name for name in names if name not in drawn]
        return [f"Nothing to draw of {listed(without)}."] if without else []
