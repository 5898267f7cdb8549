"""The tables of the report, and its numbers as text.

The columns of the table of runs are in `store/schema.py`.
"""

import json
import math
import shlex
from collections.abc import Sequence
from typing import Any

import pandas as pd

from energynet.analysis.awaited import awaited
from energynet.analysis.intervals import Bound
from energynet.analysis.methods import (
    ALL,
    GIVEN,
    READOUT,
    WITHOUT_FRACTION,
    display_name,
    short_names,
)
from energynet.analysis.missing import listing
from energynet.analysis.portions import Portions
from energynet.analysis.runs import DATA, given
from energynet.analysis.savings import with_reasons
from energynet.analysis.sensitivity import floor, price_per_step, smallest_fraction
from energynet.analysis.study import Study, saving_table
from energynet.data.mnist import MNIST_SHA256
from energynet.store.schema import COST, DEFAULTS, WORDS
from energynet.studies.figures.drawing import confirmed_first, without_few
from energynet.studies.figures.learning_rates import saving_against_rate
from energynet.studies.figures.style import ENERGIES, energy_name, ordered
from energynet.support.format import DASH, parameter, percent, typeset

ADMITTED, PRICES = (0.001, 0.01, 0.1), (0.01, 0.1, 1.0)  # of the table on what savings depend on
BOUNDS = {Bound.UPPER: "≤ ", Bound.LOWER: "≥ "}


def facts(study: Study) -> list[tuple[str, str]]:
    """What the results are made of, as (name, value)."""
    runs = study.runs
    seeds = runs.groupby("seeds")["seed"].nunique()
    found = [
        ("runs", f"{len(runs):,} ({_outcomes(runs)})"),
        ("hidden units", sizes(sorted(set(runs["hidden"])))),
        ("rules", "; ".join(display_name(label) for label in ordered(runs["rule"]))),
        ("seeds", ", ".join(f"{count} {name}" for name, count in sorted(seeds.items()))),
        ("criterion", f"{100 * study.criterion:g} % of the test set"),
        ("most steps of a run", f"{runs['max_steps'].max():,.0f}"),
    ]
    if missing := awaited(study):
        found.insert(1, ("not run yet", missing))
    if len(study.absent):
        found.insert(1, ("runs without a result", _absences(study.absent)))
    if study.elsewhere:
        found.append(("runs in other settings", f"{study.elsewhere:,}, {_shown(study)}"))
    if len(study.endless):
        longer = study.endless
        number = f"{longer['seed'].nunique()} seeds"
        found.append(
            ("runs beyond the criterion", f"{len(longer):,} ({_outcomes(longer)}), {number}")
        )
    if DATA in runs:
        found.append(("data, SHA-256", ", ".join(_hashes(runs))))
    other = _settings(runs)
    if other:
        found.append(("settings other than the defaults", other))
    return found


def data_words(study: Study) -> str:
    """The data set: MNIST, or another by its hash."""
    hashes = _hashes(study.runs) if DATA in study.runs else []
    names = ["MNIST" if text == MNIST_SHA256 else f"custom ({text[:12]}…)" for text in hashes]
    return ", ".join(names) or "unknown"


def _hashes(runs: pd.DataFrame) -> list[str]:
    return sorted(set(runs[DATA].dropna().astype(str)))


def _shown(study: Study) -> str:
    """The figures that show runs in other settings."""
    drawn = len(saving_against_rate.numbers(study))
    return f"in figure {saving_against_rate.number} alone" if drawn else "in no table or figure"


def _outcomes(runs: pd.DataFrame) -> str:
    counts = runs["outcome"].value_counts()
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def _absences(runs: pd.DataFrame) -> str:
    """Outcomes, and why runs were skipped if the table says it."""
    reasons = sorted(set(runs["reason"].dropna())) if "reason" in runs else []
    return "; ".join([f"{len(runs):,} ({_outcomes(runs)})", *reasons])


def _settings(runs: pd.DataFrame) -> str:
    """Settings of the training that are not the defaults, the same for all runs."""
    known = ("max_steps", "target_accuracy")
    values = {
        name: sorted(set(given(runs, name)), key=str) for name in DEFAULTS if name not in known
    }
    changed = {name: vs for name, vs in values.items() if vs != [DEFAULTS[name]]}
    return "; ".join(f"{name} {', '.join(map(str, vs))}" for name, vs in changed.items())


