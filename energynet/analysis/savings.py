"""What a rule saves against the unmodified network: paired by seed, with intervals."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.cells import study_runs
from energynet.analysis.columns import energies
from energynet.analysis.contrasts import Cell, Gap, Study, paired, saving_terms, studies
from energynet.analysis.intervals import Estimate
from energynet.analysis.methods import ALL
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "hidden rule energy fraction ratio ratio_low ratio_high saving saving_low saving_high pairs"
    " bound why"
).split()
OPTIMUM, EVERY = "optimum", "every fraction"
Found = Estimate | tuple[Gap, ...]


def savings(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    at: str = OPTIMUM,
) -> "pd.DataFrame":
    """Energy of the unmodified network / energy of each rule, for each size and energy.

    Runs of one seed share initial weights and sample order, hence r = ln E_all - ln E_rule is taken
    seed by seed; ratio = exp(mean r), saving = 1 - exp(-mean r), with the 95 % t interval of r. The
    standard deviation of r is taken to be no smaller than what stopping at tests alone gives.

    Parameters
    ----------
    table, by, criterion, history
        As for `cells`.
    at : {"optimum", "every fraction"}
        "optimum": at P*, which exploration seeds chose; confirmation seeds alone count. "every
        fraction": a row for each fraction that was run; all seeds count, as nothing is chosen. The
        largest of these savings is therefore an optimistic one.

    Returns
    -------
    DataFrame
        by..., hidden, rule, energy, fraction (P*, or each), ratio, ratio_low, ratio_high, saving,
        saving_low, saving_high, pairs (of seeds), bound ("upper": a run of the rule did not reach
        the criterion, the ratio is at most ratio_high; "lower": a run of the unmodified network did
        not; "none": both), why (words, where there is no interval).

    Raises
    ------
    DataError, ConfigError
        As for `cells`; `at` is another word.
    """
    checks.choice("at", at, (OPTIMUM, EVERY))
    return savings_of(study_runs(table, by, criterion, history), by, at)


def savings_of(runs: "pd.DataFrame", by: Sequence[str] = (), at: str = OPTIMUM) -> "pd.DataFrame":
    """`savings` of runs that `study_runs` has picked."""
    import pandas as pd

    rows = [(*key, *row) for key, study in studies(runs, by) for row in _rows(study, at)]
    return pd.DataFrame(rows, columns=[*by, *COLUMNS])


def _rows(study: Study, at: str) -> Iterator[tuple[Any, ...]]:
    rules = sorted({(hidden, rule) for hidden, rule, _ in study.by_cell if rule != ALL})
    for hidden, rule in rules:
        for energy in energies(study.runs):
            cell = Cell(hidden, rule, energy)
            found = [_at_optimum(study, cell)] if at == OPTIMUM else _at_fractions(study, cell)
            for fraction, estimate in found:
                yield (hidden, rule, energy, fraction, *_saving(estimate))


def _at_optimum(study: Study, cell: Cell) -> tuple[float, Found]:
    point = study.optimum(cell).point
    return point.fraction if point else math.nan, study.contrast(saving_terms(cell))


def _at_fractions(study: Study, cell: Cell) -> Iterator[tuple[float, Found]]:
    terms = saving_terms(cell)
    whole = study.runs_at(cell._replace(rule=ALL), 1.0)
    for fraction in study.fractions_of(cell):
        samples = [whole, study.runs_at(cell, fraction)]
        yield fraction, paired(terms, samples, "runs of the rule and of the unmodified network")


def _saving(estimate: Found) -> tuple[Any, ...]:
    """Columns from `ratio` on."""
    if isinstance(estimate, tuple):
        reasons = "; ".join(dict.fromkeys(gap.reason for gap in estimate))
        return (*[math.nan] * 6, 0, "", reasons)
    low, high = estimate.interval()
    ratios = [_exp(end) for end in (estimate.value, low, high)]
    saved = [1 - _exp(-end) for end in (estimate.value, low, high)]
    why = "" if estimate.judgeable else "runs of both networks did not reach the criterion"
    return (*ratios, *saved, estimate.number, estimate.bound, why)


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
