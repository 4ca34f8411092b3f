"""Project folders: images by reference, what a person says about them, and saving that in time.

Needs neither torch nor Qt.
"""

from .autosave import Autosave
from .content import ImageEntry
from .labels import FrameLabels
from .places_table import PlaceRow, read_places, write_places
from .project import Project
from .status import ImageStatus
from .training_data import load_project

__all__ = [
    "Autosave",
    "FrameLabels",
    "ImageEntry",
    "ImageStatus",
    "PlaceRow",
    "Project",
    "load_project",
    "read_places",
    "write_places",
]
