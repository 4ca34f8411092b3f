"""What the exit code of a command says."""

FAILED = 1
"""Failed for no fault of the input; what was done is kept."""

REFUSED = 2
"""The input was refused; nothing was done."""

SOME_FAILED = 3
"""Done, but some files or trainings failed."""

STOPPED = 130
"""Stopped on request; the same command goes on."""
