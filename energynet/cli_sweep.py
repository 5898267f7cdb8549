"""Commands about many runs: sweep, status, export, import."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from energynet import checks
from energynet.checks import shown
from energynet.cost import USUAL_STEPS, expected_bytes, expected_seconds
from energynet.errors import ConfigError, EnergynetError, InstallationError
from energynet.grid import Grid
from energynet.store import Store

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
  [defaults]                      # any field of a config
  max_steps = 150000
  [[block]]                       # the product of its lists
  hidden = [100, 300]
  rule = ["largest", "fixed-synapses"]
  fraction = [0.1, 0.3]
  seeds = 3                       # a count, or a list

exit status: 0 all runs are stored, 3 some failed, 2 bad usage or input, 130 interrupted
"""


def add_sweep_commands(commands: Any) -> None:
    """`energynet sweep|status|export|import`."""
    sweep = commands.add_parser(
        "sweep",
        help="do all runs of a grid",
        description="Do all runs of a grid that are not stored yet, on all cores of this machine"
        " or wherever a Dask scheduler says.",
        epilog=_SWEEP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    sweep.add_argument("grid", type=path_argument, metavar="GRID.toml", help="what to run")
    sweep.add_argument(
        "--store", required=True, type=path_argument, metavar="RUNS", help="folder of results"
    )
    sweep.add_argument(
        "--data", default="mnist", metavar="mnist|FOLDER", help="as for train (default: mnist)"
    )
    where = sweep.add_mutually_exclusive_group()
    where.add_argument(
        "--workers", metavar="N", help="local processes (default: one for each usable core)"
    )
    where.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask scheduler")
    sweep.add_argument("--shard", metavar="I/N", help="do the I-th of N parts of the grid")
    sweep.add_argument("--retry-failed", action="store_true", help="do failed runs again")
    sweep.add_argument(
        "--dry-run", action="store_true", help="tell what would be done and how long it may take"
    )
    sweep.add_argument("--quiet", action="store_true", help="no progress")
    sweep.set_defaults(command=_sweep)

    status = commands.add_parser(
        "status",
        help="count the runs of a store",
        description="Count the runs of a store by network, rule and outcome; with a grid, also"
        " those that are missing.",
        allow_abbrev=False,
    )
    status.add_argument("store", type=path_argument, metavar="RUNS", help="folder of results")
    status.add_argument(
        "--grid", type=path_argument, metavar="GRID.toml", help="count by its blocks"
    )
    status.add_argument("--data", default="mnist", metavar="mnist|FOLDER", help="of the grid")
    status.add_argument(
        "--clean", action="store_true", help="remove what crashes left an hour ago or earlier"
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(command=_status)

    export = commands.add_parser(
        "export",
        help="write the results of a store as a table",
        description="Write the results of a store as a table, one row a run.",
        allow_abbrev=False,
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
        "--history", type=path_argument, metavar="FILE", help="also write the learning curves"
    )
    export.set_defaults(command=_export)

    imports = commands.add_parser(
        "import",
        help="put the rows of an exported table into a store",
        description="Put the rows of an exported table into a store, where they count as done.",
        allow_abbrev=False,
    )
    imports.add_argument(
        "table", type=path_argument, metavar="TABLE", help="a table that export wrote"
    )
    imports.add_argument(
        "--store", required=True, type=path_argument, metavar="RUNS", help="folder of results"
    )
    imports.add_argument(
        "--history", type=path_argument, metavar="FILE", help="its learning curves"
    )
    imports.set_defaults(command=_import)


def _sweep(options: argparse.Namespace) -> int:
    from energynet.sweep import Plan, parse_shard, sweep

    look_here()
    grid = Grid.from_toml(options.grid)
    shard = None if options.shard is None else parse_shard(options.shard)
    if options.dry_run:
        store = Store(options.store, create=options.store.exists() is False)
        plan = Plan(grid, store, options.data, options.retry_failed, shard)
        print(_estimate(plan, parse_workers(options.workers)))
        return 0
    executor = None if options.scheduler is None else dask_executor(options.scheduler)
    table = sweep(
        grid,
        options.store,
        executor,
        data=options.data,
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


def path_argument(text: str) -> Path:
    """A path on the command line; an empty one, as of a variable that is not set, is none."""
    try:
        return checks.path("it", text)
    except EnergynetError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def look_here() -> None:
    """Let rules of one's own be found in the current folder, as Python scripts find them."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def parse_workers(text: str | None) -> int:
    """The number of workers; None takes one for each usable core. Raises ConfigError."""
    from energynet.threads import usable_cores

    if text is None:
        return usable_cores()
    number = int(text) if text.isdecimal() and len(text) < 10 else text
    return checks.integer("workers", number, 1, 4096)


def dask_executor(address: str) -> Any:
    """The executor of a Dask scheduler; raises ConfigError, InstallationError."""
    try:
        import distributed
    except ImportError as error:
        raise InstallationError("--scheduler needs Dask: install energynet[cluster]") from error
    client: Any = distributed.Client
    try:
        return client(address, timeout="10s").get_executor()
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"scheduler must be the address of one that runs, got {shown(address)}: {error}"
        ) from error


def _estimate(plan: Any, workers: int) -> str:
    todo = [plan.configs[spec["id"]] for spec in plan.todo]
    seconds = sum(expected_seconds(config) for config in todo) / workers
    longest = max((expected_seconds(config) for config in todo), default=0.0)
    memory = sum(sorted((expected_bytes(config) for config in todo), reverse=True)[:workers])
    stored = len(plan.configs) - len(todo)
    return (
        f"{len(plan.configs)} runs, {stored} stored, {len(todo)} to do: about"
        f" {max(seconds, longest) / 60:,.1f} min and {memory / 1e9:.1f} GB on {workers} workers"
        f" (if runs take {USUAL_STEPS:,d} steps, or all they may take)"
    )


def _status(options: argparse.Namespace) -> int:
    look_here()
    store = Store(options.store, create=False)
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
    from energynet.table import load_results

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
    from energynet.sweep import Plan

    counts = {}
    for number, configs in enumerate(Grid.from_toml(options.grid).block_configs(), 1):
        plan = Plan(configs, store, options.data)
        outcomes = Counter(outcome or "missing" for outcome in plan.outcomes.values())
        counts[f"block {number}"] = outcomes
    return counts


def _export(options: argparse.Namespace) -> int:
    from energynet.exchange import export_results

    rows = export_results(options.store, options.out, options.history)
    print(f"{rows} runs in {options.out}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from energynet.exchange import import_results

    new = import_results(options.table, options.store, options.history)
    print(f"{new} new runs in {options.store}")
    return 0
