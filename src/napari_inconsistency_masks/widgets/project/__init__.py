"""The open project: its table, its one open file, and the files that are not open."""
