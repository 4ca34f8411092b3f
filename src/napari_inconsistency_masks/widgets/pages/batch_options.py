"""Options of a batch that are rarely needed."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QWidget

from ...batch import BatchOptions
from ...errors import InputError
from ..parts.buttons import named
from ..parts.controls import Chooser
from ..parts.numbers import WordBox
from ..parts.text_line import TextLine
from ..parts.wheel import leave_wheel

FORMATS = {"imagej": "ImageJ hyperstack", "ome": "OME-TIFF"}
COMPRESSIONS = {
    "auto": "usual (deflate)",
    "packbits": "packbits",
    "zstd": "zstd",
    "none": "none",
}
LAST = 1_000_000_000


class BatchOptionsForm(QWidget):
    """Axes, channels, frames, format and compression.

    `changed` tells that a person changed one. `problem` says why they cannot be meant, or nothing.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch_options")
        self.problem = ""
        tip = "Only if the files are wrong: a letter per axis, of T, Z, C, Y, X and S (colors)."
        self.axes = named(TextLine(), "batch_axes", "Axes", tip)
        self.axes.setPlaceholderText("as the files say, or such as TCYX")
        tip = (
            "The channel that the networks see, counted from 0. Networks that see several: their "
            "channels in order, separated by commas."
        )
        self.channels = named(TextLine(), "batch_channels", "Channels", tip)
        self.channels.setPlaceholderText("as in the images, or such as 0")
        tip = "The first frame, counted from 0 along the first axis of a stack."
        self.first = named(WordBox(), "batch_first", "First frame", tip)
        self.first.setRange(0, LAST)
        self.first.setSpecialValueText("the first")
        tip = "The last frame that is processed."
        self.last = named(WordBox(), "batch_last", "Last frame", tip)
        self.last.setRange(-1, LAST)
        self.last.setSpecialValueText("the last")
        for spin in (self.first, self.last):
            spin.setKeyboardTracking(False)
            leave_wheel(spin)
        tip = "Of the stacks that are written. Both open in Fiji, QuPath and napari."
        self.format = Chooser("batch_format", "Format", tip)
        tip = (
            "Of the stacks that are written; zstd needs the extra codecs and a recent Bio-Formats."
        )
        self.compression = Chooser("batch_compression", "Compression", tip)
        self._format, self._compression = "imagej", "auto"
        self._shown: tuple[tuple[int, int], tuple[int | None, int | None]] | None = None
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Axes", self.axes)
        form.addRow("Channels", self.channels)
        form.addRow("First frame", self.first)
        form.addRow("Last frame", self.last)
        form.addRow("Format", self.format)
        form.addRow("Compression", self.compression)
        for line in (self.axes, self.channels):
            line.editingFinished.connect(self.changed)
        for spin in (self.first, self.last):
            spin.valueChanged.connect(self.changed)
        self.format.picked.connect(self._on_format)
        self.compression.picked.connect(self._on_compression)

    def show_options(self, options: BatchOptions) -> None:
        """Show other options, without telling."""
        self.blockSignals(True)
        self.problem = ""
        first, stop = options.frames
        self.axes.setText(options.axes or "")
        self.channels.setText(", ".join(map(str, options.channels)))
        self.first.setValue(first or 0)
        self.last.setValue(-1 if stop is None else stop - 1)
        self._shown = (self.first.value(), self.last.value()), options.frames
        self._show_format(options.format)
        self._show_compression(options.compression)
        self.blockSignals(False)

    def read(self, write: tuple[str, ...]) -> BatchOptions:
        """The options with what is to be written; `InputError` if they cannot be meant."""
        self.problem = ""
        try:
            return BatchOptions(
                write=write,
                channels=self._channels(),
                frames=self._frames(),
                axes=self.axes.text().strip().upper() or None,
                format=self._format,  # type: ignore[arg-type]
                compression=self._compression,  # type: ignore[arg-type]
            )
        except InputError as error:
            self.problem = str(error)
            raise

    def _channels(self) -> tuple[int, ...]:
        words = [word.strip() for word in self.channels.text().split(",") if word.strip()]
        if not all(word.isdecimal() for word in words):
            raise InputError(
                f"Channels {self.channels.text()!r}: give numbers, counted from 0 and separated by "
                f"commas, or nothing."
            )
        return tuple(map(int, words))

    def _frames(self) -> tuple[int | None, int | None]:
        first, last = self.first.value(), self.last.value()
        if self._shown is not None and self._shown[0] == (first, last):
            return self._shown[1]  # it may say what these controls cannot, as -1
        if 0 <= last < first:
            raise InputError(f"Frames from {first} to {last}: there are none; exchange the two.")
        return first or None, None if last < 0 else last + 1

    def _on_format(self, chosen: str) -> None:
        self._format = chosen
        self.changed.emit()

    def _on_compression(self, chosen: str) -> None:
        self._compression = chosen
        self.changed.emit()

    def _show_format(self, chosen: str) -> None:
        self._format = chosen
        self.format.offer([(words, key) for key, words in FORMATS.items()], chosen)

    def _show_compression(self, chosen: str) -> None:
        self._compression = chosen
        offers = [(words, key) for key, words in COMPRESSIONS.items()]
        self.compression.offer(offers, chosen)
