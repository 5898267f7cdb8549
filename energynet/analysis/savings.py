"""What a rule saves against the unmodified network: paired by seed, with intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from energynet.analysis.study import EVERY, OPTIMUM, saving_table, studies
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd


def savings(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    at: str = OPTIMUM,
) -> "pd.DataFrame":
    """Energy of the unmodified network / energy of each rule, for each size and energy.

    Runs of one seed share initial weights and sample order, so r = ln E_all - ln E_rule is taken
    seed by seed. ratio = exp(mean r) and saving = 1 - exp(-mean r), with the 95 % t interval of r.
    The standard deviation of r is taken to be no smaller than what stopping at tests alone gives.

    Parameters
    ----------
    table, by, criterion, history
        As for `cells`.
    at : {"optimum", "every fraction"}
        "optimum": at P*, which exploration seeds chose; confirmation seeds alone count. "every
        fraction": a row for each fraction that was run; all seeds count, as nothing is chosen. The
        largest of these savings is therefore optimistic.

    Returns
    -------
    DataFrame
        - by..., hidden, rule, energy
        - fraction: P*, or each
        - ratio, ratio_low, ratio_high, saving, saving_low, saving_high
        - pairs: of seeds
        - bound: "", "upper" (a run of the rule did not reach the criterion, and the ratio is at
          most ratio_high), "lower" (a run of the unmodified network did not) or "unknown" (both)
        - why: words, if there is no interval

    Raises
    ------
    DataError, ConfigError
        As for `cells`; `at` is another word.
    """
    checks.choice("at", at, (OPTIMUM, EVERY))
    return saving_table(studies(table, by, criterion, history), by, at)
