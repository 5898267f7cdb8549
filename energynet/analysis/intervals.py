"""Intervals from Student's t, for samples that are paired, independent, or cut off."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

CONFIDENCE = 0.95


class Bound(StrEnum):
    """What is known of a true mean if some values were cut off; the words stand in tables."""

    EXACT = ""  # no value was cut off
    UPPER = "upper"  # some values would be smaller: the true mean is at most as large
    LOWER = "lower"  # some values would be larger: the true mean is at least as large
    UNKNOWN = "unknown"  # both


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error.

    Attributes
    ----------
    value, error : float
        Mean and standard error.
    freedom : float
        Degrees of freedom; 0 if a single value allows no interval.
    bound : Bound
        Whether values were cut off, and on which side.
    number : int
        How many values it is made of.
    """

    value: float
    error: float
    freedom: float
    bound: Bound = Bound.EXACT
    number: int = 0

    @property
    def judgeable(self) -> bool:
        """Whether there is a spread to make an interval of."""
        return self.freedom > 0 and self.error > 0 and self.bound != Bound.UNKNOWN

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Low and high end; an end that a cut-off value leaves open is infinite."""
        if self.freedom <= 0 or self.bound == Bound.UNKNOWN:
            return -math.inf, math.inf
        half = t_quantile(0.5 + confidence / 2, self.freedom) * self.error
        low = -math.inf if self.bound == Bound.UPPER else self.value - half
        high = math.inf if self.bound == Bound.LOWER else self.value + half
        return low, high


def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def rounding(test_every: Any, steps: Any) -> Any:
    """Standard deviation of ln E that comes from stopping at tests alone; numbers or arrays."""
    return test_every / np.maximum(steps, 1) / math.sqrt(12)


def bound_of(higher: bool, lower: bool) -> Bound:
    """The bound if some true values are higher, or lower, than those recorded."""
    if higher and lower:
        return Bound.UNKNOWN
    return Bound.LOWER if higher else Bound.UPPER if lower else Bound.EXACT


def mean_estimate(
    values: Sequence[float], resolution: float = 0.0, bound: Bound = Bound.EXACT
) -> Estimate:
    """The mean of independent values.

    `resolution` is the standard deviation that rounding alone gives a value: seeds that stop at
    the same test are not known to agree any better.
    """
    n = len(values)
    spread = float(np.std(values, ddof=1)) if n > 1 else 0.0
    error = max(spread, resolution) / math.sqrt(n)
    return Estimate(float(np.mean(values)), error, n - 1, bound, n)


def difference_estimate(
    first: Sequence[float],
    second: Sequence[float],
    bound: Bound = Bound.EXACT,
    first_constant: bool = False,
    resolution: float = 0.0,
) -> Estimate:
    """Mean of the first minus mean of the second sample, independent of each other (Welch).

    `first_constant`: all of the first sample are one known limit, without an error. At least two
    values of each sample are needed.
    """
    n, m = len(first), len(second)
    a = 0.0 if first_constant else max(float(np.std(first, ddof=1)), resolution) ** 2 / n
    b = max(float(np.std(second, ddof=1)), resolution) ** 2 / m
    value = float(np.mean(first) - np.mean(second))
    if a + b == 0:
        return Estimate(value, 0.0, m - 1, bound, min(n, m))
    freedom = (a + b) ** 2 / ((a**2 / (n - 1) if a else 0.0) + b**2 / (m - 1))
    return Estimate(value, math.sqrt(a + b), freedom, bound, min(n, m))
