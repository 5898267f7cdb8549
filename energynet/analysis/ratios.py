"""Rows of `savings`: a ratio of energies with its interval, as a saving, and why there is none."""

import math
from typing import NamedTuple

from energynet.analysis.intervals import Bound, Estimate
from energynet.analysis.missing import Missing

FEWEST = 3  # seeds from which on an interval is shown; of fewer, the point alone


class Row(NamedTuple):
    """A row of `savings`; its fields are the columns, in order."""

    hidden: int
    rule: str
    energy: str
    fraction: float
    ratio: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
    saving: float = math.nan
    saving_low: float = math.nan
    saving_high: float = math.nan
    pairs: int = 0
    bound: str = Bound.EXACT.value
    why: str = ""


def with_saving(row: Row, found: Estimate | Missing) -> Row:
    """The row with its estimate of ln E(all) - ln E(rule), or with what is missing for one."""
    if isinstance(found, Missing):
        return row._replace(why=found.reasons)
    low, high = found.interval()
    return row._replace(
        ratio=_exp(found.value),
        ratio_low=_exp(low),
        ratio_high=_exp(high),
        saving=1 - _exp(-found.value),
        saving_low=1 - _exp(-low),
        saving_high=1 - _exp(-high),
        pairs=found.number,
        bound=found.bound.value,
        why="" if found.judgeable else "some runs on both sides did not reach the criterion",
    )


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
