"""What a rule saves against the unmodified network: paired by seed, with intervals."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.cells import study_runs
from energynet.analysis.columns import energies
from energynet.analysis.contrasts import Cell, Study, studies
from energynet.analysis.methods import ALL

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "hidden rule energy fraction ratio ratio_low ratio_high saving saving_low saving_high pairs"
    " bound why"
).split()


def savings(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
) -> "pd.DataFrame":
    """Energy of the unmodified network / energy at P*, of each rule, size and energy.

    Exploration seeds chose P*; here confirmation seeds alone count. Runs of one seed share initial
    weights and sample order, hence r = ln E_all - ln E_rule is taken seed by seed; ratio =
    exp(mean r), saving = 1 - exp(-mean r), with the 95 % t interval of r. The standard deviation
    of r is taken to be no smaller than what stopping at checkpoints alone gives. Parameters as
    for `cells`.

    Returns
    -------
    DataFrame
        by..., hidden, rule, energy, fraction (P*), ratio, ratio_low, ratio_high, saving,
        saving_low, saving_high, pairs (of seeds), bound ("upper": a run at P* did not reach the
        criterion, the ratio is at most ratio_high; "lower": a run of the unmodified network did
        not; "none": both), why (words, where there is no interval).

    Raises
    ------
    DataError, ConfigError
        As for `cells`.
    """
    return savings_of(study_runs(table, by, criterion, history), by)


def savings_of(runs: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.DataFrame":
    """`savings` of runs that `study_runs` has picked."""
    import pandas as pd

    rows = [(*key, *row) for key, study in studies(runs, by) for row in _rows(study)]
    return pd.DataFrame(rows, columns=[*by, *COLUMNS])


def _rows(study: Study) -> Iterator[tuple[Any, ...]]:
    rules = sorted({(hidden, rule) for hidden, rule, _ in study.by_cell if rule != ALL})
    for hidden, rule in rules:
        for energy in energies(study.runs):
            yield (hidden, rule, energy, *_saving(study, Cell(hidden, rule, energy)))


def _saving(study: Study, cell: Cell) -> tuple[Any, ...]:
    """Columns from `fraction` on."""
    nan = math.nan
    point = study.optimum(cell).point
    fraction = point.fraction if point else nan
    unmodified = cell._replace(rule=ALL)
    estimate = study.contrast([(1.0, unmodified), (-1.0, cell)])
    if isinstance(estimate, tuple):
        return (
            fraction,
            nan,
            nan,
            nan,
            nan,
            nan,
            nan,
            0,
            "",
            "; ".join(dict.fromkeys(gap.reason for gap in estimate)),
        )
    low, high = estimate.interval()
    ratios = [_exp(end) for end in (estimate.value, low, high)]
    saved = [1 - _exp(-end) for end in (estimate.value, low, high)]
    why = "" if estimate.judgeable else "runs of both networks did not reach the criterion"
    return (fraction, *ratios, *saved, estimate.number, estimate.bound, why)


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
