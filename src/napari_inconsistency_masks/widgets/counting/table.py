"""The table of counts: a row per frame and class, and a column for counts that a person types."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..parts.editable_table import EditableTable
from ..parts.table_rows import Cell
from .counts import CountRow, in_words

HEADERS = ("Image", "Frame", "Class", "Count", "Range", "True", "Error", "Corrected", "Area")
IMAGE, FRAME, CLASS, TRUE, ERROR, CORRECTED = (
    HEADERS.index(name) for name in ("Image", "Frame", "Class", "True", "Error", "Corrected")
)
TIP = (
    "Range: what the single networks count. True: type numbers, or paste a column of them. "
    "Area: share of the frame. "
    "Press a header to sort, a row to go there."
)
TYPED = "Typed. Delete clears it."
DRAWN = "Counted from what is drawn. If it is wrong, type the right number."
BOXED = (
    "Labeled only in label boxes, so there is no true count of the whole frame; type it if you "
    "know it. Corrected counts what is drawn in the boxes and predicted outside."
)
UNKNOWN = "Type the count here, or draw labels on the frame."
CORRECTED_TIP = "Cells drawn in the label boxes and predicted outside. The range is that outside."


class CountTable(EditableTable):
    """Shows counts; see `EditableTable`."""

    def __init__(self) -> None:
        super().__init__("count_table", "Counts", HEADERS, editable=TRUE)
        self.setMinimumHeight(160)
        self.setToolTip(TIP)

    def show_counts(
        self, rows: Sequence[CountRow], images: Sequence[Hashable], *, frames: bool
    ) -> None:
        """Show counts, and the columns that say something about them.

        Parameters
        ----------
        rows
            At most one per image, frame and class.
        images
            For each of them the image, which other images may share its name with.
        frames
            Whether any image has several frames.
        """
        pairs = zip(images, rows, strict=True)
        keys = [(image, item.frame, item.state) for image, item in pairs]
        self.show_rows([_cells(item) for item in rows], keys)
        several = len(set(images)) > 1
        self.show_column(IMAGE, shown=several)
        self.show_column(FRAME, shown=frames or not several)
        self.stretch(IMAGE if several else CLASS)
        self.show_column(ERROR, shown=any(item.true is not None for item in rows))
        self.show_column(CORRECTED, shown=any(item.boxed is not None for item in rows))


def _cells(item: CountRow) -> tuple[object, ...]:
    error = "" if item.error is None else f"{item.error:+d}" if item.error else "0"
    return (
        item.image,
        item.frame,
        item.state,
        item.predicted,
        (item.spread, item.high - item.low),
        _true(item),
        (error, -1 if item.error is None else abs(item.error)),
        _corrected(item),
        _area(item),
    )


def _true(item: CountRow) -> Cell:
    if item.true is None:
        return Cell("", -1, UNKNOWN if item.boxed is None else BOXED)
    return Cell(str(item.true), item.true, TYPED if item.typed else DRAWN, italic=item.typed)


def _corrected(item: CountRow) -> Cell:
    if item.boxed is None:
        return Cell("", -1)
    count, low, high = item.corrected
    text = f"{count} ({in_words(low, high)})" if low < high else str(count)
    return Cell(text, count, CORRECTED_TIP)


def _area(item: CountRow) -> Cell:
    if item.area is None:
        return Cell("", -1)
    share, low, high = item.area
    return Cell(
        f"{share:.1%}", share, f"{share:.2%} of the frame; the networks: {low:.2%} to {high:.2%}"
    )