def optima(study: Study, against: str = ALL) -> list[dict[str, Any]]:
    """One row per size, rule and energy or cost: P*, energies, ratio to the rule `against`."""
    optimal = study.optimal
    energies = optimal["energy"]
    known = energies.isin(ENERGIES) | energies.str.startswith(COST)
    shown = known & optimal["hidden"].isin(study.constrained_sizes)
    savings = study.savings if against == ALL else saving_table([((), study)], against=against)
    savings = with_reasons(savings, [study.own], against)
    savings = without_few(savings, savings["pairs"], ("ratio_low", "ratio_high"))
    key = ["hidden", "rule", "energy"]
    both = optimal[shown].merge(savings.drop(columns="fraction"), how="left", on=key)
    confirmed = study.cells[study.cells["seeds"] == "confirmation"]
    reached = confirmed.set_index([*key, "fraction"])["reached"]
    both = both.join(reached, on=[*key, "fraction"])
    # The interval is that of successes: it is one of the energy per success if all runs reached.
    both = without_few(both, both["reached"].where(both["success"].eq(1), 0), ("low", "high"))
    both = _with_floor(both, study)
    rank, portions = {label: n for n, label in enumerate(ordered(both["rule"]))}, Portions(study)
    name = short_names(both["rule"])
    rows = both.to_dict("records")
    rows.sort(key=lambda row: (row["hidden"], rank[row["rule"]], _energy_rank(row["energy"])))
    return [
        {
            **row,
            "name": name[row["rule"]],
            "plastic": portions.words(row["rule"], row["hidden"], row["fraction"]),
            "energy_name": energy_name(row["energy"]),
            "unmodified": row["rule"] == ALL,
            "note": "; ".join(_notes(row, against)),
            **_bounded(row),
        }
        for row in rows
    ]


