"""The networks in use, in a child, and what they say of frames."""
