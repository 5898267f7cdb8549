"""What the savings in M0 depend on, from the runs that are there: no verdict rests on it."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.contrasts import Cell, Run, paired, saving_terms
from energynet.analysis.intervals import Estimate
from energynet.analysis.methods import ALL, READOUT
from energynet.analysis.optimum import choose, optimal_energy
from energynet.analysis.study import CONFIRMATION, EXPLORATION, Study

if TYPE_CHECKING:
    import pandas as pd

SMALLEST = (0.001, 0.003, 0.01, 0.02, 0.03, 0.1)  # fractions below which none is admitted
VARIED = ("learning_rate", "init_std", "hold", "test_every")  # settings of other runs
_PAID = "paid"  # M0 and the price of the steps
PRICES = (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0)  # of a step, in updates per synapse


def smallest_fraction(study: Study, smallest: Sequence[float] = SMALLEST) -> "pd.DataFrame":
    """E(all)/E(rule) in M0 and M1 if no P below a smallest one is admitted.

    Returns
    -------
    DataFrame
        - smallest, hidden, rule, energy
        - fraction: of least energy per success on exploration seeds, among those admitted
        - explored: the ratio of energies per success of these seeds, which also chose
        - ratio, low, high: paired by confirmation seed, if there are two or more at that fraction;
          pairs: how many
    """
    import pandas as pd

    rows = []
    for hidden, rule, energy in _cells(study, ("m0", "m1")):
        whole = study.exploration.unmodified.get((hidden, energy))
        for least in smallest:
            known = study.exploration.points.get((hidden, rule, energy), ())
            best = choose([point for point in known if point.fraction >= least]).point
            if best is None or whole is None or not best.energy:  # a ratio to 0 is not a number
                continue
            samples = _confirmed(study, hidden, rule, best.fraction)
            rows.append(
                {
                    **{"smallest": least, "hidden": hidden, "rule": rule, "energy": energy},
                    **{"fraction": best.fraction, "explored": whole / best.energy},
                    **_ratio(samples, Cell(hidden, rule, energy)),
                }
            )
    return pd.DataFrame(rows)


def price_per_step(study: Study, prices: Sequence[float] = PRICES) -> "pd.DataFrame":
    """E(all)/E(rule) if a step has a price, too: E = M0 + c N steps, N synapses.

    Returns
    -------
    DataFrame
        - price: c
        - hidden, rule
        - fraction: of least E per success on exploration seeds, among those at which at least 80 %
          of the runs reached the criterion
        - explored: the ratio of these seeds, which also chose
        - ratio, low, high, pairs: as in `smallest_fraction`
    """
    import pandas as pd

    runs = study.runs[study.runs["seeds"].eq(EXPLORATION)]
    synapses = study.runs.groupby("hidden")["synapses"].first()
    rows = []
    for price in prices:
        own = runs.assign(paid=runs["m0"] + price * runs["synapses"] * runs["steps"])
        cell = own.groupby(["hidden", "rule", "fraction"]).agg(
            paid=("paid", "sum"), reached=("reached", "sum"), runs=("reached", "size")
        )
        cell = cell[cell["reached"] >= 0.8 * cell["runs"]]
        cell = (cell["paid"] / cell["reached"]).rename("paid").reset_index()
        whole = cell[cell["rule"] == ALL].set_index("hidden")["paid"]
        rest = cell[~cell["rule"].isin([ALL, READOUT]) & (cell["fraction"] < 1)]
        rest = rest[rest["paid"] > 0]  # a ratio to 0 is not a number
        best = rest.loc[rest.groupby(["hidden", "rule"])["paid"].idxmin()]
        for _, row in best.iterrows():
            hidden, rule, fraction = int(row["hidden"]), str(row["rule"]), float(row["fraction"])
            samples = [
                {seed: _with_price(run, price * synapses[hidden]) for seed, run in sample.items()}
                for sample in _confirmed(study, hidden, rule, fraction)
            ]
            rows.append(
                {
                    **{"price": price, "hidden": hidden, "rule": rule, "fraction": fraction},
                    "explored": whole.get(hidden, math.nan) / row["paid"],
                    **_ratio(samples, Cell(hidden, rule, _PAID)),
                }
            )
    columns = ["price", "hidden", "rule", "fraction", "explored", "ratio", "low", "high", "pairs"]
    return pd.DataFrame(rows, columns=columns)


def floor(study: Study) -> "pd.DataFrame":
    """How far a plastic output layer bounds the savings in M0, at the P* of each rule.

    Returns
    -------
    DataFrame
        - hidden, rule, fraction (P* of M0)
        - share: of M0 that the output layer takes, mean over confirmation seeds
        - most: if the output layer is plastic, the bound on E(all)/E(rule): N/N2, the synapses of
          the network over those of the output layer, x steps(all)/steps(rule), of mean steps
        - readout: E(all)/E(readout) of the same size, or nothing if it does not reach the criterion
    """
    import pandas as pd

    best = study.optimal[study.optimal["energy"].eq("m0") & ~study.optimal["rule"].eq(ALL)]
    runs = study.runs[study.runs["seeds"].eq(CONFIRMATION)]
    rows = []
    for hidden, rule, fraction in best[["hidden", "rule", "fraction"]].dropna().values.tolist():
        own = runs[runs["hidden"].eq(hidden) & runs["rule"].eq(rule)]
        own = own[own["fraction"] == fraction]
        whole = runs[runs["hidden"].eq(hidden) & runs["rule"].eq(ALL)]
        if own.empty or whole.empty:
            continue
        outputs = whole["m0_layer2"].sum() / whole["m0"].sum()
        bare = study.contrast(saving_terms(Cell(int(hidden), READOUT, "m0")))
        steps = whole["steps"].astype(float).mean() / own["steps"].astype(float).mean()
        rows.append(
            {
                **{"hidden": int(hidden), "rule": rule, "fraction": fraction},
                "share": float((own["m0_layer2"] / own["m0"]).mean()),
                "most": float(steps / outputs) if "output 1" in rule else math.nan,
                "readout": _interval(bare)["ratio"],
            }
        )
    return pd.DataFrame(rows)


def other_settings(table: "pd.DataFrame", history: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """P* and E(all)/E(P*) in each setting that was run, of exploration seeds alone.

    table, history : runs in several settings, and their learning curves. Runs with a criterion that
    must be held count at the first test of its window, if there are learning curves.

    Returns
    -------
    DataFrame
        - learning_rate, init_std, hold, test_every, hidden, rule, energy (m0, m1)
        - fraction: P*, energy_per_success: at P*, mark: as in `optimal_energy`
        - ratio: E(all) / E(P*) of these seeds, which also chose P*
    """
    if history is not None:
        table = first_of_window(table, history)
    found = optimal_energy(table, VARIED)
    found = found[found["energy"].isin(("m0", "m1")) & found["fraction"].notna()]
    keys = [*VARIED, "hidden", "energy"]
    whole = found[found["rule"] == ALL].set_index(keys)["energy_per_success"].rename("whole")
    found = found.join(whole, on=keys)
    found["ratio"] = found["whole"] / found["energy_per_success"]
    columns = [*VARIED, "hidden", "rule", "energy", "fraction", "energy_per_success", "ratio"]
    return found[[*columns, "mark"]].reset_index(drop=True)


def first_of_window(table: "pd.DataFrame", history: "pd.DataFrame") -> "pd.DataFrame":
    """Runs with `hold` as if they had stopped at the first of the tests whose mean met the goal.

    With hold = 5 the mean of the last five tests has to meet the goal, so a run goes on for four
    tests after the first of them. What it spent after the first is taken off here.

    Returns
    -------
    DataFrame
        The table with steps, m0 and m1 of that test for runs that reached the criterion; the other
        rows as they are. Energies M_alpha, which learning curves lack, are left out.
    """
    if "hold" not in table:
        return table
    later = table["hold"].fillna(1).gt(1) & table["outcome"].eq("reached")
    if not later.any():
        return table
    holds = table.loc[later].set_index("id")["hold"].astype(int)
    curves = history[history["id"].isin(holds.index)].sort_values("step", kind="stable")
    from_end = curves.groupby("id").cumcount(ascending=False)
    first = curves[from_end == curves["id"].map(holds) - 1].set_index("id")
    at = first.reindex(table["id"]).set_index(table.index)
    unknown = [name for name in table if name.startswith("m_alpha_") or name == "learning_steps"]
    result = table.drop(columns=unknown)
    for column, source in (("steps", "step"), ("m0", "m0"), ("m1", "m1")):
        result[column] = table[column].where(~later, at[source])
    return result


def _cells(study: Study, energies: Sequence[str]) -> list[tuple[int, str, str]]:
    found = {(hidden, rule) for hidden, rule, _ in study.by_cell if rule not in (ALL, READOUT)}
    return [(hidden, rule, energy) for hidden, rule in sorted(found) for energy in energies]


def _confirmed(study: Study, hidden: int, rule: str, fraction: float) -> list[Mapping[int, Run]]:
    """The confirmation runs of the unmodified network and of a rule, by seed."""
    return [
        study.by_cell.get((hidden, name, CONFIRMATION), {}).get(at, {})
        for name, at in ((ALL, 1.0), (rule, fraction))
    ]


def _with_price(run: Run, price: float) -> Run:
    """The run with M0 and what its steps cost as its only energy."""
    return run._replace(energy={_PAID: run.energy.get("m0", 0.0) + price * run.steps})


def _ratio(samples: Sequence[Mapping[int, Run]], cell: Cell) -> dict[str, Any]:
    """E(all)/E(rule) of these runs with its interval, and how many seeds they share."""
    found = paired(saving_terms(cell), samples, "confirmation runs")
    return {**_interval(found), "pairs": len(set(samples[0]) & set(samples[1]))}


def _interval(found: Any) -> dict[str, float]:
    """Ratio and its ends; nothing if it could not be estimated, or a run was cut off."""
    if not isinstance(found, Estimate) or found.bound != "" or not found.judgeable:
        return dict.fromkeys(("ratio", "low", "high"), math.nan)
    low, high = found.interval()
    return {"ratio": math.exp(found.value), "low": math.exp(low), "high": math.exp(high)}
