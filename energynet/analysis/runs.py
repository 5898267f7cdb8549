"""The runs of a study, picked from the tidy table: which settings count, which seeds do what."""

import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.methods import ALL, GIVEN, READOUT, own_label, rule_label
from energynet.analysis.table_checks import (
    LABELLING,
    check_values,
    custom_rules,
    readable,
    unread,
)
from energynet.errors import ConfigError
from energynet.store.folder import ABSENT
from energynet.store.schema import DEFAULTS, WORDS
from energynet.support import checks
from energynet.support.checks import quoted

if TYPE_CHECKING:
    import pandas as pd

EXPLORATION_SEEDS = (0, 1, 2)  # choose P* in our study
CONFIRMATION_SEEDS = tuple(range(100, 108))  # estimate at P* in our study
SEED_SETS = ("confirmation", "exploration", "other")  # what estimates comes first

DATA = "data_sha256"
_MOST_TESTED = 10_000_000  # test images; quotients up to this denominator are known by their float
_BELOW = math.nextafter(1.0, 0.0)  # the largest P that is not that of the unmodified network
_KEYS = ("hidden", "rule", "fraction", "seed", "seeds")  # keep runs apart always
# What sets a training apart from others of the same network, rule and seed. The limit of steps is
# not among them: it only says when a run is given up.
SETTINGS = (*(name for name in DEFAULTS if name != "max_steps"), DATA)


class SeedSets(NamedTuple):
    """Which seeds choose P*, and which estimate at P*."""

    exploration: tuple[int, ...] = EXPLORATION_SEEDS
    confirmation: tuple[int, ...] = CONFIRMATION_SEEDS


Seeds = Mapping[str, Sequence[int]] | SeedSets | None  # as functions take them; None: our study's


def seed_sets(seeds: Seeds) -> SeedSets:
    """Both sets of seeds; raises ConfigError, also for a seed that is in both.

    seeds : {"exploration": [...], "confirmation": [...]}, or None for those of our study
    """
    if seeds is None or isinstance(seeds, SeedSets):
        return seeds or SeedSets()
    if not isinstance(seeds, Mapping) or {*seeds} != {*SeedSets._fields}:
        raise ConfigError(
            "seeds must be a table with the lists exploration and confirmation, got"
            f" {quoted(seeds)}"
        )
    found = SeedSets(*(_seed_list(name, seeds[name]) for name in SeedSets._fields))
    both = sorted({*found.exploration} & {*found.confirmation})
    if both:
        raise ConfigError(
            "seeds must be in one list only: those that choose may not estimate, got"
            f" {both[0]} in exploration and confirmation"
        )
    return found


def _seed_list(name: str, values: Any) -> tuple[int, ...]:
    several = isinstance(values, list | tuple | range) or getattr(values, "ndim", 0) == 1
    if not several or not len(values):
        raise ConfigError(f"seeds.{name} must be a list of seeds, got {quoted(values)}")
    seeds = tuple(checks.integer(f"seeds.{name}", s, 0, 2**63 - 1) for s in checks.entries(values))
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"seeds.{name} must have each seed once, got {quoted(list(seeds))}")
    return seeds


def labelled(table: "pd.DataFrame", seeds: Seeds = None) -> "pd.DataFrame":
    """The table with rule labels, default settings filled in, and `reached`, `missing`, `seeds`.

    The rows keep their order. Raises DataError if a column is missing that every table of results
    has, or holds words; ConfigError for seeds that cannot be used.
    """
    sets = seed_sets(seeds)
    runs = readable(table)
    absent = dict.fromkeys(LABELLING) | {word.flag: False for word in WORDS.values()} | DEFAULTS
    for name, value in absent.items():
        if name not in runs.columns:
            runs[name] = value
    fraction = runs["fraction"].astype(float)
    runs["fraction"] = fraction.where(runs["rule"] != ALL, 1.0).where(runs["rule"] != READOUT, 0.0)
    masked = runs[runs["rule"] == GIVEN]
    if len(masked):
        runs.loc[masked.index, "fraction"] = _plastic_share(masked)
    own = runs[custom_rules(runs)]
    parts = zip(runs["rule"], *(given(runs, name) for name in LABELLING), strict=True)
    runs["rule"] = [rule_label(*part) for part in parts]
    if len(own):
        columns = ("rule", "rule_version", "fraction", "parameters")
        parts = zip(*(own[name] for name in columns), strict=True)
        runs.loc[own.index, "rule"] = [own_label(*part) for part in parts]
        runs.loc[own.index, "fraction"] = own["fraction"].fillna(_places(own))
    for name, default in DEFAULTS.items():
        auto = runs[WORDS[name].flag] if name in WORDS else False
        runs[name] = runs[name].where(runs[name].notna() | auto, default)
    runs["reached"] = runs["outcome"] == "reached"
    runs["missing"] = runs["outcome"].isin(ABSENT)
    runs["seeds"] = [_seed_set(seed, sets) for seed in runs["seed"]]
    check_values(runs)
    return runs


