"""Commands about a folder of runs: status, export, import."""

import argparse
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from energynet.cli.common import (
    FOLDER,
    NEW_FOLDER,
    add_command,
    add_data,
    data_of,
    look_here,
    path_argument,
)
from energynet.store.folder import Store
from energynet.support.checks import pluralize, quoted
from energynet.sweeps.grid import Grid

if TYPE_CHECKING:
    import pandas as pd

_STATUS_WORDS = """\
outcomes: reached (the criterion), exhausted (no steps left), diverged, failed
(an error; sweep --retry-failed runs them again), skipped (reproduce left them
out), running, interrupted (the same sweep resumes them), missing
"""


def add_store_commands(commands: Any) -> None:
    """Add `energynet status`, `energynet export` and `energynet import`."""
    _add_status(commands)
    _add_export(commands)
    _add_import(commands)


def _add_status(commands: Any) -> None:
    status = add_command(
        commands,
        "status",
        "count the runs in a folder",
        "Count the runs in a folder by hidden units, rule and outcome; with --grid by block, also"
        " the missing ones. Each failed run is named on stderr, with the reason.",
        _STATUS_WORDS,
    )
    status.add_argument("store", type=path_argument, metavar="RUNS", help=FOLDER)
    status.add_argument(
        "--grid",
        type=path_argument,
        metavar="GRID.toml",
        help="count the runs of this grid, per block",
    )
    add_data(
        status,
        "with --grid: the data of its runs (default: the data that the grid names, or mnist)",
        None,
    )
    status.add_argument(
        "--clean",
        action="store_true",
        help="remove files that crashes left behind, if they are more than an hour old",
    )
    status.add_argument("--json", action="store_true", help="print JSON on stdout")
    status.set_defaults(command=_status)


def _add_export(commands: Any) -> None:
    export = add_command(
        commands,
        "export",
        "write the results in a folder of runs as a table",
        "Write the results in a folder of runs as a table, one row per run.",
    )
    export.add_argument("store", type=path_argument, metavar="RUNS", help=FOLDER)
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
        " next to NAME.csv",
    )
    export.set_defaults(command=_export)


def _add_import(commands: Any) -> None:
    imports = add_command(
        commands,
        "import",
        "put the rows of an exported table into a folder of runs",
        "Put the rows of an exported table into a folder of runs, where they count as finished.",
    )
    imports.add_argument(
        "table",
        type=path_argument,
        metavar="TABLE",
        help="a table written by export: .csv, .csv.xz, .parquet or .sqlite",
    )
    imports.add_argument(
        "--store", required=True, type=path_argument, metavar="RUNS", help=NEW_FOLDER
    )
    imports.add_argument(
        "--history",
        type=path_argument,
        metavar="FILE",
        help="learning curves written by export --history",
    )
    imports.set_defaults(command=_import)


def _status(options: argparse.Namespace) -> int:
    from energynet.store.table import failures, load_results

    look_here(options.grid)
    store = Store(options.store, must_exist=True)
    removed = store.clean() if options.clean else []
    for path in removed:
        print(f"energynet: removed {path}", file=sys.stderr)
    table = load_results(store.root)
    if options.grid:
        counts, ids = _counts_of_grid(options, store, table)
        table = table[table["id"].isin(ids)]
    else:
        counts = _counts_of_store(store, table)
    if options.json:
        print(json.dumps([{"runs": name, **count} for name, count in counts.items()]))
    else:
        _print_counts(counts)
    for line in failures(table):
        print(f"energynet: {line}", file=sys.stderr)
    return 0


def _print_counts(counts: dict[str, Counter[str]]) -> None:
    if not counts:
        print("no runs")
        return
    columns = ["reached", "exhausted", "diverged", "failed", "skipped", "running"]
    columns += ["interrupted", "missing"]
    shown = [c for c in columns if any(count.get(c) for count in counts.values())]
    counts = {_with_comma(name): count for name, count in counts.items()}
    width = max((len(name) for name in counts), default=0)
    print(" ".join([" " * width, *(f"{column:>11}" for column in shown)]).rstrip())
    for name, count in counts.items():
        print(" ".join([f"{name:<{width}}", *(f"{count.get(c, 0):>11,d}" for c in shown)]))


def _with_comma(name: str) -> str:
    """A name that begins with a size, with a comma in the number: 1,000 largest."""
    number, _, rest = name.partition(" ")
    return f"{int(number):,d} {rest}" if number.isdecimal() else name


def _counts_of_store(store: Store, table: "pd.DataFrame") -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    order = table.sort_values(["hidden", "rule"], kind="stable")
    for hidden, rule, outcome in zip(order["hidden"], order["rule"], order["outcome"], strict=True):
        counts.setdefault(f"{hidden} {rule}", Counter())[outcome] += 1
    known = set(table["id"])
    begun = [folder.name for folder in store.folders() if folder.name not in known]
    if begun:
        counts["begun"] = Counter(str(store.outcome(identity)) for identity in begun)
    return counts


def _counts_of_grid(
    options: argparse.Namespace, store: Store, table: "pd.DataFrame"
) -> tuple[dict[str, Counter[str]], set[str]]:
    """The counts for each block, and the ids of all its runs."""
    from energynet.sweeps.driver import SweepPlan

    grid = Grid.from_toml(options.grid)
    data = data_of(options.data, grid)
    plans = [SweepPlan(block, store, data) for block in grid.apart()]
    stored = set(table.get("data_sha256", ()))
    if stored and stored.isdisjoint(plan.data_sha256 for plan in plans):
        print(
            f"energynet: all runs in {store.root} are of other data than {quoted(data)}:"
            " give theirs with --data",
            file=sys.stderr,
        )
    counts = {
        f"block {number}": Counter(outcome or "missing" for outcome in plan.outcomes.values())
        for number, plan in enumerate(plans, 1)
    }
    return counts, {identity for plan in plans for identity in plan.outcomes}


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
