"""Sweeps for tests: tiny networks on tiny digits, tables without times, drivers to be killed."""

import subprocess
import sys

import pandas as pd
from support import environment

import energynet as en
from energynet.store.schema import COLUMNS
from energynet.sweeps import pool as pool_module

# Columns that differ when a run is repeated: times, and where and when it ran.
CHANGING = [column.name for column in COLUMNS if column.source.startswith("seconds.")]
CHANGING += ["started", "finished", "host", "commit"]
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
# Too slow a learner to end before `max_steps`.
ENDLESS = {"learning_rate": 1e-6, "test_every": 5_000, "target_accuracy": 1.0}


def slow_grid():
    return en.Grid(hidden=[20, 30, 40], seeds=4, max_steps=120_000, **ENDLESS)


def with_a_long_run():
    """`slow_grid` and one run of about ten seconds on an idle machine, the first to begin."""
    return [*slow_grid(), en.TrainingConfig(hidden=80, max_steps=6_000_000, **ENDLESS)]


def timeless(table):
    """The table without what differs between two sweeps of the same grid."""
    return table.drop(columns=CHANGING, errors="ignore")


SLOW = """
import energynet as en
from support import digits
from sweeps import slow_grid
table = en.sweep(slow_grid(), {store!r}, data=digits(), workers=2, progress={progress})
print(len(table))
"""
QUICK = SLOW.replace("slow_grid()", "GRID").replace("slow_grid", "GRID")


def driver(store, progress=False, script=SLOW):
    """A plain script; `SLOW` and `QUICK` are without a main guard."""
    path = store.parent / "script.py"
    path.write_text(script.format(store=str(store), progress=progress))
    return subprocess.Popen(
        [sys.executable, str(path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(pid):
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


def same(table, expected):
    pd.testing.assert_frame_equal(timeless(table), timeless(expected))


def replace_workers(monkeypatch, script):
    def start():
        command = [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"]
        return subprocess.Popen(command, stdin=-1, stdout=-1, text=True)

    monkeypatch.setattr(pool_module, "_start", start)
