"""A small sweep for tests: tiny networks on tiny digits, and tables without times."""

import energynet as en

CHANGING = ["train_seconds", "evaluate_seconds", "started", "finished", "host", "commit"]
GRID = en.Grid(
    hidden=[5, 9], seeds=2, max_steps=300, test_every=100, target_accuracy=1.0
) + en.Grid(
    hidden=[5, 9],
    rule=["largest", "fixed-units"],
    fraction=[0.1, 0.4],
    seeds=[0, 3],
    max_steps=300,
    test_every=100,
    target_accuracy=1.0,
    alpha=0.5,
)


def timeless(table):
    """The table without what differs between two sweeps of the same grid."""
    return table.drop(columns=CHANGING, errors="ignore")
