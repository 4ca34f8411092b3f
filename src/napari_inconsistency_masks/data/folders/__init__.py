"""Folders of images with masks: anybody's own data."""
