"""A made-up study: a tidy table and its histories that look like those of real runs."""

import hashlib

import numpy as np
import pandas as pd
from tables import CONFIRMATION, EXPLORATION, frame, run

RULES = {
    # label: (steps factor, critical count of plastic synapses per unit, m1)
    "largest": (0.9, 1.2, 0.45),
    "largest-per-neuron": (1.0, 3.0, 0.55),
    "fixed-synapses": (1.1, 40.0, 0.6),
    "fixed-synapses-balanced": (1.0, 8.0, 0.42),
    "fixed-units": (1.0, 25.0, 0.5),
}
FRACTIONS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def synapses(hidden):
    return 785 * hidden + (hidden + 1) * 10


def study_table(
    hidden=(100, 1000),
    fractions=FRACTIONS,
    rules=tuple(RULES),
    exploration=EXPLORATION,
    confirmation=CONFIRMATION,
    small=(10, 20, 30),
    noise=0.06,
):
    """One row per run: unmodified networks, every rule and fraction, small unmodified networks."""
    seeds = (*exploration, *confirmation)
    rows = [_row(nh, "all", 1.0, seed, noise) for nh in (*small, *hidden) for seed in seeds]
    for nh in hidden:
        for label in rules:
            runs = [_row(nh, label, p, seed, noise) for p in fractions for seed in exploration]
            rows += runs
            for p in sorted({_cheapest(runs, energy) for energy in ("m0", "m1")}):
                rows += [_row(nh, label, p, seed, noise) for seed in confirmation]
    return frame(rows)


def _cheapest(runs, energy):
    """P < 1 with the least energy a success, or the largest P where nothing succeeds."""
    part = pd.DataFrame([run for run in runs if run["fraction"] < 1])
    success = part["outcome"].eq("reached").groupby(part["fraction"]).sum()
    cost = part.groupby("fraction")[energy].sum() / success
    return cost[success >= 0.8 * success.max()].idxmin()


def _row(hidden, label, fraction, seed, noise):
    name = f"{hidden} {label} {fraction} {seed}"
    ident = hashlib.sha256(name.encode()).hexdigest()[:16]
    generator = np.random.default_rng([seed, hidden])
    init = generator.normal()  # seeds share their start, so they are paired
    own = np.random.default_rng(int(ident, 16)).normal()
    n = synapses(hidden)
    slow, critical, m1_factor = RULES.get(label, (1.0, 0.0, 1.0))
    k = max(1, round(fraction * n))
    short = critical * 60 / (k / hidden**0.5) if label != "all" else 0.0
    steps = 24_000 * slow * (1 + 300 / hidden) * (1 + short**1.3)
    steps *= np.exp(noise * (init + 0.5 * own))
    steps = 2000 * max(1, round(steps / 2000))
    if hidden < 50:
        steps = 1_000_000
    reached = steps <= 300_000
    m1 = 0.035 * hidden**0.5 * min(steps, 300_000) * (m1_factor + (1 - m1_factor) * fraction)
    m1 *= 0.4 + 0.6 * (fraction if label != "all" else 1.0) ** 0.25
    accuracy = 0.9505 + 0.002 * abs(own) if reached else 0.95 - 0.01 * abs(own)
    if hidden < 50:
        accuracy = {10: 0.895, 20: 0.925, 30: 0.94}.get(hidden, 0.945) + 0.003 * own
    steps = min(steps, 300_000)
    share = 0.3 if label == "fixed-synapses-balanced" else 0.05
    m0, m0_layer1 = k * steps, round(k * steps * (1 - share))
    columns = {
        "id": ident,
        "accuracy": accuracy,
        "best_accuracy": accuracy + 0.001,
        "synapses": n,
        "plastic_synapses": k,
        "m0_layer1": m0_layer1,
        "m0_layer2": m0 - m0_layer1,
        "m1_layer1": m1 * (1 - 2 * share),
        "m1_layer2": m1 * 2 * share,
        "m0_direct": min(n, 5 * k if label.startswith("largest") else k),
        "m1_direct": m1 / (20 + 80 * fraction**0.5),
        "m_alpha_0.5": (m0 * m1) ** 0.5,
        "train_seconds": 1.0,
        "evaluate_seconds": 0.5,
    }
    outcome = "reached" if reached else "exhausted"
    return run(hidden, label, fraction, seed, m0, m1, outcome, steps, **columns)


def beyond(table, hidden=1000, seeds=(100, 101, 102), most=0.976):
    """Runs of one size that continue after the criterion up to `most`, and their curves."""
    rows = table[table["hidden"].eq(hidden) & table["seed"].isin(seeds)].copy()
    rows["id"] = rows["id"].str[::-1]
    rows = rows.assign(target_accuracy=1.0, outcome="exhausted", accuracy=most, best_accuracy=most)
    share = np.linspace(0.05, 1, 20)
    curves = [
        pd.DataFrame({"id": row["id"], "step": (share * 150_000).astype(int)})
        .assign(accuracy=1 - (1 - most) * share**-0.55)
        .assign(m0=np.round(share * row["m0"] * 3).astype(int), m1=share * row["m1"] * 3)
        for row in rows.to_dict("records")
    ]
    return rows, pd.concat(curves, ignore_index=True)


def study_history(table, points=15):
    """One row per test: a learning curve that ends where the run does."""
    share = np.linspace(1 / points, 1, points)
    parts = []
    for row in table.to_dict("records"):
        error = (1 - row["accuracy"]) * share**-0.55
        error[:-1] = np.maximum(error[:-1], 0.0501)  # the first test that passes ends the run
        parts.append(
            pd.DataFrame(
                {
                    "id": row["id"],
                    "step": np.round(share * row["steps"]).astype(int),
                    "accuracy": 1 - np.minimum(error, 0.9),
                    "m0": np.round(share * row["m0"]).astype(int),
                    "m1": share**0.8 * row["m1"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
