"""Commands about many runs: sweep, status, export, import."""

import argparse
import json
import re
import sys
from collections import Counter
from typing import Any

from energynet.cli.common import (
    add_command,
    add_data,
    add_where,
    dask_executor,
    look_here,
    parse_workers,
    path_argument,
)
from energynet.data.dataset import MNIST
from energynet.errors import ConfigError
from energynet.store.folder import Store
from energynet.support.checks import pluralize, quoted
from energynet.sweeps.cost import USUAL_STEPS, expected_bytes, expected_seconds
from energynet.sweeps.grid import Grid

SOME_FAILED = 3

_SWEEP_EXAMPLES = """\
examples:
  energynet sweep grid.toml --store runs --dry-run
      how many runs, how many of them are stored, how long the rest may take
  energynet sweep grid.toml --store runs
      do them; killed or stopped, the same command does the rest
  energynet sweep grid.toml --store runs --shard $SLURM_ARRAY_TASK_ID/20
      one of 20 jobs that share a folder

grid.toml:
  data = "digits.npz"             # or a folder, both beside this file, or "mnist", the default;
                                  # --data takes other data instead
  [defaults]                      # any field of a config
  max_steps = 150000
  [[block]]                       # the product of its lists
  hidden = [100, 300]
  rule = ["largest", "fixed-synapses"]
  fraction = [0.1, 0.3]
  seeds = 3                       # a count, or a list

exit status: 0 all runs are stored, 3 some failed, 2 bad usage or input, 130 interrupted
"""


_STATUS_WORDS = """\
outcomes: reached (the criterion), exhausted (the steps), diverged, failed (sweep --retry-failed
does them again), skipped (by reproduce), running, interrupted (the same sweep goes on), missing
"""


def add_sweep_commands(commands: Any) -> None:
    """`energynet sweep|status|export|import`."""
    sweep = add_command(
        commands,
        "sweep",
        "do all runs of a grid",
        "Do all runs of a grid that are not stored yet, on all cores of this machine"
        " or wherever a Dask scheduler says.",
        _SWEEP_EXAMPLES,
    )
    what = sweep.add_argument_group("what to run")
    what.add_argument("grid", type=path_argument, metavar="GRID.toml", help="the grid, as below")
    what.add_argument(
        "--store", required=True, type=path_argument, metavar="RUNS", help="folder of results"
    )
    add_data(what, "as for train (default: the data that the grid names, or mnist)", None)
    what.add_argument(
        "--shard", metavar="I/N", help="do the I-th of N parts of the grid, I in 1 ... N"
    )
    what.add_argument("--retry-failed", action="store_true", help="do failed runs again")
    add_where(sweep)
    output = sweep.add_argument_group("output")
    output.add_argument(
        "--dry-run", action="store_true", help="tell what would be done and how long it may take"
    )
    output.add_argument("--quiet", action="store_true", help="no progress")
    sweep.set_defaults(command=_sweep)

    status = add_command(
        commands,
        "status",
        "count the runs of a store",
        "Count the runs of a store by network, rule and outcome; with a grid, also"
        " those that are missing.",
        _STATUS_WORDS,
    )
    status.add_argument("store", type=path_argument, metavar="RUNS", help="folder of results")
    status.add_argument(
        "--grid",
        type=path_argument,
        metavar="GRID.toml",
        help="count the runs of this grid, by its blocks",
    )
    add_data(
        status,
        "with --grid: the data of its runs (default: the data that the grid names, or mnist)",
        None,
    )
    status.add_argument(
        "--clean", action="store_true", help="remove what crashes left an hour ago or earlier"
    )
    status.add_argument("--json", action="store_true", help="print JSON on stdout")
    status.set_defaults(command=_status)

    export = add_command(
        commands,
        "export",
        "write the results of a store as a table",
        "Write the results of a store as a table, one row a run.",
    )
    export.add_argument("store", type=path_argument, metavar="RUNS", help="folder of results")
    export.add_argument(
        "--out",
        required=True,
        type=path_argument,
        metavar="FILE",
        help="table to write: .csv, .csv.xz, .parquet or .sqlite",
    )
    export.add_argument(
        "--history",
        type=path_argument,
        metavar="FILE",
        help="also write the learning curves; figures and report find them as NAME_history.csv"
        " beside NAME.csv",
    )
    export.set_defaults(command=_export)

    imports = add_command(
        commands,
        "import",
        "put the rows of an exported table into a store",
        "Put the rows of an exported table into a store, where they count as done.",
    )
    imports.add_argument(
        "table",
        type=path_argument,
        metavar="TABLE",
        help="a table that export wrote, .csv, .csv.xz, .parquet or .sqlite",
    )
    imports.add_argument(
        "--store", required=True, type=path_argument, metavar="RUNS", help="folder of results"
    )
    imports.add_argument(
        "--history", type=path_argument, metavar="FILE", help="their learning curves"
    )
    imports.set_defaults(command=_import)


