"""What a table of results must hold to be analysed: columns, words and numbers."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from energynet.errors import DataError
from energynet.store import schema
from energynet.store.schema import CURVE, REQUIRED
from energynet.support import checks
from energynet.support.checks import quoted

if TYPE_CHECKING:
    import pandas as pd

LABELLING = ("output_fraction", "within_units", "mask")  # what may be part of a rule's label


def energies(table: "pd.DataFrame") -> list[str]:
    """Columns of energies, M0 first, and of the costs of custom rules."""
    return ["m0", "m1", *unread(table)]


def unread(table: "pd.DataFrame") -> list[str]:
    """Columns of energies and costs that learning curves need not have."""
    families = (schema.FAMILY, schema.COST)
    return [f for family in families for f in sorted(table.columns) if f.startswith(family)]


def custom_rules(runs: "pd.DataFrame") -> "pd.Series":
    """Which rows are of custom rules."""
    import pandas as pd

    known = "parameters" in runs
    return runs["parameters"].notna() if known else pd.Series(False, index=runs.index)


def readable(table: "pd.DataFrame") -> "pd.DataFrame":
    """A copy of the table whose numbers are numbers; raises DataError if it cannot be read."""
    _check_frame("table", table, REQUIRED)
    runs = table.reset_index(drop=True)
    for name in runs.columns:
        column = schema.column(str(name))
        if column and column.kind in (schema.INTEGER, schema.NUMBER):
            runs[name] = _numbers(name, runs[name])
        elif column and column.kind == schema.FLAG:
            runs[name] = _flags(name, runs[name], column.default)
    for name in ("hidden", "rule", "seed", "outcome"):
        if runs[name].isna().any():
            raise DataError(f"column '{name}' of the table must have a value in each row")
    for name in ("rule", "outcome"):
        for value in runs[name]:
            if not isinstance(value, str):
                raise DataError(f"column '{name}' must hold words, got {quoted(value)}")
    _check_custom_rules(runs)
    return runs


def _check_custom_rules(runs: "pd.DataFrame") -> None:
    """Raise DataError if versions or parameters of custom rules cannot be read."""
    own = runs[custom_rules(runs)]
    if own.empty:
        return
    _check_frame("table", own, ("rule_version", "synapses"))
    if own["rule_version"].isna().any():
        raise DataError("column 'rule_version' must have a value for each custom rule")
    for text in own["parameters"]:
        try:
            values = json.loads(text).values()
        except (TypeError, ValueError, AttributeError, RecursionError):
            values = [None]
        if not all(isinstance(value, int | float | str) for value in values):
            raise DataError(f"column 'parameters' must hold JSON objects, got {quoted(text)}")


def check_values(runs: "pd.DataFrame") -> None:
    """Raise DataError for numbers that no labelled run has."""
    done = runs[~runs["missing"]]
    allowed = {
        "hidden": (runs["hidden"] >= 1, "at least 1"),
        "fraction": (runs["fraction"].isna() | runs["fraction"].between(0, 1), "in [0, 1]"),
        "steps": (done["steps"] >= done["reached"], "there for each run, and 1 or more"),
        "max_steps": (done["max_steps"] >= 1, "1 or more"),
        "hold": (runs["hold"] >= 1, "1 or more"),
        "m0": (done["m0"] >= 0, "there for each run, and 0 or more"),
        "m1": (done["m1"].isna() | done["m1"].between(0, 1e300), "finite, and 0 or more"),
    }
    for name, (fits, what) in allowed.items():
        if not fits.fillna(False).all():
            raise DataError(f"column '{name}' must be {what}")


def check_history(history: Any, table: Any) -> None:
    """Raise DataError if a table is not one of learning curves, or if `table` lacks ids."""
    if history is not None:
        _check_frame("history", history, CURVE)
        for name in CURVE[1:]:
            _numbers(name, history[name])
        _check_frame("table", table, ("id",))


def _check_frame(name: str, frame: Any, columns: Sequence[str]) -> None:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{name} must be a pandas DataFrame of results, got {quoted(frame)}")
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise DataError(f"the {name} of results lacks the columns {', '.join(lacking)}")
    if not frame.columns.is_unique:
        raise DataError(f"the {name} of results must have each column once")


def _numbers(name: str, column: "pd.Series") -> "pd.Series":
    """The column as it is, if it holds numbers; as float64, if these are kept as objects."""
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        return column
    try:
        return column.astype("float64")
    except (TypeError, ValueError) as error:
        raise DataError(f"column '{name}' must hold numbers: {error}") from error


def _flags(name: str, column: "pd.Series", default: bool) -> "pd.Series":
    """The column as truth values, with the default for missing ones."""
    flags = column.astype(object).where(column.notna(), default)
    for value in flags:
        if not isinstance(checks.unwrap(value), bool):
            raise DataError(f"column '{name}' must hold True or False, got {quoted(value)}")
    return flags.astype(bool)