def _with_floor(optima: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The rows with `share`, `most`, `bare` of M0, as `floor` has them; nan if it has none.

    bare : E(all) / E(readout).
    """
    known = floor(study) if "m0_layer2" in study.runs else pd.DataFrame()
    if known.empty:
        return optima.assign(share=math.nan, most=math.nan, bare=math.nan)
    known = known.rename(columns={"readout": "bare"}).assign(energy="m0")
    key = ["hidden", "rule", "energy", "fraction"]
    return optima.merge(known[[*key, "share", "most", "bare"]], how="left", on=key)


def seeds(study: Study, of: str) -> str:
    """The seeds of one set that were run: 0 to 2; a dash without any."""
    found = sorted(set(study.own.loc[study.own["seeds"].eq(of), "seed"]))
    if not found:
        return DASH
    whole = found == list(range(found[0], found[-1] + 1)) and len(found) > 2
    return f"{found[0]} to {found[-1]}" if whole else listing(map(str, found))


def hinges(study: Study) -> list[dict[str, Any]]:
    """One row per size and rule: E(all)/E(rule) in M0 for each of `ADMITTED`, then of `PRICES`.

    A ratio is that of the confirmation seeds with its interval, or else of the exploration seeds.
    """
    if "synapses" not in study.runs or study.runs["synapses"].isna().any():
        return []
    least = smallest_fraction(study, ADMITTED)
    if least.empty:
        return []
    least = least[least["energy"] == "m0"].set_index(["hidden", "rule", "smallest"])
    price = price_per_step(study, PRICES).set_index(["hidden", "rule", "price"])
    admitted, priced = (_with_ends(table) for table in (least, price))
    name = short_names(least.index.get_level_values("rule"))
    rows = []
    for hidden in sorted(set(least.index.get_level_values("hidden"))):
        for rule in ordered(least.loc[hidden].index.get_level_values("rule")):
            rows.append(
                {
                    "hidden": hidden,
                    "name": name[rule],
                    "admitted": [admitted.get((hidden, rule, least)) for least in ADMITTED],
                    "priced": [priced.get((hidden, rule, price)) for price in PRICES],
                }
            )
    return rows


def _with_ends(found: pd.DataFrame) -> dict[tuple[Any, ...], tuple[float, tuple[float, float]]]:
    """A value for each row with the interval that is about it."""
    shown = found["ratio"].where(found["low"].notna(), found["explored"])
    ends = zip(found["low"], found["high"], strict=True)
    return dict(zip(found.index, zip(shown, ends, strict=True), strict=True))


def _notes(row: dict[str, Any], against: str) -> list[str]:
    """What a reader must know of a row."""
    notes = [row["mark"]] if row["mark"] else []
    if row["success"] < 1:
        notes.append(f"{percent(row['success'])} of the confirmation runs reached the criterion")
    if row["bound"] in BOUNDS:
        notes.append(
            {Bound.UPPER: "the ratio is an upper bound", Bound.LOWER: "the ratio is a lower bound"}[
                row["bound"]
            ]
        )
    why = row["why"] if isinstance(row["why"], str) and row["rule"] != against else ""
    if row["rule"] == READOUT and math.isnan(row["fraction"]):
        why = "no run reached the criterion"
    if why and not why.startswith(row["mark"] or "-"):
        notes.append(why)
    return notes


def _bounded(row: dict[str, Any]) -> dict[str, Any]:
    """Ratio as text, and the ends of its interval that are known."""
    sign = BOUNDS.get(row["bound"], "")
    low, high = row["ratio_low"], row["ratio_high"]
    if row["bound"] == Bound.UNKNOWN:  # runs of both networks were given up
        return {"ratio_text": typeset(None), "ratio_ends": None}
    return {
        "ratio_text": sign + typeset(row["ratio"]),
        "ratio_ends": (
            None if row["bound"] == Bound.UPPER else low,
            None if row["bound"] == Bound.LOWER else high,
        ),
    }


def between(study: Study) -> dict[str, Any]:
    """Savings by M0, M1 and the energies between them, if these were recorded."""
    savings = study.savings[study.savings["saving"].notna()]
    energies = sorted(set(savings["energy"]), key=_energy_rank)
    if len(energies) < 3:
        return {"energies": [], "rows": []}
    by_cell = savings.set_index(["hidden", "rule", "energy"])
    name = short_names(savings["rule"])
    rows = []
    for hidden in sorted(set(savings["hidden"])):
        for rule in ordered(savings.loc[savings["hidden"] == hidden, "rule"]):
            found = [by_cell["saving"].get((hidden, rule, energy)) for energy in energies]
            rows.append({"hidden": hidden, "name": name[rule], "savings": found})
    return {"energies": [energy_name(energy) for energy in energies], "rows": rows}


def example(study: Study) -> str:
    """The command that repeats the first confirmation run of the table."""
    runs = study.runs[study.runs["rule"] != ALL]
    if runs.empty:
        return "energynet train --hidden 100"
    runs = runs.assign(**{name: given(runs, name) for name in WORDS})
    run = confirmed_first(runs.sort_values(["hidden", "rule", "seed"])).iloc[0]
    words = [f"energynet train --hidden {run['hidden']}", *_rule_words(run)]
    words += [f"--seed {run['seed']}"]
    words += [
        f"--{name.replace('_', '-')} {_cli_text(run[name])}"
        for name, default in DEFAULTS.items()
        if name != "center" and run[name] != default
    ]
    words += [] if run["center"] else ["--no-center"]
    words += ["--data FOLDER"] if run.get(DATA) not in (None, MNIST_SHA256) else []
    return " ".join(words)


def _rule_words(run: "pd.Series[Any]") -> list[str]:
    """The rule of a labelled run with its parameters, as the command line takes them."""
    name = str(run["rule"]).split(" ")[0]
    if isinstance(run.get("parameters"), str):  # a custom rule
        given = json.loads(run["parameters"]).items()
        return [f"--rule {name}", *(f"--param {shlex.quote(f'{k}={v}')}" for k, v in given)]
    words = [f"--rule {name.removesuffix('-balanced')}"]
    words += [f"--fraction {run['fraction']:.10g}"] if name not in WITHOUT_FRACTION else []
    words += ["--mask FILE.npz"] if name == GIVEN else []
    words += [
        f"--{name.replace('_', '-')} {run[name]}"
        for name in ("output_fraction", "within_units")
        if pd.notna(run[name]) and run[name] != ""
    ]
    return words


def _cli_text(value: Any) -> str:
    """A setting as the command line takes it; tables hold integers as floats, too."""
    return str(value) if isinstance(value, str) else f"{value:.10g}"


def _energy_rank(energy: str) -> tuple[float, str]:
    """M0 first, M1 last, M_alpha by alpha between them; then costs by name."""
    if energy.startswith(COST):
        return math.inf, energy
    return float(energy.removeprefix("m_alpha_").removeprefix("m")), ""


def span(ends: Sequence[Any] | None) -> str:
    """An interval; with one end that is open or unknown a bound, with two a dash."""
    low, high = (typeset(end) for end in ends) if ends else (DASH, DASH)
    if DASH not in (low, high):
        return f"{low} to {high}"
    if low == high:
        return DASH
    return f"at most {high}" if low == DASH else f"at least {low}"


def sizes(values: Sequence[int]) -> str:
    """Sizes as a list: 100, 300, 1,000."""
    return ", ".join(f"{value:,}" for value in values) or "none"


def fraction(value: float) -> str:
    """A plastic fraction as it was given; a dash if there is none."""
    return DASH if math.isnan(value) else parameter(value)
