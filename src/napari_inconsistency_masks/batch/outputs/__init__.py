"""Files of results, each written by a thread while the networks go on computing."""
