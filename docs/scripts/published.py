"""The published program's energies and ours, as the page on published rules shows them."""

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean, variance

from blocks import ROOT

from energynet.support.format import significant

THEIRS = ROOT / "results" / "published_program.csv"
OURS = ROOT / "results" / "published.csv"
RULES = {"20": "largest-per-layer", "40": "largest-per-neuron", "4": "fixed-units"}
# Rule 0, of which means alone are known: hidden units -> runs, steps, M0, M1.
ALL = {
    100: (5, 41_200, 3.28e9, 6.34e4),
    300: (3, 26_000, 6.2e9, 7.9e4),
    1000: (2, 16_000, 1.27e10, 1.19e5),
}
HEAD = (
    "| nh | rule | P | runs | steps | M0 | M1 | apart |\n"
    "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)
MEASURES = ("steps", "m0", "m1")
# Pairs more than two standard errors apart; the page says why: (nh, number, P).
SLOW = (100, "40", "0.03")
APART = {SLOW, (100, "20", "0.01"), (100, "40", "0.1")}
Run = Mapping[str, str]
Row = tuple[int, str, str, tuple[float, ...], tuple[float, ...], float]


def compared() -> str:
    """The table of the page: what the program gave and what ours gives."""
    lines = [HEAD]
    for hidden, rule, fraction, theirs, ours, apart in rows():
        cells = [f"{hidden:,d}", rule, fraction]
        cells.append(f"{theirs[0]}, {ours[0]}")
        pairs = zip(theirs[1:], ours[1:], strict=True)
        cells += [f"{significant(a)}, {significant(b)}" for a, b in pairs]
        cells.append(f"{apart:.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rows() -> Iterator[Row]:
    """Size, rule and fraction; number of runs, means of steps, M0 and M1: theirs, ours; `apart`."""
    ours, spread = read(OURS), _spread()
    for hidden, means in ALL.items():
        same = [run for run in ours if run["hidden"] == str(hidden) and run["rule"] == "all"]
        pairs = zip(means[1:], _means(same)[1:], spread, strict=True)
        error = math.sqrt(1 / means[0] + 1 / len(same))
        apart = max(abs(math.log(a / b)) / (s * error) for a, b, s in pairs)
        yield hidden, "0, `all`", "1", means, _means(same), apart
    for (hidden, number, p), (first, second) in cells().items():
        mark = "" if all(float(run["accuracy"]) >= 0.95 for run in first) else r"\*"
        rule = f"{number}, `{RULES[number]}`"
        distance = _apart(first, second, spread)
        yield hidden, rule, f"{p}{mark}", _means(first), _means(second), distance


def cells() -> dict[tuple[int, str, str], tuple[list[Run], list[Run]]]:
    """(nh, number of the rule, P) -> runs of the published program, ours at the same."""
    theirs, ours = read(THEIRS), read(OURS)
    found: dict[tuple[int, str, str], tuple[list[Run], list[Run]]] = {}
    for number, name in RULES.items():
        made = [run for run in theirs if run["rule"] == number]
        for run in made:
            found.setdefault((int(run["nh"]), number, run["p_hidden"]), ([], []))[0].append(run)
        for run in ours:
            for (hidden, rule, p), (_, same) in found.items():
                alike = (run["rule"], run["hidden"]) == (name, str(hidden)) and rule == number
                if alike and float(run["fraction"]) == float(p):
                    same.append(run)
    return found


def fewer_steps() -> float:
    """By what share ours take fewer steps: the geometric mean over all cells but the slow one."""
    kept = [row for row in rows() if (row[0], row[1][:2], row[2].rstrip("\\*")) != SLOW]
    return 1 - math.exp(mean(math.log(row[4][1] / row[3][1]) for row in kept))


def _apart(first: list[Run], second: list[Run], spread: tuple[float, ...]) -> float:
    """Of steps, M0 and M1 the largest distance of the mean logarithms, in standard errors.

    A cell with one run takes the `spread` of all cells in the place of its own.
    """
    distances = []
    for name, usual in zip(MEASURES, spread, strict=True):
        logs = [[math.log(float(run[name])) for run in runs] for runs in (first, second)]
        single = min(map(len, logs)) < 2
        squares = [(usual**2 if single else variance(each)) / len(each) for each in logs]
        distances.append(abs(mean(logs[0]) - mean(logs[1])) / math.sqrt(sum(squares)))
    return max(distances)


def _spread() -> tuple[float, ...]:
    """The standard deviation of the logarithm within a cell, of all cells with two runs or more."""
    samples = [runs for pair in cells().values() for runs in pair if len(runs) > 1]
    pooled = []
    for name in MEASURES:
        logs = [[math.log(float(run[name])) for run in runs] for runs in samples]
        squares = sum((len(each) - 1) * variance(each) for each in logs)
        pooled.append(math.sqrt(squares / sum(len(each) - 1 for each in logs)))
    return tuple(pooled)


def read(path: Path) -> list[Run]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _means(runs: list[Run]) -> tuple[float, ...]:
    return len(runs), *(mean(float(run[name]) for run in runs) for name in MEASURES)
