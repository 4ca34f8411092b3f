"""Everything that the sections of one viewer share; it outlives its docks."""