def _plastic_share(masked: "pd.DataFrame") -> "pd.Series":
    """Share of the synapses that a given mask holds; 0 if there is no result of that mask.

    It takes the place of P: an empty fraction would drop out of groups. A mask of all synapses is
    just below 1: that is the unmodified network.
    """
    share = masked["plastic_synapses"].astype(float) / masked["synapses"].astype(float)
    return share.groupby(masked["mask"].fillna("")).transform("max").fillna(0.0).clip(upper=_BELOW)


def _places(own: "pd.DataFrame") -> "pd.Series":
    """What takes the place of P for custom rules without a fraction: one number for each setting.

    It is the share of the synapses that changed in a step, the mean over all runs of the setting; 1
    if there is no result. Settings of a rule with the same share are moved apart by the least that
    a float allows, in the order of their parameters, and all stay below 1: that is the unmodified
    network. So every setting is a cell.
    """
    share = own["m0"].astype(float) / (own["steps"] * own["synapses"]).astype(float)
    keys = [own[name] for name in ("hidden", "rule", "rule_version", "parameters")]
    settings = share.groupby(keys)
    places: dict[Any, float] = {}
    for _, part in settings.agg(_mean).groupby(level=[0, 1, 2]):
        ordered = sorted(part.items(), key=lambda item: (min(item[1], 1.0), _in_order(item[0])))
        apart, last = [], -1.0
        for _, value in ordered:
            last = max(min(value, 1.0), math.nextafter(last, 2.0))
            apart.append(last)
        last = 1.0
        for (setting, _), value in zip(reversed(ordered), reversed(apart), strict=True):
            last = places[setting] = min(value, math.nextafter(last, 0.0))
    return settings.transform(lambda part: places[part.name])


def _mean(values: "pd.Series") -> float:
    """The mean, whatever the order; 1 if there are none."""
    known = values.dropna()
    return math.fsum(known) / len(known) if len(known) else 1.0


