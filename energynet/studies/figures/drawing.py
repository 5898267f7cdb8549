"""What every figure is made of: results, numbers from them, a drawing of those, a caption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.cells import cells_of
from energynet.analysis.intervals import Bound
from energynet.analysis.methods import ALL
from energynet.analysis.optimum import optima_of
from energynet.analysis.runs import (
    SEED_SETS,
    endless_runs,
    labelled,
    main_runs,
    own_settings,
)
from energynet.analysis.savings import savings_of
from energynet.errors import DataError
from energynet.studies.figures import style
from energynet.support.checks import pluralize

FEWEST = 3  # seeds from which on an interval is shown; of fewer, the point alone
RATES = ("learning_rate", "init_std")  # settings of speed and start of the training


@dataclass(frozen=True)
class Results:
    """What figures and the report are made from; `Results.of` computes it from the tidy table.

    Attributes
    ----------
    runs : pandas.DataFrame
        The runs in the main settings of the study, one row per run; `rule` is the rule's label.
    endless : pandas.DataFrame
        Likewise those of target accuracy 1, which continue after the criterion.
    absent : pandas.DataFrame
        Runs of either kind that have no result: they failed or were skipped.
    elsewhere : int
        Runs in other settings, which are left out.
    history : pandas.DataFrame or None
        Columns id, step, accuracy, m0, m1: one row per test of each run.
    cells, optimal, savings : pandas.DataFrame
        As `energynet.cells`, `optimal_energy` and `savings` return them.
    rates : pandas.DataFrame
        `energynet.savings` by learning rate and initial weights; empty if there is one rate.
    """

    runs: pd.DataFrame
    endless: pd.DataFrame
    absent: pd.DataFrame
    elsewhere: int
    history: pd.DataFrame | None
    cells: pd.DataFrame
    optimal: pd.DataFrame
    savings: pd.DataFrame
    rates: pd.DataFrame

    @classmethod
    def of(cls, table: pd.DataFrame, history: pd.DataFrame | None = None) -> "Results":
        """Analyse a tidy table and, if given, the history of its runs.

        Raises DataError if the table lacks columns.
        """
        every = labelled(table)
        runs = main_runs(every)
        endless = endless_runs(every, runs)
        elsewhere = len(every[~own_settings(every)].index.difference(endless.index))
        absent = pd.concat([runs[runs["missing"]], endless[endless["missing"]]])
        cells = cells_of(runs)
        found = cells, optima_of(cells), savings_of(runs), _savings_at_rates(every)
        runs, endless = (part[~part["missing"]] for part in (runs, endless))
        return cls(runs, endless, absent, elsewhere, history, *found)

    @property
    def criterion(self) -> float:
        """The accuracy that ends a run."""
        return float(self.runs["target_accuracy"].iloc[0]) if len(self.runs) else 0.95

    @property
    def sizes(self) -> list[int]:
        """Hidden units of the networks that were trained under any rule besides `all`."""
        return sorted({int(size) for size in self.runs.loc[self.runs["rule"] != ALL, "hidden"]})


def _savings_at_rates(every: pd.DataFrame) -> pd.DataFrame:
    every = every[~every["learning_rate_auto"]]  # such rates differ from size to size
    if every["learning_rate"].nunique() < 2:
        every = every.iloc[:0]
    return savings_of(main_runs(every, RATES), RATES)


def at_optimum(results: Results, energy: str) -> pd.DataFrame:
    """Runs at the P* of that energy: confirmation seeds, or else the others."""
    best = results.optimal.loc[results.optimal["energy"] == energy, ["hidden", "rule", "fraction"]]
    runs = results.runs[results.runs["hidden"].isin(results.sizes)]
    runs = runs.merge(best, on=["hidden", "rule", "fraction"])
    confirmation = runs["seeds"].eq("confirmation")
    confirmed = confirmation.groupby([runs["hidden"], runs["rule"]]).transform("any")
    return runs[confirmation | ~confirmed]


def shown_savings(savings: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Savings in M0 and M1 with `quantity`, `value`, `low`, `high` of a measure: saving or ratio.

    If a value is a bound, the open end of its interval is nan. With fewer than `FEWEST` pairs of
    seeds both ends are nan.
    """
    known = savings["ratio"].notna() & savings["bound"].ne(Bound.UNKNOWN)
    savings = savings[savings["energy"].isin(style.ENERGIES) & known]
    shown = savings.rename(columns={"energy": "quantity"}).assign(
        value=savings[measure],
        low=savings[f"{measure}_low"].where(savings["bound"].ne(Bound.UPPER)),
        high=savings[f"{measure}_high"].where(savings["bound"].ne(Bound.LOWER)),
    )
    return without_few(shown, shown["pairs"], ("low", "high"))


def without_few(table: pd.DataFrame, seeds: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """The table without the ends of intervals, columns `names`, that rest on too few seeds."""
    return table.assign(**{name: table[name].where(seeds >= FEWEST) for name in names})


def confirmed_first(table: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of `SEED_SETS`; those of one set stay as they are."""
    order = table["seeds"].map(SEED_SETS.index).to_numpy()
    return table.iloc[order.argsort(kind="stable")]


def spread_out(values: list[Any], most: int) -> list[Any]:
    """At most that many of the values, both ends among them."""
    if len(values) <= most:
        return values
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def seeds_words(counts: pd.Series, kind: str = "") -> str:
    """How many seeds stand behind a point: 8 seeds, 3 to 8 seeds."""
    least, most = int(counts.min()), int(counts.max())
    seeds = pluralize(most, f"{kind} seed".strip())
    return seeds if least == most else f"{least} to {seeds}"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One figure; call it with Results to get the matplotlib Figure.

    Attributes
    ----------
    number : int
        That of the figure on the poster; our additional figures come after those.
    name : str
        Of its files, `figure-3-m1-against-fraction`.
    title : str
    numbers : callable
        Results -> DataFrame of what is plotted; empty if the results lack it.
    draw : callable
        Those numbers -> Figure.
    caption : callable
        Those numbers -> the caption, in words, with what the error bars are.
    needs : str
        What a table must hold for it.
    ours : bool
        Whether the poster has no such figure.
    """

    number: int
    name: str
    title: str
    numbers: Callable[[Results], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Figure]
    caption: Callable[[pd.DataFrame], str]
    needs: str
    ours: bool = False

    def __call__(self, results: Results) -> Figure:
        """The figure. Raises DataError if the results lack what it shows."""
        numbers = self.numbers(results)
        if numbers.empty:
            raise DataError(f"figure {self.number} ({self.title}) needs {self.needs}")
        return self.of(numbers)

    def of(self, numbers: pd.DataFrame) -> Figure:
        """The figure of those numbers, as `numbers` returned them."""
        with style.settings():
            return self.draw(numbers)
