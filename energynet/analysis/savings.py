"""What a rule saves against the unmodified network, or another: paired by seed, with intervals."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.methods import ALL
from energynet.analysis.runs import Seeds
from energynet.analysis.study import EVERY, OPTIMUM, Study, saving_table, studies
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd


def savings(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    at: str = OPTIMUM,
    against: str = ALL,
    seeds: Seeds = None,
) -> "pd.DataFrame":
    """Energy of one rule, the unmodified network, / energy of each other, by size and energy.

    Runs of one seed share initial weights and sample order, so r = ln E_all - ln E_rule is taken
    seed by seed. ratio = exp(mean r) and saving = 1 - exp(-mean r), with the 95 % t interval of r.
    The standard deviation of r is taken to be no smaller than what stopping at tests alone gives.

    Parameters
    ----------
    table, by, criterion, history, seeds
        As for `cells`.
    at : {"optimum", "every fraction"}
        "optimum": at P*, which exploration seeds chose; confirmation seeds alone count. "every
        fraction": a row for each fraction that was run; all seeds count, as nothing is chosen. The
        largest of these savings is therefore optimistic.
    against : str
        The rule that the others are compared with, by its label in the table of `cells`. Both are
        taken at their own P*, or at the same fraction.

    Returns
    -------
    DataFrame
        - by..., hidden, rule, energy
        - fraction: P*, or each
        - ratio, ratio_low, ratio_high, saving, saving_low, saving_high
        - pairs: of seeds
        - bound: "", "upper" (a run of the rule did not reach the criterion, and the ratio is at
          most ratio_high), "lower" (a run of what it is compared with did not) or "unknown" (both)
        - why: words, if there is no interval

    Raises
    ------
    DataError, ConfigError
        As for `cells`; `at` is another word; there are no runs of `against`.
    """
    checks.choice("at", at, (OPTIMUM, EVERY))
    found = studies(table, by, criterion, history, seeds)
    check_against(against, (study for _, study in found))
    return saving_table(found, by, at, against)


def check_against(against: Any, found: Iterable[Study]) -> None:
    """Raise ConfigError if none of the studies has runs of that rule; `all` may lack them."""
    known = sorted({ALL}.union(*(study.own["rule"] for study in found)))
    checks.choice("against", against, known)
