"""The best fraction P*: chosen by exploration seeds alone."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.cells import cells_of, study_runs
from energynet.analysis.methods import ALL, READOUT
from energynet.analysis.runs import Seeds
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd

MUCH_FEWER = 3  # far below P* begins at P*/3: statement 2
SUCCESS = 0.8  # share of a cell's runs that must reach the criterion for it to be P*

LIMITED = "limited by max_steps"
NOT_BRACKETED = "not bracketed"
NO_SAVING = "no saving possible"
UNRELIABLE = "no fraction reaches reliably"


class Point(NamedTuple):
    """What exploration says about one fraction P < 1 of a rule at one size."""

    fraction: float
    runs: int
    reached: int
    energy: float  # per success; if no run reached the criterion, what a run spent: a lower bound
    max_steps: int

    @property
    def reliable(self) -> bool:
        """Whether enough runs reached the criterion."""
        return self.reached > 0 and self.reached >= SUCCESS * self.runs


class Row(NamedTuple):
    """A row of `optimal_energy`; its fields are the columns, in order."""

    hidden: int
    rule: str
    energy: str
    fraction: float = math.nan
    energy_per_success: float = math.nan
    confirmed: float = math.nan
    low: float = math.nan
    high: float = math.nan
    success: float = math.nan
    mark: str = ""
    max_steps: float = math.nan


class Optimum(NamedTuple):
    """P*, or None, and a mark if the choice is not final."""

    point: Point | None
    mark: str


def points(exploration: "pd.DataFrame") -> list[Point]:
    """The points P < 1 of a rule, in order, from its exploration cells of one energy."""
    rows = exploration[(exploration["fraction"] < 1) & (exploration["runs"] > 0)]
    return sorted(_point(cell) for cell in rows.to_dict("records"))


def _point(cell: Mapping[Any, Any]) -> Point:
    return Point(
        fraction=cell["fraction"],
        runs=cell["runs"],
        reached=cell["reached"],
        energy=cell["energy_per_success"],
        max_steps=cell["max_steps"],
    )


def choose(candidates: Sequence[Point], unmodified: float = float("inf")) -> Optimum:
    """P*: the reliable point of smallest energy per success; ties go to the smaller fraction.

    `unmodified` is the energy per success at P = 1. It closes the grid at its upper end if doubling
    the last fraction would pass 1.
    """
    reliable = [point for point in candidates if point.reliable]
    if not reliable:
        any_reached = any(point.reached for point in candidates)
        mark = "" if not candidates else UNRELIABLE if any_reached else NO_SAVING
        return Optimum(None, mark)
    best = min(reliable, key=lambda point: (point.energy, point.fraction))
    position = candidates.index(best)
    smaller = candidates[position - 1] if position else None
    if smaller is not None and not smaller.reached and smaller.energy < best.energy:
        return Optimum(best, LIMITED)
    closed = position < len(candidates) - 1 or (2 * best.fraction >= 1 and unmodified > best.energy)
    return Optimum(best, "" if smaller is not None and closed else NOT_BRACKETED)


class Exploration(NamedTuple):
    """What exploration found: points P < 1 by (group..., hidden, rule, energy), and energies per
    success of the unmodified network by (group..., hidden, energy), if one of its runs reached.
    """

    points: Mapping[tuple[Any, ...], Sequence[Point]]
    unmodified: Mapping[tuple[Any, ...], float]

    def optimum(self, *key: Any) -> Optimum:
        """P* of a key of `points`."""
        *group, rule, energy = key
        if rule == READOUT:  # it has no fraction: nothing is to be bracketed
            return Optimum(choose(self.points.get(key, ())).point, "")
        whole = self.unmodified.get((*group, energy), float("inf"))
        return choose(self.points.get(key, ()), whole)


def explored(cells: "pd.DataFrame", by: Sequence[str] = ()) -> Exploration:
    """What cells of exploration seeds say."""
    groups = cells.groupby([*by, "hidden", "rule", "energy"], sort=True)
    whole = cells[(cells["rule"] == ALL) & (cells["reached"] > 0)]
    keys = zip(*(whole[name].tolist() for name in (*by, "hidden", "energy")), strict=True)
    energies = dict(zip(keys, whole["energy_per_success"].tolist(), strict=True))
    return Exploration({key: points(group) for key, group in groups}, energies)


def best_of_side(candidates: Sequence[Point], limit: float, few: bool) -> Point | None:
    """The best point below the limit, or from it on.

    If none is reliable, the one of least energy per success among those that any run reached; only
    without any of these the one of the smallest lower bound.
    """
    side = [point for point in candidates if (point.fraction < limit) == few]
    reached = [point for point in side if point.reached] or side
    best = choose(side).point
    return best or min(reached, key=lambda point: (point.energy, point.fraction), default=None)


def much_fewer(candidates: Sequence[Point], best: Point) -> list[Point]:
    """The points at P <= P*/3, up to rounding."""
    limit = (1 + 1e-9) * best.fraction / MUCH_FEWER
    return [point for point in candidates if point.fraction <= limit]


@checks.arguments
def optimal_energy(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    seeds: Seeds = None,
) -> "pd.DataFrame":
    """The best fraction of each rule, at each network size and for each energy.

    P* < 1 is the fraction of smallest energy per success over the exploration seeds (0-2). Only
    fractions at which at least 80 % of the runs reached the criterion can be P*. The unmodified
    network, P = 1, stands beside it as the rule `all`. Parameters as for `cells`.

    Returns
    -------
    DataFrame
        - by..., hidden, rule, energy
        - fraction: P*
        - energy_per_success: of the exploration seeds
        - confirmed: energy per success of the confirmation seeds (100-107) at P*
        - low, high, success: of the confirmation seeds, as in `cells`
        - mark: "", or why P* is not final: "limited by max_steps" (the next smaller fraction ran
          out of steps before it had spent as much), "not bracketed" (the first or last of its
          grid), "no saving possible" (no P < 1 reached the criterion), or "no fraction reaches
          reliably"
        - max_steps: of the runs at P*

    Raises
    ------
    DataError, ConfigError
        As for `cells`.
    """
    return optima_of(cells_of(study_runs(table, by, criterion, history, seeds), by), by)


def optima_of(cells: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.DataFrame":
    """`optimal_energy` of a table of cells."""
    import pandas as pd

    names = [*by, "hidden", "rule", "energy"]
    confirmed = _by_key(cells[cells["seeds"] == "confirmation"], [*names, "fraction"])
    exploration = cells[cells["seeds"] == "exploration"]
    unmodified = _by_key(exploration[exploration["rule"] == ALL], names)
    found = explored(exploration, by)
    rows = []
    for key, _ in cells.groupby(names, sort=True):
        *group, hidden, rule, energy = key
        if rule == ALL:
            point, mark = (_point(unmodified[key]) if key in unmodified else None), ""
        else:
            point, mark = found.optimum(*key)
        row = Row(hidden, rule, energy, mark=mark)
        if point is not None:
            row = _with_point(row, point, confirmed.get((*key, point.fraction), {}))
        rows.append((*group, *row))
    return pd.DataFrame(rows, columns=[*by, *Row._fields])


def _by_key(cells: "pd.DataFrame", names: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = zip(*(cells[name] for name in names), strict=True)
    return dict(zip(keys, cells.to_dict("records"), strict=True))


def _with_point(row: Row, point: Point, confirmed: Mapping[str, Any]) -> Row:
    """The row with its chosen point, and with that cell of the confirmation seeds, if any."""
    return row._replace(
        fraction=point.fraction,
        energy_per_success=point.energy,
        confirmed=confirmed.get("energy_per_success", math.nan),
        low=confirmed.get("low", math.nan),
        high=confirmed.get("high", math.nan),
        success=confirmed.get("success", math.nan),
        max_steps=point.max_steps,
    )
