"""Every column of the tables of results, declared once.

From its declaration follow the place of a column, its type, where its value is in `result.json` and
the way back, what it may hold, how files are read, what the analysis checks, and its line in
docs/results.md. To add a column: one declaration here; its value in `result.json`, which
`TrainingResult.to_dict` makes; its line in docs/results.md; its name in `load_results`.
"""

import inspect
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from energynet.config import TrainingConfig
from energynet.store.folder import DONE
from energynet.support.checks import quoted
from energynet.support.format import exact

if TYPE_CHECKING:
    import pandas as pd

INTEGER, NUMBER, TEXT, FLAG = "integer", "number", "text", "flag"  # kinds
# Groups. Columns of the first two are in every table, the others if some run has a value.
RUN, MEASURE, OPTION, SETTING, ORIGIN = "run", "measure", "option", "setting", "origin"
EVERY, FINISHED = "every run", "every run that has a result"  # which runs must have a value
FAMILY = "m_alpha_"  # what the names of columns of M_alpha begin with
COST = "cost_"  # what those of the costs of custom rules begin with
_FAMILIES = {
    FAMILY: re.compile(rf"{FAMILY}\d+(\.\d+)?(e-\d+)?"),
    COST: re.compile(rf"{COST}[a-z][a-z0-9_]*"),
}


class Word(NamedTuple):
    """A word that a parameter may be given as; its column holds the number that it came to.

    `flag` is the column that tells the word, `number` where result.json holds the number.
    """

    text: str
    flag: str
    number: str


class Column(NamedTuple):
    """One column.

    `source` is where result.json holds the value: keys and positions with dots between them; empty
    for flags that a `Word` sets. `encode` and `decode` turn the value of result.json into that of
    the table and back. Runs without a value have `default`.
    """

    name: str
    kind: str
    group: str
    source: str
    meaning: str
    needed: str = ""
    default: Any = None
    word: Word | None = None
    encode: Callable[[Any], Any] = lambda value: value
    decode: Callable[[Any], Any] = lambda value: value


_BALANCED = Word("balanced", "output_balanced", "output_fraction")
_AUTO = Word("auto", "learning_rate_auto", "learning_rate")
_KINDS = {bool: FLAG, int: INTEGER, float: NUMBER, str: TEXT}


def _settings() -> Iterator[Column]:
    """The fields of the config that have no declaration below, with their own documentation."""
    text = inspect.cleandoc(TrainingConfig.__doc__ or "")
    told = dict(re.findall(r"^(\w+) : .*\n    ((?:.|\n)*?)[.;]\s", text, re.MULTILINE))
    for item in fields(TrainingConfig):
        name, default = item.name, item.default
        if name in ("hidden", "rule", "seed", "margin", "alpha"):
            continue
        kind = _KINDS[(*get_args(item.type), item.type)[0]]
        word = _AUTO if name == "learning_rate" else None
        usual = "empty" if default == "" else f"`{default}`"
        meaning = f"{' '.join(told.get(name, '').split())}; {usual} by default"
        yield Column(name, kind, SETTING, f"config.{name}", meaning, "", default, word)
        if word:
            meaning = f'whether it was given as "{word.text}"'
            yield Column(word.flag, FLAG, SETTING, "", meaning, default=False)


