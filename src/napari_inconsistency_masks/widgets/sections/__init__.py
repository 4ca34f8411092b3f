"""A module per section of the dock, each also a dock of its own."""
