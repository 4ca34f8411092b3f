"""What was drawn on another day: offered for the image that is chosen, and drawn again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ..work.worker import Worker
from .canvas import Canvas
from .drawing_layers import add_missing_layers
from .kept_folders import Kept
from .layer_data import LayerData
from .restoring import Restoring
from .sittings import Sitting, Sittings


class Earlier(QObject):
    """Offers labels of another day, and draws them again if they are accepted.

    `offer` is what can be restored for what is drawn on now; `changed` tells of another one.
    `restored` carries a sitting with what was drawn again in it, and whether anything of it is not
    on disk; `noted` a sentence about what did not come back as it was.

    Parameters
    ----------
    data, sittings
        What is chosen, and which sitting that is.
    root
        Tells the folder that drawings are kept in.
    shown
        Tells which frame is shown.
    """

    changed = Signal()
    restored = Signal(object, bool)
    noted = Signal(str)

    def __init__(
        self,
        data: LayerData,
        sittings: Sittings,
        root: Callable[[], Path],
        shown: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.offer: Kept | None = None
        self._data, self._sittings = data, sittings
        self._root, self._shown = root, shown
        self._looking: Worker | None = None
        self._restoring: Restoring | None = None

    @property
    def restoring(self) -> Sitting | None:
        """The sitting in which labels are drawn again at the moment."""
        return None if self._restoring is None else self._restoring.sitting

    @property
    def offers_others(self) -> bool:
        """Whether what is offered has other classes or axes than what is drawn now."""
        current = self._sittings.current
        if self.offer is None or current is None:
            return False
        return not self.offer.is_like(current.drawing)

    def begin(self) -> None:
        """Another sitting began: go on restoring it, or look for what can be offered for it."""
        self.offer = None
        self.changed.emit()
        sitting = self._sittings.current
        if sitting is not None and sitting.rest is not None:
            self.go_on()
        elif sitting is not None and sitting.home is None:
            self._look_for(sitting)

    def accept(self) -> Sitting | None:
        """Choose the classes and axes of what is offered, and their layers.

        Returns
        -------
        Sitting or None
            The one in which its labels are `rest`, which `go_on` draws; None if nothing is offered.
        """
        kept, sitting = self.offer, self._sittings.current
        if kept is None or sitting is None:
            return None
        if not kept.is_like(sitting.drawing):
            self._data.choose_classes(kept.scheme, kept.letters)  # which begins another sitting
        sitting = self._sittings.current
        if sitting is None:
            return None
        add_missing_layers(self._data)
        self.offer, sitting.rest = None, kept
        return sitting

    def go_on(self) -> None:
        """Draw what is still to be restored of what is chosen, unless another one is restored."""
        sitting = self._sittings.current
        if self._restoring is not None or sitting is None or sitting.rest is None:
            return
        canvas = Canvas.of(self._data)
        restoring = self._restoring = Restoring(sitting, canvas, self._shown(), self)
        restoring.over.connect(self._on_restored)

    def leave_others(self) -> None:
        """Draw nothing more on what is not chosen; the rest follows when it is."""
        if self._restoring is not None and self._restoring.sitting is not self._sittings.current:
            self._restoring.stop()

    def finish(self) -> None:
        """Draw nothing more, as the window closes."""
        if self._restoring is not None:
            self._restoring.over.disconnect(self._on_restored)
            self._restoring.stop()

    def _look_for(self, sitting: Sitting) -> None:
        worker = self._looking = Worker(
            sitting.look(self._root(), alike=self._data.classes_chosen), self
        )
        worker.returned.connect(lambda kept: self._offer(sitting, kept))
        worker.begin()

    def _offer(self, sitting: Sitting, kept: Kept | None) -> None:
        current = self._sittings.current
        if sitting is current and sitting.home is None and sitting.rest is None:
            self.offer = kept
            self.changed.emit()

    def _on_restored(self) -> None:
        restoring, self._restoring = self._restoring, None
        assert restoring is not None
        restoring.deleteLater()
        if restoring.notes:
            more = len(restoring.notes) - 1
            self.noted.emit(restoring.notes[0] + (f" (And {more} more.)" if more else ""))
        self.restored.emit(restoring.sitting, restoring.unsaved)
