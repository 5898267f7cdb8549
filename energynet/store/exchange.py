"""Tables of results out of a store and back into one: CSV, Parquet, SQLite."""

import io
import lzma
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energynet.errors import FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.store import schema
from energynet.store.folder import ABSENT, DONE, Store, run_id
from energynet.store.schema import CURVE
from energynet.store.table import (
    balanced_fraction,
    load_history,
    load_results,
    records_of,
    result_of,
)
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.files import check_writable, made_folder, read_xz, written_whole

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".csv", ".csv.xz", ".parquet", ".sqlite")
_TABLE = "results"
_NEEDED = tuple(column.name for column in schema.COLUMNS if column.needed == schema.EVERY)
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
        raise FileError(
            f"'history' and 'out' must be different files, got {paths['history']} for both"
        )
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
    with written_whole(path) as file:
        if ending == ".parquet":
            table.to_parquet(file, index=False)
        elif ending == ".sqlite":
            file.write(_sqlite(table))
        else:
            text = table.to_csv(index=False, lineterminator="\n").encode()
            file.write(lzma.compress(text) if ending == ".csv.xz" else text)


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a table that `export_results` wrote; raises FileError."""
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
            _need_pyarrow()
            table = pd.read_parquet(path)
        else:
            text = io.BytesIO(read_xz(path)) if ending == ".csv.xz" else path
            table = pd.read_csv(text, dtype=str, keep_default_na=False, na_values=[""])
        if not table.columns.is_unique:
            raise ValueError("a column is there twice")
        read = schema.frame(_parsed(table))
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path} cannot be read: {checks.error_text(error)}") from error
    except sqlite3.OperationalError as error:
        what = "is not a table of results" if _malformed(error) else "cannot be read"
        raise FileError(f"{path} {what}: {checks.error_text(error)}") from error
    except Exception as error:  # each reader has errors of its own
        raise FileError(f"{path} is not a table of results: {checks.error_text(error)}") from error
    return read


def import_results(table: str | Path, store: str | Path, history: str | Path | None = None) -> int:
    """Put the rows of an exported table into a store, where they count as done.

    Runs that are stored already are left as they are, but one that failed or was skipped gives way
    to a row that has a result. Returns the number of new ones.

    Raises FileError for a row that does not fit its id: other numerics, or a changed value.
    """
    table = checks.path("table", table)
    given = read_table(table)
    check_columns(given, (*_NEEDED, *_ORIGIN) if len(given) else _NEEDED, table, "results")
    curves = {} if history is None else _curves(history)
    contents = [_content(row, table, i) for i, row in enumerate(records_of(given), 1)]
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


def _curves(path: str | Path) -> dict[str, list[dict[str, Any]]]:
    """The learning curve of each run."""
    table = read_table(path)
    check_columns(table, CURVE, path, "learning curves")
    if table[list(CURVE)].isna().any(axis=None):
        raise FileError(f"{path} is not a table of learning curves: a value is missing")
    costs = sorted(name for name in table.columns if name.startswith(schema.COST))
    curves: dict[str, list[dict[str, Any]]] = {}
    for row in records_of(table[[*CURVE, *costs]]):
        curves.setdefault(row.pop("id"), []).append(row)
    return curves


def _content(row: dict[str, Any], path: Path, number: int) -> dict[str, Any]:
    """The result that a row was made of."""
    try:
        config, content = result_of(row)
        identity = run_id(config, str(row["data_sha256"]))
        if row.get("numerics") != NUMERICS_VERSION or identity != row["id"]:
            raise ValueError("its id belongs to other settings or another numerics version")
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FileError(
            f"{path}, row {number}, is not a result of energynet: {checks.error_text(error)}"
        ) from error
    return content


def _parsed(table: "pd.DataFrame") -> dict[str, list[Any]]:
    """The columns of a file by name, as values of their types, None if missing.

    Tables of energynet 0.1 hold the words of `schema.WORDS` among the numbers.
    """
    found: dict[str, list[Any]] = {}
    for name in map(str, table):
        values = table[name].astype(object).where(table[name].notna(), None).tolist()
        flags, word = [], schema.WORDS.get(name)
        if word:
            flags = [isinstance(value, str) and value == word.text for value in values]
            values = [None if flag else v for v, flag in zip(values, flags, strict=True)]
        found[name] = schema.parsed(name, values)
        if word and any(flags):
            found[word.flag] = flags
    if any(found.get("output_balanced", ())) and "output_fraction" in found:
        rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        for number, row in enumerate(rows):
            if row["output_balanced"] and row["output_fraction"] is None:
                found["output_fraction"][number] = balanced_fraction(row)
    return found


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
    """Whether an error comes from the content of a database, not from a lock or missing rights."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_ERROR


def _sqlite(table: "pd.DataFrame") -> bytes:
    """The content of a database file."""
    with closing(sqlite3.connect(":memory:")) as connection:
        table.to_sql(_TABLE, connection, index=False)
        return connection.serialize()


def _read_sqlite(path: Path) -> "pd.DataFrame":
    import pandas as pd

    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(f"SELECT * FROM {_TABLE}")
        names = [description[0] for description in cursor.description]
        return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
