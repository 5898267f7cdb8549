"""Tables of results out of a store and back into one: CSV, Parquet, SQLite."""

import io
import json
import lzma
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energynet.config import TrainingConfig
from energynet.errors import FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.base import Rule
from energynet.rules.custom import NamedRule
from energynet.rules.names import PARAMETERS, RULES, rule_from_name
from energynet.store.folder import ABSENT, DONE, Store, run_id
from energynet.store.table import (
    CURVE,
    DEFAULTS,
    EITHER,
    FLAGS,
    INTEGERS,
    PROVENANCE,
    WORDS,
    column_of,
    is_number,
    load_history,
    load_results,
)
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.files import check_writable, made_folder, read_xz, written_whole
from energynet.training.result import CurvePoint

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".csv", ".csv.xz", ".parquet", ".sqlite")
_TABLE = "results"
_NEEDED = ("id", "hidden", "rule", "seed", "outcome")
_ORIGIN = ("data_sha256", "numerics")  # there as soon as there is a row


def export_results(store: str | Path, out: str | Path, history: str | Path | None = None) -> int:
    """Write all results of a store as a table; returns the number of rows.

    out, history : .csv, .csv.xz, .parquet (needs pyarrow) or .sqlite; history holds the learning
    curves. Raises FileError.
    """
    paths = {
        name: checks.path(name, path)
        for name, path in (("out", out), ("history", history))
        if path is not None or name == "out"
    }
    for name, path in paths.items():
        _format(path, name)
        check_writable(path, name)
    if len({path.resolve() for path in paths.values()}) < len(paths):
        raise FileError(f"history must be another file than out, got {paths['history']}")
    table = load_results(store)
    write_table(table, paths["out"])
    if history is not None:
        write_table(load_history(store), paths["history"])
    return len(table)


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table in the format that the name ends in, whole or not at all."""
    ending = _format(path)
    if ending == ".parquet":
        _need_pyarrow()
    table = _of_one_type(table)
    with written_whole(path) as file:
        if ending == ".parquet":
            table.to_parquet(file, index=False)
        elif ending == ".sqlite":
            file.write(_sqlite(table))
        else:
            text = table.to_csv(index=False, lineterminator="\n").encode()
            file.write(lzma.compress(text) if ending == ".csv.xz" else text)


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a table that `export_results` wrote; raises FileError.

    Memory grows with the size of the file: packed text may be 64 MiB long, or 100 times the file;
    Parquet may hold 10 million values, or 100 for each byte; a database one for each byte.
    """
    import pandas as pd

    path = checks.path("table", path)
    ending = _format(path)
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a file")
        with path.open("rb"):  # each reader has other words if it may not be read
            pass
        if ending == ".sqlite":
            table = _read_sqlite(path)
        elif ending == ".parquet":
            table = _read_parquet(path)
        else:
            text = io.BytesIO(read_xz(path)) if ending == ".csv.xz" else path
            table = pd.read_csv(text, dtype=str, keep_default_na=False, na_values=[""])
        if not table.columns.is_unique:
            raise ValueError("a column is there twice")
        parsed = {str(name): _parsed(str(name), table[name]) for name in table}
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path} cannot be read: {checks.error_text(error)}") from error
    except sqlite3.OperationalError as error:
        what = "is not a table of results" if _malformed(error) else "cannot be read"
        raise FileError(f"{path} {what}: {checks.error_text(error)}") from error
    except Exception as error:  # each reader has errors of its own
        raise FileError(f"{path} is not a table of results: {checks.error_text(error)}") from error
    return pd.DataFrame(parsed)


def import_results(table: str | Path, store: str | Path, history: str | Path | None = None) -> int:
    """Put the rows of an exported table into a store, where they count as done.

    Runs that are stored already are left as they are, but one that failed or was skipped gives way
    to a row that has a result. Returns the number of new ones.

    Raises FileError for a row that does not fit its id: other numerics, or a changed value.
    """
    table = checks.path("table", table)
    given = read_table(table)
    check_columns(given, (*_NEEDED, *_ORIGIN) if len(given) else _NEEDED, table, "results")
    rows = _rows(given)
    curves = {} if history is None else _curves(history)
    contents = [_content(row, table, number) for number, row in enumerate(rows, 1)]
    opened = Store(store)
    made_folder(opened.root, "store")
    new = 0
    for content in contents:
        identity = content["id"]
        final = DONE if content["outcome"] in DONE else (*DONE, *ABSENT)
        if opened.outcome(identity) not in final:
            opened.put(identity, content, curves.get(identity, ()))
            new += 1
    return new


