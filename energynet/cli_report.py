"""Commands that show results: figures and the report."""

import argparse
from typing import Any

from energynet.cli_parts import add_command, path_argument
from energynet.files import check_folder, check_writable

_FIGURES_EXAMPLES = """\
examples:
  energynet figures runs/ --out figures
      every figure of the study for which runs/ holds results
  energynet figures poster.csv --out figures
      the same from a table; accuracy against energy needs poster_history.csv beside it

files, for each figure: NAME.svg, NAME.png and NAME.csv with the numbers plotted in it; for all of
them captions.md. The same results give the same files. A figure for which results are missing is
left out, and said to be.
"""
_REPORT_EXAMPLES = """\
examples:
  energynet report runs/ --out report.html
      verdicts with intervals, figures, optimal energies, how to reproduce each number, limits
  energynet report poster.csv --out report.html
      the same from a table; learning curves are read from poster_history.csv[.xz] beside it

The page needs no other file and no network; it is readable on a phone and in print.
"""


def add_commands(commands: Any) -> None:
    """`energynet figures` and `energynet report`."""
    figures = add_command(
        commands,
        "figures",
        "draw the figures of a study from stored results",
        "Draw the figures of a study from stored results alone.",
        _FIGURES_EXAMPLES,
    )
    _add_results(figures)
    figures.add_argument(
        "--out",
        required=True,
        type=path_argument,
        metavar="DIR",
        help="folder to write to, made if new",
    )
    figures.set_defaults(command=_figures)

    report = add_command(
        commands,
        "report",
        "write a report on stored results as one HTML file",
        examples=_REPORT_EXAMPLES,
    )
    _add_results(report)
    report.add_argument(
        "--out", required=True, type=path_argument, metavar="FILE.html", help="file to write"
    )
    report.set_defaults(command=_report)


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "results",
        type=path_argument,
        metavar="RUNS|TABLE",
        help="a folder of runs, or a table exported from it (.csv, .csv.xz, .parquet, .sqlite)",
    )


def _figures(options: argparse.Namespace) -> int:
    from energynet.analysis.read import read_results
    from energynet.figures import save_figures

    check_folder(options.out, "out")
    for path in save_figures(*read_results(options.results), options.out):
        print(path)
    return 0


def _report(options: argparse.Namespace) -> int:
    from energynet.analysis.read import read_results
    from energynet.report import write_report

    check_writable(options.out, "out")
    print(write_report(*read_results(options.results), options.out))
    return 0
