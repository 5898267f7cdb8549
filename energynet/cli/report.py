"""Commands that judge and show results: claims, figures and the report."""

import argparse
from typing import Any

from energynet.analysis.methods import ALL
from energynet.cli.common import add_command, add_results, path_argument
from energynet.support.files import check_folder, check_writable

_CLAIMS_EXAMPLES = """\
examples:
  energynet claims results/network.csv
      the verdict on each statement, in sentences
  energynet claims results/network.csv --json > verdicts.json
      the same as JSON
  energynet claims results/network.csv --out verdicts.md
      as a Markdown table

The statements are those of a poster on these rules.
Each is judged by cells; a cell is one rule, energy and size of network. A
statement holds if the 95 % interval of every cell lies on the claimed side. It
fails if at least one interval, corrected for the number of cells, lies on the
other side. Otherwise it is undecided. Statements about fixed masks are judged
for each kind of mask: they hold or fail if all kinds do, and are mixed if they
hold for one and fail for another.
"""
_FIGURES_EXAMPLES = """\
examples:
  energynet figures runs/ --out figures
      every figure of the study for which runs/ holds results
  energynet figures network.csv --out figures
      the same from a table; accuracy against energy needs network_history.csv
      next to it

files: NAME.svg, NAME.png and NAME.csv with the plotted numbers for each figure,
and captions.md for all figures. The same results give the same files. A figure
whose results are missing is left out, with a message.
"""
_REPORT_EXAMPLES = """\
examples:
  energynet report runs/ --out report.html
      what each rule saves, figures, optimal energies, how to reproduce each
      number, limits
  energynet report network.csv --out report.html
      the same from a table; learning curves are read from
      network_history.csv[.xz] next to it
  energynet report network.csv --against largest --out report.html
      the table of energies compares with the rule largest, not with the
      unmodified network
  energynet report network.csv --statements --out report.html
      with verdicts on fourteen statements of a poster on these rules

The page needs no other files and no internet. It can be read on a phone and in
print.
"""


def add_report_commands(commands: Any) -> None:
    """Add `energynet claims`, `energynet figures` and `energynet report`."""
    claims = add_command(
        commands,
        "claims",
        "judge the fourteen statements of a poster by stored results",
        examples=_CLAIMS_EXAMPLES,
    )
    add_results(claims)
    claims.add_argument(
        "--out",
        type=path_argument,
        metavar="FILE",
        help="file for the verdicts: Markdown if it ends with .md, else JSON",
    )
    claims.add_argument("--json", action="store_true", help="print JSON on stdout")
    claims.set_defaults(command=_claims)

    figures = add_command(
        commands,
        "figures",
        "draw the figures of a study from stored results",
        "Draw the figures of a study from stored results alone.",
        _FIGURES_EXAMPLES,
    )
    add_results(figures)
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
    add_results(report)
    report.add_argument(
        "--out", required=True, type=path_argument, metavar="FILE.html", help="file to write"
    )
    report.add_argument(
        "--against",
        default=ALL,
        metavar="RULE",
        help="the rule that the table of energies compares the others with (default: %(default)s)",
    )
    report.add_argument(
        "--statements",
        action="store_true",
        help="also judge the fourteen statements of a poster on these rules",
    )
    report.set_defaults(command=_report)


def _claims(options: argparse.Namespace) -> int:
    from energynet.analysis.savings import savings
    from energynet.store.read import read_results
    from energynet.studies.report.verdicts import write_verdicts
    from energynet.studies.statements.claims import claims
    from energynet.studies.statements.text import between_text, to_json, to_text

    if options.out is not None:
        check_writable(options.out, "out")
    table, history = read_results(options.results)
    found, between = claims(table, history=history), between_text(savings(table))
    if options.out is not None:
        write_verdicts(found, options.out, between)
    if options.json:
        print(to_json(found), end="")
    else:
        print(to_text(found), *([between] if between else []), sep="\n\n")
    return 0


def _figures(options: argparse.Namespace) -> int:
    from energynet.store.read import read_results
    from energynet.studies.figures import save_figures

    check_folder(options.out, "out")
    for path in save_figures(*read_results(options.results), options.out):
        print(path)
    return 0


def _report(options: argparse.Namespace) -> int:
    from energynet.store.read import read_results
    from energynet.studies.report import write_report

    check_writable(options.out, "out")
    results = read_results(options.results)
    print(write_report(*results, options.out, options.against, options.statements))
    return 0
