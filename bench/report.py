"""RESULTS.md, written from what results.json holds."""

from typing import Any

from energynet.support.format import significant

_INTRODUCTION = """\
# Results of the benchmarks

Made by `python -m bench`. What is compared was measured in turn, round by round (A B C A B C ...),
in one process on one machine; ratios are formed within each round. Numbers are the median of all
rounds and their range; the median decides whether a target is met. All steps are those of float32
networks on MNIST that are some hundred steps old; energies are accounted for in all of them."""

_QUICK = """\
**A quick trial: sizes are a twentieth of the real ones, so that no target applies. These numbers
only show that the suite works.**"""

_OURS = " / energynet"
_COLUMNS = ["what", "target", "median", "range", "rounds", ""]
PLOTS = {
    "scaling": (
        ("scaling.svg", "Step time against the number of hidden units"),
        ("fraction.svg", "Step time against the plastic fraction"),
    )
}


def report(results: dict[str, dict[str, Any]], names: tuple[str, ...]) -> str:
    """The whole page; `names` gives the order of the sections."""
    present = [name for name in names if name in results]
    missing = [name for name in names if name not in results]
    sections = [results[name] for name in present]
    parts = [_INTRODUCTION, _instead(sections), _targets(sections)]
    if missing:
        parts.append(f"Not measured: {', '.join(missing)}.")
    last = max((results[name]["measured"] for name in present), key=lambda taken: taken["date"])
    parts.append(_machine(last))
    parts += [_section(name, results[name]) for name in present]
    return "\n\n".join(parts) + "\n"


def _instead(sections: list[dict[str, Any]]) -> str:
    """What a user would run instead, and how many times as long it takes."""
    found: dict[str, dict[str, str]] = {}
    for row in (row for section in sections for row in section["rows"]):
        what, _, case = row["name"].partition(", ")
        if what.endswith(_OURS):
            found.setdefault(case, {})[what.removesuffix(_OURS)] = significant(row["median"])
    others = list(dict.fromkeys(name for cells in found.values() for name in cells))
    lines = [[case, *(cells.get(name, "-") for name in others)] for case, cells in found.items()]
    title = "## What you would use instead, and how many times as long it takes"
    return f"{title}\n\n{_table(['steps of', *others], lines)}"


def _targets(sections: list[dict[str, Any]]) -> str:
    """Everything that has a target, in one table."""
    if any(section["quick"] for section in sections):
        return _QUICK
    rows = [row for section in sections for row in section["rows"] if row["met"] is not None]
    table = _table(_COLUMNS, [_cells(row) for row in rows])
    met = sum(row["met"] for row in rows)
    return f"## Targets: {met} of {len(rows)} met\n\n{table}"


def _machine(taken: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in taken["versions"].items())
    lines = [
        f"- {taken['processor']}, {taken['cores']} usable cores, {taken['memory']:.0f} GB"
        f" ({', '.join(taken['caches']) or 'caches unknown'}); {taken['system']}",
        f"- {versions}",
        f"- NumPy's matrix products: {taken['blas']}",
        f"- one-minute load when the last section began: {taken['load']}",
    ]
    return "\n".join(["## Machine and versions", "", *lines])


def _section(name: str, section: dict[str, Any]) -> str:
    taken = section["measured"]
    parts = [
        f"## {section['title']}",
        f"{taken['date']}, commit {taken['commit']}, {section['seconds']:.0f} s:"
        f" `{taken['command']}`",
    ]
    if section["rows"]:
        parts.append(_table(_COLUMNS, [_cells(row) for row in section["rows"]]))
    for table in section["tables"]:
        parts.append(f"{table['caption']}:")
        parts.append(_table(table["columns"], table["lines"]))
    parts += section["notes"]
    if section["curves"]:
        parts += [f"![{words}]({file})" for file, words in PLOTS[name]]
    return "\n\n".join(parts)


def _cells(row: dict[str, Any]) -> list[str]:
    unit = f" {row['unit']}" if row["unit"] else ""
    target = ""
    if row["at_most"] is not None:
        target = f"<= {row['at_most']:g}{unit}"
    elif row["at_least"] is not None:
        target = f">= {row['at_least']:g}{unit}"
    between = f"{significant(row['min'])} to {significant(row['max'])}"
    verdict = {True: "pass", False: "**miss**", None: ""}[row["met"]]
    rounds = str(len(row["values"]))
    return [row["name"], target, f"{significant(row['median'])}{unit}", between, rounds, verdict]


def _table(columns: list[str], lines: list[list[Any]]) -> str:
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
