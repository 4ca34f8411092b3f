"""Keys of the viewer for results and corrections; none that is taken is touched."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .correcting import Correcting

MASK_KEY = "U"
VOTES_KEY = "Shift-U"
ACCEPT_KEY, SKIP_KEY = "J", "K"
NEXT_KEY, BACK_KEY = "N", "Shift-N"
ANSWER_KEY = "G"
SPLIT_KEY = "H"

logger = logging.getLogger(__name__)


def correction_keys(
    correcting: Correcting, do: Callable[[Callable[[], None]], None]
) -> dict[str, Callable[[], None]]:
    """What keys do at a place; `do` calls it, and tells if it cannot be done."""
    actions = {
        ACCEPT_KEY: correcting.accept,
        SKIP_KEY: correcting.skip,
        NEXT_KEY: correcting.go_on,
        BACK_KEY: correcting.go_back,
        ANSWER_KEY: correcting.next_answer,
    }
    return {key: partial(do, action) for key, action in actions.items()}


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
