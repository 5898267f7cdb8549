"""The numbers of the page "Published rules and ours" on rules from the literature.

    python docs/scripts/literature.py

trains with the rules of `examples/custom_rules/` for some minutes and writes
`results/literature.csv`, from which table and sentences are made.
"""

import sys
from collections.abc import Iterator

import stored
from blocks import ROOT
from stored import Row

RUNS = ROOT / "results" / "literature.csv"
COLUMNS = ("rule", "hidden", "target_accuracy", "outcome", "steps", "m0", "m1", "maintenance")
THRESHOLDS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)


def measured() -> Iterator[dict[str, object]]:
    """The runs, all of seed 0."""
    sys.path.insert(0, str(ROOT / "examples" / "custom_rules"))
    from caching import Caching
    from class_masks import ClassMasks
    from memory import LargestWithMemory

    import energynet as en

    mnist = en.load_mnist()
    one = en.FixedMask(0.5, over="units", output_fraction=1)
    for rule, hidden, accuracy in [
        *((Caching(threshold), 30, 0.92) for threshold in THRESHOLDS),
        *((Caching(0.01, decay=decay), 30, 0.92) for decay in (0.0001, 0.001)),
        *((rule, 30, 0.9) for rule in (LargestWithMemory(0.01), en.LargestUpdates(0.01))),
        *((rule, 100, 0.9) for rule in (ClassMasks(0.5), ClassMasks(0.1), one)),
    ]:
        run = en.train(en.TrainingConfig(hidden=hidden, rule=rule, target_accuracy=accuracy), mnist)
        kept = run.costs.get("maintenance", "")
        energies = run.energy.m0, run.energy.m1
        values = (repr(rule), hidden, accuracy, run.outcome, run.steps, *energies, kept)
        yield dict(zip(COLUMNS, values, strict=True))


def read() -> dict[str, Row]:
    """The runs that were made, by their rule."""
    return {row["rule"]: row for row in stored.read(RUNS)}


def cost(row: Row) -> float:
    """M1 and maintenance together."""
    return float(row["m1"]) + float(row["maintenance"])


def caching(threshold: float, decay: float = 0.0) -> Row:
    """The run of that setting."""
    return read()[f"Caching(threshold={threshold}, maintenance=0.001, decay={decay})"]


def table() -> str:
    """Caching by its threshold."""
    lines = ["| threshold | M0 | M1 | maintenance | M1 + maintenance |"]
    lines.append("| ---: | ---: | ---: | ---: | ---: |")
    for threshold in THRESHOLDS:
        row = caching(threshold)
        name = f"{threshold:g}" if threshold else "0: plain learning"
        m0 = f"{float(row['m0']):.2e}".replace("e+0", "e")
        sums = [float(row["m1"]), float(row["maintenance"]), cost(row)]
        lines.append(f"| {' | '.join([name, m0, *(f'{number:,.0f}' for number in sums)])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the runs."""
    stored.write(RUNS, COLUMNS, measured())


if __name__ == "__main__":
    main()
