"""Artificial tables of results, as sweeps give them, and a study in which every statement holds.

`run` makes the rows of every artificial table of the tests; the modules next to this one choose
what is in them.
"""

import math

import numpy as np
import pandas as pd

from energynet.studies.stages.preset import preset_from_dict

SIZES = (100, 300, 1000, 3000, 10000)
METHODS = {  # label of a study: (rule, is the output layer balanced)
    "largest": ("largest", False),
    "largest-per-neuron": ("largest-per-neuron", False),
    "fixed-synapses": ("fixed-synapses", False),
    "fixed-synapses-balanced": ("fixed-synapses", True),
    "fixed-units": ("fixed-units", False),
}
GRID = (0.01, 0.03, 0.1, 0.3)
BEST = 0.1
EXPLORATION, CONFIRMATION = (0, 1, 2), tuple(range(100, 108))


def run(hidden, rule, fraction, seed, m0, m1, outcome="reached", steps=30_000, **columns):
    """One row, or many if values are arrays of one length; rule is a label of the study."""
    name, balanced = METHODS.get(rule, (rule, False))
    accuracy = np.where(np.equal(outcome, "reached"), 0.95, 0.9)[()]
    known = {
        "hidden": hidden,
        "rule": name,
        "fraction": fraction,
        "output_fraction": 1.0 if balanced else None,
        "output_balanced": balanced,
        "seed": seed,
        "outcome": outcome,
        "steps": steps,
        "accuracy": accuracy,
        "best_accuracy": accuracy,
        "m0": m0,
        "m1": m1,
    }
    return known | columns


