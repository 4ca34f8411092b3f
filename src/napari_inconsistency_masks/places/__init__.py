"""Where the networks of an ensemble differ, as a ranked list of places worth a correction.

Needs neither torch nor Qt: `find_places` looks at one frame, `rank` orders the places of many.
"""

from .find import find_places
from .place import Place
from .rank import rank

__all__ = ["Place", "find_places", "rank"]