def check_columns(
    table: "pd.DataFrame", needed: tuple[str, ...], path: str | Path, what: str
) -> None:
    """Raise FileError for a file whose table lacks columns; `what` it should hold, in words."""
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise FileError(f"{path} is not a table of {what}: it lacks {', '.join(lacking)}")


def _curves(path: str | Path) -> dict[str, list[CurvePoint]]:
    """The learning curve of each run."""
    table = read_table(path)
    check_columns(table, CURVE, path, "learning curves")
    curves: dict[str, list[CurvePoint]] = {}
    for identity, *values in table[list(CURVE)].itertuples(index=False):
        try:
            step, accuracy, m0, m1 = values
            row = CurvePoint(int(step), float(accuracy), int(m0), float(m1))
        except (TypeError, ValueError) as error:  # one is missing
            raise FileError(
                f"{path} is not a table of learning curves: {checks.error_text(error)}"
            ) from error
        curves.setdefault(str(identity), []).append(row)
    return curves


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as plain values, without what is missing."""
    import pandas as pd

    values = table.astype(object).where(pd.notna(table), None)
    return [
        {str(name): value for name, value in row.items() if value is not None}
        for row in values.to_dict("records")
    ]


def _content(row: Mapping[str, Any], path: Path, number: int) -> dict[str, Any]:
    """The result that a row was made of."""
    try:
        config = _config(row)
        identity = run_id(config, str(row["data_sha256"]))
        if int(row.get("numerics", 0)) != NUMERICS_VERSION or identity != row["id"]:
            raise ValueError("its id is that of other settings or another numerics version")
        content = {"id": identity, "outcome": str(row["outcome"]), "config": config.to_dict()}
        if content["outcome"] in DONE:
            content |= _measures(row)
        else:
            content["reason"] = str(row.get("reason", ""))
            checks.choice("outcome", content["outcome"], (*DONE, *ABSENT))
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FileError(
            f"{path}, row {number}, is not a result of energynet: {checks.error_text(error)}"
        ) from error
    origin = {name: row[name] for name in PROVENANCE if name in row and name != "reason"}
    return content | {"provenance": origin}


def _config(row: Mapping[str, Any]) -> TrainingConfig:
    rule = _rule(row)
    values = {name: row[name] for name in DEFAULTS if name in row}
    if "alpha" in row:
        values["alpha"] = [float(alpha) for alpha in str(row["alpha"]).split()]
    return TrainingConfig(hidden=int(row["hidden"]), rule=rule, seed=int(row["seed"]), **values)


def _rule(row: Mapping[str, Any]) -> Rule:
    """The rule of a row; of a custom rule the name alone, for a table must not run code."""
    name = str(row["rule"])
    if "parameters" in row and name not in RULES:
        parameters = dict(json.loads(row["parameters"]))
        return NamedRule(name, int(row["rule_version"]), tuple(sorted(parameters.items())))
    checks.choice("rule", name, tuple(RULES))
    return rule_from_name(name, **{key: row[key] for key in PARAMETERS if key in row})


def _measures(row: Mapping[str, Any]) -> dict[str, Any]:
    alphas = {name.removeprefix("m_alpha_"): name for name in row if name.startswith("m_alpha_")}
    whole = ("steps", "synapses", "plastic_synapses", "m0")
    return {
        **{name: int(row[name]) for name in whole},
        "accuracy": row.get("accuracy"),
        "best_accuracy": row.get("best_accuracy"),
        "m1": row.get("m1"),
        "m0_layers": [int(row["m0_layer1"]), int(row["m0_layer2"])],
        "m1_layers": [row.get("m1_layer1"), row.get("m1_layer2")],
        "m0_direct": int(row["m0_direct"]) if "m0_direct" in row else None,
        "m1_direct": row.get("m1_direct"),
        "m_alpha": {alpha: float(row[name]) for alpha, name in alphas.items()},
        "seconds": {name: row.get(f"{name}_seconds") for name in ("train", "evaluate")},
    }


def _parsed(name: str, column: "pd.Series") -> "pd.Series":
    """A column that was read, in the type that `load_results` gives it."""
    values = column.astype(object).where(column.notna(), None).tolist()
    if any(isinstance(value, bytes) for value in values):
        raise ValueError(f"column {name} holds bytes")
    read: Any = _number
    if name in WORDS:
        read = str
    elif name in FLAGS:
        read = _flag
    elif name in INTEGERS:
        read = _whole
    parsed = [None if value is None else _read(name, read, value) for value in values]
    if name not in (*EITHER, *WORDS):
        word = next((value for value in parsed if isinstance(value, str)), None)
        if word is not None and is_number(name):
            raise ValueError(f"column {name} must hold numbers, got {quoted(word)}")
        if word is not None:
            parsed = values  # words in a column that is not known
    return column_of(name, parsed)


def _read(name: str, read: Any, value: Any) -> Any:
    try:
        return read(value)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        what = {_flag: "True or False", _whole: "whole numbers"}.get(read, "numbers or words")
        raise ValueError(f"column {name} must hold {what}, got {quoted(value)}") from error


def _flag(value: Any) -> bool:
    return {"True": True, "1": True, "1.0": True, "False": False, "0": False, "0.0": False}[
        str(value)
    ]


def _whole(value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = int(float(value))  # "3.0", as spreadsheets may write it
        if number != float(value):
            raise
    if not -(2**63) <= number < 2**63:
        raise OverflowError
    return number


def _number(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return value  # "balanced", "auto"


def _of_one_type(table: "pd.DataFrame") -> "pd.DataFrame":
    """Columns of numbers and words as words, to the last digit: files know one type a column."""
    mixed = [name for name in EITHER if name in table and table[name].dtype == object]
    return table.assign(
        **{name: table[name].map(str, na_action="ignore").astype(object) for name in mixed}
    )


def _format(path: Path, parameter: str = "table") -> str:
    for ending in FORMATS:
        if path.name.endswith(ending):
            return ending
    raise FileError(f"{parameter} must end in one of {', '.join(FORMATS)}, got {quoted(path.name)}")


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise FileError("Parquet needs pyarrow: install energynet[frames]") from error


def _malformed(error: sqlite3.OperationalError) -> bool:
    """Whether the content is at fault; else the database is locked, say, or cannot be opened."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_ERROR


