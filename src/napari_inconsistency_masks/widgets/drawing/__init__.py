"""What a person draws: which layer holds which class, snapshots of it, and keeping it on disk."""
