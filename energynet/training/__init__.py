"""One training run: from a config and a data set to its result."""
