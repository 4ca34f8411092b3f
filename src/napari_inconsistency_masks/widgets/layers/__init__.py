"""The layers of a viewer, and the axes of images."""
