"""The published program's energies beside ours, as the page on published rules shows them."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean

from blocks import ROOT

from energynet.support.format import significant

THEIRS = ROOT / "results" / "published_program.csv"
OURS = ROOT / "results" / "published_rules.csv"
RULES = {"20": "largest-per-layer", "40": "largest-per-neuron", "4": "fixed-units"}
# Rule 0, of which means alone are known: hidden units -> runs, steps, M0, M1.
ALL = {
    100: (5, 41_200, 3.28e9, 6.34e4),
    300: (3, 26_000, 6.2e9, 7.9e4),
    1000: (2, 16_000, 1.27e10, 1.19e5),
}
HEAD = (
    "| nh | rule | P | runs | steps | M0 | M1 |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: |"
)
Run = Mapping[str, str]
Row = tuple[int, str, str, tuple[float, ...], tuple[float, ...]]


def compared() -> str:
    """The table of the page: what the program gave and what ours gives."""
    lines = [HEAD]
    for hidden, rule, fraction, theirs, ours in rows():
        cells = [f"{hidden:,d}", rule, fraction]
        cells.append(f"{theirs[0]}, {ours[0]}")
        pairs = zip(theirs[1:], ours[1:], strict=True)
        cells += [f"{significant(a)}, {significant(b)}" for a, b in pairs]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rows() -> Iterator[Row]:
    """Size, rule and fraction; then number of runs, means of steps, M0 and M1: theirs, ours."""
    theirs, ours = read(THEIRS), read(OURS)
    for hidden, means in ALL.items():
        same = [run for run in ours if run["hidden"] == str(hidden) and run["rule"] == "all"]
        yield hidden, "0, `all`", "1", means, _means(same)
    for number, name in RULES.items():
        made = [run for run in theirs if run["rule"] == number]
        for hidden, p in dict.fromkeys((int(run["nh"]), run["p_hidden"]) for run in made):
            first = [run for run in made if (run["nh"], run["p_hidden"]) == (str(hidden), p)]
            second = [
                run
                for run in ours
                if run["rule"] == name
                and run["hidden"] == str(hidden)
                and float(run["fraction"]) == float(p)
            ]
            mark = "" if all(float(run["accuracy"]) >= 0.95 for run in first) else r"\*"
            yield hidden, f"{number}, `{name}`", f"{p}{mark}", _means(first), _means(second)


def read(path: Path) -> list[Run]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _means(runs: list[Run]) -> tuple[float, ...]:
    return len(runs), *(mean(float(run[name]) for run in runs) for name in ("steps", "m0", "m1"))
