"""Keys of the viewer that show and hide results; none that is taken is touched."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping
from typing import Any

MASK_KEY = "U"
VOTES_KEY = "Shift-U"

logger = logging.getLogger(__name__)


class Keys:
    """Binds keys of one viewer for as long as it is wanted.

    Parameters
    ----------
    viewer
        The viewer itself, no proxy; it is not kept alive.
    actions
        By key, what to do.
    """

    def __init__(self, viewer: Any, actions: Mapping[str, Callable[[], None]]) -> None:
        self._viewer = weakref.ref(viewer)
        self._bound: list[str] = []
        for key, action in actions.items():
            self._bind(viewer, key, action)

    def _bind(self, viewer: Any, key: str, action: Callable[[], None]) -> None:
        def press(_: Any) -> None:
            action()

        try:
            viewer.bind_key(key, press)
        except ValueError:
            logger.warning("The key %s is taken by something else and does nothing here.", key)
        else:
            self._bound.append(key)

    def release(self) -> None:
        """Free the keys."""
        viewer = self._viewer()
        if viewer is not None:
            for key in self._bound:
                viewer.bind_key(key, None, overwrite=True)
        self._bound.clear()