COLUMNS = (
    Column("id", TEXT, RUN, "id", "16 digits: a hash of config, data set and numerics", EVERY),
    Column("hidden", INTEGER, RUN, "config.hidden", "number of hidden units, nh", EVERY),
    Column("rule", TEXT, RUN, "config.rule.name", "name of the rule, or `module:Class`", EVERY),
    Column(
        *("fraction", NUMBER, RUN, "config.rule.fraction"),
        "plastic fraction P; empty for `all`, `readout` and `fixed-given`",
    ),
    Column(
        *("output_fraction", NUMBER, RUN, "config.rule.output_fraction"),
        *("plastic fraction Q of the output layer; empty if not given", "", None, _BALANCED),
    ),
    Column(
        *(_BALANCED.flag, FLAG, OPTION, ""),
        *('whether it was given as "balanced": Q = min(1, P N1 / N2)', "", False),
    ),
    Column("seed", INTEGER, RUN, "config.seed", "decides weights, images, masks and ties", EVERY),
    Column(
        *("outcome", TEXT, RUN, "outcome"),
        *("`reached`, `exhausted`, `diverged`, `failed` or `skipped`", EVERY),
    ),
    Column("steps", INTEGER, MEASURE, "steps", "number of samples seen", FINISHED),
    Column(
        *("learning_steps", INTEGER, MEASURE, "learning_steps"),
        "how many of them were learnt; with a margin not all are",
    ),
    Column("accuracy", NUMBER, MEASURE, "accuracy", "share of the test set right at the end"),
    Column("best_accuracy", NUMBER, MEASURE, "best_accuracy", "the highest share at any test"),
    Column("synapses", INTEGER, MEASURE, "synapses", "number of synapses, N", FINISHED),
    Column(
        *("plastic_synapses", INTEGER, MEASURE, "plastic_synapses"),
        *("number of synapses that may change in a step; N for a custom rule", FINISHED),
    ),
    Column("m0", INTEGER, MEASURE, "m0", "M0, number of changes of synapses", FINISHED),
    Column("m1", NUMBER, MEASURE, "m1", "M1, sum of |dw| in units of the weights"),
    Column("m0_layer1", INTEGER, MEASURE, "m0_layers.0", "M0 of the hidden layer", FINISHED),
    Column("m0_layer2", INTEGER, MEASURE, "m0_layers.1", "M0 of the output layer", FINISHED),
    Column("m1_layer1", NUMBER, MEASURE, "m1_layers.0", "M1 of the hidden layer"),
    Column("m1_layer2", NUMBER, MEASURE, "m1_layers.1", "M1 of the output layer"),
    Column("m0_direct", INTEGER, MEASURE, "m0_direct", "number of weights that end elsewhere"),
    Column("m1_direct", NUMBER, MEASURE, "m1_direct", "sum of their distances from the start"),
    Column(FAMILY, NUMBER, MEASURE, "m_alpha", "sum of |dw|^alpha, for each alpha asked for"),
    Column(COST, NUMBER, MEASURE, "costs", "what a custom rule reported, for each of its costs"),
    Column("train_seconds", NUMBER, MEASURE, "seconds.train", "time in steps, in seconds"),
    Column("evaluate_seconds", NUMBER, MEASURE, "seconds.evaluate", "time in tests, in seconds"),
    Column(
        *("cpu_seconds", NUMBER, MEASURE, "seconds.cpu"),
        "processor time of steps and tests, in seconds, over all threads",
    ),
    Column(
        *("within_units", NUMBER, OPTION, "config.rule.within_units"),
        'share of the hidden units in `within=FixedMask(Q, over="units")`',
    ),
    Column(
        *("mask", TEXT, OPTION, "config.rule.mask"),
        "16 digits: a hash of the mask of `fixed-given`",
    ),
    Column("rule_version", INTEGER, OPTION, "config.rule.version", "version of a custom rule"),
    Column(
        *("parameters", TEXT, OPTION, "config.rule.parameters"),
        *("parameters of a custom rule, a JSON object", "", None, None),
        *(lambda given: json.dumps(given, sort_keys=True), lambda text: dict(json.loads(text))),
    ),
    *_settings(),
    Column(
        *("margin", NUMBER, SETTING, "config.margin"),
        "an image is learnt unless right with at least this lead; `inf`, all of them, by default",
        default=math.inf,
        decode=lambda margin: None if margin == math.inf else margin,
    ),
    Column(
        *("alpha", TEXT, SETTING, "config.alpha"),
        "exponents alpha asked for, with blanks between them",
        encode=lambda alphas: " ".join(map(exact, alphas)),
        decode=lambda text: [float(alpha) for alpha in text.split()],
    ),
    Column(
        *("reason", TEXT, ORIGIN, "reason"),
        "why a run failed or was skipped",
        encode=lambda text: " ".join(str(text).split()) or "unknown",
    ),
    *(
        Column(name, INTEGER if name == "numerics" else TEXT, ORIGIN, f"provenance.{name}", meaning)
        for name, meaning in {
            "data_sha256": "SHA-256 of the data set",
            "numerics": "numerics version: equal for equal bits",
            "version": "version of energynet",
            "commit": "its commit in Git",
            "python": "version of Python",
            "numpy": "version of NumPy",
            "numba": "version of Numba",
            "processor": "name of the processor",
            "host": "name of the machine",
            "started": "time of the start, UTC",
            "finished": "time of the end, UTC",
        }.items()
    ),
)
CURVE_COLUMNS = (
    Column("id", TEXT, RUN, "", "id of the run", EVERY),
    Column("step", INTEGER, MEASURE, "", "number of samples seen before the test", EVERY),
    Column("accuracy", NUMBER, MEASURE, "", "share of the test set that is right", EVERY),
    Column("m0", INTEGER, MEASURE, "", "M0 so far", EVERY),
    Column("m1", NUMBER, MEASURE, "", "M1 so far, in units of the weights", EVERY),
    Column(COST, NUMBER, OPTION, "", "what a custom rule reported so far, for each of its costs"),
)
# What a table must have to be analysed.
REQUIRED = ("hidden", "rule", "fraction", "seed", "outcome", "steps", "m0", "m1")
CURVE = tuple(column.name for column in CURVE_COLUMNS if column.group != OPTION)
DEFAULTS = {  # of the config
    c.name: c.default for c in COLUMNS if c.source.startswith("config.") and c.default is not None
}
WORDS = {column.name: column.word for column in COLUMNS if column.word}
_KNOWN = {column.name: column for column in (*CURVE_COLUMNS, *COLUMNS)}


