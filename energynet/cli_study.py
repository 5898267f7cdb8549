"""Commands that judge results."""

import argparse
from typing import Any

from energynet.cli_parts import add_command, path_argument
from energynet.files import check_writable

_CLAIMS_EXAMPLES = """\
examples:
  energynet claims results/poster.csv
      the verdict on each statement, in sentences
  energynet claims results/poster.csv --json > verdicts.json
      the same for machines
  energynet claims results/poster.csv --out verdicts.md
      as a Markdown table

A statement holds if the 95 % interval of every cell lies on the claimed side, fails if at least
one, corrected for the number of cells, lies on the other; else it is undecided. Statements about
fixed masks are judged in three readings; where they differ the verdict is mixed.
"""


def add_claims(commands: Any) -> None:
    """`energynet claims`."""
    parser = add_command(
        commands,
        "claims",
        "judge the fourteen statements of the study by stored results",
        examples=_CLAIMS_EXAMPLES,
    )
    parser.add_argument(
        "results",
        type=path_argument,
        metavar="RUNS|TABLE",
        help="a folder of runs, or a table exported from it (.csv, .csv.xz, .parquet, .sqlite)",
    )
    parser.add_argument(
        "--out", type=path_argument, metavar="FILE", help="also write the verdicts: .md, else JSON"
    )
    parser.add_argument("--json", action="store_true", help="print JSON on stdout")
    parser.set_defaults(command=_claims)


def _claims(options: argparse.Namespace) -> int:
    from energynet.analysis.claims import claims
    from energynet.analysis.read import read_results
    from energynet.analysis.savings import savings
    from energynet.analysis.verdict_text import between_text, to_json, to_text
    from energynet.reproduce.outputs import write_verdicts

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
