"""Methods compared with one another: the best value of each, ratios of any two, with reasons."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.contrasts import Cell, Run
from energynet.analysis.methods import ALL, display_name
from energynet.analysis.missing import Missing
from energynet.analysis.optimum import LIMITED, Optimum, Point, optima_of
from energynet.analysis.optimum import Row as Best
from energynet.analysis.ratios import Row as Ratio
from energynet.analysis.ratios import with_saving
from energynet.analysis.savings import lacks_cost
from energynet.analysis.study import CONFIRMATION, Study
from energynet.store.schema import COST

if TYPE_CHECKING:
    import pandas as pd


class Axis(NamedTuple):
    """The parameter of a method that is varied.

    name : str
        The parameter; "" for a method of one cell.
    unit : float
        Tables hold values times this in the place of a fraction.
    """

    name: str
    unit: float = 1.0

    def value(self, position: float) -> float:
        """The value at a position; nan for a method that has only one cell."""
        return position / self.unit if self.name else math.nan

    def words(self, reason: str) -> str:
        """A reason that speaks of fractions, reworded to speak of values of this axis."""
        if self.name in ("", "fraction"):
            return reason
        words = reason.replace("no P < 1", f"no value of {self.name}")
        return words.replace("no fraction", f"no value of {self.name}").replace(
            "the fraction", f"the {self.name}"
        )


@dataclass(frozen=True, eq=False)
class Comparison(Study):
    """A study of any methods, by label, in settings that are known.

    Attributes
    ----------
    axes : mapping
        Label -> Axis, in the order of the tables.
    sizes_of : mapping
        Label -> numbers of hidden units.
    compared : sequence of str
        Columns of energies.
    """

    axes: Mapping[str, Axis] = field(default_factory=dict)
    sizes_of: Mapping[str, Sequence[int]] = field(default_factory=dict)
    compared: Sequence[str] = ()

    def optimum(self, cell: Cell) -> Optimum:
        """The fraction of a cell; a method of one cell needs no exploration."""
        if self._is_one_cell(cell.rule):
            return Optimum(Point(0.0, 0, 0, math.nan, 0), "")
        best = super().optimum(cell)
        points = list(self.exploration.points.get((cell.hidden, cell.rule, cell.energy), ()))
        if best.point and not best.mark and self.axes[cell.rule].unit != 1.0:
            # On other axes than P, few changes may lie on the side of large values.
            after = points[points.index(best.point) + 1 :][:1]
            if any(not next_.reached and next_.energy < best.point.energy for next_ in after):
                return Optimum(best.point, LIMITED)
        return best

    def _is_one_cell(self, rule: str) -> bool:
        return rule != ALL and rule in self.axes and not self.axes[rule].name

    @cached_property
    def optimal(self) -> "pd.DataFrame":
        """The table of `energynet.optimal_energy`, with rows also for methods of one cell.

        `confirmed` is energy per success, and the interval is that of successes: there is none
        unless all confirmation runs reached the criterion.
        """
        table = optima_of(self.cells)
        cells = self.cells[self.cells["seeds"] == CONFIRMATION]
        confirmed = cells.set_index(["hidden", "rule", "energy"])
        for number, row in enumerate(table.to_dict("records")):
            key = row["hidden"], row["rule"], row["energy"]
            if not self._is_one_cell(row["rule"]):
                table.loc[number, "mark"] = self.optimum(Cell(*key)).mark
                continue
            table.loc[number, "fraction"] = 0.0
            if key in confirmed.index:
                cell = confirmed.loc[key]
                table.loc[number, "confirmed"] = cell["energy_per_success"]
                for name in ("low", "high", "success", "max_steps"):
                    table.loc[number, name] = cell[name]
        table.loc[table["success"] < 1, ["low", "high"]] = math.nan
        return table

    def cells_planned(self) -> Iterator[Cell]:
        """A cell for each size, method and energy."""
        for hidden in sorted({hidden for sizes in self.sizes_of.values() for hidden in sizes}):
            for rule in self.axes:
                if hidden in self.sizes_of[rule]:
                    for energy in self.compared:
                        yield Cell(hidden, rule, energy)

    def best(self) -> "pd.DataFrame":
        """The best value of each method, as `StudyOutcome.best`."""
        import pandas as pd

        known = {(r["hidden"], r["rule"], r["energy"]): r for r in self.optimal.to_dict("records")}
        rows = []
        for cell in self.cells_planned():
            row = known.get(cell[:3], Best(*cell[:3])._asdict())
            axis = self.axes[cell.rule]
            mark, why = axis.words(row["mark"]), self._why(cell)
            at = self._at(cell.rule, row.pop("fraction"))
            runs = self._confirmation(cell)
            counts = {"runs": len(runs), "reached": sum(run.reached for run in runs)}
            rows.append({**row, **at, **counts, "mark": mark, "why": why})
        columns = [name for name in Best._fields if name != "fraction"]
        columns[columns.index("mark") : columns.index("mark")] = ["runs", "reached"]
        columns[3:3] = self.axis_names
        return pd.DataFrame(rows, columns=[*columns, "why"])

    def ratios(self) -> "pd.DataFrame":
        """Ratios of all pairs, as `StudyOutcome.ratios`."""
        import pandas as pd

        rows = []
        for cell in self.cells_planned():
            for other in self.axes:
                if other != cell.rule and cell.hidden in self.sizes_of[other]:
                    rows.append(self._ratio(cell, other))
        columns = [name for name in Ratio._fields if name != "fraction"]
        columns[2:2] = ["against"]
        columns[4:4] = self.axis_names
        return pd.DataFrame(rows, columns=columns)

    def once(self, ratios: "pd.DataFrame") -> "pd.DataFrame":
        """The rows that show each pair once: `against` comes first in the order of the methods."""
        order = {label: number for number, label in enumerate(self.axes)}
        return ratios[ratios["against"].map(order) < ratios["rule"].map(order)]

    @cached_property
    def axis_names(self) -> list[str]:
        """The parameters that are varied, each once."""
        return list(dict.fromkeys(axis.name for axis in self.axes.values() if axis.name))

    def _ratio(self, cell: Cell, against: str) -> dict[str, Any]:
        point = self.optimum(cell).point
        other = cell._replace(rule=against)
        found = self.contrast([(1.0, other), (-1.0, cell)])
        row = with_saving(Ratio(cell.hidden, cell.rule, cell.energy, math.nan), found)._asdict()
        if isinstance(found, Missing):
            row["why"] = "; ".join(self._why(each) for each in (other, cell) if self._why(each))
            row["why"] = row["why"] or found.reasons
        return {**row, **self._at(cell.rule, point.fraction if point else math.nan)} | {
            "against": against
        }

    def _confirmation(self, cell: Cell) -> list[Run]:
        """The confirmation runs at the best value, whether or not they have that energy."""
        point = self.optimum(cell).point
        fraction = 1.0 if cell.rule == ALL else point.fraction if point else math.nan
        return list(self._stored(cell, CONFIRMATION).get(fraction, {}).values())

    def _at(self, rule: str, position: float) -> dict[str, float]:
        axis = self.axes[rule]
        return {axis.name: axis.value(position)} if axis.name and rule != ALL else {}

    def _why(self, cell: Cell) -> str:
        """Why a cell has no confirmed energy, and how many of its runs failed; "" if it has one."""
        name = display_name(cell.rule)
        if lacks_cost(self.own[self.own["rule"] == cell.rule], cell.energy):
            return f"{name} has no such cost"
        runs = self.seeds_of(cell)
        if isinstance(runs, Missing) and cell.energy.startswith(COST) and self._confirmation(cell):
            return f"{cell.energy} of {name} is 0 in all confirmation runs"
        words = self.axes[cell.rule].words(runs.reasons) if isinstance(runs, Missing) else ""
        own = self.absent
        failed = own[(own["hidden"] == cell.hidden) & (own["rule"] == cell.rule)]
        if words and len(failed):
            reasons = sorted({*failed["reason"].dropna()}) if "reason" in failed else []
            words += f" ({len(failed)} without a result: {'; '.join(reasons) or 'no reason known'})"
        return words
