"""Tables of a study in which something failed or is missing."""

import numpy as np


def one_seed(table):
    return table[table["seed"] == 0]


def no_confirmation(table):
    return table[table["seed"] < 100]


def all_exhausted(table):
    return table.assign(outcome="exhausted", steps=300_000)


def other_seeds(table):
    return table[table["seed"] < 3].assign(seed=table["seed"] + 10)


def a_failed_confirmation(table):
    hit = (table["rule"] == "largest") & (table["seed"] == 100)
    return table.assign(outcome=table["outcome"].where(~hit, "exhausted"))


def unmodified_failed(table):
    return table.assign(outcome=table["outcome"].where(table["rule"] != "all", "exhausted"))


def without_unmodified(table):
    return table[table["rule"] != "all"]


def only_unmodified(table):
    return table[table["rule"] == "all"]


def diverged(table):
    hit = table["rule"] == "fixed-units"
    columns = ["accuracy", "best_accuracy", "m0_direct", "m1_direct"]
    changed = table.assign(outcome=table["outcome"].where(~hit, "diverged"))
    changed.loc[hit, columns] = np.nan
    return changed


def few_columns(table):
    return table[
        [
            *("id", "hidden", "rule", "fraction", "output_balanced", "seed", "outcome"),
            *("steps", "m0", "m1"),
        ]
    ]
