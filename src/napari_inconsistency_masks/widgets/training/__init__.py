"""The training of a session: what it will be, writing its folder, and the child that does it."""
