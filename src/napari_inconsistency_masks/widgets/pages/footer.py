"""What is going on, the log, and the command that does the same without a window."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtGui import QFontDatabase, QGuiApplication
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ..parts.buttons import button, named
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..parts.text_line import TextLine
from ..session.session import Session
from .section import slot


class Footer(QWidget):
    """Shows the status of a session, whatever section is open."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("footer")
        self.session = session
        self.sentence = Sentence("footer_sentence")
        self.bar = named(QProgressBar(), "footer_bar", "Progress", "Share that is done")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.cancel = button("Cancel", "footer_cancel", "Stop what is running.")
        self.log = button("Log", "footer_log", "Show everything that was said so far.")
        tip = "The command that does the same in a terminal."
        self.command = named(TextLine(), "footer_command", "Command", tip)
        self.command.setReadOnly(True)
        self.command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy = button("Copy", "footer_copy", "Copy the command.")
        self._dialog: LogDialog | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 6)
        column.setSpacing(4)
        top = row(self.sentence, self.cancel, self.log)
        top.setStretch(0, 1)
        column.addLayout(top)
        column.addWidget(self.bar)
        self._command_row = QWidget()
        line = row(self.command, self.copy)
        self._command_row.setLayout(line)
        column.addWidget(self._command_row)
        self.cancel.clicked.connect(self._on_cancel)
        self.log.clicked.connect(self._on_log)
        self.copy.clicked.connect(self._on_copy)
        session.status.changed.connect(self._update)
        self._update()

    @slot
    def _on_cancel(self, _: bool = False) -> None:
        activity = self.session.status.activity
        if activity is not None and activity.cancel is not None:
            activity.cancel()

    @slot
    def _on_log(self, _: bool = False) -> None:
        if self._dialog is None:
            self._dialog = LogDialog(self.session, self)
        self._dialog.show()
        self._dialog.raise_()

    @slot
    def _on_copy(self, _: bool = False) -> None:
        QGuiApplication.clipboard().setText(self.session.status.command)

    def _update(self) -> None:
        status = self.session.status
        activity = status.activity
        self.sentence.tell(status.sentence if activity is None else f"{activity.words} …")
        self.bar.setVisible(activity is not None)
        self.cancel.setVisible(activity is not None and activity.cancel is not None)
        if activity is not None:
            self.cancel.setText(activity.cancel_words)
            known = activity.share is not None
            self.bar.setRange(0, 1000 if known else 0)
            self.bar.setValue(round(1000 * (activity.share or 0)))
        self._command_row.setVisible(bool(status.command))
        if self.command.text() != status.command:
            self.command.setText(status.command)
            self.command.setCursorPosition(0)


class LogDialog(QDialog):
    """All lines of the log, also those that come while it is open."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle("Inconsistency Masks: log")
        self.resize(760, 420)
        self.text = named(QPlainTextEdit(), "log_text", "Log", "Everything that was said so far.")
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(session.log.lines.maxlen or 0)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setPlainText("\n".join(session.log.lines))
        self.save = button("Save…", "log_save", "Save the log as a text file.")
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addLayout(row(1, self.save))
        self.save.clicked.connect(self._on_save)
        session.log.added.connect(self.text.appendPlainText)

    @slot
    def _on_save(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getSaveFileName(self, "Save log", "log.txt", "Text (*.txt)")
        if chosen:
            self.session.log.save(Path(chosen))
