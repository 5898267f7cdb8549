"""The sections of the comparison, in the order in which they run.

Each is a module with a function `measure(effort) -> Section`.
"""

NAMES = (
    "rules",
    "readout_margin",
    "streaming",
    "phases",
    "peers",
    "whole_runs",
    "evaluation",
    "scaling",
    "memory",
    "startup",
    "threads",
    "custom_rules",
    "counting",
)
