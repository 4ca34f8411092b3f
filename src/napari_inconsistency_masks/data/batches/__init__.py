"""Batches for training: which images, which piece of each, and how each is changed."""
