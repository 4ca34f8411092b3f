"""Colors and font size of napari's theme for what its style sheet does not reach."""

from __future__ import annotations

from napari import current_viewer
from napari.settings import get_settings
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QWidget


def theme_color(role: str) -> str:
    """The color of a role (background, foreground, primary, text, warning ...) as ``#rrggbb``."""
    viewer = current_viewer()
    theme = get_theme(get_settings().appearance.theme if viewer is None else viewer.theme)
    return str(getattr(theme, role).as_hex(format="long"))[:7]


def follow_font_size(widget: QWidget) -> None:
    """Give a widget the font size of the settings, where napari's style sheet does not."""
    font, size = widget.font(), get_settings().appearance.font_size
    if font.pointSize() != size:
        font.setPointSize(size)
        widget.setFont(font)


def mixed(one: str, other: str, share: float) -> str:
    """A color between two of the theme, as ``#rrggbb``."""
    pairs = zip(_parts(theme_color(one)), _parts(theme_color(other)), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _parts(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]
