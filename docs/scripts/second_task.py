"""The table of the page "A second task": permuted MNIST after MNIST, and from scratch.

    python docs/scripts/second_task.py

trains for some minutes and writes `results/second_task.csv`, from which the table is made.
"""

from collections.abc import Iterator
from statistics import mean

import stored
from blocks import ROOT
from stored import Row

RUNS = ROOT / "results" / "second_task.csv"
HIDDEN, SEEDS = 300, (0, 1, 2)
HEAD = ("rule", "M0", "M1", "steps", "M0 ratio", "M1 ratio", "kept")
COLUMNS = ("rule", "seed", "start", "outcome", "steps", "m0", "m1", "kept")


def measured() -> Iterator[dict[str, object]]:
    """Runs on the second task, each with the share of the first test set that is right after it."""
    import energynet as en

    rules = {
        "`all`": en.AllSynapses(),
        "`largest`, P = 0.02": en.LargestUpdates(0.02),
        "`fixed-units`, P = 0.1, Q = 1": en.FixedMask(0.1, over="units", output_fraction=1),
    }
    first = en.load_mnist()
    second = first.permuted(1)
    for name, rule in rules.items():
        for seed in SEEDS:
            config = en.TrainingConfig(hidden=HIDDEN, rule=rule, seed=seed)
            network = en.train(config, first).network
            for start in (network, None):
                run = en.train(config, second, start=start)
                kept = (run.network.predict(first.x_test) == first.y_test).mean()
                told = "MNIST" if start else "scratch"
                energies = run.energy.m0, run.energy.m1
                values = (name, seed, told, run.outcome, run.steps, *energies, kept)
                yield dict(zip(COLUMNS, values, strict=True))


def read() -> list[Row]:
    """The runs that were made."""
    return stored.read(RUNS)


def ratios(rows: list[Row], name: str) -> list[float]:
    """Energy after MNIST / energy from scratch, seed by seed."""
    values = {(row["seed"], row["start"]): float(row[name]) for row in rows}
    return [values[str(seed), "MNIST"] / values[str(seed), "scratch"] for seed in SEEDS]


def table() -> str:
    """Means over the seeds, of ratios with their range."""
    lines = [f"| {' | '.join(HEAD)} |", f"| --- |{' ---: |' * (len(HEAD) - 1)}"]
    found = read()
    for rule in dict.fromkeys(row["rule"] for row in found):
        rows = [row for row in found if row["rule"] == rule]
        after = [row for row in rows if row["start"] == "MNIST"]
        m0, m1, steps, kept = (
            mean(float(row[name]) for row in after) for name in ("m0", "m1", "steps", "kept")
        )
        told = [
            f"{mean(r):.2f} ({min(r):.2f} to {max(r):.2f})"
            for r in (ratios(rows, "m0"), ratios(rows, "m1"))
        ]
        cells = [rule, f"{m0:.2e}", f"{m1:,.0f}", f"{steps:,.0f}", *told, f"{100 * kept:.1f} %"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the runs."""
    stored.write(RUNS, COLUMNS, measured())


if __name__ == "__main__":
    main()
