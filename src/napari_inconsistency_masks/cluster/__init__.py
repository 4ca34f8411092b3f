"""Work on other computers, through dask.distributed: the only package that knows it.

`connected` finds or starts a cluster, a `Team` gives its workers one job at a time each. dask is
imported when a cluster is asked for, and never else.
"""

from .connect import ConnectionLostError, connected
from .desk import Desk, NotWantedError, UnfitError, UnseenError, must_have_version
from .happenings import Happening, Job, Lost, Noted, Refused, Returned, Said
from .team import Team

__all__ = [
    "ConnectionLostError",
    "Desk",
    "Happening",
    "Job",
    "Lost",
    "NotWantedError",
    "Noted",
    "Refused",
    "Returned",
    "Said",
    "Team",
    "UnfitError",
    "UnseenError",
    "connected",
    "must_have_version",
]
