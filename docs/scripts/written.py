"""Parts of pages that are written from the code and from what was measured."""

import inspect
import json
import math
import os
import re
from typing import TYPE_CHECKING, Any

from blocks import ROOT

from energynet.support.format import significant

if TYPE_CHECKING:
    import pandas as pd

_LONG = 20  # rows of a table that a page shows at once
BENCHMARKS = ROOT / "bench" / "results.json"


def names(section: str) -> str:
    """The public names of a section of the reference, each with the first sentence on it."""
    import energynet as en

    listed = re.findall(r":: energynet\.(\w+)$", section, re.MULTILINE)
    lines = [[f"`{name}`", _first_sentence(getattr(en, name))] for name in listed]
    return _table(["name", "what it is"], lines) + "\n"


def _first_sentence(thing: object) -> str:
    words = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`])\. ", words)[0].removesuffix(".").replace("|", r"\|")


def verdicts() -> str:
    """Each statement in its last wording, with its verdict in each reading of P."""
    from energynet.studies.statements.plain import PLAIN

    claims = json.loads((ROOT / "results" / "verdicts.json").read_text())
    rows: dict[int, dict[str, Any]] = {}
    for claim in claims:  # a later version takes the place of an earlier one
        reworded = ", reworded" * (claim["version"] > 1)
        row = rows.setdefault(claim["number"], {})
        plain = PLAIN[claim["number"], claim["version"]]
        row |= {"name": f"{claim['number']}{reworded}", "plain": plain}
        decided = claim["verdict"] != "undecided"
        row[claim["reading"]] = f"**{claim['verdict']}**" if decided else claim["verdict"]
    lines = [
        [row[name] for name in ("name", "plain", "hidden", "network")] for row in rows.values()
    ]
    return _table(["", "statement", "hidden", "network"], lines) + "\n"


def tally() -> str:
    """How many statements have each verdict, in each reading and wording."""
    from energynet.studies.statements import text

    claims = json.loads((ROOT / "results" / "verdicts.json").read_text())
    lines = [
        f"| P of | wording | {' | '.join(text.VERDICTS)} |",
        f"| --- | --- |{' ---: |' * len(text.VERDICTS)}",
    ]
    for reading, wording, counts in text.tally(claims):
        lines.append(f"| {reading} | {wording} | {' | '.join(map(str, counts.values()))} |")
    return "\n".join(lines) + "\n"


_RULES = {  # as columns
    "largest": "largest of the network",
    "largest-per-layer output 1": "largest of each layer",
    "largest-per-neuron": "largest of each neuron",
    "largest-per-neuron output 1": "largest of each neuron",
    "fixed-units": "fixed units",
    "fixed-units output 1": "fixed units",
    "fixed-synapses-balanced": "fixed synapses, balanced",
    "fixed-synapses": "fixed synapses, uniform",
    "fixed-synapses output 1": "fixed synapses",
    "random output 1": "random",
    "readout": "output layer alone",
}


def savings(name: str) -> str:
    """What each rule saves in M0 and M1 in a table of results, for each size."""
    import energynet as en
    from energynet.store.exchange import read_table

    table = read_table(ROOT / "results" / f"{name}.csv").drop(columns="center", errors="ignore")
    keys = ["hidden", "rule", "energy"]
    found, optima = (each(table).set_index(keys) for each in (en.savings, en.optimal_energy))
    found = found.join(optima["mark"]).reset_index()
    return _by_rule({"hidden units": "hidden"}, found, table)


def settings() -> str:
    """What the rules save at other settings, of exploration seeds: M0 and M1, for each setting."""
    import pandas as pd

    from energynet.store.exchange import read_table

    found = pd.read_csv(ROOT / "results" / "sensitivity" / "other-settings.csv")
    restricted = [rule for rule in _RULES if rule.endswith("output 1") and "random" not in rule]
    several = found.groupby("hidden")["learning_rate"].transform("nunique") > 1
    titles = {
        "hidden units": "hidden",
        "learning rate": "learning_rate",
        "first weights": "init_std",
        "tests in a row": "hold",
    }
    table = read_table(ROOT / "results" / "hidden.csv")
    return _by_rule(titles, found[several & found["rule"].isin(restricted)], table)


def _by_rule(varied: dict[str, str], found: "pd.DataFrame", table: "pd.DataFrame") -> str:
    """A row for each value of some columns (title: column), and the saving of each rule in it.

    table : runs of these rules, which tell how many synapses a fraction is
    """
    from energynet.analysis.optimum import LIMITED, NOT_BRACKETED
    from energynet.analysis.portions import Portions
    from energynet.analysis.study import Study

    portions = Portions(Study.of(table))

    def told(row: Any) -> str:
        doubtful = row.mark in (LIMITED, NOT_BRACKETED)
        star = "\\*" * (doubtful and not portions.fewest(row.rule, row.hidden, row.fraction))
        return f"{significant(row.ratio)}{star}"

    def cell(rows: "pd.DataFrame") -> str:
        rows = rows.set_index("energy")
        if rows.empty:
            return "–"
        if math.isnan(rows["ratio"]["m0"]):
            return "not reached"
        return " / ".join(told(rows.loc[energy]) for energy in ("m0", "m1"))

    run = set(found["rule"])
    rules = {rule: words for rule, words in _RULES.items() if rule in run}
    lines = [
        f"| {' | '.join([*varied, *rules.values()])} |",
        "|" + " ---: |" * (len(varied) + len(rules)),
    ]
    for values, rows in found.groupby(list(varied.values())):
        cells = [f"{value:,}" if float(value).is_integer() else f"{value:g}" for value in values]
        cells += [cell(rows[rows["rule"] == rule]) for rule in rules]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def statements() -> str:
    """The statements of the study with their parts."""
    from energynet.studies.statements.statements import STATEMENTS

    lines = []
    for statement in STATEMENTS:
        note = " *(for each kind of F)*" if statement.readings else ""
        note += " *(second version)*" if statement.version > 1 else ""
        text = statement.text.replace("*", r"\*")
        lines.append(f"- **{statement.number}** {text}{note}")  # a list would number them itself
        lines += [f"    - {part.title}" for part in statement.parts if part.title]
    return "\n".join(lines) + "\n"


def readings() -> str:
    """What F, the fixed mask of the statements, may stand for."""
    from energynet.analysis.methods import READINGS

    lines = []
    for plastic, kinds in READINGS.items():
        lines.append(f"- P of the {plastic}{' layer' * (plastic == 'hidden')}")
        lines += [f"    - {kind.name} (`{kind.fixed}`)" for kind in kinds]
    return "\n".join(lines) + "\n"


def commands() -> str:
    """`--help` of every command."""
    from energynet.cli.main import _parser

    os.environ |= {"COLUMNS": "88", "NO_COLOR": "1"}
    parser, subparsers = _parser()
    parts = [f"```text\n{parser.format_help()}```"]
    parts += [
        f"## energynet {name}\n\n```text\n{command.format_help()}```"
        for name, command in subparsers.choices.items()
    ]
    return "\n\n".join(parts) + "\n"


def measured(section: str) -> str:
    """What a section of the benchmarks measured, as tables; or how to measure it."""
    content = json.loads(BENCHMARKS.read_text()).get(section)
    if content is None:
        return f"*Not measured yet:* `python -m bench {section}`\n"
    taken = content["measured"]
    parts = [f"{taken['processor']}, {taken['cores']} cores, {taken['date']}: `{taken['command']}`"]
    rows = [
        [row["name"], _number(row, "median"), f"{_number(row, 'min')} to {_number(row, 'max')}"]
        for row in content["rows"]
    ]
    if rows:
        parts.append(_folded(["what", "median", "range"], rows, "Ratios"))
    for table in content["tables"]:
        if len(table["lines"]) <= _LONG:
            parts.append(f"{table['caption']}:")
        parts.append(_folded(table["columns"], table["lines"], table["caption"]))
    return "\n\n".join(parts + content["notes"]) + "\n"


def _folded(columns: list[str], lines: list[list[Any]], title: str) -> str:
    """A table; a long one opens with a click."""
    table = _table(columns, lines)
    if len(lines) <= _LONG:
        return table
    words = title.replace("`", "").replace("|", "\\|")
    opened = f"<details>\n<summary>{words}, {len(lines)} rows</summary>"
    return f"{opened}\n\n{table}\n\n</details>"


def _number(row: dict[str, Any], which: str) -> str:
    return f"{significant(row[which])} {row['unit']}".rstrip()


def _table(columns: list[str], lines: list[list[Any]]) -> str:
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
