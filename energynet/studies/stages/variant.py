"""The studies of a preset against what is stored: runs done, points explored, P* chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from energynet.analysis.optimum import Optimum, Point
from energynet.analysis.runs import SETTINGS, canonical, labelled, longest, setting
from energynet.analysis.study import EXPLORATION, Study
from energynet.config import TrainingConfig
from energynet.rules.base import Shape
from energynet.store.schema import DEFAULTS
from energynet.studies.stages.method import Identity, Method, identities, identity_of, placed
from energynet.studies.stages.preset import Preset
from energynet.support.format import exact

if TYPE_CHECKING:
    import pandas as pd

# Settings that make two runs different; the data set is the same throughout a store.
_IDENTITY = tuple(name for name in SETTINGS if name in TrainingConfig.__dataclass_fields__)
Key = tuple[Any, ...]
ShapeOf = Callable[[int], Shape]  # the network of that many hidden units on the data set


def config_key(config: TrainingConfig) -> Key:
    """The key by which a run is found in a table."""
    settings = (_setting_of(config, name) for name in _IDENTITY)
    rule = identity_of(config.rule).key
    return (config.hidden, *rule, config.seed, config.max_steps, *settings)


def _setting_of(config: TrainingConfig, name: str) -> str:
    """A field as `setting` gives its column: None is the column's default."""
    value = getattr(config, name)
    return canonical(DEFAULTS[name] if value is None else value)


def row_keys(runs: "pd.DataFrame", rules: Sequence[Identity]) -> list[Key]:
    """The keys of labelled runs, which have these rules."""
    labels, fractions = zip(*(rule.key for rule in rules), strict=True)
    columns = [runs["hidden"].tolist(), labels, fractions]
    columns += [runs[name].tolist() for name in ("seed", "max_steps")]
    columns += [setting(runs, name).tolist() for name in _IDENTITY]
    return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Variant:
    """One study of a preset, a combination of its settings, with what is stored of it.

    Attributes
    ----------
    settings : mapping
        Fields of TrainingConfig of its runs.
    shape : callable
        Number of hidden units -> Shape of the network on the data set.
    rows : mapping
        Key -> row, of every stored run.
    study : Study or None
        Its stored exploration runs; None if nothing is stored.
    """

    preset: Preset
    settings: Mapping[str, Any]
    shape: ShapeOf
    rows: Mapping[Key, Mapping[str, Any]]
    study: Study | None

    def config(self, hidden: int, method: Method, fraction: float, seed: int, **other: Any) -> Any:
        """The config of a run of this study."""
        values = {**self.settings, **other}
        return TrainingConfig(hidden=hidden, rule=method.at(fraction), seed=seed, **values)

    def in_settings(self) -> "pd.DataFrame":
        """The stored runs of any seed in its settings."""
        assert self.study is not None
        return longest(self.study.every[_in_settings(self.study.every, self.settings)])

    def points(self, hidden: int, method: Method, energy: str) -> Sequence[Point]:
        """What exploration found, by fraction."""
        if self.study is None:
            return ()
        return self.study.exploration.points.get((hidden, method.label, energy), ())

    def optimum(self, hidden: int, method: Method, energy: str) -> Optimum:
        """P* as far as the stored runs tell."""
        if self.study is None:
            return Optimum(None, "")
        return self.study.exploration.optimum(hidden, method.label, energy)

    def seeds(self, name: str) -> list[int]:
        """Exploration or confirmation seeds."""
        return list(self.preset.seeds.get(name, ()))


def variants(preset: Preset, table: "pd.DataFrame", shape: ShapeOf) -> list[Variant]:
    """The studies of a preset, each with its part of the stored results."""
    if not len(table):
        return [Variant(preset, settings, shape, {}, None) for settings in preset.variants()]
    runs = labelled(table, preset.seed_sets)
    rules = identities(table, runs)
    rows = dict(zip(row_keys(runs, rules), runs.to_dict("records"), strict=True))
    runs = placed(runs, rules, preset.method)
    found = []
    for settings in preset.variants():
        own = runs["seed"].isin(preset.seeds.get("exploration", ()))
        own &= _in_settings(runs, settings)
        study = Study(runs, longest(runs[own].assign(seeds=EXPLORATION)))
        found.append(Variant(preset, settings, shape, rows, study))
    return found


def in_settings(runs: "pd.DataFrame", preset: Preset) -> "pd.Series":
    """Which labelled runs are in the settings of a preset, to the criterion or beyond it.

    A run that recorded other M_alpha is another run.
    """
    found, alpha = runs["seed"].isna(), runs.get("alpha")
    for settings in preset.variants():
        same = _in_settings(runs, settings)
        same |= _in_settings(runs, {**settings, "target_accuracy": 1.0})
        asked = " ".join(exact(each) for each in settings.get("alpha", ()))
        found |= same if alpha is None else same & alpha.fillna("").astype(str).eq(asked)
    return found


def _in_settings(runs: "pd.DataFrame", settings: Mapping[str, Any]) -> "pd.Series":
    """Which labelled runs are in those settings; the limit of steps is not one."""
    config = TrainingConfig(hidden=1, **settings)
    same = runs["seed"].notna()
    for name in _IDENTITY:
        same &= setting(runs, name) == _setting_of(config, name)
    return same