def frame(rows):
    """The table of these rows, with ids if they have none."""
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

    P* is `best` of the grid: energies double from there to each neighbour. The largest P <= P*/3
    is confirmed, too.
    """
    rows = []
    for hidden in sizes:
        for seed in (*EXPLORATION, *confirmation):
            z = noise(seed, hidden, "all", scale=scale)
            rows.append(run(hidden, "all", 1.0, seed, 1e9 * hidden * z, 1e5 * z))
        for rule in METHODS:
            r0, r1 = ratios(hidden, rule)
            few = max((p for p in grid if p <= best / 3 * (1 + 1e-9)), default=None)
            for fraction in grid:
                away = 2.0 ** abs(grid.index(fraction) - grid.index(best))
                seeds = (*EXPLORATION, *(confirmation if fraction in (best, few) else ()))
                for seed in seeds:
                    z = away * noise(seed, hidden, rule, fraction, scale=scale)
                    m0, m1 = 1e9 * hidden * z / r0, 1e5 * z / r1
                    steps = steps_at(fraction, best)
                    rows.append(run(hidden, rule, fraction, seed, m0, m1, steps=steps))
    return rows


# E_L, E_N and E_F of a study in which every statement holds, by size.
LARGEST_M0 = {100: 15, 300: 20, 1000: 30, 3000: 45, 10000: 60}
FIXED_OVER_LARGEST_M0 = {100: 8, 300: 7, 1000: 6, 3000: 3, 10000: 1.6}
NEURON_OVER_LARGEST_M0 = {100: 2, 300: 2, 1000: 2, 3000: 1.6, 10000: 1.25}
LARGEST_M1 = {100: 1.4, 300: 1.53, 1000: 1.68, 3000: 1.84, 10000: 2.0}
FIXED_OVER_LARGEST_M1 = {100: 1.2, 300: 1.15, 1000: 1.0, 3000: 0.8, 10000: 0.75}


def as_claimed(hidden, rule):
    """E_all / E_rule (M0, M1) as all statements say."""
    m0, m1 = LARGEST_M0[hidden], LARGEST_M1[hidden]
    if rule == "largest-per-neuron":
        return m0 / NEURON_OVER_LARGEST_M0[hidden], 0.95 * m1
    if rule.startswith("fixed"):
        return m0 / FIXED_OVER_LARGEST_M0[hidden], m1 / FIXED_OVER_LARGEST_M1[hidden]
    return m0, m1


def other_side(ratios, best=0.03, many=0.1):
    """Confirmation runs at the best P >= 0.1, twice as dear as P* = 0.03."""
    rows = []
    for hidden in (1000, 3000):
        for rule in METHODS:
            r0, r1 = ratios(hidden, rule)
            for seed in CONFIRMATION:
                z = 2 * noise(seed, hidden, rule, many)
                m0, m1 = 1e9 * hidden * z / r0, 1e5 * z / r1
                rows.append(run(hidden, rule, many, seed, m0, m1))
    assert best < many
    return rows


def small_networks(required=30):
    """Unmodified networks of which the smallest that learns the task has `required` units."""
    return [
        run(hidden, "all", 1.0, seed, 1e9, 1e5, "reached" if hidden >= required else "exhausted")
        for hidden in (10, 20, 30, 50)
        for seed in EXPLORATION
    ]


def endless(hidden, rule, fraction, seed, best_accuracy, max_steps, **columns):
    """A run with target accuracy 1."""
    columns |= {"target_accuracy": 1.0, "max_steps": max_steps, "best_accuracy": best_accuracy}
    return run(hidden, rule, fraction, seed, 1e12, 1e6, "exhausted", max_steps, **columns)


NEW = tuple(range(200, 208))  # seeds of second versions


def matched(gain=0.02, small=0.92):
    """Large networks with the plasticity of small ones, and those."""
    rows = []
    for seed in (100, 101, 102, *range(200, 220)):
        for units in (10, 20, 30):
            accuracy = small + 0.001 * (seed % 100 % 3) + 0.0003 * units
            rows.append(endless(units, "all", 1.0, seed, accuracy, 300_000, late=accuracy))
            for hidden in (1000, 3000):
                better = accuracy + gain + 0.0005 * (seed % 100 % 3 - 1)
                for rule in ("fixed-units", "largest", "largest-per-neuron"):
                    for scale in (1.0, 1.3) if rule == "largest" else (1.0,):
                        fraction = scale * units / hidden
                        k = int(scale * units * 795)
                        value = better if scale == 1 else 0.1
                        long = endless(hidden, rule, fraction, seed, value, 300_000, late=value)
                        rows.append(long | {"plastic_synapses": k})
    return rows


def long_after(best, loss=0.001):
    """Runs long after the criterion, with `loss` of accuracy under every rule."""
    rows = []
    for hidden in (1000, 3000):
        for seed in (100, 101, 102):
            for rule in ("all", *METHODS):
                fraction = 1.0 if rule == "all" else best
                accuracy = (
                    0.98 - (0 if rule == "all" else loss) + 0.0002 * (seed % 2) * hidden / 1e3
                )
                rows.append(
                    endless(hidden, rule, fraction, seed, accuracy, 150_000)
                    | {"late": accuracy + 1e-5 * len(rule) * (seed - 101)}
                )
    return rows


def accurate(ratios, best, loss=0.001):
    """Runs beyond the criterion at P*: exploration seeds choose it, new seeds judge."""
    rows = []
    for hidden in (1000, 3000):
        for seed in (*EXPLORATION, *NEW):
            for rule in ("all", *METHODS):
                z = noise(seed, hidden, rule)
                late = 0.98 - (0 if rule == "all" else loss) + 0.001 * (z - 1)
                spent = 1e9 * hidden * z / (1 if rule == "all" else ratios(hidden, rule)[0])
                fraction = 1.0 if rule == "all" else best
                rows.append(
                    endless(hidden, rule, fraction, seed, late, 150_000, late=late, spent=spent)
                    | {"accuracy": late}
                )
    return rows


def both_sides(ratios, best):
    """New seeds of fixed units at P*, and at the best P >= 0.1, which is twice as dear."""
    rows = []
    for hidden in (1000, 3000):
        r0, r1 = ratios(hidden, "fixed-units")
        for fraction in (best, 0.1):
            for seed in NEW:
                z = (1 if fraction == best else 2) * noise(seed, hidden, fraction)
                m0, m1 = 1e9 * hidden * z / r0, 1e5 * z / r1
                rows.append(run(hidden, "fixed-units", fraction, seed, m0, m1))
    return rows


def curves(table):
    """Learning curves of the runs long after the criterion: low at first, then flat."""
    late = table[table["late"].notna()] if "late" in table else table.iloc[:0]
    spent = late["spent"].fillna(1.0) if "spent" in late else 1.0 + 0 * late["seed"]
    rows = [
        {"id": i, "step": 2000 * (n + 1), "accuracy": 0.5 if n < 5 else value, "m0": m0, "m1": 1.0}
        for i, value, m0 in zip(late["id"], late["late"], spent, strict=True)
        for n in range(15)
    ]
    return pd.DataFrame(rows, columns=["id", "step", "accuracy", "m0", "m1"])


def complete(ratios=as_claimed, loss=0.001, gain=0.02, small=0.92, required=30, **options):
    """A complete study and its learning curves; P* is 0.03."""
    options.setdefault("best", 0.03)
    rows = study(ratios, grid=(0.003, 0.01, 0.03, 0.1, 0.3), **options)
    rows += other_side(ratios) + small_networks(required) + matched(gain, small)
    rows += accurate(ratios, 0.03, loss) + both_sides(ratios, 0.03)
    table = frame(rows + long_after(0.03, loss))
    return table.fillna({"target_accuracy": 0.95, "max_steps": 300_000}), curves(table)


def small(**other):
    """A preset of one size and one rule."""
    values = {
        "energies": ["m0", "m1"],
        "seeds": {"exploration": [0, 1, 2], "confirmation": [100, 101]},
        "method": [
            {"rule": "all", "hidden": [100]},
            {"rule": "largest", "hidden": [100], "fraction": list(GRID)},
        ],
    }
    return preset_from_dict("small", values | other)


def model(best, need=lambda _config: 30_000):
    """A stand-in for training: energies least at P = best, `need` steps to the criterion."""

    def train(config):
        bare = 0.0 if config.rule.name == "readout" else 1.0
        fraction = getattr(config.rule, "fraction", bare)
        z = noise(config.seed, config.hidden, config.rule.name, fraction)
        steps = need(config)
        reached = steps <= config.max_steps and config.target_accuracy < 1
        share = min(1.0, config.max_steps / steps)
        away = 2e4 if fraction in (0, 1) else 2.0 ** abs(math.log2(fraction / best))
        energy = 1e6 * z * away * share
        return run(
            config.hidden,
            config.rule.name,
            fraction,
            config.seed,
            energy,
            energy,
            "reached" if reached else "exhausted",
            min(steps, config.max_steps),
            max_steps=config.max_steps,
            target_accuracy=config.target_accuracy,
            output_fraction=getattr(config.rule, "output_fraction", None),
            output_balanced=False,
        )

    return train
