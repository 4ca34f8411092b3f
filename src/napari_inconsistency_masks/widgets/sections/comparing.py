"""The dock that compares runs, opened from a section."""

from __future__ import annotations

import weakref
from typing import Any

from ..layers.viewer_layers import unwrap
from .compare import CompareRuns

NAME = "Compare runs (Inconsistency Masks)"
"""As napari calls the one of its menu, so that it remembers where a person put it."""


class Comparing:
    """Opens the dock, once.

    Parameters
    ----------
    viewer
        Is not kept alive.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(unwrap(viewer))
        self.panel: CompareRuns | None = None
        self._dock: Any = None

    def open(self) -> CompareRuns:
        """Show the dock below the picture; in front, if it is there already."""
        if self.panel is not None:
            (self._dock or self.panel).show()
            (self._dock or self.panel).raise_()
            return self.panel
        viewer = self._viewer()
        assert viewer is not None
        self.panel = panel = CompareRuns(viewer)
        panel.destroyed.connect(self._on_destroyed)
        window = getattr(viewer, "window", None)
        if window is None:
            panel.show()  # a viewer without a window of its own
        else:
            self._dock = window.add_dock_widget(
                panel, name=NAME, area="bottom", add_vertical_stretch=False
            )
        return panel

    def _on_destroyed(self) -> None:
        self.panel, self._dock = None, None
