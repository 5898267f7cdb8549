"""Presets: what a study runs, read from TOML."""

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from importlib.resources import files
from typing import Any

from energynet.analysis.methods import ALL, rule_label
from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.base import Rule, Shape
from energynet.rules.names import rule_from_name
from energynet.support import checks
from energynet.support.checks import quoted

PRESETS = ("quick", "poster", "robustness", "published")


@dataclass(frozen=True, kw_only=True)
class Method:
    """A rule with the fractions to try at some sizes; `least_units` hidden units are plastic."""

    rule: str
    hidden: tuple[int, ...]
    fraction: tuple[float, ...] = (1.0,)
    output_fraction: float | str | None = None
    least_units: int = 0

    @property
    def label(self) -> str:
        """The label of its rows in tables."""
        return rule_label(self.rule, self.output_fraction)

    def at(self, fraction: float) -> Rule:
        """The rule at that fraction."""
        if self.rule == ALL:
            return rule_from_name(ALL)
        return rule_from_name(self.rule, fraction=fraction, output_fraction=self.output_fraction)

    def grid(self, shape: Shape) -> list[float]:
        """Fractions in order, of those with equal counts the smallest only."""
        least = self.least_units / shape.hidden
        seen: dict[Any, float] = {}
        for fraction in sorted(max(value, least) for value in self.fraction):
            seen.setdefault(self.at(fraction).counts(shape), fraction)
        return list(seen.values())


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A study: settings, seeds, methods, and the runs that single statements need.

    Attributes
    ----------
    name, title : str
    settings : mapping
        Fields of TrainingConfig for all runs.
    vary : mapping
        Fields of TrainingConfig with lists of values: each combination is a separate study.
    seeds : mapping
        "exploration" and "confirmation" to lists.
    energies : tuple of str
        Columns of energies that each have their own best fraction.
    one_size_at_a_time : bool
        Finish a size of network before the next.
    extend, long, skip : mapping
        How grids are extended, runs repeated with more steps, further seeds left out.
    method : tuple of Method
    runs : tuple of mapping
        Blocks of runs that nothing else decides.
    matched, long_after, both_sides : mapping
        Runs for statements 3, 11 and 12.
    """

    name: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    vary: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, Any] = field(default_factory=dict)
    energies: tuple[str, ...] = ()
    one_size_at_a_time: bool = False
    extend: Mapping[str, Any] = field(default_factory=dict)
    long: Mapping[str, Any] = field(default_factory=dict)
    skip: Mapping[str, Any] = field(default_factory=dict)
    method: tuple[Method, ...] = ()
    runs: tuple[Mapping[str, Any], ...] = ()
    matched: Mapping[str, Any] = field(default_factory=dict)
    long_after: Mapping[str, Any] = field(default_factory=dict)
    both_sides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """All sizes of networks, ascending."""
        blocks = [*(method.hidden for method in self.method), *(run["hidden"] for run in self.runs)]
        return tuple(sorted({hidden for block in blocks for hidden in block}))

    def variants(self) -> Iterator[dict[str, Any]]:
        """Settings of each study: one for each combination of `vary`."""
        for values in itertools.product(*self.vary.values()):
            yield {**self.settings, **dict(zip(self.vary, values, strict=True))}

    def with_settings(self, **settings: Any) -> "Preset":
        """The same study with some settings changed."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Preset(**{**values, "settings": {**self.settings, **settings}})


def load_preset(name: str) -> Preset:
    """One of the presets of the package; raises ConfigError."""
    checks.choice("preset", name, PRESETS)
    text = (files("energynet.studies.stages") / "presets" / f"{name}.toml").read_text("utf-8-sig")
    return preset_from_dict(name, tomllib.loads(text))


def preset_from_dict(name: str, values: Mapping[str, Any]) -> Preset:
    """A preset from plain values, every configuration in it checked; raises ConfigError."""
    known = [item.name for item in fields(Preset) if item.name != "name"]
    for key in values:
        if key not in known:
            raise ConfigError(f"preset {name}: unknown {quoted(key)}; known are {', '.join(known)}")
    try:
        methods = tuple(_method(block) for block in values.get("method", ()))
        energies = tuple(values.get("energies", ()))
        runs = tuple(values.get("runs", ()))
        rest = {**values, "method": methods, "energies": energies, "runs": runs}
        preset = Preset(**{"title": name, **rest, "name": name})
        for variant in preset.variants():
            TrainingConfig(hidden=1, **variant)
    except (TypeError, KeyError, ConfigError) as error:
        raise ConfigError(f"preset {name}: {error}") from error
    return preset


def _method(block: Mapping[str, Any]) -> Method:
    values = {**block, "hidden": tuple(block["hidden"])}
    if "fraction" in block:
        values["fraction"] = tuple(fraction_value(value) for value in block["fraction"])
    method = Method(**values)
    for fraction in method.fraction:
        method.at(fraction)
    return method


def fraction_value(value: Any) -> float:
    """A fraction as a number, or as text such as "8/785"; raises ConfigError."""
    if isinstance(value, str):
        try:
            value = float(Fraction(value))
        except (ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"fraction must be a number or 'a/b', got {quoted(value)}") from error
    return checks.fraction("fraction", value)
