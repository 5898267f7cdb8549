"""Results as tidy pandas tables: one row per run, or one row per test."""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError, FileError
from energynet.rules.base import Rule, Shape
from energynet.rules.built_in import resolved_output_fraction
from energynet.rules.custom import NamedRule
from energynet.rules.names import PARAMETERS, RULES, rule_from_dict, rule_from_name
from energynet.store import schema
from energynet.store.folder import ABSENT, DONE, Store, check_id, read_history, read_result
from energynet.store.schema import COLUMNS, COST, CURVE, FAMILY, MEASURE
from energynet.support import checks
from energynet.support.checks import pluralize
from energynet.support.files import written_whole
from energynet.support.format import parameter
from energynet.training.result import cost_column, energy_column

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger("energynet")
_INDEX = ".index.json"  # a cache: rebuilt if it is missing, stale or damaged
_MOST_TRIED = 10_000  # numbers of classes to try for a network of which N alone is known


def load_results(store: str | Path) -> "pd.DataFrame":
    """All results of a folder of runs, in order of their ids; see `read.load_results`.

    Raises FileError if there is no such folder. A result that cannot be read is reported, and left
    out.
    """
    return table_of(_records(Store(store, must_exist=True)).values())


def load_history(store: str | Path, ids: Iterable[str] | None = None) -> "pd.DataFrame":
    """The learning curves of a folder of runs; `ids`: those of some runs, all if None.

    Raises FileError, ConfigError.
    """
    opened = Store(store, must_exist=True)
    known = _records(opened) if ids is None else checked_ids(ids)
    rows = [{"id": i, **row} for i in known for row in read_history(opened.folder(i))]
    costs = sorted({name for row in rows for name in row} - {*CURVE})
    return schema.frame({name: [row.get(name) for row in rows] for name in (*CURVE, *costs)})


def checked_ids(ids: Iterable[str]) -> list[str]:
    """The ids of runs as a list; raises ConfigError."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise ConfigError(f"ids must be a list of ids, or None, got {checks.quoted(ids)}")
    return [check_id(identity) for identity in ids]


def table_of(records: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows as a table with the columns in their order."""
    rows = list(records)
    names = schema.ordered(name for row in rows for name in row)
    return schema.frame({name: [row.get(name) for row in rows] for name in names})


