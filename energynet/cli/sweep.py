"""The command `sweep`."""

import argparse
import re
from collections import Counter
from typing import Any

from energynet.cli.common import (
    NEW_FOLDER,
    add_command,
    add_data,
    add_where,
    dask_executor,
    data_of,
    look_here,
    parse_workers,
    path_argument,
)
from energynet.errors import ConfigError
from energynet.store.folder import Store
from energynet.support.checks import pluralize, quoted
from energynet.support.format import duration
from energynet.sweeps.estimates import USUAL_STEPS, expected_bytes, expected_seconds
from energynet.sweeps.grid import Grid

SOME_FAILED = 3

_SWEEP_EXAMPLES = """\
examples:
  energynet sweep grid.toml --store runs --dry-run
      how many runs there are, how many are stored, how long the rest may take
  energynet sweep grid.toml --store runs
      run them; if it is killed or stopped, the same command does the rest
  energynet sweep grid.toml --store runs --shard $SLURM_ARRAY_TASK_ID/20
      one of 20 jobs that share a folder

grid.toml:
  data = "digits.npz"       # a file or folder next to this one, or "mnist", the
                            # default; --data replaces it
  [defaults]                # any field of a config
  max_steps = 150000
  [[block]]                 # the product of its lists
  hidden = [100, 300]
  rule = ["largest", "fixed-synapses"]
  fraction = [0.1, 0.3]
  seeds = 3                 # a count, or a list

exit status: 0 all runs are stored, 3 some failed, 2 bad usage or input,
130 interrupted
"""


def add_sweep(commands: Any) -> None:
    """Add `energynet sweep`."""
    sweep = add_command(
        commands,
        "sweep",
        "do all runs of a grid and store their results",
        "Do all runs of a grid that are not stored yet, on all cores of this machine or on the"
        " workers of a Dask scheduler. Print how many there are of each outcome.",
        _SWEEP_EXAMPLES,
    )
    what = sweep.add_argument_group("what to run")
    what.add_argument("grid", type=path_argument, metavar="GRID.toml", help="the grid, as below")
    what.add_argument("--store", required=True, type=path_argument, metavar="RUNS", help=NEW_FOLDER)
    add_data(what, "as for train (default: the data that the grid names, or mnist)", None)
    what.add_argument(
        "--shard", metavar="I/N", help="do the I-th of N parts of the grid, I in 1 ... N"
    )
    what.add_argument("--retry-failed", action="store_true", help="do failed runs again")
    add_where(sweep)
    output = sweep.add_argument_group("output")
    output.add_argument(
        "--dry-run",
        action="store_true",
        help="only print how many runs are to do, and how long they may take",
    )
    output.add_argument("--quiet", action="store_true", help="no progress on stderr")
    sweep.set_defaults(command=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    from energynet.sweeps.driver import SweepPlan, sweep

    look_here(options.grid)
    grid = Grid.from_toml(options.grid)
    shard = None if options.shard is None else _shard(options.shard)
    if options.dry_run:
        store = Store(options.store, must_exist=options.store.exists())
        plan = SweepPlan(grid, store, data_of(options.data, grid), options.retry_failed, shard)
        print(_estimate(plan, parse_workers(options.workers)))
        return 0
    executor = None if options.scheduler is None else dask_executor(options.scheduler)
    table = sweep(
        grid,
        options.store,
        executor,
        data=data_of(options.data, grid),
        workers=None if options.workers is None else parse_workers(options.workers),
        shard=shard,
        retry_failed=options.retry_failed,
        progress=not options.quiet,
    )
    counts = Counter(table["outcome"])
    print(", ".join(f"{number:,d} {outcome}" for outcome, number in sorted(counts.items())))
    return SOME_FAILED if counts["failed"] else 0


def _shard(text: str) -> tuple[int, int]:
    """I/N as two numbers; raises ConfigError."""
    found = re.fullmatch("([0-9]{1,9})/([0-9]{1,9})", text)
    part, parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= parts:
        raise ConfigError(f"shard must be I/N with I in 1 ... N, got {quoted(text)}")
    return part, parts


def _estimate(plan: Any, workers: int) -> str:
    todo = [plan.configs[spec["id"]] for spec in plan.todo]
    times = [expected_seconds(config, plan.load) for config in todo]
    seconds = max(sum(times) / workers, max(times, default=0.0))
    sizes = sorted((expected_bytes(config, plan.load) for config in todo), reverse=True)
    memory = sum(sizes[:workers])
    stored = len(plan.configs) - len(todo)
    return (
        f"{pluralize(len(plan.configs), 'run')}, {stored:,d} stored, {len(todo):,d} to do:"
        f" about {duration(seconds)} and {memory / 1e9:.1f} GB"
        f" on {pluralize(workers, 'worker')}"
        f" (a run is taken to need {USUAL_STEPS:,d} steps, or max_steps if that is less)"
    )