def column(name: str) -> Column | None:
    """The declaration of a column; None for one that is not of energynet."""
    family = (prefix for prefix, pattern in _FAMILIES.items() if pattern.fullmatch(name))
    return _KNOWN.get(next(family, name))


def ordered(present: Iterable[str]) -> list[str]:
    """The columns of a table, in order, of which `present` names those with values."""
    present = set(present)
    names: list[str] = []
    for item in COLUMNS:
        if item.name in _FAMILIES:
            family = sorted(name for name in present if column(name) is item)
            if item.name == FAMILY:
                family.sort(key=lambda name: float(name.removeprefix(FAMILY)))
            names += family
        elif item.group in (RUN, MEASURE) or item.name in present:
            names.append(item.name)
    return names


def unfit(row: Mapping[str, Any]) -> str:
    """The name of the first column whose value is missing or of another type, or ""."""
    done = row.get("outcome") in DONE
    for item in COLUMNS:
        needed = item.needed == EVERY or (item.needed == FINISHED and done)
        if needed and row.get(item.name) is None:
            return item.name
    return next((name for name, value in row.items() if not _fits(name, value)), "")


def _fits(name: str, value: Any) -> bool:
    known = column(name)
    if value is None or known is None:
        return True
    types = {INTEGER: (int,), NUMBER: (int, float), TEXT: (str,), FLAG: (bool,)}[known.kind]
    return type(value) in types and (type(value) is not int or -(2**63) <= value < 2**63)


def frame(data: Mapping[str, list[Any]]) -> "pd.DataFrame":
    """A table of these values, missing ones None, in the types of their columns.

    Whole numbers stay whole if some are missing. Defaults are filled in.
    """
    import pandas as pd

    table = {}
    for name, values in data.items():
        known, kind = column(name), _kind(name, values)
        if known and known.default is not None:
            flags = data.get(known.word.flag, ()) if known.word else ()
            values = [
                known.default if value is None and not flag else value
                for value, flag in zip_longest(values, flags)
            ]
        whole = "Int64" if None in values else "int64"
        types = {INTEGER: whole, NUMBER: "float64", TEXT: "object", FLAG: "bool"}
        table[name] = pd.Series(values, dtype=types[kind])
    return pd.DataFrame(table)


def parsed(name: str, values: list[Any]) -> list[Any]:
    """Values that were read from a file, text or not, in the type of their column.

    Raises ValueError.
    """
    read, what = _READERS[_kind(name, values)]
    found = []
    for value in values:
        try:
            if isinstance(value, bytes):
                raise TypeError
            found.append(None if value is None else read(value))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"column '{name}' must hold {what}, got {quoted(value)}") from error
    return found


def _kind(name: str, values: list[Any]) -> str:
    """The kind of a column; one that is not of energynet holds numbers or text."""
    known = column(name)
    if known:
        return known.kind
    try:
        list(map(float, filter(None, values)))
    except (TypeError, ValueError):
        return TEXT
    return NUMBER


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


def _flag(value: Any) -> bool:
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}[
        str(value).lower()
    ]


_READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    INTEGER: (_whole, "whole numbers"),
    NUMBER: (float, "numbers"),
    TEXT: (str, "text"),
    FLAG: (_flag, "True or False"),
}