def records_of(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """The inverse of `table_of`: rows as plain values, without those that are missing."""
    import pandas as pd

    values = table.astype(object).where(pd.notna(table), None)
    return [
        {str(name): value for name, value in row.items() if value is not None}
        for row in values.to_dict("records")
    ]


def failures(table: "pd.DataFrame") -> list[str]:
    """A line for each run that failed: its id, hidden units, rule and seed, and why it failed."""
    failed = records_of(table[table["outcome"] == "failed"])
    return [f"run {row['id']} ({_run_words(row)}) failed: {row.get('reason')}" for row in failed]


def _run_words(row: Mapping[str, Any]) -> str:
    """A run in words: 100 hidden units, rule largest with fraction 0.1, seed 0."""
    given = {name: row[name] for name in PARAMETERS if name in row}
    given |= json.loads(row.get("parameters", "{}"))
    told = ", ".join(f"{name} {parameter(value)}" for name, value in given.items())
    rule = f"{row['rule']} with {told}" if told else row["rule"]
    return f"{pluralize(row['hidden'], 'hidden unit')}, rule {rule}, seed {row['seed']}"


def record_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a result, without values that are missing or at their default."""
    row: dict[str, Any] = {}
    for column in COLUMNS:
        if not column.source or (column.group == MEASURE and content["outcome"] not in DONE):
            continue
        value, default = _get(content, column.source), column.default
        if column.name == FAMILY:
            row |= {energy_column(float(alpha)): m for alpha, m in value.items()}
            continue
        if column.name == COST:
            row |= {cost_column(name): cost for name, cost in (value or {}).items()}
            continue
        if column.word and value == column.word.text:
            row[column.word.flag] = True
            value, default = _get(content, column.word.number), None
        if value is not None:
            value = column.encode(value)
            row |= {} if value in ("", default) else {column.name: value}
    if content["outcome"] in DONE:  # results of energynet 0.1 know no margin
        row.setdefault("learning_steps", row["steps"])
    config = content["config"]
    if row.get("learning_rate_auto") and "learning_rate" in row and config["dtype"] == "float32":
        row["learning_rate"] = checks.unwrap(np.float32(row["learning_rate"]))
    share = config["rule"].get("parameters", {}).get("fraction")  # of a custom rule
    if isinstance(share, float) and 0 < share <= 1:
        row["fraction"] = share
    if row.get("output_balanced") and "output_fraction" not in row:  # results of energynet 0.1
        row["output_fraction"] = balanced_fraction(row)
    return row


def result_of(row: Mapping[str, Any]) -> tuple[TrainingConfig, dict[str, Any]]:
    """The inverse of `record_of`: the config of a row, and its result.

    Raises ConfigError, ValueError for values that no result has. No custom rule is imported.
    """
    if wrong := schema.unfit(row):
        raise ValueError(f"its {wrong} is missing or of another type")
    checks.choice("outcome", row["outcome"], (*DONE, *ABSENT))
    done = row["outcome"] in DONE
    content: dict[str, Any] = {"config": {"rule": {}}, "provenance": {}}
    for column in COLUMNS:
        value, source = row.get(column.name), column.source
        if column.word and row.get(column.word.flag):
            _put(content, source, column.word.text)
            source = column.word.number
        there = done if column.group == MEASURE else value is not None
        if there and source and column.name not in (FAMILY, COST):
            _put(content, source, value if value is None else column.decode(value))
    if not done:
        content.setdefault("reason", "")
    config = _config(content["config"])
    if done:
        energies = {str(alpha): row.get(energy_column(alpha)) for alpha in config.alpha}
        content["m_alpha"] = energies
        known = schema.column(COST)
        costs = {name: cost for name, cost in row.items() if schema.column(name) is known}
        if costs:
            content["costs"] = {name.removeprefix(COST): cost for name, cost in costs.items()}
    return config, content | {"config": config.to_dict()}


def balanced_fraction(row: Mapping[str, Any]) -> float | None:
    """The Q that "balanced" came to in a row; None if the numbers of synapses leave it open.

    These are N = nh (n_in + 1 + n_out) + n_out, and what the rule makes plastic of them.
    """
    needed = ("hidden", "synapses", "plastic_synapses", "fraction")
    if any(row.get(name) is None for name in needed) or row["hidden"] < 1:
        return None
    hidden, synapses = row["hidden"], row["synapses"]
    given = {name: row.get(name) for name in PARAMETERS} | {"output_fraction": "balanced"}
    found: set[float | None] = set()
    candidates = range(synapses % hidden or hidden, synapses // hidden, hidden)
    with suppress(ConfigError):
        rule = rule_from_name(str(row.get("rule")), **given)
        for n_out in candidates if len(candidates) <= _MOST_TRIED else ():
            shape = Shape((synapses - n_out) // hidden - 1 - n_out, hidden, n_out)
            if shape.n_in > 0 and rule.counts(shape).plastic == row["plastic_synapses"]:
                found.add(resolved_output_fraction(rule, shape))
    return found.pop() if len(found) == 1 else None


def _get(content: Mapping[str, Any], source: str) -> Any:
    *path, last = source.split(".")
    within: Any = content
    for key in path:
        within = within[key]
    return within[int(last)] if isinstance(within, list) else within.get(last)


def _put(content: dict[str, Any], source: str, value: Any) -> None:
    """Set what `_get` gives; the entries of a list in turn."""
    *path, last = source.split(".")
    for key in path:
        content = content.setdefault(key, [] if last.isdecimal() else {})
    if isinstance(content, list):
        content.append(value)
    else:
        content[last] = value


def _config(values: dict[str, Any]) -> TrainingConfig:
    """The config of a row; of a custom rule the name alone, for a table must not run code."""
    rule = values.pop("rule")
    name = rule["name"]
    made: Rule
    if "parameters" in rule and name not in RULES:
        given = tuple(sorted(rule["parameters"].items()))
        made = NamedRule(name, rule["version"], given)
    else:
        checks.choice("rule", name, tuple(RULES))
        made = rule_from_dict({key: rule[key] for key in ("name", *PARAMETERS) if key in rule})
    return TrainingConfig(rule=made, **values)


def _format() -> list[Any]:
    """What rows in the index are made by: other columns make other rows."""
    return [3, *([column.name, column.kind, column.source] for column in COLUMNS)]


def _records(store: Store) -> dict[str, dict[str, Any]]:
    """The row of each readable result by id, from the index as far as it is up to date."""
    known = _read_index(store.root / _INDEX)
    rows: dict[str, dict[str, Any]] = {}
    index: dict[str, list[Any]] = {}
    fresh = 0
    for folder in store.folders():
        path = folder / "result.json"
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue  # under way
        except OSError as error:
            _LOG.warning("%s cannot be read: %s; it is left out", path, checks.error_text(error))
            continue
        stamp = [status.st_mtime_ns, status.st_size]
        entry = known.get(folder.name)
        if entry is None or entry[:2] != stamp or schema.unfit(entry[2]):
            try:
                row = _record(folder)
            except FileError as error:
                _LOG.warning("%s; it is left out", error)
                continue
            entry = [*stamp, row]
            fresh += 1
        index[folder.name] = entry
        rows[folder.name] = entry[2]
    if fresh or len(index) != len(known):
        with suppress(FileError), written_whole(store.root / _INDEX) as file:  # a read-only store
            file.write(json.dumps({"format": _format(), "entries": index}).encode())
    return rows


def _record(folder: Path) -> dict[str, Any]:
    content = read_result(folder / "result.json")
    try:
        row = record_of(content)
        if wrong := schema.unfit(row):
            raise ValueError(wrong)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileError(f"{folder / 'result.json'} is not a result of energynet") from error
    if row["id"] != folder.name:
        raise FileError(f"{folder / 'result.json'} is not the result of {folder.name}")
    return row


def _read_index(path: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _format():
            return {}
        entries: dict[str, list[Any]] = content["entries"]
        if not all(isinstance(row, dict) for _, _, row in entries.values()):
            return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return entries
