"""Results on disk: a folder of runs, tables, and their exchange."""
