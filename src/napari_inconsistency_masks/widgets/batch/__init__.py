"""The batch of a session: what is chosen, the child that does it, and results that are open."""
