"""Which method spends least, in a sentence for each size and energy."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from energynet.analysis.intervals import Bound
from energynet.analysis.methods import display_name
from energynet.analysis.ratios import FEWEST
from energynet.support.format import significant

if TYPE_CHECKING:
    import pandas as pd

OPEN = ": these seeds do not tell them apart"
NAMES = {"m0": "M0", "m1": "M1"}


def least_of_all(
    best: "pd.DataFrame", ratios: "pd.DataFrame", named: Callable[[str], str] | None = None
) -> list[str]:
    """A sentence for each size and energy at which two methods can be compared.

    best, ratios : as `StudyOutcome` has them, of one combination of varied settings.
    named : what an energy is called; by default M0, M1, and other columns as they are.
    """
    named = named or (lambda energy: NAMES.get(energy, energy))
    keys = zip(best["hidden"], best["energy"], best["rule"], strict=True)
    marks = dict(zip(keys, ([mark] if mark else [] for mark in best["mark"]), strict=True))
    exact = ratios["bound"].eq(Bound.EXACT) & ratios["ratio"].notna()
    found: list[str] = []
    for (hidden, energy), rows in ratios[exact].groupby(["hidden", "energy"], sort=True):
        everyone = set(best.loc[best["hidden"].eq(hidden) & best["energy"].eq(energy), "rule"])
        start = f"At {hidden:,d} hidden units {named(str(energy))} is least"
        found += _sentence(start, rows, everyone, marks)
    return found


def _sentence(
    start: str, rows: "pd.DataFrame", everyone: set[Any], marks: Mapping[tuple[Any, ...], list[str]]
) -> Iterator[str]:
    """The method that spends no more than any that it is compared with, and the next."""
    hidden, energy = rows.iloc[0][["hidden", "energy"]]
    for rule, against in rows.groupby("rule", sort=False):
        if against["ratio"].lt(1).any():
            continue
        following = against.loc[against["ratio"].idxmin()]
        first, second = (
            " ".join([display_name(each), *(f"({mark})" for mark in marks[hidden, energy, each])])
            for each in (rule, following["against"])
        )
        low, high = following["ratio_low"], following["ratio_high"]
        span, open_ = "", OPEN
        if following["pairs"] >= FEWEST:
            span = f" ({significant(low)} to {significant(high)})"
            open_ = OPEN if low <= 1 else ""
        some = everyone - {rule, *against["against"]}
        among = ", among the methods whose runs all reached the criterion" if some else ""
        yield (
            f"{start} with {first}{among}. The next, {second}, spends"
            f" {significant(following['ratio'])} times{span} as much{open_}."
        )
        return
