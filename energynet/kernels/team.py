"""Who works on a step: one thread alone, or a team that shares out the hidden units."""

from typing import NamedTuple


class Alone(NamedTuple):
    """One thread; parts is 1."""

    parts: int


class Team(NamedTuple):
    """`parts` threads, each with its own part of the units or rows."""

    parts: int
