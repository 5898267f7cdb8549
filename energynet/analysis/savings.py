"""What a rule saves against the unmodified network: paired by seed, with intervals."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from energynet.analysis.cells import study_runs
from energynet.analysis.contrasts import Cell, Study, paired, saving_terms, studies
from energynet.analysis.intervals import Bound, Estimate
from energynet.analysis.methods import ALL
from energynet.analysis.missing import Missing
from energynet.analysis.table_checks import energies
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd

OPTIMUM, EVERY = "optimum", "every fraction"
Found = Estimate | Missing


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
    return savings_of(study_runs(table, by, criterion, history), by, at)


def savings_of(runs: "pd.DataFrame", by: Sequence[str] = (), at: str = OPTIMUM) -> "pd.DataFrame":
    """`savings` of runs that `study_runs` has picked."""
    import pandas as pd

    rows = [(*key, *row) for key, study in studies(runs, by) for row in _rows(study, at)]
    return pd.DataFrame(rows, columns=[*by, *Row._fields])


def _rows(study: Study, at: str) -> Iterator[Row]:
    rules = sorted({(hidden, rule) for hidden, rule, _ in study.by_cell if rule != ALL})
    for hidden, rule in rules:
        for energy in energies(study.runs):
            cell = Cell(hidden, rule, energy)
            found = [_at_optimum(study, cell)] if at == OPTIMUM else _at_fractions(study, cell)
            for fraction, estimate in found:
                yield _with_saving(Row(hidden, rule, energy, fraction), estimate)


def _at_optimum(study: Study, cell: Cell) -> tuple[float, Found]:
    point = study.optimum(cell).point
    return point.fraction if point else math.nan, study.contrast(saving_terms(cell))


def _at_fractions(study: Study, cell: Cell) -> Iterator[tuple[float, Found]]:
    terms = saving_terms(cell)
    whole = study.runs_at(cell._replace(rule=ALL), 1.0)
    for fraction in study.fractions_of(cell):
        samples = [whole, study.runs_at(cell, fraction)]
        yield fraction, paired(terms, samples, "runs of the rule and of the unmodified network")


def _with_saving(row: Row, found: Found) -> Row:
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
        why="" if found.judgeable else "runs of both networks did not reach the criterion",
    )


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
