"""Benchmarks: `python -m bench` compares and writes RESULTS.md, `pytest bench` times routines."""