def _in_order(setting: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """The sort key of a setting of a rule: the values of its parameters."""
    return [(isinstance(value, str), value) for value in json.loads(setting[-1]).values()]


def _seed_set(seed: int, sets: SeedSets) -> str:
    if seed in sets.exploration:
        return "exploration"
    return "confirmation" if seed in sets.confirmation else "other"


def main_runs(runs: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.DataFrame":
    """The labelled runs in the main settings of their group: those that most of its runs have.

    Runs made for another purpose (a higher target accuracy, say) are left out. If runs differ only
    in max_steps, the longest is kept: it continues the others.
    """
    if isinstance(by, str) or not isinstance(by, Sequence):
        raise ConfigError(f"by must be a list of columns, got {quoted(by)}")
    for number, name in enumerate(by):
        if not isinstance(name, str) or name not in runs.columns:
            raise ConfigError(f"by must name columns of the table, got {quoted(name)}")
        if name in _KEYS:
            raise ConfigError(
                f"by must name columns other than {', '.join(_KEYS)}, got {quoted(name)}"
            )
        if name in by[:number]:
            raise ConfigError(f"by must name each column once, got {quoted(name)} twice")
    texts = {n: setting(runs, n) for n in by if n in WORDS and runs[WORDS[n].flag].any()}
    runs = runs.assign(**texts)
    return longest(runs[own_settings(runs, by)], by)


def longest(runs: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.DataFrame":
    """The labelled runs; of several that differ only in max_steps, the longest with a result."""
    same = [*by, "hidden", "rule", "fraction", "seed"]
    order = runs.assign(present=~runs["missing"]).sort_values(
        [*same, "present", "max_steps"], kind="stable"
    )
    return order.drop_duplicates(same, keep="last").drop(columns="present").reset_index(drop=True)


def own_settings(runs: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.Series":
    """Which labelled runs have the settings that most runs of their group have.

    Only exploration runs are counted, if there are any: every setting that was studied has equally
    many of them. Ties go to the settings that are nearest to the defaults.
    """
    import pandas as pd

    keys = [name for name in SETTINGS if name in runs.columns and name not in by]
    texts = {name: setting(runs, name) for name in keys}
    varying = [name for name in keys if texts[name].nunique() > 1]
    if not varying:
        return pd.Series(True, runs.index)
    signatures = zip(*(texts[name] for name in varying), strict=True)
    signature = pd.Series(list(signatures), runs.index)
    defaults = tuple(canonical(DEFAULTS.get(name)) for name in varying)
    groups = signature.groupby([runs[name] for name in by]) if by else [((), signature)]
    chosen = pd.Series(False, runs.index)
    for _, group in groups:
        explored = group[runs.loc[group.index, "seeds"] == "exploration"]
        counts = (explored if len(explored) else group).value_counts().to_dict()
        own = max(sorted(counts), key=lambda key: (counts[key], _agreement(key, defaults)))
        chosen[group.index] = group == own
    return chosen


def endless_runs(runs: "pd.DataFrame", own: "pd.DataFrame") -> "pd.DataFrame":
    """The labelled runs of a group in its main settings, but with target accuracy 1."""
    return runs[(runs["target_accuracy"] == 1.0) & _alike(runs, own, but="target_accuracy")]


def _alike(runs: "pd.DataFrame", own: "pd.DataFrame", but: str) -> "pd.Series":
    """Which runs have the settings of a group, except for one of these."""
    import pandas as pd

    same = pd.Series(True, runs.index)
    for name in SETTINGS:
        if name in runs.columns and name != but and len(own):
            same &= setting(runs, name) == setting(own, name).iloc[0]
    return same


def given(runs: "pd.DataFrame", name: str) -> "pd.Series":
    """A column of labelled runs with its word, "balanced" or "auto", if a flag tells it."""
    word = WORDS.get(name)
    return runs[name].astype(object).mask(runs[word.flag], word.text) if word else runs[name]


def setting(runs: "pd.DataFrame", name: str) -> "pd.Series":
    """A column of labelled runs as text: what was asked for, equal for equal settings."""
    return given(runs, name).map(canonical)


def canonical(value: Any) -> str:
    """A setting as text that does not depend on whether it was read from a file."""
    if isinstance(value, str):  # also if it looks like a number, as digits of a hash may
        return value
    try:
        return repr(float(value))
    except (TypeError, ValueError):
        return str(value)


def _agreement(key: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(a == b for a, b in zip(key, other, strict=True))


def held(history: "pd.DataFrame", runs: "pd.DataFrame") -> "pd.DataFrame":
    """The learning curves with the accuracy that the criterion of labelled runs is applied to.

    That is the mean of the last `hold` tests; the tests before are left out.
    """
    import pandas as pd

    longer = runs[runs["hold"] > 1].drop_duplicates("id").set_index("id")["hold"]
    if longer.empty:
        return history
    parts = [history[~history["id"].isin(longer.index)]]
    for identity, curve in history[history["id"].isin(longer.index)].groupby("id"):
        curve, n = curve.sort_values("step", kind="stable"), int(longer[identity])
        shares = [_exact(share) for share in curve["accuracy"]]
        means = [float(sum(shares[i - n : i]) / n) for i in range(n, len(shares) + 1)]
        parts.append(curve.iloc[n - 1 :].assign(accuracy=means))
    return pd.concat(parts)


def _exact(share: float) -> Fraction | float:
    """An accuracy as the quotient of integers that it was, so that a mean is rounded but once."""
    if not math.isfinite(share):
        return share
    return Fraction(share).limit_denominator(_MOST_TESTED)


def at_criterion(
    runs: "pd.DataFrame", criterion: float, history: "pd.DataFrame | None"
) -> "pd.DataFrame":
    """The runs as if they had stopped at a lower criterion, from their learning curves.

    As in training, the mean of the last `hold` tests has to meet the criterion.

    Raises ConfigError without learning curves, or if the runs themselves stopped earlier.
    """
    if history is None:
        raise ConfigError("criterion needs the learning curves: give history=load_history(...)")
    stopped = float(runs["target_accuracy"].max())
    allowed = f"in (0, {stopped:g}], the target accuracy of the runs"
    criterion = checks.number("criterion", criterion, allowed, above=0.0, up_to=stopped)
    means = held(history, runs)
    first = (
        means[means["accuracy"] >= criterion]
        .sort_values("step", kind="stable")
        .drop_duplicates("id")
        .set_index("id")
    )
    there = runs["id"].isin(first.index) & ~runs["missing"]
    at = first.reindex(runs["id"]).set_index(runs.index)
    result = runs.drop(columns=[*unread(runs), "learning_steps"], errors="ignore")
    for column, source in (("steps", "step"), ("m0", "m0"), ("m1", "m1")):
        result[column] = runs[column].where(~there, at[source])
    result["reached"] = there
    result["target_accuracy"] = criterion
    return result
