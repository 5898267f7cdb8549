"""Synthetic tables of results, as sweeps give them."""

import numpy as np
import pandas as pd

SIZES = (100, 300, 1000, 3000, 10000)
METHODS = {
    "largest": ("largest", None),
    "largest-per-neuron": ("largest-per-neuron", None),
    "fixed-synapses": ("fixed-synapses", None),
    "fixed-synapses-balanced": ("fixed-synapses", "balanced"),
    "fixed-units": ("fixed-units", None),
}
GRID = (0.01, 0.03, 0.1, 0.3)
BEST = 0.1
EXPLORATION, CONFIRMATION = (0, 1, 2), tuple(range(100, 108))


def run(hidden, rule, fraction, seed, m0, m1, outcome="reached", steps=30_000, **columns):
    """One row; rule is a label of the study."""
    name, output = METHODS.get(rule, (rule, None))
    known = {
        "hidden": hidden,
        "rule": name,
        "fraction": fraction,
        "output_fraction": output,
        "seed": seed,
        "outcome": outcome,
        "steps": steps,
        "accuracy": 0.95 if outcome == "reached" else 0.9,
        "best_accuracy": 0.95 if outcome == "reached" else 0.9,
        "m0": m0,
        "m1": m1,
    }
    return known | columns


def frame(rows):
    """The table of these rows, with ids."""
    return pd.DataFrame([{"id": f"{i:016x}"} | row for i, row in enumerate(rows)])


def noise(seed, *key, scale=0.05):
    """A factor that depends on nothing but its arguments."""
    text = repr((seed, *key)).encode()
    return float(np.exp(scale * np.random.default_rng(list(text)).standard_normal()))


def steps_at(fraction, best=BEST):
    """Steps that rise on the side of small fractions."""
    return 30_000 if fraction >= best else int(30_000 * (best / fraction) ** 1.5)


def study(ratios, sizes=SIZES, grid=GRID, best=BEST, scale=0.05, confirmation=CONFIRMATION):
    """A study in which E_all / E_rule at P* is ratios(hidden, rule) = (M0, M1).

    P* is `best` of the grid: energies double from there to each neighbour.
    """
    rows = []
    for hidden in sizes:
        for seed in (*EXPLORATION, *confirmation):
            z = noise(seed, hidden, "all", scale=scale)
            rows.append(run(hidden, "all", 1.0, seed, 1e9 * hidden * z, 1e5 * z))
        for rule in METHODS:
            r0, r1 = ratios(hidden, rule)
            for fraction in grid:
                away = 2.0 ** abs(grid.index(fraction) - grid.index(best))
                seeds = (*EXPLORATION, *(confirmation if fraction == best else ()))
                for seed in seeds:
                    z = away * noise(seed, hidden, rule, fraction, scale=scale)
                    m0, m1 = 1e9 * hidden * z / r0, 1e5 * z / r1
                    steps = steps_at(fraction, best)
                    rows.append(run(hidden, rule, fraction, seed, m0, m1, steps=steps))
    return rows
