"""The table of the page "A second task": permuted MNIST after MNIST, and from scratch.

It prints the table, after some minutes.
"""

from statistics import mean

import energynet as en

RULES = {
    "`all`": en.AllSynapses(),
    "`largest`, P = 0.02": en.LargestUpdates(0.02),
    "`fixed-units`, P = 0.1, Q = 1": en.FixedMask(0.1, over="units", output_fraction=1),
}
SEEDS = (0, 1, 2)
HEAD = ("rule", "M0", "M1", "steps", "M0 ratio", "M1 ratio", "kept")


def measured(rule: object, seed: int, first: en.Dataset, second: en.Dataset) -> list[float]:
    """The numbers of a row of the table, from one seed."""
    config = en.TrainingConfig(hidden=300, rule=rule, seed=seed)
    network = en.train(config, first).network
    after, scratch = en.train(config, second, start=network), en.train(config, second)
    assert after.outcome == scratch.outcome == "reached"
    kept = (after.network.predict(first.x_test) == first.y_test).mean()
    now, before = after.energy, scratch.energy
    return [now.m0, now.m1, after.steps, now.m0 / before.m0, now.m1 / before.m1, float(kept)]


def main() -> None:
    """Print the table: means over the seeds, of ratios with their range."""
    mnist = en.load_mnist()
    permuted = mnist.permuted(1)
    print(f"| {' | '.join(HEAD)} |\n| --- |{' ---: |' * (len(HEAD) - 1)}")
    for name, rule in RULES.items():
        rows = [measured(rule, seed, mnist, permuted) for seed in SEEDS]
        m0, m1, steps, *ratios, kept = zip(*rows, strict=True)
        told = [f"{mean(r):.2f} ({min(r):.2f} to {max(r):.2f})" for r in ratios]
        numbers = [f"{mean(m0):.2e}", f"{mean(m1):,.0f}", f"{mean(steps):,.0f}"]
        print(f"| {name} | {' | '.join([*numbers, *told, f'{mean(kept):.1%}'])} |", flush=True)


if __name__ == "__main__":
    main()
