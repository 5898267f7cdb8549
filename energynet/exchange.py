"""Tables of results out of a store and back into one: CSV, Parquet, SQLite."""

import lzma
import os
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energynet.config import NUMERICS_VERSION, TrainingConfig
from energynet.errors import EnergynetError, FileError
from energynet.files import check_writable, written_whole
from energynet.result import Checkpoint
from energynet.rules import PARAMETERS, rule_from_name
from energynet.store import ABSENT, DONE, Store, run_id
from energynet.table import DEFAULTS, PROVENANCE, load_history, load_results, table_of

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".csv", ".csv.xz", ".parquet", ".sqlite")
_TABLE = "results"
_NEEDED = ("id", "hidden", "rule", "seed", "outcome", "data_sha256", "numerics")
_WORDS = ("id", "data_sha256", "commit", "alpha")  # also where they look like numbers


def export_results(store: str | Path, out: str | Path, history: str | Path | None = None) -> int:
    """Write all results of a store as a table; returns the number of rows.

    out, history : .csv, .csv.xz, .parquet (needs pyarrow) or .sqlite; history holds the learning
    curves. Raises FileError.
    """
    paths = [Path(path) for path in (out, history) if path is not None]
    for path in paths:
        _format(path)
        check_writable(path, "out")
    table = load_results(store)
    write_table(table, paths[0])
    if history is not None:
        write_table(load_history(store), paths[1])
    return len(table)


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table in the format that the name ends in, whole or not at all."""
    ending = _format(path)
    if ending == ".sqlite":
        _write_sqlite(table, path)
        return
    with written_whole(path) as file:
        if ending == ".parquet":
            _need_pyarrow()
            table.to_parquet(file, index=False)
        else:
            text = table.to_csv(index=False, lineterminator="\n").encode()
            file.write(lzma.compress(text) if ending == ".csv.xz" else text)


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a table that `export_results` wrote; raises FileError."""
    import pandas as pd

    path = Path(path)
    ending = _format(path)
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "No such file", str(path))
        if ending == ".sqlite":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                table = pd.read_sql_query(f"SELECT * FROM {_TABLE}", connection)
        elif ending == ".parquet":
            _need_pyarrow()
            table = pd.read_parquet(path)
        else:
            text = pd.read_csv(path, dtype=str)
            table = pd.DataFrame({name: _parsed(str(name), text[name]) for name in text})
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except FileError:
        raise
    except Exception as error:  # each reader has errors of its own
        raise FileError(f"{path} is not a table of results: {error}") from error
    return table


def import_results(table: str | Path, store: str | Path, history: str | Path | None = None) -> int:
    """Put the rows of an exported table into a store, where they count as done.

    Runs that are stored already are left as they are. Returns the number of new ones.

    Raises FileError for a row that does not fit its id: other numerics, or a changed value.
    """
    given = read_table(table)
    lacking = [name for name in _NEEDED if name not in given.columns]
    if lacking:
        raise FileError(f"{table} is not a table of results: it lacks {', '.join(lacking)}")
    rows = _rows(given)
    curves: dict[str, list[Checkpoint]] = {}
    if history is not None:
        for row in _rows(read_table(history)):
            curve = curves.setdefault(str(row["id"]), [])
            curve.append(
                Checkpoint(int(row["step"]), float(row["accuracy"]), int(row["m0"]), row["m1"])
            )
    contents = [_content(row, Path(table), number) for number, row in enumerate(rows, 1)]
    opened = Store(store)
    new = 0
    for content in contents:
        identity = content["id"]
        if opened.outcome(identity) not in (*DONE, *ABSENT):
            opened.put(identity, content, curves.get(identity, ()))
            new += 1
    return new


def same_table(table: "pd.DataFrame") -> "pd.DataFrame":
    """A table that was read from a file, with the columns and types of `load_results`."""
    return table_of(_rows(table))


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as plain values, without what is missing."""
    import pandas as pd

    plain = table.astype(object).where(pd.notna(table), None)
    return [
        {str(name): value for name, value in row.items() if value is not None}
        for row in plain.to_dict("records")
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
    except (KeyError, ValueError, TypeError, EnergynetError) as error:
        raise FileError(f"{path}, row {number}, is not a result of energynet: {error}") from error
    origin = {name: _plain(row[name]) for name in PROVENANCE if name in row and name != "reason"}
    return content | {"provenance": origin}


def _config(row: Mapping[str, Any]) -> TrainingConfig:
    parameters = {name: _number(row[name]) for name in PARAMETERS if name in row}
    rule = rule_from_name(str(row["rule"]), **parameters)
    names = [name for name in DEFAULTS if name in row]
    values = {name: _plain(row[name]) for name in names}
    if "center" in values:
        values["center"] = str(values["center"]) in ("True", "1", "1.0")
    if "learning_rate" in values:
        values["learning_rate"] = _number(values["learning_rate"])
    if "alpha" in row:
        values["alpha"] = [float(alpha) for alpha in str(row["alpha"]).split()]
    return TrainingConfig(hidden=int(row["hidden"]), rule=rule, seed=int(row["seed"]), **values)


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
    """A column of text as numbers, to the last digit, where all that is there are numbers."""
    import pandas as pd

    if name in _WORDS:
        return column.astype(object)
    values = [None if pd.isna(value) else value for value in column]
    present = [value for value in values if value is not None]
    if not present:
        return pd.Series(values, dtype=float, index=column.index)
    for kind, dtype in ((int, "Int64" if len(present) < len(values) else "int64"), (float, float)):
        with suppress(ValueError):
            numbers = [None if value is None else kind(value) for value in values]
            return pd.Series(numbers, dtype=dtype, index=column.index)
    return column.astype(object)


def _number(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return value  # "balanced", "auto"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _format(path: Path) -> str:
    for ending in FORMATS:
        if path.name.endswith(ending):
            return ending
    raise FileError(f"a table must end in one of {', '.join(FORMATS)}, got {path.name!r}")


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise FileError("Parquet needs pyarrow: install energynet[frames]") from error


def _write_sqlite(table: "pd.DataFrame", path: Path) -> None:
    part = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.part")
    try:
        with closing(sqlite3.connect(part)) as connection:
            table.to_sql(_TABLE, connection, index=False)
            connection.commit()
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise FileError(f"{path} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
