"""Parts of pages that are written from the code and from what was measured."""

import json
import os
from dataclasses import fields
from importlib.metadata import version
from typing import Any

from blocks import ROOT

from energynet.support.format import significant

BENCHMARKS = ROOT / "bench" / "results.json"


def defaults() -> dict[str, str]:
    """Defaults of a config and limits of the kernels, as they stand in sentences."""
    from energynet.config import TrainingConfig
    from energynet.kernels.activation import LEAK
    from energynet.kernels.rules.steps import FOLD_EVERY
    from energynet.training.start import _TAU
    from energynet.training.threads import CROSSOVER

    values: dict[str, Any] = {item.name: item.default for item in fields(TrainingConfig)}
    percent = f"{100 * values['target_accuracy']:g} %"
    values |= {"percent": percent, "leak": LEAK, "fold_every": FOLD_EVERY, "crossover": CROSSOVER}
    values |= {f"tau_{dtype}": f"{tau:g}".replace("e-0", "e-") for dtype, tau in _TAU.items()}
    values["version"] = version("energynet")
    return {name: "none" if value is None else _words(value) for name, value in values.items()}


def _words(value: Any) -> str:
    grouped = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if grouped else str(value)


def statements() -> str:
    """The statements of the study with their parts."""
    from energynet.studies.statements.statements import STATEMENTS

    lines = []
    for statement in STATEMENTS:
        note = " *(for each kind of F)*" if statement.readings else ""
        note += " *(second version)*" if statement.version > 1 else ""
        text = statement.text.replace("*", r"\*")
        lines.append(f"{statement.number}. {text}{note}")
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
        parts.append(_table(["what", "median", "range"], rows))
    for table in content["tables"]:
        parts += [f"{table['caption']}:", _table(table["columns"], table["lines"])]
    return "\n\n".join(parts + content["notes"]) + "\n"


def _number(row: dict[str, Any], which: str) -> str:
    return f"{significant(row[which])} {row['unit']}".rstrip()


def _table(columns: list[str], lines: list[list[Any]]) -> str:
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
