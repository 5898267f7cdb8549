"""What several commands have in common: how they are added, paths, workers, rules in the folder."""

import argparse
import sys
import textwrap
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from energynet.data.named import MNIST
from energynet.errors import ConfigError, EnergynetError, InstallationError
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.files import resolved
from energynet.sweeps.grid import Grid

WIDTH = 79  # as argparse breaks the help of flags on a terminal of 80 columns
FOLDER, NEW_FOLDER = "folder of runs", "folder of runs, made if new"


def add_command(
    commands: Any, name: str, summary: str, description: str = "", examples: str = ""
) -> argparse.ArgumentParser:
    """A command with its line in the list of commands, and what `--help` says around its flags."""
    told = description or f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=textwrap.fill(told, WIDTH),
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


def path_argument(text: str) -> Path:
    """A path on the command line; an empty one, as from a variable that is not set, is invalid."""
    try:
        return checks.path("it", text)
    except EnergynetError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def value_argument(text: Any) -> Any:
    """The int or float that a text stands for; other text as it is, for checks to refuse."""
    for kind in (int, float):
        if isinstance(text, str):
            with suppress(ValueError):
                return kind(text)
    return text


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add the argument `RUNS|TABLE`."""
    parser.add_argument(
        "results",
        type=path_argument,
        metavar="RUNS|TABLE",
        help="a folder of runs, or a table exported from it (.csv, .csv.xz, .parquet, .sqlite)",
    )


def add_data(parser: Any, told: str, default: str | None = MNIST) -> None:
    """Add `--data`; `told` is its help."""
    parser.add_argument("--data", default=default, metavar=f"{MNIST}|FOLDER|FILE.npz", help=told)


def data_of(given: str | None, grid: Grid) -> str:
    """The data that --data names; without it those of the grid, or else MNIST."""
    if given is not None:
        return given
    return MNIST if grid.data is None else grid.data


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add `--workers` and `--scheduler`, of which one may be given."""
    group = parser.add_argument_group("where to run it")
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--workers", metavar="N", help="local processes (default: one per usable core)"
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="use the workers of a Dask scheduler, such as tcp://HOST:8786",
    )


def look_here(beside: Path | None = None) -> None:
    """Let custom rules be found beside a file and in the current folder, as scripts find them."""
    for folder in [*([] if beside is None else [resolved(beside).parent]), Path.cwd()]:
        other = folder / "energynet" / "__init__.py"
        if other.exists() and not other.samefile(str(files("energynet") / "__init__.py")):
            continue  # the checkout of another version, which workers might import instead
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def parse_workers(text: str | None) -> int:
    """The number of workers; None means one per usable core. Raises ConfigError."""
    from energynet.training.threads import usable_cores

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
            f"scheduler must be the address of a running Dask scheduler, got {quoted(address)}:"
            f" {error}"
        ) from error
