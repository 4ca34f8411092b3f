"""Finding a cluster that runs, or starting one as a file describes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .file import start_cluster

if TYPE_CHECKING:
    from distributed import Client

ANSWER_WITHIN = 15


class ConnectionLostError(InputError):
    """The scheduler does not answer any more; what is done is kept."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The connection to the scheduler ({address}) is lost. What is done is kept; when "
            f"there is a scheduler again, the same command goes on where it was."
        )


@contextmanager
def connected(scheduler: str | None, file: Path | None) -> Iterator[Client]:
    """Connect to a scheduler that runs, or to a cluster that is started and ended here.

    Parameters
    ----------
    scheduler
        Its address, as ``tcp://host:8786``.
    file
        Describes a cluster to start; see docs/cluster.md.

    Raises
    ------
    InputError
        If dask.distributed is missing, nobody answers, or the file is wrong.
    """
    if scheduler is not None and file is not None:
        raise InputError("--scheduler and --cluster: give one of them.")
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "Working on a cluster needs dask.distributed; install it here and on all workers: "
            'python -m pip install "napari-inconsistency-masks[cluster]".'
        ) from None
    for name in ("client", "core", "comm", "nanny"):  # what they say, a sentence says
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        address: Any = scheduler
        if file is not None:
            address = stack.enter_context(start_cluster(file))
        try:
            client = Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{address}: no dask scheduler answers there ({str(error).splitlines()[0]}); check "
                f"the address, or start one with: dask scheduler."
            ) from None
        yield stack.enter_context(client)