def _sweep(options: argparse.Namespace) -> int:
    from energynet.sweeps.driver import SweepPlan, sweep

    look_here()
    grid = Grid.from_toml(options.grid)
    shard = None if options.shard is None else _shard(options.shard)
    if options.dry_run:
        store = Store(options.store, must_exist=options.store.exists())
        plan = SweepPlan(grid, store, _data(options, grid), options.retry_failed, shard)
        print(_estimate(plan, parse_workers(options.workers)))
        return 0
    executor = None if options.scheduler is None else dask_executor(options.scheduler)
    table = sweep(
        grid,
        options.store,
        executor,
        data=_data(options, grid),
        workers=None if options.workers is None else parse_workers(options.workers),
        shard=shard,
        retry_failed=options.retry_failed,
        progress=not options.quiet,
    )
    counts = Counter(table["outcome"])
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))
    failed = table[table["outcome"] == "failed"]
    for identity, reason in zip(failed["id"], failed.get("reason", ()), strict=True):
        print(f"energynet: run {identity} failed: {reason}", file=sys.stderr)
    return SOME_FAILED if len(failed) else 0


def _data(options: argparse.Namespace, grid: Grid) -> str:
    """What --data names, else the grid, else MNIST."""
    names: tuple[str | None, ...] = (options.data, grid.data, MNIST)
    return next(name for name in names if name is not None)


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
        f"{pluralize(len(plan.configs), 'run')}, {stored} stored, {len(todo)} to do: about"
        f" {seconds / 60:,.1f} min and {memory / 1e9:.1f} GB"
        f" on {pluralize(workers, 'worker')}"
        f" (a run is taken to need {USUAL_STEPS:,d} steps, or max_steps if that is less)"
    )


def _status(options: argparse.Namespace) -> int:
    look_here()
    store = Store(options.store, must_exist=True)
    removed = store.clean() if options.clean else []
    for path in removed:
        print(f"energynet: removed {path}", file=sys.stderr)
    counts = _counts_of_grid(options, store) if options.grid else _counts_of_store(store)
    if options.json:
        print(json.dumps([{"runs": name, **count} for name, count in counts.items()]))
        return 0
    columns = ["reached", "exhausted", "diverged", "failed", "skipped", "running"]
    columns += ["interrupted", "missing"]
    shown = [c for c in columns if any(count.get(c) for count in counts.values())]
    width = max((len(name) for name in counts), default=0)
    print(" ".join([" " * width, *(f"{column:>11}" for column in shown)]).rstrip())
    for name, count in counts.items():
        print(" ".join([f"{name:<{width}}", *(f"{count.get(c, 0):>11,d}" for c in shown)]))
    return 0


def _counts_of_store(store: Store) -> dict[str, Counter[str]]:
    from energynet.store.table import load_results

    counts: dict[str, Counter[str]] = {}
    table = load_results(store.root)
    order = table.sort_values(["hidden", "rule"], kind="stable")
    for hidden, rule, outcome in zip(order["hidden"], order["rule"], order["outcome"], strict=True):
        counts.setdefault(f"{hidden} {rule}", Counter())[outcome] += 1
    known = set(table["id"])
    begun = [folder.name for folder in store.folders() if folder.name not in known]
    if begun:
        counts["begun"] = Counter(str(store.outcome(identity)) for identity in begun)
    return counts


def _counts_of_grid(options: argparse.Namespace, store: Store) -> dict[str, Counter[str]]:
    from energynet.sweeps.driver import SweepPlan

    grid = Grid.from_toml(options.grid)
    data = _data(options, grid)
    plans = [SweepPlan(configs, store, data) for configs in grid.block_configs()]
    _tell_of_other_data(store, data, {plan.data_sha256 for plan in plans})
    return {
        f"block {number}": Counter(outcome or "missing" for outcome in plan.outcomes.values())
        for number, plan in enumerate(plans, 1)
    }


def _tell_of_other_data(store: Store, name: str, asked: set[str]) -> None:
    """A hint where no stored run is of the data that were asked for."""
    from energynet.store.table import load_results

    table = load_results(store.root)
    stored = set(table.get("data_sha256", ()))
    if stored and asked.isdisjoint(stored):
        print(
            f"energynet: all runs in {store.root} are of other data than {quoted(name)}:"
            " give theirs with --data",
            file=sys.stderr,
        )


def _export(options: argparse.Namespace) -> int:
    from energynet.store.exchange import export_results

    rows = export_results(options.store, options.out, options.history)
    print(f"{pluralize(rows, 'run')} in {options.out}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from energynet.store.exchange import import_results

    new = import_results(options.table, options.store, options.history)
    print(f"{pluralize(new, 'new run')} in {options.store}")
    return 0
