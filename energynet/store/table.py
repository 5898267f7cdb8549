"""Results as tidy pandas tables: one row per run, or one row per test."""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energynet.config import TrainingConfig
from energynet.errors import ConfigError, FileError
from energynet.rules.names import PARAMETERS
from energynet.store.folder import DONE, Store, check_id, read_history, read_result
from energynet.support import checks
from energynet.support.files import written_whole
from energynet.support.format import exact
from energynet.training.result import energy_column

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger("energynet")
_INDEX = ".index.json"  # a cache: rebuilt where it is missing, stale or damaged
_FORMAT = 2

_FIRST = [
    *("id", "hidden", "rule", "fraction", "output_fraction", "seed", "outcome", "steps"),
    *("accuracy", "best_accuracy", "synapses", "plastic_synapses", "m0", "m1", "m0_layer1"),
    *("m0_layer2", "m1_layer1", "m1_layer2", "m0_direct", "m1_direct"),
]
_MEASURES = ["steps", "accuracy", "best_accuracy", "synapses", "plastic_synapses", "m0", "m1"]
_TIMES = ["train_seconds", "evaluate_seconds"]
INTEGERS = [
    *("hidden", "seed", "steps", "synapses", "plastic_synapses", "m0", "m0_layer1"),
    *("m0_layer2", "m0_direct", "test_every", "max_steps", "numerics", "step"),
    "rule_version",
]
CURVE = ("id", "step", "accuracy", "m0", "m1")  # columns of learning curves
PROVENANCE = [
    *("reason", "data_sha256", "numerics", "version", "commit", "python", "numpy", "numba"),
    *("processor", "host", "started", "finished"),
]
DEFAULTS: dict[str, Any] = {
    item.name: item.default
    for item in fields(TrainingConfig)
    if item.default is not MISSING and item.name not in ("rule", "seed", "alpha")
}
FLAGS = tuple(name for name, value in DEFAULTS.items() if isinstance(value, bool))
EITHER = ("output_fraction", "learning_rate")  # numbers or words
# Words also where they look like numbers, as a commit or a host may.
WORDS = (
    *("id", "rule", "parameters", "outcome", "alpha"),
    *(name for name, value in DEFAULTS.items() if isinstance(value, str)),
    *(name for name in PROVENANCE if name not in INTEGERS),
)
_NUMBERS = {*_FIRST, *_TIMES, *DEFAULTS, "within_units"} - {*INTEGERS, *FLAGS, *WORDS}
_ALWAYS = ("id", "hidden", "rule", "seed", "outcome")


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
    import pandas as pd

    opened = Store(store, must_exist=True)
    known = _records(opened) if ids is None else checked_ids(ids)
    rows = [(i, *row) for i in known for row in read_history(opened.folder(i))]
    types = {"id": "object", "step": "int64", "accuracy": "float64", "m0": "int64", "m1": "float64"}
    return pd.DataFrame(rows, columns=CURVE).astype(types)


def checked_ids(ids: Iterable[str]) -> list[str]:
    """The ids of runs as a list; raises ConfigError."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise ConfigError(f"ids must be a list of ids, or None, got {checks.quoted(ids)}")
    return [check_id(identity) for identity in ids]


def record_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a result, as far as it has values."""
    config = dict(content["config"])
    rule = config.pop("rule")
    row = {"id": content["id"], "hidden": config.pop("hidden"), "rule": rule["name"]}
    row |= {name: rule[name] for name in PARAMETERS if name in rule}
    if "version" in rule:  # a custom rule
        row["rule_version"] = rule["version"]
        row["parameters"] = json.dumps(rule["parameters"], sort_keys=True)
        share = rule["parameters"].get("fraction")
        if isinstance(share, float) and 0 < share <= 1:
            row["fraction"] = share
    row |= {"seed": config.pop("seed"), "outcome": content["outcome"]}
    if content["outcome"] in DONE:
        for name in _MEASURES:
            row[name] = content[name]
        for name in ("m0", "m1"):
            row[f"{name}_layer1"], row[f"{name}_layer2"] = content[f"{name}_layers"]
            row[f"{name}_direct"] = content[f"{name}_direct"]
        for alpha, value in content["m_alpha"].items():
            row[energy_column(float(alpha))] = value
        for name in ("train", "evaluate"):
            row[f"{name}_seconds"] = content["seconds"][name]
    else:
        row["reason"] = " ".join(str(content["reason"]).split()) or "unknown"
    alphas = config.pop("alpha", None)
    row |= {name: value for name, value in config.items() if DEFAULTS.get(name) != value}
    if alphas:
        row["alpha"] = " ".join(exact(alpha) for alpha in alphas)
    known = content["provenance"].items()
    return row | {name: value for name, value in known if name in PROVENANCE and value != ""}


