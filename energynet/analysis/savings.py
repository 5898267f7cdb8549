"""What a rule saves against the unmodified network, or another: paired by seed, with intervals."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.methods import ALL, display_name
from energynet.analysis.runs import Seeds
from energynet.analysis.study import EVERY, OPTIMUM, Study, saving_table, studies
from energynet.store.schema import COST
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd


@checks.arguments
def savings(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    at: str = OPTIMUM,
    against: str = ALL,
    seeds: Seeds = None,
) -> "pd.DataFrame":
    """Energy of the unmodified network divided by that of each rule, by size and energy.

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
    table = saving_table(found, by, at, against)
    return with_reasons(table, [study.own for _, study in found], against)


def with_reasons(
    table: "pd.DataFrame", own: Iterable["pd.DataFrame"], against: str
) -> "pd.DataFrame":
    """A table of savings, whose column `why` says if a rule or what it is compared with lacks a
    cost.

    own : the runs of its studies
    """
    import pandas as pd

    table, runs = table.copy(), pd.concat(own)
    costs = table["energy"].str.startswith(COST) & table["ratio"].isna()
    for number, rule, cost in table.loc[costs, ["rule", "energy"]].itertuples():
        lacking = [
            "the unmodified network" if name == ALL else display_name(name)
            for name in (against, rule)
            if lacks_cost(runs[runs["rule"] == name], cost)
        ]
        if lacking:
            verb = "have" if len(lacking) > 1 else "has"
            table.loc[number, "why"] = f"{' and '.join(lacking)} {verb} no such cost"
    return table


def lacks_cost(runs: "pd.DataFrame", energy: str) -> bool:
    """Whether an energy is a cost that no labelled run reports, though some are done."""
    done = runs[~runs["missing"]]
    reported = energy in done and done[energy].notna().any()
    return energy.startswith(COST) and len(done) > 0 and not reported


def check_against(against: Any, found: Iterable[Study]) -> None:
    """Raise ConfigError if none of the studies has runs of that rule; `all` may lack them."""
    known = sorted({ALL}.union(*(study.own["rule"] for study in found)))
    checks.choice("against", against, known)
