"""The simulation of the statistics in short: coverage, and verdicts that hold by chance.

`python tests/helpers/simulate_statistics.py` is the long form, with 2,000 studies a setting.
"""

import pytest
from simulate_statistics import SETTINGS, simulate

from energynet.analysis.intervals import difference_estimate, mean_estimate

STUDIES = 150


@pytest.mark.parametrize(
    "setting", [*SETTINGS[:10:3], SETTINGS[-1]], ids=lambda setting: setting.name
)
def test_intervals_cover_and_verdicts_rarely_hold_by_chance(setting):
    """Limits four standard errors from 95 % and 2.5 %: the long form is the measurement."""
    found = simulate(setting, STUDIES, seed=1)
    assert found.coverage > 0.95 - 4 * (0.05 * 0.95 / STUDIES) ** 0.5
    assert found.holds < 0.025 + 4 * (0.025 * 0.975 / STUDIES) ** 0.5


def test_means_that_are_known():
    estimate = mean_estimate([1.0, 2.0, 3.0])
    low, high = estimate.interval()
    assert (estimate.value, estimate.freedom) == (2.0, 2)
    assert high - 2 == pytest.approx(2 - low) == pytest.approx(4.302652730 / 3**0.5)
    assert mean_estimate([1.0]).interval() == (float("-inf"), float("inf"))
    assert not mean_estimate([1.0, 1.0]).judgeable


def test_welch_as_tables_give_it():
    """Two samples whose t and degrees of freedom are worked out by hand."""
    estimate = difference_estimate([1.0, 2.0, 3.0], [1.0, 1.5, 2.0, 2.5])
    a, b = 1 / 3, (5 / 12) / 4
    assert estimate.value == pytest.approx(0.25)
    assert estimate.error == pytest.approx((a + b) ** 0.5)
    assert estimate.freedom == pytest.approx((a + b) ** 2 / (a**2 / 2 + b**2 / 3))