def _sqlite(table: "pd.DataFrame") -> bytes:
    """The content of a database file."""
    with closing(sqlite3.connect(":memory:")) as connection:
        table.to_sql(_TABLE, connection, index=False)
        return connection.serialize()


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd

    _need_pyarrow()
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        values = file.metadata.num_rows * file.metadata.num_columns
    if values > max(10**7, 100 * path.stat().st_size):
        raise ValueError(f"{values} values are more than a file of its size may hold")
    return pd.read_parquet(path)


def _read_sqlite(path: Path) -> "pd.DataFrame":
    """The rows of a table proper: a view, or a column that is computed, has no bounds."""
    import pandas as pd

    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, path.stat().st_size)
        found = connection.execute(
            "SELECT type, rootpage FROM sqlite_master WHERE name = ?", [_TABLE]
        ).fetchall()
        columns = connection.execute(f"PRAGMA table_xinfo({_TABLE})").fetchall()
        if [kind for kind, page in found if page] != ["table"] or any(row[-1] for row in columns):
            raise ValueError(f"it has no table {_TABLE}, or one that is computed")
        cursor = connection.execute(f"SELECT * FROM {_TABLE}")
        names = [description[0] for description in cursor.description]
        most = path.stat().st_size // len(names)
        rows = cursor.fetchmany(most + 1)
        if len(rows) > most:
            raise ValueError("it holds more rows than a file of its size can")
        return pd.DataFrame(rows, columns=names, dtype=object)
