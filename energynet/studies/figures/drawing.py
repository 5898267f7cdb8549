"""What every figure is made of: results, numbers from them, a drawing of those, a caption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.intervals import Bound
from energynet.analysis.methods import ALL, output_plastic
from energynet.analysis.ratios import FEWEST
from energynet.analysis.runs import SEED_SETS
from energynet.analysis.study import Study
from energynet.errors import DataError
from energynet.studies.figures import style
from energynet.support.checks import pluralize


def at_optimum(study: Study, energy: str) -> pd.DataFrame:
    """Runs at the P* of that energy: of confirmation seeds, or if there are none, of others."""
    best = study.optimal.loc[study.optimal["energy"] == energy, ["hidden", "rule", "fraction"]]
    runs = study.runs[study.runs["hidden"].isin(study.constrained_sizes)]
    runs = runs.merge(best, on=["hidden", "rule", "fraction"])
    confirmation = runs["seeds"].eq("confirmation")
    confirmed = confirmation.groupby([runs["hidden"], runs["rule"]]).transform("any")
    return runs[confirmation | ~confirmed]


def counted(study: Study) -> dict[int, float]:
    """By size, the number of synapses that P is a fraction of.

    They are those of the hidden layer if all rules have a plastic output layer, else those of the
    network.
    """
    cells = study.cells[study.cells["plastic_synapses"].notna()]
    unmodified = cells[cells["rule"] == ALL].groupby("hidden")["plastic_synapses"].first()
    whole: dict[int, float] = unmodified.to_dict()
    if not output_plastic(cells["rule"]):
        return whole
    smallest = cells[cells["rule"] != ALL].sort_values("fraction").groupby("hidden").first()
    outputs = {
        hidden: (k - p * whole[hidden]) / (1 - p)  # k = p (N - N2) + N2
        for hidden, p, k in smallest[["fraction", "plastic_synapses"]].itertuples()
        if hidden in whole and p < 1
    }
    return {hidden: whole[hidden] - n for hidden, n in outputs.items() if n < whole[hidden]}


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
    """At most `most` of the values, evenly spread, with the first and the last."""
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
    """One figure; call it with a Study to get the matplotlib Figure.

    Attributes
    ----------
    number : int
        Number of the figure on the poster whose statements our study judges; our additional
        figures have the numbers after those.
    name : str
        Name of its files without their ending, `figure-3-m1-against-fraction`.
    title : str
    numbers : callable
        Study -> DataFrame of what is plotted; empty if the results lack it.
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
    numbers: Callable[[Study], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Figure]
    caption: Callable[[pd.DataFrame], str]
    needs: str
    ours: bool = False

    def __call__(self, study: Study) -> Figure:
        """The figure. Raises DataError if the results lack what it shows."""
        numbers = self.numbers(study)
        if numbers.empty:
            raise DataError(f"figure {self.number} ({self.title}) needs {self.needs}")
        return self.of(numbers)

    def of(self, numbers: pd.DataFrame) -> Figure:
        """The figure of those numbers, as `numbers` returned them."""
        with style.settings():
            return self.draw(numbers)