def unfit(row: Mapping[str, Any]) -> str:
    """The name of a value that its column cannot hold, or of one that lacks; else nothing."""
    wrong = [name for name in _ALWAYS if row.get(name) is None]
    wrong += [name for name, value in row.items() if not (value is None or _fits(name, value))]
    return wrong[0] if wrong else ""


def _fits(name: str, value: Any) -> bool:
    if name in INTEGERS:
        return type(value) is int and -(2**63) <= value < 2**63
    if name in FLAGS:
        return isinstance(value, bool)
    if name in WORDS:
        return isinstance(value, str)
    if is_number(name):
        real = type(value) is float or (type(value) is int and abs(value) < 2**1000)
        return real or (name in EITHER and isinstance(value, str))
    return True


def is_number(name: str) -> bool:
    """Whether a column holds numbers with a fraction, apart from the words of `EITHER`."""
    return name in _NUMBERS or name.startswith("m_alpha_")


def table_of(records: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows as a table with the columns in their order."""
    import pandas as pd

    rows = list(records)
    present = {name for row in rows for name in row}
    alphas = sorted(
        (name for name in present if name.startswith("m_alpha_")),
        key=lambda name: float(name.removeprefix("m_alpha_")),
    )
    others = [
        n
        for n in ("within_units", "rule_version", "parameters", *DEFAULTS, "alpha")
        if n in present
    ]
    columns = [*_FIRST, *alphas, *_TIMES, *others, *(n for n in PROVENANCE if n in present)]
    data = {name: [row.get(name) for row in rows] for name in columns}
    for name in others:
        if name in DEFAULTS:
            data[name] = [DEFAULTS[name] if v is None else v for v in data[name]]
    return pd.DataFrame({name: column_of(name, values) for name, values in data.items()})


def column_of(name: str, values: list[Any]) -> "pd.Series":
    """Whole numbers stay whole where some are missing; the other numbers are float64.

    `output_fraction` and `learning_rate` hold numbers, and the words 'balanced' and 'auto'.
    """
    import pandas as pd

    if name in INTEGERS:
        return pd.Series(values, dtype="Int64" if any(v is None for v in values) else "int64")
    if name in FLAGS:
        return pd.Series(values, dtype="bool")
    if all(v is None or isinstance(v, int | float) for v in values):
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype="object")


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
        if entry is None or entry[:2] != stamp or unfit(entry[2]):
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
            file.write(json.dumps({"format": _FORMAT, "entries": index}).encode())
    return rows


def _record(folder: Path) -> dict[str, Any]:
    content = read_result(folder / "result.json")
    try:
        row = record_of(content)
        if wrong := unfit(row):
            raise ValueError(wrong)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileError(f"{folder / 'result.json'} is not a result of energynet") from error
    if row["id"] != folder.name:
        raise FileError(f"{folder / 'result.json'} is not the result of {folder.name}")
    return row


def _read_index(path: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            return {}
        entries: dict[str, list[Any]] = content["entries"]
        if not all(isinstance(row, dict) for _, _, row in entries.values()):
            return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return entries
